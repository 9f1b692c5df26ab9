package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/alecthomas/kong"
	"github.com/seahorse-ml/seahorse/generate"
	"github.com/seahorse-ml/seahorse/internal/screen"
	"github.com/seahorse-ml/seahorse/task"
)

// chatCommand is `finetune chat`.
type chatCommand struct {
	Model        string   `required:"" placeholder:"DIR|FILE.gguf" help:"A model or run directory, or a GGUF file: a decoder."`
	System       string   `placeholder:"TEXT" help:"What the system says before all else."`
	ChatTemplate string   `placeholder:"FILE|NAME" help:"Chat template in place of the model's own: a Jinja file or the name of a built-in one."`
	Messages     string   `placeholder:"FILE" help:"Go on with the conversation that /save wrote to this file."`
	PromptsFile  string   `placeholder:"FILE|-" help:"Say each line of this file, one after the other, and end. Default: what is typed."`
	MaxNewTokens int      `default:"1000" placeholder:"N" help:"Tokens of an answer at most (${default})."`
	MaxLength    *int     `placeholder:"N" help:"Tokens of the conversation at most; of a longer one the oldest messages are left out. Default: the model's context, at most 4,096."`
	Stop         []string `sep:"none" placeholder:"TEXT" help:"End an answer before this text, besides where the template ends it. May be given several times."`
	JSON         bool     `name:"json" help:"Print an object for each answer: prompt, text, cut if it was cut off, and tokens a second of what was read and written."`
	Threads      int      `default:"0" placeholder:"N" help:"Threads to run on. Default: all cores that the process may use."`

	samplingFlags
	adapterFlag
	storageFlags
	memoryFlag

	stopped bool   // by Ctrl-C, and nothing was said since
	typed   bool   // lines come from a terminal, and are edited there
	begin   string // of the next one
}

// Help is shown below the command's summary.
func (chatCommand) Help() string {
	return `What you type is said to the model, line by line, and it answers by its chat template. Ctrl-C ends an answer, twice the program. On a terminal the
line can be edited, and the arrows bring earlier ones back; a text of several lines that is pasted is one. These lines are for the program:

` + chatCommands + `

What was said before stays in the cache of keys and values. With ollama:NAME for a model, what Ollama keeps of its system, stops and sampling is the default.

Examples:

    finetune chat --model SmolLM2-135M-Instruct
    finetune chat --model smollm2.gguf --system "Answer in one word." --temperature 0
    finetune chat --model runs/tuned --prompts-file questions.txt --json`
}

// replied is what --json prints.
type replied struct {
	Prompt string `json:"prompt"`
	Text   string `json:"text"`
	Cut    bool   `json:"cut,omitempty"`
	speeds
}

// Run holds the conversation.
func (c *chatCommand) Run(ctx context.Context, s *streams, parsed *kong.Context) error {
	if err := c.likeOllama(s, parsed); err != nil {
		return err
	}
	config := c.sampling(c.MaxNewTokens)
	if err := errors.Join(checkThreads(c.Threads), atLeast("max-length", c.MaxLength, 2), config.Validate()); err != nil {
		return err
	}
	useThreads(c.Threads)
	t, err := sketched(s, c.Model, c.storageFlags, c.adapterFlag, c.memoryFlag)
	if err != nil {
		return err
	}
	talk := task.ChatConfig{Template: c.ChatTemplate, System: c.System, Stop: c.Stop}
	if c.MaxLength != nil {
		talk.Length = *c.MaxLength
	}
	if err := c.checkLength(t, &talk); err != nil {
		return err
	}
	if err := load(t); err != nil {
		return err
	}
	x, err := t.Chat(talk)
	if err != nil {
		return err
	}
	defer x.Close()
	x.Config = config
	if x.Template.Borrowed {
		s.say("template   %s, as the model has none of its own (--chat-template)", x.Template.Where)
	}
	if c.Messages != "" {
		if err := loadMessages(x, c.Messages); err != nil {
			return err
		}
	}
	return c.talk(ctx, s, x)
}

// checkLength settles the tokens of the conversation, and refuses more than memory is free for.
func (c *chatCommand) checkLength(t *task.Trained, talk *task.ChatConfig) error {
	m, ok := t.Model.(generate.Model)
	if !ok {
		return nil // as Chat says
	}
	if talk.Length > m.ContextLength() {
		return fmt.Errorf("--max-length %d: the model's context is %d tokens", talk.Length, m.ContextLength())
	}
	length := talk.Length
	if length == 0 {
		length = min(4096, m.ContextLength())
	}
	return c.check("a smaller --max-length or model takes less", memoryPart{8 * length, "tokens"}, func() ([]memoryPart, error) {
		use, err := generate.Estimate(m, [][]int32{make([]int32, max(1, length-2))}, generate.Config{MaxNewTokens: 2})
		return []memoryPart{{use.Parameters, "parameters"}, {use.Arena, "activations"}, {use.Cache, "keys and values"}, {use.Scores, "scores"}}, err
	})
}

// say says a text and shows the answer. An interrupt ends the answer only.
func (c *chatCommand) say(ctx context.Context, s *streams, x *task.Chat, text string) error {
	if unknown, all := x.Tokenizer.Unknown([]byte(text)); unknown > 0 {
		s.say("warning    %d of %d characters are unknown to the model's vocabulary", unknown, all)
	}
	answering, stop := context.WithCancel(ctx)
	defer stop()
	s.answer.Store(&stop)
	defer s.answer.Store(nil)
	flow := screen.NewFlow(s.out)
	var out io.Writer = flow
	if c.JSON {
		out = io.Discard
	}
	if keys, typed := s.terminal(); typed {
		defer withoutEcho(keys)()
	}
	r, err := x.Say(answering, out, text)
	if err != nil {
		return interrupted(ctx, err)
	}
	if r.Left > 0 {
		s.say("left out   %s, the oldest, for which the conversation has no more room", plural(r.Left, "message"))
	}
	if c.JSON {
		printer := json.NewEncoder(s.out)
		printer.SetEscapeHTML(false)
		return printer.Encode(replied{text, r.Text, r.Cut, speeds{perSecond(r.Read, r.Reading.Seconds()), perSecond(r.Written, r.Writing.Seconds())}})
	}
	if err := flow.Flush(); err != nil {
		return err
	}
	fmt.Fprintln(s.out)
	c.stopped = r.Cut && answering.Err() != nil
	return context.Cause(ctx)
}
