package chat

import (
	"fmt"
	"testing"
)

// TestToolScanner lets answers come in pieces of each length.
func TestToolScanner(t *testing.T) {
	for _, test := range []struct {
		form       CallForm
		text       string
		show, call string
	}{
		{TagCalls, "Well.\n<tool_call>\n{\"name\": \"weather\", \"arguments\": {\"city\": \"北京\", \"days\": 2}}\n</tool_call>", "Well.\n", `[{weather {"city": "北京", "days": 2}}]`},
		{TagCalls, `<tool_call>{"name": "a", "arguments": {}}</tool_call> <tool_call>{"name": "b", "arguments": "{}"}`, "", `[{a {}} {b {}}]`},
		{TagCalls, `<tool_call>{"name": "a"}</tool_call>`, `<tool_call>{"name": "a"}</tool_call>`, `[]`},
		{TagCalls, `<tool_call>{"name": "a", "arguments": {}}</tool_call> and more`, `<tool_call>{"name": "a", "arguments": {}}</tool_call> and more`, `[]`},
		{TagCalls, "a < b <tool", "a < b <tool", `[]`},
		{BareCalls, `{"name": "weather", "parameters": {"city": "Rome"}}`, "", `[{weather {"city": "Rome"}}]`},
		{BareCalls, `{"city": "Rome"}`, `{"city": "Rome"}`, `[]`},
		{BareCalls, "It is {warm}.", "It is {warm}.", `[]`},
		{ListCalls, ` [{"name": "a", "arguments": {"x": 1.0}}, {"name": "b", "arguments": {}}]`, "", `[{a {"x": 1.0}} {b {}}]`},
		{ListCalls, `[TOOL_CALLS] [{"name": "a", "arguments": {}}]`, "", `[{a {}}]`},
		{NoCalls, `<tool_call>{"name": "a", "arguments": {}}`, `<tool_call>{"name": "a", "arguments": {}}`, `[]`},
	} {
		for size := 1; size <= len(test.text); size++ {
			s, show := &CallScanner{Form: test.form}, ""
			for i := 0; i < len(test.text); i += size {
				show += s.Push(test.text[i:min(i+size, len(test.text))])
			}
			rest, calls := s.Finish()
			if show += rest; show != test.show || fmt.Sprint(calls) != test.call {
				t.Fatalf("%q in pieces of %d: %q and %v, expected %q and %s", test.text, size, show, calls, test.show, test.call)
			}
		}
	}
}

// TestReadCalls reads answers that are there whole.
func TestReadCalls(t *testing.T) {
	for _, test := range []struct {
		form       CallForm
		answer     string
		text, call string
		bad        bool
	}{
		{TagCalls, "Well. <tool_call>{\"name\": \"a\", \"arguments\": {}}</tool_call>\n", "Well. ", "[{a {}}]", false},
		{TagCalls, "Well. <tool_call>{\"name\": \"a\"", "Well. ", "[]", true},
		{TagCalls, `<tool_call>{"name": "a", "arguments": {}}</tool_call> and more`, "", "[]", true},
		{TagCalls, "Well.", "Well.", "[]", false},
		{BareCalls, `{"name": "a"}`, `{"name": "a"}`, "[]", false},
	} {
		text, calls, err := ReadCalls(test.form, test.answer)
		if text != test.text || fmt.Sprint(calls) != test.call || (err != nil) != test.bad {
			t.Errorf("%q: %q, %v, %v", test.answer, text, calls, err)
		}
	}
}

func TestFormOf(t *testing.T) {
	for template, want := range map[string]CallForm{
		"{{ '<tool_call>' }}": TagCalls, "{{ '[TOOL_CALLS]' }}": ListCalls,
		`{{ '{"name": "' + tool_call.name + '", "parameters": ' }}`: BareCalls, "{{ messages }}": NoCalls,
	} {
		if got := CallFormOf(template); got != want {
			t.Errorf("%s: %d, expected %d", template, got, want)
		}
	}
}
