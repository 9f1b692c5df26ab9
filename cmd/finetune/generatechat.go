package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/seahorse-ml/seahorse/data/chat"
	"github.com/seahorse-ml/seahorse/internal/orderedjson"
	"github.com/seahorse-ml/seahorse/task"
)

// chatPrompts are the options by which prompts are what a user says to an assistant.
type chatPrompts struct {
	Messages     string `placeholder:"FILE|-" help:"Answer the conversations in this file: JSON lines of {\"messages\": […]}, with \"tools\" where there are some, or one list of messages."`
	System       string `placeholder:"TEXT" help:"What the system says before each --prompt."`
	Chat         *bool  `negatable:"" help:"Take each --prompt as what a user says, and answer by the model's chat template. Default: if the model has one. --no-chat continues the prompt as a text."`
	ChatTemplate string `placeholder:"FILE|NAME" help:"Chat template in place of the model's own: a Jinja file or the name of a built-in one."`
}

// template returns the template of a model if its prompts are conversations, else nil.
func (c *chatPrompts) template(t *task.Trained) (func(tools bool) (task.ChatTemplate, error), error) {
	asked := c.Messages != "" || c.System != "" || c.ChatTemplate != "" || c.Chat != nil && *c.Chat
	switch {
	case c.Chat != nil && !*c.Chat:
		if asked {
			return nil, errors.New("--no-chat continues a text; --messages, --system and --chat-template are for conversations")
		}
		return nil, nil
	case t.Objective == nil || t.Objective.Name() != (task.Causal{}).Name():
		if asked {
			return nil, fmt.Errorf("%s holds %s, which holds no conversations", t.Dir, task.Described(t.Model))
		}
		return nil, nil
	}
	templates := task.Conversations{Dir: t.Dir, Template: c.ChatTemplate}.Templates(t.Tokenizer)
	found, err := templates(false)
	if err != nil && asked || err == nil && (asked || !found.Borrowed) {
		return templates, err
	}
	return nil, nil
}

// conversations returns those of --messages, and one for each text.
func (c *chatPrompts) conversations(texts []string, stdin io.Reader) ([]chat.Conversation, error) {
	var all []chat.Conversation
	for _, text := range texts {
		var one chat.Conversation
		if c.System != "" {
			one.Messages = append(one.Messages, chat.NewMessage("system", c.System))
		}
		one.Messages = append(one.Messages, chat.NewMessage("user", text))
		all = append(all, one)
	}
	if c.Messages == "" {
		return all, nil
	}
	file, closeFile, err := openText(c.Messages, stdin)
	if err != nil {
		return nil, err
	}
	defer closeFile()
	content, err := io.ReadAll(file)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", c.Messages, err)
	}
	if value, err := orderedjson.Decode(content); err == nil {
		if list, ok := value.([]any); ok {
			record := orderedjson.NewObject()
			record.Set("messages", list)
			value = record
		}
		one, err := conversationOf(value)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", c.Messages, err)
		}
		return append(all, one), nil
	}
	number := 0
	for line := range bytes.Lines(content) {
		number++
		if line = bytes.TrimSpace(line); len(line) == 0 {
			continue
		}
		value, err := orderedjson.Decode(line)
		var one chat.Conversation
		if err == nil {
			one, err = conversationOf(value)
		}
		if err != nil {
			return nil, fmt.Errorf("%s:%d: %w", c.Messages, number, err)
		}
		all = append(all, one)
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("%s has no conversations", c.Messages)
	}
	return all, nil
}

func conversationOf(value any) (chat.Conversation, error) {
	o, ok := value.(*orderedjson.Object)
	if !ok {
		return chat.Conversation{}, fmt.Errorf("expected an object, got %s", orderedjson.Kind(value))
	}
	return chat.FromRecord(o)
}

// asked renders conversations up to where the assistant's answer begins, and encodes them.
func asked(t *task.Trained, templates func(tools bool) (task.ChatTemplate, error), all []chat.Conversation) (texts []string, ids [][]int32, err error) {
	for _, c := range all {
		template, err := templates(len(c.Tools) > 0)
		if err != nil {
			return nil, nil, err
		}
		text, err := template.Render(c, chat.RenderOptions{GenerationPrompt: true})
		if err != nil {
			return nil, nil, err
		}
		prompt, _ := t.Tokenizer.AppendTargets(nil, nil, []byte(text), nil, false)
		if len(prompt) == 0 {
			return nil, nil, fmt.Errorf("chat template %s writes nothing for a conversation", template.Name)
		}
		texts, ids = append(texts, text), append(ids, prompt)
	}
	return texts, ids, nil
}
