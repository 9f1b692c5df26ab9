package task

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/seahorse-ml/seahorse/data/chat"
	"github.com/seahorse-ml/seahorse/data/tokenizer"
	"github.com/seahorse-ml/seahorse/generate"
)

// ChatConfig configures Trained.Chat.
type ChatConfig struct {
	Template string // a file or the name of a built-in template in place of the model's own
	System   string // what the system says first; "" for nothing
	// Length is the most tokens of the conversation; of a longer one the oldest messages are left out. Default: the
	// model's context, and at most 4,096.
	Length int
	Stop   []string // texts that an answer ends before, besides what ends a turn of the template
}

// chatLength is the most tokens of a conversation where nobody says otherwise.
const chatLength = 4096

// Chat is a conversation with a model. What was said before stays in the cache of keys and values.
type Chat struct {
	Config    generate.Config // how answers are drawn; what ends a turn of the template stops it as well
	Messages  []chat.Message
	Template  ChatTemplate
	Tokenizer *tokenizer.Tokenizer

	session *generate.Session
	length  int
	stops   []string
}

// Reply is an answer of a Chat.
type Reply struct {
	Text    string
	Cut     bool          // it was ended by the context, and kept as far as it came
	Left    int           // messages that were left out, the oldest
	Read    int           // tokens of the conversation before it, without those that were known
	Written int           // its own tokens
	Reading time.Duration // that the conversation took, what was new of it
	Writing time.Duration // that the answer took
}

// Chat begins a conversation: greedily, up to 1,000 tokens an answer, until its Config says otherwise. The model must be loaded.
func (t *Trained) Chat(c ChatConfig) (*Chat, error) {
	m, ok := t.Model.(generate.Model)
	if !ok || t.Objective == nil || t.Objective.Name() != (Causal{}).Name() {
		return nil, fmt.Errorf("task: %s holds %s, which holds no conversations", t.Dir, Described(t.Model))
	}
	template, err := Conversations{Dir: t.Dir, Template: c.Template}.ChatTemplate(t.Tokenizer, false)
	if err != nil {
		return nil, err
	}
	if c.Length == 0 {
		c.Length = min(chatLength, m.ContextLength())
	}
	session, err := generate.NewSession(m, c.Length)
	if err != nil {
		return nil, err
	}
	x := &Chat{Config: generate.Config{MaxNewTokens: 1000}, Template: template, Tokenizer: t.Tokenizer, session: session, length: c.Length}
	x.stops = slices.Clone(c.Stop)
	if end := x.Template.TurnEnd(); end != "" {
		x.stops = append(x.stops, end)
	}
	x.Reset(c.System)
	return x, nil
}

// Reset begins anew, with what the system says, or "".
func (c *Chat) Reset(system string) {
	c.Messages = nil
	if system != "" {
		c.Messages = append(c.Messages, chat.NewMessage("system", system))
	}
}

// TakeBack takes back what somebody said last, with the answer, and returns it; ok is false where nothing was said.
func (c *Chat) TakeBack() (text string, ok bool) {
	for i := len(c.Messages) - 1; i >= 0; i-- {
		if m := c.Messages[i]; m.Role == "user" {
			c.Messages = c.Messages[:i]
			return m.Content, true
		}
	}
	return "", false
}

// Say says something to the model and writes its answer as it comes. Where ctx ends, the answer is kept as far as it has come.
func (c *Chat) Say(ctx context.Context, out io.Writer, text string) (r Reply, err error) {
	c.Messages = append(c.Messages, chat.NewMessage("user", text))
	prompt, err := c.prompt(&r)
	if err != nil {
		c.Messages = c.Messages[:len(c.Messages)-1]
		return r, err
	}
	stops, err := generate.NewStopStrings(c.stops...)
	if err != nil {
		return r, err
	}
	config := c.Config
	config.Stop = append(slices.Clone(config.Stop), c.Tokenizer.EndsOfText()...)
	for _, stop := range c.stops {
		if id, ok := c.Tokenizer.ID(stop); ok {
			config.Stop = append(config.Stop, id)
		}
	}
	begin := time.Now()
	config.Watch = func(n int) {
		if n == 0 {
			r.Reading = time.Since(begin)
		}
	}
	var answer bytes.Buffer
	to := io.MultiWriter(&answer, out)
	decoder, done := c.Tokenizer.NewDecodeStream(true), false
	for id, streamed := range c.session.Stream(ctx, prompt, config) {
		if streamed != nil {
			r.Cut = ctx.Err() != nil
			if err = streamed; r.Cut {
				err = nil
			}
			break
		}
		r.Written++
		show, ended := stops.Push(decoder.Push(id))
		if _, err = to.Write(show); err != nil || ended {
			done = ended
			break
		}
	}
	if err == nil && !done {
		var rest []byte
		if !r.Cut { // else a character that isn't complete
			rest = decoder.Flush()
		}
		show, _ := stops.Push(rest)
		_, err = to.Write(append(bytes.Clone(show), stops.Flush()...))
	}
	r.Read, r.Writing, r.Text = len(prompt)-c.session.Known(), time.Since(begin)-r.Reading, strings.TrimSpace(answer.String())
	if err != nil {
		c.Messages = c.Messages[:len(c.Messages)-1]
		return r, err
	}
	c.Messages = append(c.Messages, chat.NewMessage("assistant", r.Text))
	return r, nil
}

// prompt renders the conversation up to where the answer begins, without as many of its oldest exchanges as leave room for one.
func (c *Chat) prompt(r *Reply) ([]int32, error) {
	first := 0
	if len(c.Messages) > 0 && c.Messages[0].Role == "system" {
		first = 1
	}
	for {
		ids, _, err := c.Template.Encoding(c.Tokenizer).Prompt(chat.Conversation{Messages: c.Messages})
		if err != nil {
			return nil, err
		}
		if len(ids) == 0 {
			return nil, fmt.Errorf("task: chat template %s writes nothing for a conversation", c.Template.Name)
		}
		if len(ids)+min(c.Config.MaxNewTokens, c.length/4) <= c.length {
			return ids, nil
		}
		if len(c.Messages) < first+3 { // what was said now stays
			if len(ids) < c.length {
				return ids, nil
			}
			return nil, errors.New("task: what was said is longer than the conversation may be")
		}
		c.Messages = slices.Delete(c.Messages, first, first+2)
		r.Left += 2
	}
}

// Close gives the memory of the conversation back.
func (c *Chat) Close() { c.session.Close() }
