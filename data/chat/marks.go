package chat

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/seahorse-ml/seahorse/internal/orderedjson"
)

// Marks are characters of the private use planes 15 and 16, each used for one place, put into a conversation before it is rendered and taken out of the text behind.
const firstMark, lastMark = '\U000F0000', '\U0010FFFD'

func isMark(r rune) bool { return r >= firstMark && r <= lastMark }

// site is a place of a conversation that is marked.
type site struct {
	message int  // index of its message
	begin   bool // whether what is written begins here, or ends
}

// marker puts marks into messages.
type marker struct {
	sites []site
	level int // how much is marked, see levels
}

// Levels of marking, tried one after the other: a template may look into what is marked, and write something else then.
const (
	markAll       = iota // every message, and the arguments of calls
	markArguments        // only the assistant's
	markCalls            // without the arguments of calls
	markAnswers          // without the beginning of contents whose reasoning a template looks for
	levels
)

// mark returns a new mark, as text.
func (k *marker) mark(message int, begin bool) string {
	k.sites = append(k.sites, site{message, begin})
	return string(firstMark + rune(len(k.sites)-1))
}

// conversation returns a copy of a conversation with marks.
func (k *marker) conversation(c Conversation) (Conversation, error) {
	marked := c
	marked.Messages = make([]Message, len(c.Messages))
	for i, m := range c.Messages {
		fields := m.Fields
		switch {
		case m.Role == "assistant":
			fields = k.assistant(i, fields.Clone())
		case k.level == markAll:
			fields = fields.Clone()
			k.content(i, fields, "content")
		}
		marked.Messages[i] = Message{Role: m.Role, Content: m.Content, Fields: fields}
	}
	if rune(len(k.sites)) > lastMark-firstMark {
		return marked, fmt.Errorf("a conversation of %d messages, more than can be told apart", len(c.Messages))
	}
	return marked, nil
}

// assistant marks an assistant's message.
func (k *marker) assistant(i int, fields *orderedjson.Object) *orderedjson.Object {
	for _, name := range reasoningFields {
		k.content(i, fields, name)
	}
	k.content(i, fields, "content")
	if calls, ok := fields.Values["tool_calls"].([]any); ok {
		marked := make([]any, len(calls))
		for j, call := range calls {
			marked[j] = k.call(i, call)
		}
		fields.Set("tool_calls", marked)
	}
	return fields
}

// content marks the stripped text of a field, or of a list of parts.
func (k *marker) content(i int, fields *orderedjson.Object, key string) {
	switch content := fields.Values[key].(type) {
	case string:
		fields.Set(key, k.text(i, content, true, true))
	case []any:
		parts := make([]any, len(content))
		for j, part := range content {
			parts[j] = part
			o, ok := part.(*orderedjson.Object)
			if !ok {
				continue
			}
			if text, ok := o.Values["text"].(string); ok {
				o = o.Clone()
				o.Set("text", k.text(i, text, j == 0, j == len(content)-1))
				parts[j] = o
			}
		}
		fields.Set(key, parts)
	}
}

// endOfReasoning is where templates cut the reasoning off, and what is before it may be lost.
const endOfReasoning = "</think>"

// text marks where a stripped text begins, where it goes on behind its reasoning, and where it ends.
func (k *marker) text(i int, text string, begin, end bool) string {
	left := len(text) - len(strings.TrimLeftFunc(text, unicode.IsSpace))
	stripped := strings.TrimSpace(text)
	if stripped == "" {
		return text
	}
	right := text[left+len(stripped):]
	var b strings.Builder
	b.WriteString(text[:left])
	reasons := strings.Contains(stripped, endOfReasoning)
	if begin && !(k.level == markAnswers && reasons) {
		b.WriteString(k.mark(i, true))
	}
	for {
		at := strings.Index(stripped, endOfReasoning)
		if at < 0 || !begin {
			break
		}
		at += len(endOfReasoning)
		rest := strings.TrimLeftFunc(stripped[at:], unicode.IsSpace)
		b.WriteString(stripped[:len(stripped)-len(rest)])
		if rest != "" {
			b.WriteString(k.mark(i, true))
		}
		stripped = rest
	}
	b.WriteString(stripped)
	if end {
		b.WriteString(k.mark(i, false))
	}
	b.WriteString(right)
	return b.String()
}

// call marks the name of a call and the last text of its arguments.
func (k *marker) call(i int, call any) any {
	o, ok := call.(*orderedjson.Object)
	if !ok {
		return call
	}
	o = o.Clone()
	if inner, ok := o.Values["function"].(*orderedjson.Object); ok {
		o.Set("function", k.call(i, inner))
		return o
	}
	if name, ok := o.Values["name"].(string); ok {
		o.Set("name", k.mark(i, true)+name+k.mark(i, false))
	}
	if k.level > markArguments {
		return o
	}
	switch arguments := o.Values["arguments"].(type) {
	case string:
		if strings.TrimSpace(arguments) != "" {
			o.Set("arguments", arguments+k.mark(i, false))
		}
	case *orderedjson.Object:
		marked, _ := k.lastText(i, arguments)
		o.Set("arguments", marked)
	}
	return o
}

// lastText marks the end of the last text in a value, and tells whether there is one.
func (k *marker) lastText(i int, value any) (any, bool) {
	switch v := value.(type) {
	case string:
		return v + k.mark(i, false), true
	case []any:
		for j := len(v) - 1; j >= 0; j-- {
			if marked, ok := k.lastText(i, v[j]); ok {
				list := append([]any(nil), v...)
				list[j] = marked
				return list, true
			}
		}
	case *orderedjson.Object:
		for j := v.Len() - 1; j >= 0; j-- {
			if marked, ok := k.lastText(i, v.Values[v.Keys[j]]); ok {
				o := v.Clone()
				o.Set(v.Keys[j], marked)
				return o, true
			}
		}
	}
	return value, false
}

// position is where a mark was in a text without marks.
type position struct {
	mark rune
	at   int
}

// unmark takes the marks out of a text.
func unmark(text string) (string, []position) {
	if strings.IndexFunc(text, isMark) < 0 {
		return text, nil
	}
	var b strings.Builder
	var found []position
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRuneInString(text[i:])
		if isMark(r) {
			found = append(found, position{r, b.Len()})
		} else {
			b.WriteString(text[i : i+size])
		}
		i += size
	}
	return b.String(), found
}
