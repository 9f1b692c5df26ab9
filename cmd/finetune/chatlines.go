package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/seahorse-ml/seahorse/data/chat"
	"github.com/seahorse-ml/seahorse/internal/atomicfile"
	"github.com/seahorse-ml/seahorse/internal/lineedit"
	"github.com/seahorse-ml/seahorse/internal/orderedjson"
	"github.com/seahorse-ml/seahorse/task"
	"golang.org/x/term"
)

// chatCommands are the lines that are for the program, as /help shows them.
const chatCommands = `    /reset          begin anew
    /system TEXT    begin anew, with what the system says
    /edit TEXT      say this in place of what was said last; without a text, edit that
    /save FILE      write the conversation to a file, for /load, --messages and sft
    /load FILE      go on with the conversation that was written to a file
    /help           show these lines
    /quit           end, as Ctrl-D does`

// knownChatCommands are their first words.
var knownChatCommands = []string{"/reset", "/system", "/edit", "/save", "/load", "/help", "/quit"}

// talk says line by line to the model.
func (c *chatCommand) talk(ctx context.Context, s *streams, x *task.Chat) error {
	next, closeLines, err := c.lines(s)
	if err != nil {
		return err
	}
	defer closeLines()
	for {
		line, err := next()
		if ended := context.Cause(ctx); ended != nil {
			return ended
		}
		if errors.Is(err, lineedit.ErrInterrupted) {
			if c.stopped {
				return errInterrupted
			}
			c.stopped = true
			s.say("Ctrl-C once more, or Ctrl-D, ends")
			continue
		}
		c.stopped = false
		text := strings.TrimSpace(line)
		command, rest, _ := strings.Cut(text, " ")
		var wrong error
		if command == "/edit" {
			command = ""
			text, wrong = c.edit(x, strings.TrimSpace(rest))
		}
		switch {
		case wrong != nil:
			s.say("%v", wrong)
		case text == "":
		case command == "/quit":
			return nil
		case strings.HasPrefix(command, "/"):
			if said := c.command(s, x, command, strings.TrimSpace(rest)); said != nil {
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

// lines returns what gives the lines to say: those of a file or a pipe, or what is typed at a terminal.
func (c *chatCommand) lines(s *streams) (next func() (string, error), closeLines func() error, err error) {
	in, closeLines := s.in, func() error { return nil }
	if c.PromptsFile != "" {
		if in, closeLines, err = openText(c.PromptsFile, s.in); err != nil {
			return nil, nil, err
		}
	}
	lines := bufio.NewReader(in)
	keys, typed := s.terminal()
	if c.PromptsFile != "" || !typed || !isTerminal(s.err) {
		return func() (string, error) { return lines.ReadString('\n') }, closeLines, nil
	}
	editor := &lineedit.Editor{In: lines, Out: s.err, Complete: completeCommand}
	editor.Size = func() (int, int) {
		columns, rows, err := term.GetSize(int(keys.Fd()))
		if err != nil {
			return 80, 24
		}
		return columns, rows
	}
	c.typed = true
	return func() (text string, err error) {
		editor.Begin, c.begin = c.begin, ""
		before, err := term.MakeRaw(int(keys.Fd()))
		if err != nil {
			return "", fmt.Errorf("the terminal: %w", err)
		}
		defer func() { err = errors.Join(err, term.Restore(int(keys.Fd()), before)) }()
		return editor.Read("> ")
	}, closeLines, nil
}

// terminal returns the terminal that the input is, if it is one.
func (s *streams) terminal() (*os.File, bool) {
	in := s.in
	if r, ok := in.(*contextReader); ok {
		in = r.r
	}
	f, ok := in.(*os.File)
	return f, ok && term.IsTerminal(int(f.Fd()))
}

// completeCommand returns the commands that begin so.
func completeCommand(begin string) (all []string) {
	for _, command := range knownChatCommands {
		if begin != "" && strings.HasPrefix(command, begin) {
			all = append(all, command)
		}
	}
	return all
}

// command does what a line asks the program for, and returns what is wrong with it.
func (c *chatCommand) command(s *streams, x *task.Chat, command, rest string) error {
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
		if err := saveMessages(rest, x.Messages); err != nil {
			return err
		}
		s.say("saved      %s to %s", plural(len(x.Messages), "message"), rest)
		return nil
	case "/load":
		if rest == "" {
			return errors.New("/load FILE")
		}
		if err := loadMessages(x, rest); err != nil {
			return err
		}
		s.say("loaded     %s of %s", plural(len(x.Messages), "message"), rest)
		return nil
	case "/help":
		fmt.Fprintln(s.err, chatCommands)
		return nil
	}
	last := len(knownChatCommands) - 1
	return fmt.Errorf("%s is not known%s; known are %s and %s", command, suggestion(command, knownChatCommands), strings.Join(knownChatCommands[:last], ", "), knownChatCommands[last])
}

// edit takes back what was said last, with its answer, and returns what is said in its place: text. Where there is none, the next line that is typed begins
// with what was said.
func (c *chatCommand) edit(x *task.Chat, text string) (string, error) {
	if text == "" && !c.typed {
		return "", errors.New("/edit TEXT")
	}
	last, ok := x.TakeBack()
	if !ok {
		return "", errors.New("nothing was said yet that could be edited")
	}
	if text == "" {
		c.begin = last
	}
	return text, nil
}

// loadMessages makes a conversation that was saved the one that goes on.
func loadMessages(x *task.Chat, path string) error {
	all, err := (&chatPrompts{Messages: path}).conversations(nil, nil)
	if err != nil {
		return err
	}
	if len(all) != 1 {
		return fmt.Errorf("%s holds %d conversations, expected one", path, len(all))
	}
	x.Messages = all[0].Messages
	return nil
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
