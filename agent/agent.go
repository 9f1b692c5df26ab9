package agent

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/seahorse-ml/seahorse/agent/tool"
	"github.com/seahorse-ml/seahorse/data/chat"
	"github.com/seahorse-ml/seahorse/generate"
	"github.com/seahorse-ml/seahorse/internal/orderedjson"
)

// Agent answers questions by a model that may call tools and other agents. Its methods may be called by several goroutines at once.
type Agent struct {
	Name        string // by which other agents call it
	Description string // what other agents are told of it
	System      string // what the system says first; "" for nothing
	Writer      Writer
	Tools       *tool.Set // nil for none
	Others      []*Agent  // whom it may hand a task to, as if they were tools with the argument "task"
	Limits      Limits
	Sampling    generate.Config // how turns are drawn; MaxNewTokens bounds each, 0 means 512
}

// Limits bound an answer. Zeros mean the defaults. Those of the agent that is asked hold for all that it hands tasks to, together; Turns holds for each of
// them.
type Limits struct {
	Turns  int           // of the model, in a conversation; default 10
	Calls  int           // in a turn, of which more are answered by an error; default 8
	Tokens int           // that are written in all; default 4,096
	Time   time.Duration // default 5 min
	Depth  int           // of agents that hand over to each other; default 4
}

func (l Limits) complete() (Limits, error) {
	const turns, calls, tokens, due, depth = 10, 8, 4096, 5 * time.Minute, 4
	if l.Turns < 0 || l.Calls < 0 || l.Tokens < 0 || l.Time < 0 || l.Depth < 0 {
		return l, fmt.Errorf("agent: bounds of %d turns, %d calls, %d tokens, %v and %d agents in each other, expected more than 0", l.Turns, l.Calls, l.Tokens, l.Time, l.Depth)
	}
	for _, v := range []struct {
		value *int
		usual int
	}{{&l.Turns, turns}, {&l.Calls, calls}, {&l.Tokens, tokens}, {&l.Depth, depth}} {
		if *v.value == 0 {
			*v.value = v.usual
		}
	}
	if l.Time == 0 {
		l.Time = due
	}
	return l, nil
}

// End is why an answer ended.
type End string

// The ends of answers. All but Answered stand for an answer that didn't come.
const (
	Answered  End = "answered"
	OutTurns  End = "turns"   // the model has had all of its turns
	OutTokens End = "tokens"  // it has written all of its tokens
	OutTime   End = "time"    // its time is over
	OutRoom   End = "context" // the conversation has no room in the model's context
	NoText    End = "empty"   // it said nothing
)

// Kept is a conversation as it was held, by the agent of a name. Its last message is the answer, if there is one.
type Kept struct {
	Agent        string
	Conversation chat.Conversation
}

// Answer is what came of a question.
type Answer struct {
	Text   string // "" unless it ended by Answered
	End    End
	Turns  int // of all agents
	Calls  int // of tools and other agents
	Faults int // calls that came to nothing
	Tokens int // that were written
	// Conversations are what was said, that of the asked agent first, and of those that were handed tasks in the order of their beginnings.
	Conversations []Kept
}

// progress is what the agents of one answer share.
type progress struct {
	limits Limits
	answer *Answer
	stream uint64 // of random numbers for the next turn
}

// Ask asks a question. The same question with the same stream gets the same answer, if tools give the same results. Whatever a tool or the model does wrong is
// told by the answer; an error is that of ctx, or of a template that can't write the conversation.
func (a *Agent) Ask(ctx context.Context, question string, stream uint64) (Answer, error) {
	if strings.TrimSpace(question) == "" {
		return Answer{}, errors.New("agent: the question is empty")
	}
	limits, err := a.Limits.complete()
	if err != nil {
		return Answer{}, err
	}
	limited, cancel := context.WithTimeout(ctx, limits.Time)
	defer cancel()
	const turns = 20 // bits of a stream that count turns
	var all Answer
	p := &progress{limits: limits, answer: &all, stream: stream << turns}
	text, end, err := a.hold(limited, p, question, 1)
	if end == OutTime && ctx.Err() != nil {
		return all, context.Cause(ctx)
	}
	all.Text, all.End = text, end
	return all, err
}

// schemas returns what the template is given of tools and other agents.
func (a *Agent) schemas() []any {
	var all []any
	if a.Tools != nil {
		all = append(all, a.Tools.Schemas()...)
	}
	for _, other := range a.Others {
		parameters, _ := orderedjson.DecodeObject([]byte(`{"type": "object", "properties": {"task": {"type": "string"}}, "required": ["task"]}`))
		function := orderedjson.NewObject()
		function.Set("name", other.Name)
		function.Set("description", other.Description)
		function.Set("parameters", parameters)
		whole := orderedjson.NewObject()
		whole.Set("type", "function")
		whole.Set("function", function)
		all = append(all, whole)
	}
	return all
}

// hold holds a conversation about a question, and returns the answer.
func (a *Agent) hold(ctx context.Context, p *progress, question string, depth int) (string, End, error) {
	c := chat.Conversation{Tools: a.schemas()}
	form, err := a.Writer.Form(len(c.Tools) > 0)
	if err != nil {
		return "", "", err
	}
	if form == chat.NoCalls && len(c.Tools) > 0 {
		return "", "", fmt.Errorf("agent: %s has tools, and the model's chat template writes no calls in a form that is known", a.Name)
	}
	if a.System != "" {
		c.Messages = append(c.Messages, chat.NewMessage("system", a.System))
	}
	c.Messages = append(c.Messages, chat.NewMessage("user", question))
	at := len(p.answer.Conversations)
	p.answer.Conversations = append(p.answer.Conversations, Kept{Agent: a.Name})
	defer func() { p.answer.Conversations[at].Conversation = c }()
	for turn, calls := 0, 0; ; turn++ {
		if turn == p.limits.Turns {
			return "", OutTurns, nil
		}
		g := a.Sampling
		if g.MaxNewTokens == 0 {
			g.MaxNewTokens = 512
		}
		if g.MaxNewTokens = min(g.MaxNewTokens, p.limits.Tokens-p.answer.Tokens); g.MaxNewTokens <= 0 {
			return "", OutTokens, nil
		}
		w, err := a.Writer.Write(ctx, c, g, p.stream)
		p.stream++
		p.answer.Tokens += w.Tokens
		switch {
		case ctx.Err() != nil:
			return "", OutTime, nil
		case errors.Is(err, ErrRoom):
			return "", OutRoom, nil
		case err != nil:
			return "", "", err
		}
		p.answer.Turns++
		if !w.Ended {
			return "", OutTokens, nil
		}
		text, made, bad := chat.ReadCalls(form, w.Text)
		text = strings.TrimSpace(a.Writer.Plain(text, OfModel))
		switch {
		case bad != nil:
			if text = strings.TrimSpace(a.Writer.Plain(w.Text, OfModel)); text == "" {
				return "", NoText, nil
			}
			p.answer.Calls, p.answer.Faults = p.answer.Calls+1, p.answer.Faults+1
			c.Messages = append(c.Messages, chat.NewMessage("assistant", text), chat.ToolMessage(chat.CallID(calls), "none", a.Writer.Plain("error: "+bad.Error(), OfTool)))
			calls++
			continue
		case len(made) == 0 && text == "":
			return "", NoText, nil
		case len(made) == 0:
			c.Messages = append(c.Messages, chat.NewMessage("assistant", text))
			return text, Answered, nil
		}
		ids := make([]string, len(made))
		for i := range made {
			ids[i] = chat.CallID(calls + i)
			made[i].Arguments = a.Writer.Plain(made[i].Arguments, OfAgent)
		}
		calls += len(made)
		message, err := chat.CallsMessage(text, made, ids)
		if err != nil { // arguments that are no object
			c.Messages = append(c.Messages, chat.NewMessage("assistant", a.Writer.Plain(w.Text, OfModel)), chat.ToolMessage(ids[0], made[0].Name, a.Writer.Plain("error: "+err.Error(), OfTool)))
			p.answer.Calls, p.answer.Faults = p.answer.Calls+1, p.answer.Faults+1
			continue
		}
		c.Messages = append(c.Messages, message)
		for i, call := range made {
			result, err := a.call(ctx, p, call, i, depth)
			if ctx.Err() != nil {
				return "", OutTime, nil
			}
			if err != nil {
				return "", "", err
			}
			p.answer.Calls++
			if result.Fault != nil {
				p.answer.Faults++
			}
			c.Messages = append(c.Messages, chat.ToolMessage(ids[i], call.Name, a.Writer.Plain(result.Text, OfTool)))
		}
	}
}

// call calls a tool or another agent; it is the n-th of a turn.
func (a *Agent) call(ctx context.Context, p *progress, c chat.Call, n, depth int) (tool.Result, error) {
	fail := func(format string, args ...any) (tool.Result, error) {
		err := fmt.Errorf(format, args...)
		return tool.Result{Text: "error: " + err.Error(), Fault: err}, nil
	}
	if n >= p.limits.Calls {
		return fail("more than %d calls in a turn", p.limits.Calls)
	}
	for _, other := range a.Others {
		if other.Name != c.Name {
			continue
		}
		if depth >= p.limits.Depth {
			return fail("agents hand over to each other more than %d times deep", p.limits.Depth)
		}
		arguments, err := orderedjson.DecodeObject([]byte(c.Arguments))
		if err != nil {
			return fail("the arguments of %s: %w", c.Name, err)
		}
		given, _ := arguments.Get("task")
		text, ok := given.(string)
		if !ok || strings.TrimSpace(text) == "" {
			return fail(`the arguments of %s: expected {"task": a text}`, c.Name)
		}
		answer, end, err := other.hold(ctx, p, other.Writer.Plain(text, OfAgent), depth+1)
		switch {
		case err != nil:
			return tool.Result{}, err
		case end != Answered:
			return fail("%s has no answer (%s)", c.Name, end)
		}
		return tool.Result{Text: answer}, nil
	}
	if a.Tools == nil {
		return fail("there are no tools")
	}
	return a.Tools.Call(ctx, c.Name, c.Arguments)
}

// Validate tells what is wrong with the agent, or nil.
func (a *Agent) Validate() error {
	if a.Writer == nil {
		return fmt.Errorf("agent: %q has no model", a.Name)
	}
	if _, err := a.Limits.complete(); err != nil {
		return err
	}
	seen := map[string]bool{}
	if a.Tools != nil {
		for _, name := range a.Tools.Names() {
			seen[name] = true
		}
	}
	for _, other := range a.Others {
		if other.Name == "" || seen[other.Name] {
			return fmt.Errorf("agent: %q may hand over to %q, which has no name of its own among its tools and others", a.Name, other.Name)
		}
		seen[other.Name] = true
	}
	g := a.Sampling
	g.MaxNewTokens = max(1, g.MaxNewTokens)
	return g.Validate()
}
