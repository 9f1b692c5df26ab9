package chat

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seahorse-ml/seahorse/internal/orderedjson"
)

func parse(t testing.TB, text string) *orderedjson.Object {
	t.Helper()
	o, err := orderedjson.DecodeObject([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func TestFromRecord(t *testing.T) {
	for text, want := range map[string]string{
		`{"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": [{"type": "text", "text": "b"}, {"type": "text", "text": "c"}]}]}`:                      "user:a assistant:bc ",
		`{"conversations": [{"from": "human", "value": "a"}, {"from": "gpt", "value": "b"}], "system": "s"}`:                                                                      "system:s user:a assistant:b ",
		`{"conversations": [{"role": "user", "content": "a"}]}`:                                                                                                                   "user:a ",
		`{"conversations": [{"from": "human", "value": "a"}, {"from": "function_call", "value": "{\"name\": \"f\", \"arguments\": {}}"}, {"from": "observation", "value": "1"}]}`: "user:a assistant: tool:1 ",
		`{"messages": [{"role": "assistant", "content": null, "tool_calls": [{"function": {"name": "f", "arguments": "{}"}}]}], "tools": [{"name": "f"}]}`:                        "assistant: ",
	} {
		c, err := FromRecord(parse(t, text))
		got := ""
		for _, m := range c.Messages {
			got += m.Role + ":" + m.Content + " "
		}
		if err != nil || got != want {
			t.Errorf("%s: got %q, %v, want %q", text, got, err, want)
		}
	}
}

func TestFaults(t *testing.T) {
	for text, want := range map[string]string{
		`{"text": "a"}`:                                   `expected messages or conversations, got the keys ["text"]`,
		`{"messages": 5}`:                                 "messages: expected a list, got a number",
		`{"messages": []}`:                                "at least one message",
		`{"messages": ["a"]}`:                             "messages[0]: expected an object, got a string",
		`{"messages": [{"content": "a"}]}`:                `messages[0]: expected the key "role", got the keys ["content"]`,
		`{"messages": [{"role": "bot", "content": "a"}]}`: `messages[0]: role "bot": expected system`,
		`{"messages": [{"role": 1, "content": "a"}]}`:     "role: expected a string, got a number",
		`{"messages": [{"role": "user", "content": 1}]}`:  "content: expected a string or a list of parts, got a number",
		`{"messages": [{"role": "user"}]}`:                `a user message: expected the key "content"`,
		`{"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": " "}]}`:              "messages[1]: an assistant message without content and without tool_calls",
		`{"messages": [{"role": "system", "content": "a"}, {"role": "system", "content": "b"}]}`:               "messages[1]: a second system message, the first is messages[0]",
		`{"messages": [{"role": "tool", "content": "a"}]}`:                                                     "messages[0]: a tool message before any assistant's",
		`{"messages": [{"role": "user", "content": [{"type": "image_url"}]}]}`:                                 "content[0]: type image_url: only parts of type text",
		`{"messages": [{"role": "user", "content": "a", "tool_calls": [{}]}]}`:                                 "tool_calls in a user message",
		`{"messages": [{"role": "assistant", "tool_calls": [{"function": {}}]}]}`:                              "tool_calls[0]: expected the function's name",
		`{"messages": [{"role": "assistant", "tool_calls": [{"function": {"name": "f", "arguments": "{"}}]}]}`: "arguments of f: not JSON",
		`{"messages": [{"role": "assistant", "tool_calls": [{"function": {"name": "f", "arguments": 1}}]}]}`:   "arguments of f: expected an object or a string of JSON, got a number",
		`{"messages": [{"role": "user", "content": "a"}], "tools": {}}`:                                        "tools: expected a list, got an object",
		`{"messages": [{"role": "user", "content": "a"}], "tools": [{}]}`:                                      "tools[0]: expected the function's name",
		`{"messages": [], "conversations": []}`:                                                                "a record with messages and with conversations",
		`{"conversations": [{"from": "alien", "value": "a"}]}`:                                                 `conversations[0]: from "alien": expected system, human`,
		`{"conversations": [{"from": "gpt"}]}`:                                                                 `conversations[0]: expected a string in "value", got null`,
	} {
		if _, err := FromRecord(parse(t, text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", text, err, want)
		}
	}
}

func TestFind(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	check := func(name string, tools bool, source, where string, own bool) {
		t.Helper()
		f, err := Find(dir, name, tools)
		if err != nil || !strings.HasPrefix(f.Source, source) || !strings.HasSuffix(f.Where, where) || f.Own != own {
			t.Errorf("got %.20q from %s, %v, %v; want %q from %s", f.Source, f.Where, f.Own, err, source, where)
		}
	}
	check("", false, "{%- if tools %}", "the built-in chatml", false)
	write("tokenizer_config.json", `{"bos_token": {"content": "<s>"}, "eos_token": "</s>", "chat_template": [{"name": "default", "template": "D"}, {"name": "tool_use", "template": "T"}]}`)
	check("", false, "D", "tokenizer_config.json", true)
	check("", true, "T", "tokenizer_config.json", true)
	if f, _ := Find(dir, "", false); f.Tokens["bos_token"] != "<s>" || f.Tokens["eos_token"] != "</s>" {
		t.Errorf("tokens are %v", f.Tokens)
	}
	write("chat_template.jinja", "J")
	check("", true, "J", "chat_template.jinja", true)
	check("llama3", false, "{{- bos_token", "the built-in llama3", true)
	check(write("mine.jinja", "M"), false, "M", "mine.jinja", true)
	if _, err := Find(dir, "nosuch", false); err == nil || !strings.Contains(err.Error(), `template "nosuch": expected a file or one of alpaca, chatml`) {
		t.Errorf("got %v", err)
	}
	write("tokenizer_config.json", `{"chat_template": 5}`)
	if _, err := Find(dir, "", false); err == nil || !strings.Contains(err.Error(), "chat_template: expected a string or a list, got a number") {
		t.Errorf("got %v", err)
	}
}

// A record is a conversation that every template renders or refuses, or an error.
func FuzzFromRecord(f *testing.F) {
	f.Add(`{"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b", "tool_calls": [{"function": {"name": "f", "arguments": {"x": ["y"]}}}]}], "tools": [{"name": "f"}]}`)
	f.Add(`{"conversations": [{"from": "human", "value": "a"}, {"from": "gpt", "value": "<think>\n</think> b"}], "system": "s"}`)
	source, err := BuiltinTemplate(DefaultTemplate)
	if err != nil {
		f.Fatal(err)
	}
	template, err := NewTemplate(TemplateConfig{Name: "chatml", Source: tags.ReplaceAllString(source, "")})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text string) {
		o, err := orderedjson.DecodeObject([]byte(text))
		if err != nil {
			return
		}
		c, err := FromRecord(o)
		if err != nil {
			return
		}
		r, err := template.RenderMasked(c)
		if err != nil {
			return
		}
		end := 0
		for _, s := range r.Answers {
			if s[0] < end || s[1] <= s[0] || s[1] > len(r.Text) {
				t.Fatalf("%s: spans %v of %d bytes", text, r.Answers, len(r.Text))
			}
			end = s[1]
		}
	})
}
