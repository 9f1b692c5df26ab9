package serve

import (
	"fmt"
	"testing"
)

// TestToolScanner lets answers come in pieces of each length.
func TestToolScanner(t *testing.T) {
	for _, test := range []struct {
		form       toolForm
		text       string
		show, call string
	}{
		{tagForm, "Well.\n<tool_call>\n{\"name\": \"weather\", \"arguments\": {\"city\": \"北京\", \"days\": 2}}\n</tool_call>", "Well.\n", `[{weather {"city": "北京", "days": 2}}]`},
		{tagForm, `<tool_call>{"name": "a", "arguments": {}}</tool_call> <tool_call>{"name": "b", "arguments": "{}"}`, "", `[{a {}} {b {}}]`},
		{tagForm, `<tool_call>{"name": "a"}</tool_call>`, `<tool_call>{"name": "a"}</tool_call>`, `[]`},
		{tagForm, `<tool_call>{"name": "a", "arguments": {}}</tool_call> and more`, `<tool_call>{"name": "a", "arguments": {}}</tool_call> and more`, `[]`},
		{tagForm, "a < b <tool", "a < b <tool", `[]`},
		{bareForm, `{"name": "weather", "parameters": {"city": "Rome"}}`, "", `[{weather {"city": "Rome"}}]`},
		{bareForm, `{"city": "Rome"}`, `{"city": "Rome"}`, `[]`},
		{bareForm, "It is {warm}.", "It is {warm}.", `[]`},
		{listForm, ` [{"name": "a", "arguments": {"x": 1.0}}, {"name": "b", "arguments": {}}]`, "", `[{a {"x": 1.0}} {b {}}]`},
		{listForm, `[TOOL_CALLS] [{"name": "a", "arguments": {}}]`, "", `[{a {}}]`},
		{noForm, `<tool_call>{"name": "a", "arguments": {}}`, `<tool_call>{"name": "a", "arguments": {}}`, `[]`},
	} {
		for size := 1; size <= len(test.text); size++ {
			s, show := &toolScanner{form: test.form}, ""
			for i := 0; i < len(test.text); i += size {
				show += s.push(test.text[i:min(i+size, len(test.text))])
			}
			rest, calls := s.finish()
			if show += rest; show != test.show || fmt.Sprint(calls) != test.call {
				t.Fatalf("%q in pieces of %d: %q and %v, expected %q and %s", test.text, size, show, calls, test.show, test.call)
			}
		}
	}
}

func TestFormOf(t *testing.T) {
	for template, want := range map[string]toolForm{
		"{{ '<tool_call>' }}": tagForm, "{{ '[TOOL_CALLS]' }}": listForm,
		`{{ '{"name": "' + tool_call.name + '", "parameters": ' }}`: bareForm, "{{ messages }}": noForm,
	} {
		if got := formOf(template); got != want {
			t.Errorf("%s: %d, expected %d", template, got, want)
		}
	}
}
