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

// turns encodes conversations. The template is looked for when the first comes.
type turns struct {
	Conversations
	tokenizer *tokenizer.Tokenizer

	mutex     sync.Mutex
	templates [2]*ChatTemplate // for conversations without and with tools
	where     string
	borrowed  bool
}

func (e *turns) template(tools bool) (*ChatTemplate, error) {
	i := 0
	if tools {
		i = 1
	}
	e.mutex.Lock()
	defer e.mutex.Unlock()
	if e.templates[i] == nil {
		t, err := e.ChatTemplate(e.tokenizer, tools)
		if err != nil {
			return nil, err
		}
		e.templates[i], e.where, e.borrowed = &t, t.Where, t.Borrowed
	}
	return e.templates[i], nil
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
	return data.EncodedRecord{IDs: encoded.IDs, Learn: encoded.Learn, Bytes: len(encoded.Text)}, err
}

// chatTemplateName is the file that holds a model's template.
const chatTemplateName = "chat_template.jinja"

// save writes the template into a run's directory: what was learned is what the model is to be asked by.
func (e *turns) save(dir string) error {
	t := e.templates[0]
	if t == nil {
		t = e.templates[1]
	}
	if t == nil { // no conversations; the model may still have a template
		found, err := chat.Find(e.Dir, "", false)
		if err != nil || !found.Own || e.Dir == "" {
			return err
		}
		return atomicfile.WriteBytes(filepath.Join(dir, chatTemplateName), []byte(found.Source))
	}
	return atomicfile.WriteBytes(filepath.Join(dir, chatTemplateName), []byte(t.Source))
}
