package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/seahorse-ml/seahorse/data/chat"
	"github.com/seahorse-ml/seahorse/generate"
	"github.com/seahorse-ml/seahorse/internal/atomicfile"
	"github.com/seahorse-ml/seahorse/internal/orderedjson"
	"github.com/seahorse-ml/seahorse/task"
)

// chatCommand is `finetune chat`.
type chatCommand struct {
	Model        string `required:"" placeholder:"DIR|FILE.gguf" help:"A model or run directory, or a GGUF file: a decoder."`
	System       string `placeholder:"TEXT" help:"What the system says before all else."`
	ChatTemplate string `placeholder:"FILE|NAME" help:"Chat template in place of the model's own: a Jinja file or the name of a built-in one."`
	Messages     string `placeholder:"FILE" help:"Go on with the conversation that /save wrote to this file."`
	PromptsFile  string `placeholder:"FILE|-" help:"Say each line of this file, one after the other, and end. Default: what is typed."`
	MaxNewTokens int    `default:"1000" placeholder:"N" help:"Tokens of an answer at most (${default})."`
	MaxLength    *int   `placeholder:"N" help:"Tokens of the conversation at most; of a longer one the oldest messages are left out. Default: the model's context, at most 4,096."`
	JSON         bool   `name:"json" help:"Print an object for each answer: prompt, text, cut if it was cut off, and tokens a second of what was read and written."`
	Threads      int    `default:"0" placeholder:"N" help:"Threads to run on. Default: all cores that the process may use."`

	samplingFlags
	adapterFlag
	storageFlags
	memoryFlag
}

// Help is shown below the command's summary.
func (chatCommand) Help() string {
	return `What you type is said to the model, line by line, and it answers by its chat template. Ctrl-C ends an answer, and between answers the program.
These lines are for the program:

    /reset          begin anew
    /system TEXT    begin anew, with what the system says
    /save FILE      write the conversation to a file, for --messages and for sft
    /quit           end, as Ctrl-D does

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
func (c *chatCommand) Run(ctx context.Context, s *streams) error {
	config := c.sampling(c.MaxNewTokens)
	if err := errors.Join(checkThreads(c.Threads), atLeast("max-length", c.MaxLength, 2), config.Validate()); err != nil {
		return err
	}
	useThreads(c.Threads)
	storage, err := c.storage(c.Model)
	if err != nil {
		return err
	}
	t, err := c.sketch(s, c.Model, c.opening(storage))
	if err != nil {
		return err
	}
	talk := task.ChatConfig{Template: c.ChatTemplate, System: c.System}
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
	if err := c.goOn(x); err != nil {
		return err
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

// goOn takes up a conversation that was saved.
func (c *chatCommand) goOn(x *task.Chat) error {
	if c.Messages == "" {
		return nil
	}
	all, err := (&chatPrompts{Messages: c.Messages}).conversations(nil, nil)
	if err != nil {
		return err
	}
	if len(all) != 1 {
		return fmt.Errorf("%s holds %d conversations, expected one", c.Messages, len(all))
	}
	x.Messages = all[0].Messages
	return nil
}

// talk says line by line to the model.
func (c *chatCommand) talk(ctx context.Context, s *streams, x *task.Chat) error {
	in, typed := s.in, c.PromptsFile == ""
	if !typed {
		file, closeFile, err := openText(c.PromptsFile, s.in)
		if err != nil {
			return err
		}
		defer closeFile()
		in = file
	}
	lines := bufio.NewReader(in)
	for {
		if typed && isTerminal(s.err) {
			fmt.Fprint(s.err, "> ")
		}
		line, err := lines.ReadString('\n')
		if ended := context.Cause(ctx); ended != nil {
			return ended
		}
		text := strings.TrimSpace(line)
		switch command, rest, _ := strings.Cut(text, " "); {
		case text == "":
		case command == "/quit":
			return nil
		case strings.HasPrefix(text, "/"):
			if said := c.command(x, command, strings.TrimSpace(rest)); said != nil {
				s.say("%v", said)
			}
		default:
			if err := c.say(ctx, s, x, text); err != nil {
				return err
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// command does what a line asks the program for, and returns what is wrong with it.
func (c *chatCommand) command(x *task.Chat, command, rest string) error {
	switch command {
	case "/reset":
		x.Reset(c.System)
		return nil
	case "/system":
		c.System = rest
		x.Reset(rest)
		return nil
	case "/save":
		if rest == "" {
			return errors.New("/save FILE")
		}
		return saveMessages(rest, x.Messages)
	}
	return fmt.Errorf("%s is not known%s; known are /reset, /system TEXT, /save FILE and /quit", command, suggestion(command, []string{"/reset", "/system", "/save", "/quit"}))
}

// saveMessages writes a conversation as a line of JSON.
func saveMessages(path string, messages []chat.Message) error {
	list := make([]any, len(messages))
	for i, m := range messages {
		list[i] = m.Fields
	}
	o := orderedjson.NewObject()
	o.Set("messages", list)
	return atomicfile.WriteBytes(path, append(orderedjson.Append(nil, o, orderedjson.Format{}), '\n'))
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
	out := s.out
	if c.JSON {
		out = io.Discard
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
		return printer.Encode(replied{text, r.Text, r.Cut, speeds{perSecond(r.Read, r.Reading), perSecond(r.Written, r.Writing)}})
	}
	fmt.Fprintln(s.out)
	return context.Cause(ctx)
}
