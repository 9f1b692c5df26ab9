package agent

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/seahorse-ml/seahorse/data/chat"
	"github.com/seahorse-ml/seahorse/generate"
	"github.com/seahorse-ml/seahorse/task"
)

// Writer writes what an assistant says next. Several goroutines may use it at once.
type Writer interface {
	// Write writes the next turn of a conversation, by the random numbers of a stream. ErrRoom is the error of one that has become too long.
	Write(ctx context.Context, c chat.Conversation, g generate.Config, stream uint64) (Written, error)
	// Form is how calls are written.
	Form(tools bool) (chat.CallForm, error)
	// Plain returns a text without what would be more than text to the model: see Model.Plain.
	Plain(text string, whose Whose) string
}

// Written is a turn as it was written.
type Written struct {
	Text   string
	Prompt int  // tokens that were there before
	Tokens int  // that were written
	Ended  bool // the model ended the turn; else it was cut off
}

// ErrRoom is the error of conversations for which a model has no room.
var ErrRoom = errors.New("agent: the conversation has no more room in the model's context")

// ModelConfig configures NewModel. The zero value has the model's own template and the batcher's defaults.
type ModelConfig struct {
	Template string // a file or the name of a built-in template in place of the model's own
	Batch    generate.BatcherConfig
}

// Model is a Writer of a model that has been loaded. Turns for several conversations are written side by side.
type Model struct {
	trained   *task.Trained
	writer    *task.Writer
	batcher   *generate.Batcher
	templates func(tools bool) (task.ChatTemplate, error)
}

// NewModel makes a Writer of a decoder, until Close.
func NewModel(t *task.Trained, c ModelConfig) (*Model, error) {
	w, err := t.Writer()
	if err != nil {
		return nil, err
	}
	if _, about := t.Model.(generate.Encoder); about {
		return nil, fmt.Errorf("agent: %s holds %s, which holds no conversations", t.Dir, task.Described(t.Model))
	}
	m := &Model{trained: t, writer: w, templates: task.Conversations{Dir: t.Dir, Template: c.Template}.Templates(t.Tokenizer)}
	if _, err := m.templates(true); err != nil {
		return nil, err
	}
	m.batcher, err = w.Batcher(c.Batch)
	return m, err
}

// Close ends what is written and gives the memory back.
func (m *Model) Close() { m.batcher.Close() }

// Template returns the chat template of conversations with or without tools.
func (m *Model) Template(tools bool) (task.ChatTemplate, error) { return m.templates(tools) }

// Form is how the template writes calls.
func (m *Model) Form(tools bool) (chat.CallForm, error) {
	t, err := m.templates(tools)
	if err != nil {
		return chat.NoCalls, err
	}
	return chat.CallFormOf(t.Source), nil
}

// Write renders a conversation by the template and lets the model write up to the end of its turn.
func (m *Model) Write(ctx context.Context, c chat.Conversation, g generate.Config, stream uint64) (w Written, err error) {
	template, err := m.templates(len(c.Tools) > 0)
	if err != nil {
		return w, err
	}
	tokens := m.trained.Tokenizer
	ids, _, err := template.Encoding(tokens).Prompt(c)
	if err != nil {
		return w, err
	}
	prompt := m.writer.Begin(ids)
	if w.Prompt = len(prompt); w.Prompt >= m.batcher.Config().Length {
		return w, ErrRoom
	}
	g.Stop = m.writer.Ends()
	var stops []string
	if end := template.TurnEnd(); end != "" {
		stops = []string{end}
		if id, ok := tokens.ID(end); ok {
			g.Stop = append(g.Stop, id)
		}
	}
	ends, err := generate.NewStopStrings(stops...)
	if err != nil {
		return w, err
	}
	// Tags may be tokens that are left out of decoded text; other forms are known by what follows their token.
	decoder := tokens.NewDecodeStream(chat.CallFormOf(template.Source) != chat.TagCalls)
	var text strings.Builder
	for t, err := range m.batcher.Stream(ctx, generate.Request{Prompt: prompt, Config: g, Stream: stream}) {
		if err != nil {
			return w, err
		}
		w.Tokens++
		if slices.Contains(g.Stop, t.ID) {
			w.Ended = true
			break
		}
		show, ended := ends.Push(decoder.Push(t.ID))
		text.Write(show)
		if ended {
			w.Ended, w.Text = true, text.String()
			return w, nil
		}
	}
	show, _ := ends.Push(decoder.Flush())
	text.Write(show)
	text.Write(ends.Flush())
	w.Text = text.String()
	return w, nil
}

// Whose tells where a text comes from.
type Whose uint8

const (
	OfTool  Whose = iota // it stays text as it is encoded, but for the template's words that are no tokens of the model
	OfModel              // it may spell tags of reasoning
	OfAgent              // a task from another agent
)

// controlWord is what templates write around messages: <|im_end|>, </s>, <tool_response>, [INST].
var controlWord = regexp.MustCompile(`<[|｜]?/?[A-Za-z_][\w ▁|｜/]{0,60}[|｜]?>|\[/?[A-Z][A-Z_]{0,40}\]`)

// Plain puts a space behind the first character of words that would frame messages, in texts that aren't kept from that when they are encoded.
func (m *Model) Plain(text string, whose Whose) string {
	template, err := m.templates(true)
	if err != nil {
		return text
	}
	return controlWord.ReplaceAllStringFunc(text, func(word string) string {
		token := m.trained.Tokenizer.HoldsToken([]byte(word))
		frames := strings.Contains(template.Source, word)
		switch whose {
		case OfTool:
			frames = frames && !token
		case OfModel:
			frames = (frames || token) && word != "<think>" && word != "</think>"
		default:
			frames = frames || token
		}
		if !frames {
			return word
		}
		return word[:1] + " " + word[1:]
	})
}
