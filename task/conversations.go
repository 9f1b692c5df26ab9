package task

import (
	"fmt"
	"path/filepath"
	"sync"

	"github.com/seahorse-ml/seahorse/data"
	"github.com/seahorse-ml/seahorse/data/chat"
	"github.com/seahorse-ml/seahorse/data/tokenizer"
	"github.com/seahorse-ml/seahorse/internal/atomicfile"
	"github.com/seahorse-ml/seahorse/internal/orderedjson"
)

// Conversations says how conversations are written and what of them is learned.
type Conversations struct {
	Dir      string     // of the model whose template is taken
	Template string     // a file or the name of a built-in template in its place
	Learn    chat.Learn // default chat.LearnAnswers
	// Instructions says how records of an instruction and its output are written: InstructionsChat, InstructionsAlpaca, or "", which is the first
	// where the model has a template or one is named, and else the second.
	Instructions string
}

// How instructions are written.
const (
	InstructionsChat   = "chat"   // as conversations, by the chat template
	InstructionsAlpaca = "alpaca" // by the prompt of Stanford's Alpaca
)

// Asks tells whether instructions are written as conversations.
func (c Conversations) Asks(t *tokenizer.Tokenizer) (bool, error) {
	switch c.Instructions {
	case InstructionsChat:
		return true, nil
	case InstructionsAlpaca:
		return false, nil
	case "":
		found, err := c.ChatTemplate(t, false)
		return err == nil && !found.Borrowed, err
	}
	return false, fmt.Errorf("task: instructions %q, expected %s or %s", c.Instructions, InstructionsChat, InstructionsAlpaca)
}

// file returns the file that the template is read from in place of the model's, or "".
func (c Conversations) file() string {
	if isFile(c.Template) {
		return c.Template
	}
	return ""
}

// ChatTemplate is a template and where it was found.
type ChatTemplate struct {
	*chat.Template
	Where    string
	Borrowed bool // the model has none of its own
}

// ChatTemplate returns the template by which conversations are written for a tokenizer: the named one, else the model's own (of several, with tools the one for tools), else chatml.
func (c Conversations) ChatTemplate(t *tokenizer.Tokenizer, tools bool) (ChatTemplate, error) {
	found, err := chat.Find(c.Dir, c.Template, tools)
	if err != nil {
		return ChatTemplate{}, err
	}
	if own := t.ChatTemplate(); !found.Own && own != "" {
		found.Source, found.Own, found.Where = own, true, c.Dir // as a GGUF file has it
	}
	tokens := map[string]string{}
	for _, role := range []string{"bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token"} {
		if id, ok := t.Special(role); ok {
			tokens[role], _ = t.Token(id)
		}
	}
	for role, token := range found.Tokens {
		tokens[role] = token
	}
	var ends []string
	for _, id := range t.EndsOfText() {
		if token, ok := t.Token(id); ok {
			ends = append(ends, token)
		}
	}
	template, err := chat.NewTemplate(chat.TemplateConfig{Name: found.Where, Source: found.Source, Tokens: tokens, Ends: ends})
	return ChatTemplate{template, found.Where, !found.Own}, err
}

// Templates returns a function that looks for the template, for conversations without or with tools, when it is first asked for it. Several goroutines may call it at once.
func (c Conversations) Templates(t *tokenizer.Tokenizer) func(tools bool) (ChatTemplate, error) {
	find := func(tools bool) func() (ChatTemplate, error) {
		return sync.OnceValues(func() (ChatTemplate, error) { return c.ChatTemplate(t, tools) })
	}
	without, with := find(false), find(true)
	return func(tools bool) (ChatTemplate, error) {
		if tools {
			return with()
		}
		return without()
	}
}

// Encoding returns how a conversation with or without tools is encoded for a tokenizer.
func (t ChatTemplate) Encoding(e chat.Encoder) chat.Encoding {
	return chat.Encoding{Template: t.Template, Encoder: e}
}

// turns encodes conversations.
type turns struct {
	Conversations
	tokenizer *tokenizer.Tokenizer
	templates func(tools bool) (ChatTemplate, error)

	mutex sync.Mutex
	used  *ChatTemplate // the one of the first conversation; nil without conversations
}

func newTurns(c Conversations, t *tokenizer.Tokenizer) *turns {
	return &turns{Conversations: c, tokenizer: t, templates: c.Templates(t)}
}

func (e *turns) template(tools bool) (ChatTemplate, error) {
	t, err := e.templates(tools)
	if err == nil {
		e.mutex.Lock()
		defer e.mutex.Unlock()
		if e.used == nil || !tools {
			e.used = &t
		}
	}
	return t, err
}

// encode makes tokens of a record that is a conversation.
func (e *turns) encode(record *orderedjson.Object) (data.EncodedRecord, error) {
	c, err := chat.FromRecord(record)
	if err != nil {
		return data.EncodedRecord{}, err
	}
	t, err := e.template(len(c.Tools) > 0)
	if err != nil {
		return data.EncodedRecord{}, err
	}
	encoded, err := chat.Encoding{Template: t.Template, Encoder: e.tokenizer, Learn: e.Learn}.Encode(c)
	if err == nil && len(encoded.IDs) == 0 {
		err = fmt.Errorf("chat template %s writes nothing", t.Name)
	}
	return data.EncodedRecord{IDs: encoded.IDs, Learn: encoded.Learn, Text: encoded.Text}, err
}

// chatTemplateName is the file that holds a model's template.
const chatTemplateName = "chat_template.jinja"

// save writes the template into a run's directory: what was learned is what the model is to be asked by.
func (e *turns) save(dir string) error {
	t := e.used
	if t == nil { // no conversations; the model may still have a template
		found, err := chat.Find(e.Dir, "", false)
		if err != nil || !found.Own || e.Dir == "" {
			return err
		}
		return atomicfile.WriteBytes(filepath.Join(dir, chatTemplateName), []byte(found.Source))
	}
	return atomicfile.WriteBytes(filepath.Join(dir, chatTemplateName), []byte(t.Source))
}
