package tool

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/seahorse-ml/seahorse/search"
)

func about(name string) Spec {
	return Spec{Name: name, Parameters: json.RawMessage(`{"type": "object", "properties": {"x": {"type": "integer"}}, "required": ["x"]}`)}
}

// TestFaultsAreMessages has tools do what they shouldn't: each ends in a text, in time.
func TestFaultsAreMessages(t *testing.T) {
	do := func(name string, f func(ctx context.Context) (string, error)) Tool {
		return Func{about(name), func(ctx context.Context, _ json.RawMessage) (string, error) { return f(ctx) }}
	}
	forever := make(chan struct{})
	defer close(forever)
	s, err := NewSet(Limits{Time: 50 * time.Millisecond, Bytes: 100},
		do("fails", func(context.Context) (string, error) { return "", errors.New("no such city\x00") }),
		do("waits", func(ctx context.Context) (string, error) { <-ctx.Done(); return "", ctx.Err() }),
		do("hangs", func(context.Context) (string, error) { <-forever; return "", nil }),
		do("panics", func(context.Context) (string, error) { panic("oh") }),
		do("talks", func(context.Context) (string, error) { return strings.Repeat("é", 1<<20), nil }),
		do("babbles", func(context.Context) (string, error) { return "a\xff\x00b\U000F0001\r\nc", nil }),
		Calculator{})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, arguments, want string }{
		{"fails", `{"x": 1}`, "error: no such city\uFFFD"},
		{"waits", `{"x": 1}`, "error: waits isn't done after 50ms"},
		{"hangs", `{"x": 1}`, "error: hangs isn't done after 50ms"},
		{"panics", `{"x": 1}`, "error: panics failed: oh"},
		{"talks", `{"x": 1}`, strings.Repeat("é", 50) + "… (cut: 2097152 bytes in all)"},
		{"babbles", `{"x": 1}`, "a\uFFFD\uFFFDb\uFFFD\nc"},
		{"calculator", `{"expression": "6*7"}`, "42"},
		{"calculator", `{"expression": "6*"}`, "error: the expression ends where a number is expected"},
		{"fails", `{"x": "1"}`, "error: the arguments of fails: at '/x': got string, want integer"},
		{"fails", `{}`, "error: the arguments of fails: at '': missing property 'x'"},
		{"fails", `{"x": 1`, "error: the arguments of fails aren't JSON: unexpected EOF"},
		{"other", `{}`, "error: there is no tool \"other\"; there are fails, waits, hangs, panics, talks, babbles, calculator"},
	} {
		begin := time.Now()
		r, err := s.Call(t.Context(), c.name, c.arguments)
		if err != nil || r.Text != c.want || (r.Fault != nil) != strings.HasPrefix(c.want, "error") || time.Since(begin) > 5*time.Second {
			t.Errorf("%s(%s): %q, %v after %v, expected %q", c.name, c.arguments, r.Text, err, time.Since(begin), c.want)
		}
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Call(ended, "hangs", `{"x": 1}`); !errors.Is(err, context.Canceled) {
		t.Errorf("a call that is cancelled: %v", err)
	}
}

func TestWrongSets(t *testing.T) {
	bad := func(name, schema string) Tool {
		return Func{About: Spec{Name: name, Parameters: json.RawMessage(schema)}}
	}
	for want, tools := range map[string][]Tool{
		"two tools of the name calculator": {Calculator{}, Calculator{}},
		"expected 1 to 64 letters":         {bad("a b", `{}`)},
		"the schema of a":                  {bad("a", `{"type": 5}`)},
		"the schema of b":                  {bad("b", `[]`)},
		"a schema of a tool can't refer":   {bad("a", `{"$ref": "file:///etc/passwd"}`)},
		"the schema of c: expected a JSON": nil,
		"results of -1 bytes":              nil,
	} {
		limits := Limits{}
		if want == "results of -1 bytes" {
			limits.Bytes = -1
		} else if tools == nil {
			continue
		}
		if _, err := NewSet(limits, tools...); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, expected %s", err, want)
		}
	}
	s, err := NewSet(Limits{})
	if err != nil || s.Schemas() != nil || len(s.Names()) != 0 {
		t.Errorf("a set of no tools: %v", err)
	}
}

func TestSearch(t *testing.T) {
	x, err := search.Create(t.TempDir(), search.Settings{Language: "english", By: search.Lines, Length: 50})
	if err != nil {
		t.Fatal(err)
	}
	defer x.Close()
	if _, err := x.Add(t.Context(), []search.Text{{Source: "a", Text: "The tower is 324 metres high."}, {Source: "b", Text: "The river is long.\nIt ends in the sea."}}, search.AddConfig{}); err != nil {
		t.Fatal(err)
	}
	s, err := NewSet(Limits{}, Search{Index: x, Top: 1})
	if err != nil {
		t.Fatal(err)
	}
	for arguments, want := range map[string]string{
		`{"query": "how high is the tower"}`: "[1] The tower is 324 metres high.", `{"query": " "}`: "error: the query is empty", `{"query": "xylophone"}`: "nothing was found",
	} {
		if r, err := s.Call(t.Context(), "search", arguments); err != nil || r.Text != want {
			t.Errorf("%s: %q, %v", arguments, r.Text, err)
		}
	}
}
