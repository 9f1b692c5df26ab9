package serve

import (
	"bytes"
	"strings"

	"github.com/seahorse-ml/seahorse/internal/orderedjson"
)

// toolForm is how a model writes calls of tools.
type toolForm uint8

const (
	noForm   toolForm = iota // that is known here
	tagForm                  // <tool_call>{"name": …, "arguments": …}</tool_call>, as Hermes and Qwen do
	listForm                 // [TOOL_CALLS] [{"name": …, "arguments": …}], as Mistral does
	bareForm                 // {"name": …, "parameters": …}, as Llama 3 does
)

const (
	tagBegin, tagEnd = "<tool_call>", "</tool_call>"
	listBegin        = "[TOOL_CALLS]"
)

// formOf finds the form in which a chat template writes calls.
func formOf(template string) toolForm {
	switch {
	case strings.Contains(template, tagBegin):
		return tagForm
	case strings.Contains(template, listBegin):
		return listForm
	case strings.Contains(template, `"parameters": `) && strings.Contains(template, "tool_call"):
		return bareForm
	}
	return noForm
}

// toolCall is a call that a model has written.
type toolCall struct {
	name      string
	arguments string // JSON
}

// toolScanner finds calls in an answer that comes in pieces.
type toolScanner struct {
	form toolForm
	held []byte // that isn't shown yet
	call bool   // held is the beginning of calls, as it looks
	text bool   // there are no calls any more
}

// push takes a piece and returns what can be shown.
func (s *toolScanner) push(piece string) string {
	if s.form == noForm || s.text {
		return piece
	}
	s.held = append(s.held, piece...)
	if s.call {
		return ""
	}
	if s.form != tagForm {
		seen := bytes.TrimSpace(s.held)
		switch {
		case len(seen) == 0:
			return ""
		case seen[0] == '[' || seen[0] == '{':
			s.call = true
			return ""
		}
		s.text = true
		return s.rest()
	}
	if at := bytes.Index(s.held, []byte(tagBegin)); at >= 0 {
		s.call = true
		return s.show(at)
	}
	keep := min(len(tagBegin)-1, len(s.held))
	for !bytes.HasSuffix(s.held, []byte(tagBegin[:keep])) {
		keep--
	}
	return s.show(len(s.held) - keep)
}

// show returns the first n bytes of what is held.
func (s *toolScanner) show(n int) string {
	shown := string(s.held[:n])
	s.held = s.held[n:]
	return shown
}

func (s *toolScanner) rest() string { return s.show(len(s.held)) }

// finish returns the calls, or what looked like some and is text.
func (s *toolScanner) finish() (rest string, calls []toolCall) {
	if s.call {
		if calls = s.calls(string(s.held)); calls != nil {
			return "", calls
		}
	}
	return s.rest(), nil
}

// calls returns the calls that a text is made of, or nil where there is anything else in it.
func (s *toolScanner) calls(text string) (calls []toolCall) {
	text = strings.TrimSpace(text)
	add := func(value any) bool {
		c, ok := callOf(value)
		calls = append(calls, c)
		return ok
	}
	if s.form == tagForm {
		for text != "" {
			inner, ok := strings.CutPrefix(text, tagBegin)
			if !ok {
				return nil
			}
			inner, text, _ = strings.Cut(inner, tagEnd)
			text = strings.TrimSpace(text)
			value, err := orderedjson.Decode([]byte(inner))
			if err != nil || !add(value) {
				return nil
			}
		}
		return calls
	}
	value, err := orderedjson.Decode([]byte(strings.TrimPrefix(text, listBegin)))
	if err != nil {
		return nil
	}
	list, ok := value.([]any)
	if !ok {
		list = []any{value}
	}
	for _, item := range list {
		if !add(item) {
			return nil
		}
	}
	return calls
}

// callOf reads a call.
func callOf(value any) (toolCall, bool) {
	o, ok := value.(*orderedjson.Object)
	if !ok {
		return toolCall{}, false
	}
	name, _ := o.Get("name")
	c := toolCall{}
	if c.name, ok = name.(string); !ok || c.name == "" {
		return c, false
	}
	arguments, ok := o.Get("arguments")
	if !ok {
		arguments, ok = o.Get("parameters")
	}
	switch a := arguments.(type) {
	case string:
		c.arguments = a
	case *orderedjson.Object:
		c.arguments = string(orderedjson.Append(nil, a, orderedjson.Format{}))
	default:
		return c, false
	}
	return c, ok
}

func objectOf(v any) (*orderedjson.Object, bool) {
	o, ok := v.(*orderedjson.Object)
	return o, ok
}
