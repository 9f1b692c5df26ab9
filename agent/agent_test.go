package agent

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/seahorse-ml/seahorse/agent/tool"
	"github.com/seahorse-ml/seahorse/data/chat"
	"github.com/seahorse-ml/seahorse/generate"
	"github.com/seahorse-ml/seahorse/internal/orderedjson"
)

// scripted is a Writer that says what a function makes of a conversation.
type scripted func(c chat.Conversation) string

func (f scripted) Write(ctx context.Context, c chat.Conversation, g generate.Config, _ uint64) (Written, error) {
	text := f(c)
	if text == "wait" {
		<-ctx.Done()
		return Written{}, ctx.Err()
	}
	if text == "room" {
		return Written{}, ErrRoom
	}
	n := len(strings.Fields(text))
	return Written{Text: text, Tokens: n, Ended: n <= g.MaxNewTokens}, nil
}

func (scripted) Form(bool) (chat.CallForm, error) { return chat.TagCalls, nil }

func (scripted) Plain(text string, whose Whose) string {
	return strings.ReplaceAll(text, "<end>", "< end>")
}

func calls(name, key, value string) string {
	return fmt.Sprintf("<tool_call>{\"name\": %q, \"arguments\": {%q: %q}}</tool_call>", name, key, value)
}

func last(c chat.Conversation) chat.Message { return c.Messages[len(c.Messages)-1] }

// TestAsk lets a model call the calculator, rightly and not, and answer.
func TestAsk(t *testing.T) {
	set, err := tool.NewSet(tool.Limits{}, tool.Calculator{})
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		say           func(c chat.Conversation) string
		answer        string
		end           End
		faults, turns int
	}{
		"called": {func(c chat.Conversation) string {
			if last(c).Role == "tool" {
				return "It is " + last(c).Content + "."
			}
			return calls("calculator", "expression", "6*7")
		}, "It is 42.", Answered, 0, 2},
		"mended": {func(c chat.Conversation) string {
			switch {
			case len(c.Messages) == 1:
				return "<tool_call>{\"name\": \"calculator\"</tool_call>"
			case strings.HasPrefix(last(c).Content, "error: a call that can't be read"):
				return calls("calculator", "expr", "6*7")
			case strings.HasPrefix(last(c).Content, "error: the arguments of calculator"):
				return calls("divide", "x", "1")
			case strings.HasPrefix(last(c).Content, `error: there is no tool "divide"`):
				return "<tool_call>{\"name\": \"calculator\", \"arguments\": \"[1]\"}</tool_call>"
			}
			return "I give up."
		}, "I give up.", Answered, 4, 5},
		"turns":  {func(chat.Conversation) string { return calls("calculator", "expression", "1") }, "", OutTurns, 0, 6},
		"tokens": {func(chat.Conversation) string { return strings.Repeat("word ", 101) }, "", OutTokens, 0, 1},
		"empty":  {func(chat.Conversation) string { return " \n" }, "", NoText, 0, 1},
		"room":   {func(chat.Conversation) string { return "room" }, "", OutRoom, 0, 0},
		"time":   {func(chat.Conversation) string { return "wait" }, "", OutTime, 0, 0},
	} {
		a := &Agent{Name: "a", System: "Be brief.", Writer: scripted(func(x chat.Conversation) string {
			x.Messages = x.Messages[1:]
			return c.say(x)
		}), Tools: set, Limits: Limits{Turns: 6, Time: 2 * time.Second}, Sampling: generate.Config{MaxNewTokens: 100}}
		got, err := a.Ask(t.Context(), "What is 6*7?", 1)
		if err != nil || got.Text != c.answer || got.End != c.end || got.Faults != c.faults || got.Turns != c.turns {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
		if name == "called" {
			const want = `{"messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "What is 6*7?"}, {"role": "assistant", "content": "", "tool_calls": [{"id": "call00000", "type": "function", "function": {"name": "calculator", "arguments": {"expression": "6*7"}}}]}, {"role": "tool", "content": "42", "tool_call_id": "call00000", "name": "calculator"}, {"role": "assistant", "content": "It is 42."}], "tools": [`
			kept := Record(got.Conversations[0].Conversation)
			o, err := orderedjson.DecodeObject(kept)
			if err != nil || !strings.HasPrefix(string(kept), want) {
				t.Errorf("kept as %s, %v", kept, err)
			} else if _, err := chat.FromRecord(o); err != nil {
				t.Error(err)
			}
		}
	}
}

// TestHandOver lets a planner hand tasks to a computer, and agents to each other without end.
func TestHandOver(t *testing.T) {
	set, err := tool.NewSet(tool.Limits{}, tool.Calculator{})
	if err != nil {
		t.Fatal(err)
	}
	computer := &Agent{Name: "computer", Tools: set, Writer: scripted(func(c chat.Conversation) string {
		if last(c).Role == "tool" {
			return last(c).Content + "<end>"
		}
		return calls("calculator", "expression", last(c).Content)
	})}
	planner := &Agent{Name: "planner", Others: []*Agent{computer}, Writer: scripted(func(c chat.Conversation) string {
		switch len(c.Messages) {
		case 1:
			return calls("computer", "task", "2*3") + calls("computer", "task", "4*5") + calls("computer", "other", "")
		case 5:
			return calls("computer", "task", strings.Trim(c.Messages[2].Content+"+"+c.Messages[3].Content, " "))
		}
		return last(c).Content
	})}
	if err := planner.Validate(); err != nil {
		t.Fatal(err)
	}
	a, err := planner.Ask(t.Context(), "2*3+4*5", 0)
	if err != nil || !strings.HasPrefix(a.Text, "error: ") && a.Text == "" || len(a.Conversations) != 4 || a.Conversations[0].Agent != "planner" || a.Conversations[3].Agent != "computer" || a.Faults != 2 {
		t.Errorf("%+v, %v", a, err)
	}
	loop := &Agent{Name: "loop", Writer: scripted(func(c chat.Conversation) string {
		if last(c).Role == "tool" {
			return last(c).Content
		}
		return calls("loop", "task", "again")
	})}
	loop.Others = []*Agent{loop}
	a, err = loop.Ask(t.Context(), "begin", 0)
	if err != nil || !strings.Contains(a.Text, "more than 4 times deep") || len(a.Conversations) != 4 {
		t.Errorf("%+v, %v", a, err)
	}
}

// TestCancelled ends an answer in the midst of a tool.
func TestCancelled(t *testing.T) {
	begun := make(chan struct{})
	set, err := tool.NewSet(tool.Limits{Time: time.Minute}, tool.Func{About: tool.Spec{Name: "wait", Parameters: json.RawMessage(`{}`)}, Do: func(ctx context.Context, _ json.RawMessage) (string, error) {
		close(begun)
		<-ctx.Done()
		return "", ctx.Err()
	}})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-begun; cancel() }()
	a := &Agent{Tools: set, Writer: scripted(func(chat.Conversation) string { return calls("wait", "x", "") })}
	if _, err := a.Ask(ctx, "q", 0); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}
