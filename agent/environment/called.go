package environment

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/seahorse-ml/seahorse/agent/tool"
	"github.com/seahorse-ml/seahorse/data/chat"
	"github.com/seahorse-ml/seahorse/internal/orderedjson"
	"github.com/seahorse-ml/seahorse/reward"
	"github.com/seahorse-ml/seahorse/search"
)

// Arithmetic asks for numbers, which a calculator may compute. A record has "question" and "answer", a number; the reward is 1 where the last number of the
// answer is that one, else 0.
type Arithmetic struct{}

// Name is "arithmetic".
func (Arithmetic) Name() string { return "arithmetic" }

// Begin asks the question.
func (Arithmetic) Begin(record json.RawMessage) (Episode, error) {
	return begin(record, reward.Numeric{}, tool.Calculator{})
}

// Retrieval asks what passages of an index answer, found by words. A record has "question" and "answer", a text; the reward is 1 where the answer has that text in it,
// upper and lower case being the same, else 0.
type Retrieval struct {
	Index *search.Index
	Top   int // passages that a search returns; 0 means 3
}

// Name is "retrieval".
func (Retrieval) Name() string { return "retrieval" }

// Begin asks the question.
func (r Retrieval) Begin(record json.RawMessage) (Episode, error) {
	holds := func(_ context.Context, s reward.Sample) (float64, error) {
		plain := func(text string) string { return strings.ToLower(strings.Join(strings.Fields(text), " ")) }
		if strings.Contains(plain(s.Answer), plain(s.Expected)) {
			return 1, nil
		}
		return 0, nil
	}
	return begin(record, reward.Func{Title: r.Name(), Judge: holds}, tool.Search{Index: r.Index, Top: r.Top})
}

// begin begins an episode in which tools may be called, whose answer a checker compares with the record's.
func begin(record json.RawMessage, checker reward.Checker, tools ...tool.Tool) (Episode, error) {
	e := &called{checker: checker}
	var err error
	if e.talk, e.expected, err = asked(record); err != nil {
		return nil, err
	}
	if strings.TrimSpace(e.expected) == "" {
		return nil, errors.New(`no "answer", which the reward compares with`)
	}
	if _, err := e.judge(context.Background(), ""); err != nil {
		return nil, err
	}
	if e.tools, err = tool.NewSet(tool.Limits{}, tools...); err != nil {
		return nil, err
	}
	e.talk.Tools = e.tools.Schemas()
	return e, nil
}

// asked reads the messages of a record: its "prompt", a list of messages, or its "question", which the user asks.
func asked(record json.RawMessage) (c chat.Conversation, expected string, err error) {
	o, err := orderedjson.DecodeObject(record)
	if err != nil {
		return c, "", err
	}
	switch answer, _ := o.Get("answer"); answer := answer.(type) {
	case string:
		expected = answer
	case nil:
	default:
		expected = string(orderedjson.Append(nil, answer, orderedjson.Format{}))
	}
	if list, ok := o.Values["prompt"].([]any); ok {
		c.Messages, err = chat.FromMessages(list)
		return c, expected, err
	}
	for _, key := range []string{"question", "prompt"} {
		if text, ok := o.Values[key].(string); ok && strings.TrimSpace(text) != "" {
			c.Messages = []chat.Message{chat.NewMessage("user", text)}
			return c, expected, nil
		}
	}
	return c, "", errors.New(`expected "question", a text, or "prompt", a list of messages`)
}

// called is an episode in which tools are called until there is an answer.
type called struct {
	talk     chat.Conversation
	tools    *tool.Set
	checker  reward.Checker
	expected string
	calls    int
}

// Talk is the question.
func (e *called) Talk() chat.Conversation { return e.talk }

// judge returns the reward of an answer.
func (e *called) judge(ctx context.Context, answer string) (float64, error) {
	all, err := e.checker.Rewards(ctx, []reward.Sample{{Answer: answer, Expected: e.expected}})
	if err != nil {
		return 0, err
	}
	return all[0], nil
}

// Act calls what the turn calls; a turn without a call is the answer. What can't be read or done is told to the model, as agents are told it.
func (e *called) Act(ctx context.Context, turn string, form chat.CallForm) (Step, error) {
	const most = 8 // calls in a turn
	text, calls, bad := chat.ReadCalls(form, turn)
	if bad == nil && len(calls) == 0 {
		earned, err := e.judge(ctx, text)
		return Step{Said: chat.NewMessage("assistant", text), Reward: earned, Done: true}, err
	}
	ids := make([]string, len(calls))
	for i := range ids {
		ids[i] = e.id()
	}
	var said chat.Message
	if bad == nil {
		said, bad = chat.CallsMessage(text, calls, ids)
	}
	if bad != nil {
		return Step{Said: chat.NewMessage("assistant", turn), Seen: []chat.Message{chat.ToolMessage(e.id(), "none", "error: "+bad.Error())}}, nil
	}
	s := Step{Said: said}
	for i, c := range calls {
		r := tool.Result{Text: fmt.Sprintf("error: more than %d calls in a turn", most)}
		if i < most {
			var err error
			if r, err = e.tools.Call(ctx, c.Name, c.Arguments); err != nil {
				return s, err
			}
		}
		s.Seen = append(s.Seen, chat.ToolMessage(ids[i], c.Name, r.Text))
	}
	return s, nil
}

// id names the next call.
func (e *called) id() string {
	e.calls++
	return chat.CallID(e.calls - 1)
}
