package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"
	"sync"
	"time"

	"github.com/seahorse-ml/seahorse/agent"
	"github.com/seahorse-ml/seahorse/data/chat"
	"github.com/seahorse-ml/seahorse/generate"
	"github.com/seahorse-ml/seahorse/reward"
	"github.com/seahorse-ml/seahorse/task"
)

// agentCommand is `finetune agent`.
type agentCommand struct {
	Question     string        `arg:"" optional:"" help:"The question. Default: none, with --questions."`
	Model        string        `required:"" placeholder:"DIR|FILE.gguf" help:"The model: a decoder's directory, a run or a GGUF file."`
	Tool         []string      `sep:"none" placeholder:"TOOL" help:"What the model may call: calculator, starlark, search:INDEX, mcp:COMMAND or mcp:http://… (see below). Several may be given."`
	System       string        `placeholder:"TEXT" help:"What the system says before all else."`
	Agents       string        `placeholder:"FILE" help:"Several agents that hand over to each other, in a YAML file (see below), in the place of --tool and --system."`
	Questions    string        `placeholder:"FILE|-" help:"Answer the questions of this file, JSON lines {\"question\", \"answer\"} or a question a line, side by side."`
	Reward       string        `placeholder:"CHECKER" help:"Judge the answers by a checker of grpo, such as numeric or exact, beside each question's \"answer\"."`
	Save         string        `placeholder:"FILE" help:"Keep every conversation in this file, as messages that sft learns from."`
	SaveReward   *float64      `placeholder:"X" help:"Keep only conversations of answers with at least this reward. Default: all."`
	JSON         bool          `name:"json" help:"Print an object for each question: question, answer, end, turns, calls, faults, tokens and reward."`
	ChatTemplate string        `placeholder:"FILE|NAME" help:"Chat template in place of the model's own: a Jinja file or the name of a built-in one."`
	MaxTurns     int           `default:"10" placeholder:"N" help:"Turns of the model in a conversation at most (${default})."`
	MaxNewTokens int           `default:"512" placeholder:"N" help:"Tokens of a turn at most (${default})."`
	MaxTokens    int           `default:"4096" placeholder:"N" help:"Tokens that are written for an answer at most (${default})."`
	Timeout      time.Duration `default:"5m" placeholder:"TIME" help:"Time for an answer (${default})."`
	ToolTimeout  time.Duration `default:"30s" placeholder:"TIME" help:"Time for a call of a tool (${default})."`
	ToolBytes    int           `default:"8192" placeholder:"N" help:"Bytes of what a tool returns, beyond which it is cut (${default})."`
	MaxLength    *int          `placeholder:"N" help:"Tokens of a conversation at most. Default: the model's context, at most 4,096."`
	Rows         int           `default:"16" placeholder:"N" help:"Questions that are answered side by side (${default})."`
	Threads      int           `default:"0" placeholder:"N" help:"Threads to run on. Default: all cores that the process may use."`

	samplingFlags
	adapterFlag
	storageFlags
	memoryFlag
}

// Help is shown below the command's summary.
func (agentCommand) Help() string {
	return `The model answers by turns: what it calls is called, it is told what came, and goes on, until it answers without a call. Its chat template must write calls
in a form that is known: Hermes' and Qwen's <tool_call>, Mistral's [TOOL_CALLS] or Llama 3's JSON. Tools:

    calculator        exact arithmetic
    starlark          programs in a dialect of Python, in a process of their own whose steps, memory and time are bounded
    search:INDEX      passages of an index (finetune search index)
    mcp:COMMAND       the tools of a program by the Model Context Protocol; mcp:http://… those at an address

What a tool does wrong is told to the model. What it returns is text to the model, even where it spells special tokens. A file of agents, the first of which is asked:

    agents:
      - name: planner
        system: Cut the problem into steps, and hand each to the computer.
        tools: [agent:computer]
      - name: computer
        description: Computes one step.
        system: Compute by the calculator.
        tools: [calculator]

Every conversation is kept by --save, those of agents that were handed tasks too. Ctrl-C ends; what was answered is kept.

Examples:

    finetune agent --model SmolLM2-1.7B-Instruct --tool calculator "What is 17 * 23?"
    finetune agent --model runs/tuned --tool calculator --questions held.jsonl --reward numeric --temperature 0 --json
    finetune agent --model runs/tuned --tool calculator --questions train.jsonl --reward numeric --save-reward 1 --save kept.jsonl
    finetune agent --model qwen.gguf --tool search:notes.index --tool "mcp:npx some-server" --system "Be brief." "When does the certificate expire?"`
}

// agentLine is what --json prints of an answer.
type agentLine struct {
	Question string    `json:"question"`
	Answer   string    `json:"answer"`
	End      agent.End `json:"end"`
	Turns    int       `json:"turns"`
	Calls    int       `json:"calls"`
	Faults   int       `json:"faults"`
	Tokens   int       `json:"tokens"`
	Reward   *float64  `json:"reward,omitempty"`
}

// Run answers.
func (c *agentCommand) Run(ctx context.Context, s *streams) (err error) {
	checker, err := c.check()
	if err != nil {
		return err
	}
	questions, err := c.questions(s)
	if err != nil {
		return err
	}
	useThreads(c.Threads)
	t, err := sketched(s, c.Model, c.storageFlags, c.adapterFlag, c.memoryFlag)
	if err != nil {
		return err
	}
	batch, err := c.batch(t, len(questions))
	if err != nil {
		return err
	}
	team, err := c.team(ctx)
	if err != nil {
		return interrupted(ctx, err)
	}
	defer team.close()
	if err := load(t); err != nil {
		return err
	}
	m, err := agent.NewModel(t, agent.ModelConfig{Template: c.ChatTemplate, Batch: batch})
	if err != nil {
		return err
	}
	defer m.Close()
	first, err := team.build(m, c)
	if err != nil {
		return err
	}
	if template, err := m.Template(true); err == nil && template.Borrowed {
		s.say("template   %s, as the model has none of its own (--chat-template)", template.Where)
	}
	keep, err := newKeeper(c.Save)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, keep.close()) }()
	return interrupted(ctx, c.answer(ctx, s, first, questions, checker, keep))
}

// check returns what judges answers, or what is wrong with the flags.
func (c *agentCommand) check() (reward.Checker, error) {
	config := c.sampling(c.MaxNewTokens)
	err := errors.Join(checkThreads(c.Threads), atLeast("max-length", c.MaxLength, 2), atLeast("max-turns", &c.MaxTurns, 1), atLeast("max-new-tokens", &c.MaxNewTokens, 1),
		atLeast("max-tokens", &c.MaxTokens, 1), atLeast("tool-bytes", &c.ToolBytes, 1), between("rows", &c.Rows, 1, mostRows), config.Validate())
	switch {
	case err != nil:
		return nil, err
	case c.Timeout <= 0 || c.ToolTimeout <= 0:
		return nil, fmt.Errorf("--timeout %v and --tool-timeout %v: expected times, such as 30s or 5m", c.Timeout, c.ToolTimeout)
	case (c.Question == "") == (c.Questions == ""):
		return nil, errors.New("expected a question, or --questions FILE")
	case c.Agents != "" && (len(c.Tool) > 0 || c.System != ""):
		return nil, errors.New("--agents names each agent's tools and system; --tool and --system don't go with it")
	case c.SaveReward != nil && (c.Save == "" || c.Reward == ""):
		return nil, errors.New("--save-reward is for --save, of answers that --reward judges")
	case c.SaveReward != nil && (math.IsNaN(*c.SaveReward) || math.IsInf(*c.SaveReward, 0)):
		return nil, fmt.Errorf("--save-reward %g: expected a number", *c.SaveReward)
	case c.Reward == "":
		return nil, nil
	}
	found, err := reward.Parse(c.Reward, c.Timeout)
	if err != nil {
		return nil, fmt.Errorf("--reward: %w", err)
	}
	return found, nil
}

// batch settles the sizes of what is written side by side, and refuses more than memory is free for.
func (c *agentCommand) batch(t *task.Trained, questions int) (generate.BatcherConfig, error) {
	b := generate.BatcherConfig{Rows: min(c.Rows, questions), Keep: true}
	m, ok := t.Model.(generate.Model)
	if _, about := t.Model.(generate.Encoder); !ok || about {
		return b, nil // which NewModel refuses
	}
	const usual = 4096
	b.Length = min(usual, m.ContextLength())
	if c.MaxLength != nil {
		if b.Length = *c.MaxLength; b.Length > m.ContextLength() {
			return b, fmt.Errorf("--max-length %d: the model's context is %d tokens", b.Length, m.ContextLength())
		}
	}
	return b, c.memoryFlag.check("a smaller --rows, --max-length or model takes less", memoryPart{b.Rows * m.VocabSize(), "scores"}, func() ([]memoryPart, error) {
		use, err := generate.EstimateBatcher(m, b)
		return []memoryPart{{use.Parameters, "parameters"}, {use.Arena, "activations"}, {use.Cache, "keys and values"}, {use.Scores, "scores"}}, err
	})
}

// answer answers questions side by side, and shows and keeps what comes in their order.
func (c *agentCommand) answer(ctx context.Context, s *streams, a *agent.Agent, questions []question, checker reward.Checker, keep *keeper) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	type outcome struct {
		answer agent.Answer
		err    error
	}
	done := make([]chan outcome, len(questions))
	for i := range done {
		done[i] = make(chan outcome, 1)
	}
	var workers sync.WaitGroup
	defer workers.Wait()
	defer cancel(nil)
	next := make(chan int)
	workers.Go(func() {
		defer close(next)
		for i := range questions {
			select {
			case next <- i:
			case <-ctx.Done():
				return
			}
		}
	})
	for range min(c.Rows, len(questions)) {
		workers.Go(func() {
			for i := range next {
				x, err := a.Ask(ctx, questions[i].Question, uint64(i))
				done[i] <- outcome{x, err}
			}
		})
	}
	right, judged, sum := 0, 0, 0.0
	for i, q := range questions {
		var o outcome
		select {
		case o = <-done[i]:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		if o.err != nil {
			return o.err
		}
		value, err := judge(ctx, checker, q, o.answer)
		if err != nil {
			return err
		}
		if value != nil {
			judged++
			sum += *value
			if *value >= 1 {
				right++
			}
		}
		if c.SaveReward == nil || value != nil && *value >= *c.SaveReward {
			if err := keep.add(o.answer.Conversations); err != nil {
				return err
			}
		}
		if err := c.show(s, q, o.answer, value); err != nil {
			return err
		}
	}
	if judged > 0 && len(questions) > 1 {
		s.say("%d of %s right, mean reward %.3f", right, plural(judged, "answer"), sum/float64(judged))
	}
	return nil
}

// judge returns an answer's reward, nil without a checker or where it doesn't judge. An answer that didn't come is judged as an empty one.
func judge(ctx context.Context, checker reward.Checker, q question, a agent.Answer) (*float64, error) {
	if checker == nil {
		return nil, nil
	}
	by := reward.Weighted{Checkers: []reward.Checker{checker}}
	if by.Expects() && q.Expected == "" {
		return nil, fmt.Errorf(`--reward %s: %s has no "answer" to compare with`, checker.Name(), q.where)
	}
	sums, _, err := by.Rewards(ctx, []reward.Sample{{Prompt: q.Question, Answer: a.Text, Expected: q.Expected, Record: q.record, Tokens: a.Tokens, Ended: a.End == agent.Answered}})
	if err != nil {
		return nil, err
	}
	return numberOrNil(sums[0]), nil
}

func numberOrNil(v float64) *float64 {
	if v != v {
		return nil
	}
	return &v
}

// show prints an answer.
func (c *agentCommand) show(s *streams, q question, a agent.Answer, value *float64) error {
	if c.JSON {
		out := json.NewEncoder(s.out)
		out.SetEscapeHTML(false)
		return out.Encode(agentLine{q.Question, a.Text, a.End, a.Turns, a.Calls, a.Faults, a.Tokens, value})
	}
	if c.Questions == "" {
		tellTurns(s, a)
	}
	if a.End != agent.Answered {
		s.say("no answer  %s", endings[a.End])
		if c.Questions == "" {
			return errors.New("no answer came")
		}
		fmt.Fprintln(s.out)
		return nil
	}
	text := a.Text
	if c.Questions != "" { // a line for each
		text = strings.Join(strings.Fields(text), " ")
	}
	_, err := fmt.Fprintln(s.out, text)
	return err
}

// endings say why an answer didn't come.
var endings = map[agent.End]string{
	agent.OutTurns: "within --max-turns", agent.OutTokens: "within --max-new-tokens and --max-tokens", agent.OutTime: "within --timeout",
	agent.OutRoom: "in the room that the model's context, or --max-length, has", agent.NoText: "as the model said nothing",
}

// tellTurns shows what was called and what came, shortened.
func tellTurns(s *streams, a agent.Answer) {
	for _, k := range a.Conversations {
		for _, m := range k.Conversation.Messages {
			switch {
			case m.Role == "tool":
				s.say("  result   %s", oneLine(m.Content))
			case m.Role == "assistant":
				for _, call := range chat.CallsOf(m) {
					s.say("%-10s %s %s", k.Agent, call.Name, oneLine(call.Arguments))
				}
			}
		}
	}
}

// oneLine shortens a text.
func oneLine(text string) string {
	const most = 60
	runes := []rune(strings.Join(strings.Fields(text), " "))
	if len(runes) > most {
		return string(runes[:most-1]) + "…"
	}
	return string(runes)
}
