package chat

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/seahorse-ml/seahorse/internal/orderedjson"
)

// CallForm is how a model writes calls of tools.
type CallForm uint8

const (
	NoCalls   CallForm = iota // that is known here
	TagCalls                  // <tool_call>{"name": …, "arguments": …}</tool_call>, as Hermes and Qwen do
	ListCalls                 // [TOOL_CALLS] [{"name": …, "arguments": …}], as Mistral does
	BareCalls                 // {"name": …, "parameters": …}, as Llama 3 does
)

const (
	tagBegin, tagEnd = "<tool_call>", "</tool_call>"
	listBegin        = "[TOOL_CALLS]"
)

// CallFormOf finds the form in which a chat template writes calls.
func CallFormOf(template string) CallForm {
	switch {
	case strings.Contains(template, tagBegin):
		return TagCalls
	case strings.Contains(template, listBegin):
		return ListCalls
	case strings.Contains(template, `"parameters": `) && strings.Contains(template, "tool_call"):
		return BareCalls
	}
	return NoCalls
}

// Call is a call that a model has written.
type Call struct {
	Name      string
	Arguments string // JSON
}

// CallScanner finds calls in an answer that comes in pieces.
type CallScanner struct {
	Form CallForm
	held []byte // that isn't shown yet
	call bool   // held is the beginning of calls, as it looks
	text bool   // there are no calls any more
}

// Push takes a piece and returns what can be shown.
func (s *CallScanner) Push(piece string) string {
	if s.Form == NoCalls || s.text {
		return piece
	}
	s.held = append(s.held, piece...)
	if s.call {
		return ""
	}
	if s.Form != TagCalls {
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
func (s *CallScanner) show(n int) string {
	shown := string(s.held[:n])
	s.held = s.held[n:]
	return shown
}

func (s *CallScanner) rest() string { return s.show(len(s.held)) }

// Finish returns the calls, or what looked like some and is text.
func (s *CallScanner) Finish() (rest string, calls []Call) {
	if s.call {
		if calls = s.calls(string(s.held)); calls != nil {
			return "", calls
		}
	}
	return s.rest(), nil
}

// calls returns the calls that a text is made of, or nil where there is anything else in it.
func (s *CallScanner) calls(text string) (calls []Call) {
	text = strings.TrimSpace(text)
	add := func(value any) bool {
		c, ok := callOf(value)
		calls = append(calls, c)
		return ok
	}
	if s.Form == TagCalls {
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
func callOf(value any) (Call, bool) {
	o, ok := value.(*orderedjson.Object)
	if !ok {
		return Call{}, false
	}
	name, _ := o.Get("name")
	c := Call{}
	if c.Name, ok = name.(string); !ok || c.Name == "" {
		return c, false
	}
	arguments, ok := o.Get("arguments")
	if !ok {
		arguments, ok = o.Get("parameters")
	}
	switch a := arguments.(type) {
	case string:
		c.Arguments = a
	case *orderedjson.Object:
		c.Arguments = string(orderedjson.Append(nil, a, orderedjson.Format{}))
	default:
		return c, false
	}
	return c, ok
}

// CallID names call n of a conversation, from 0: nine letters and digits, as Mistral's templates want them.
func CallID(n int) string { return fmt.Sprintf("call%05d", n) }

// ReadCalls reads an answer that is there whole: its text, and the calls behind it. What looks like a call and can't be read is an error, where the form
// tells calls from text for sure; an answer without calls is its text.
func ReadCalls(form CallForm, answer string) (text string, calls []Call, err error) {
	s := &CallScanner{Form: form}
	text = s.Push(answer)
	rest, calls := s.Finish()
	if calls == nil && s.call && form == TagCalls {
		return text, nil, fmt.Errorf("a call that can't be read: %.200s: expected %s{\"name\": …, \"arguments\": {…}}%s and nothing behind it", rest, tagBegin, tagEnd)
	}
	return text + rest, calls, nil
}

// CallsMessage returns the message of an assistant that calls tools. Ids name the calls, one each.
func CallsMessage(text string, calls []Call, ids []string) (Message, error) {
	m := NewMessage("assistant", text)
	list := make([]any, len(calls))
	for i, c := range calls {
		arguments, err := orderedjson.DecodeObject([]byte(c.Arguments))
		if err != nil {
			return m, fmt.Errorf("chat: the arguments of %s: %w", c.Name, err)
		}
		function := orderedjson.NewObject()
		function.Set("name", c.Name)
		function.Set("arguments", arguments)
		call := orderedjson.NewObject()
		call.Set("id", ids[i])
		call.Set("type", "function")
		call.Set("function", function)
		list[i] = call
	}
	m.Fields.Set("tool_calls", list)
	return m, nil
}

// ToolMessage returns the message of what a tool has returned for the call of an id.
func ToolMessage(id, name, result string) Message {
	m := NewMessage("tool", result)
	m.Fields.Set("tool_call_id", id)
	m.Fields.Set("name", name)
	return m
}

// CallsOf returns the calls of an assistant's message.
func CallsOf(m Message) []Call {
	list, _ := m.Fields.Values["tool_calls"].([]any)
	var calls []Call
	for _, item := range list {
		o, ok := item.(*orderedjson.Object)
		if !ok {
			continue
		}
		if inner, ok := o.Values["function"].(*orderedjson.Object); ok {
			o = inner
		}
		if c, ok := callOf(o); ok {
			calls = append(calls, c)
		}
	}
	return calls
}
