package chat

import (
	"fmt"
	"maps"
	"strings"
	"time"

	"github.com/seahorse-ml/seahorse/internal/jinja"
	"github.com/seahorse-ml/seahorse/internal/orderedjson"
)

// TemplateConfig configures NewTemplate.
type TemplateConfig struct {
	Name   string            // what errors call the template
	Source string            // the text of the Jinja template
	Tokens map[string]string // the special tokens by role (bos_token, eos_token, …), which templates write
	Ends   []string          // tokens that end a turn, as generation's ends are; those that the template writes behind an answer are found without
	Now    time.Time         // what strftime_now shows; default the time of each rendering
}

// Template renders conversations as one model family has learned them. Several goroutines may use it at once.
type Template struct {
	TemplateConfig
	jinja *jinja.Template
	frame frame
}

// NewTemplate reads a chat template.
func NewTemplate(c TemplateConfig) (*Template, error) {
	t, err := jinja.Parse(c.Source)
	if err != nil {
		return nil, fmt.Errorf("chat template %s: %w", c.Name, err)
	}
	template := &Template{TemplateConfig: c, jinja: t}
	template.frame = template.findFrame()
	return template, nil
}

// HasGenerationTags tells whether the template itself says what an assistant writes.
func (t *Template) HasGenerationTags() bool { return t.jinja.Generates() }

// RenderOptions say what Render renders.
type RenderOptions struct {
	GenerationPrompt bool // adds what an assistant's answer begins with
}

// Render returns the text of a conversation. Nothing is added to what the template writes.
func (t *Template) Render(c Conversation, o RenderOptions) (string, error) {
	return t.render(c, o, jinja.Options{})
}

func (t *Template) render(c Conversation, o RenderOptions, j jinja.Options) (string, error) {
	if len(c.Messages) == 0 {
		return "", fmt.Errorf("chat template %s: a conversation without messages", t.Name)
	}
	list := make([]any, len(c.Messages))
	for i, m := range c.Messages {
		list[i] = withReasoning(m.Fields)
	}
	variables := map[string]any{"messages": list, "tools": nil, "documents": nil, "add_generation_prompt": o.GenerationPrompt}
	if c.Tools != nil {
		variables["tools"] = c.Tools
	}
	for role, token := range t.Tokens {
		variables[role] = token
	}
	if c.Options != nil {
		maps.Copy(variables, c.Options.Values)
	}
	j.Now = t.Now
	text, err := t.jinja.Render(variables, j)
	if err != nil {
		return "", fmt.Errorf("chat template %s: %w", t.Name, err)
	}
	if begin := t.Tokens["bos_token"]; begin != "" && strings.HasPrefix(text, begin+begin) {
		return "", fmt.Errorf("chat template %s: the text begins with %q twice", t.Name, begin)
	}
	return text, nil
}

// reasoningFields are the names under which messages carry the reasoning; the first is the one that templates read.
var reasoningFields = []string{"reasoning_content", "thinking", "reasoning"}

// withReasoning gives a message's reasoning the names that templates read, as transformers does.
func withReasoning(fields *orderedjson.Object) *orderedjson.Object {
	for _, name := range reasoningFields {
		reasoning, ok := fields.Get(name)
		if !ok || reasoning == nil {
			continue
		}
		all := orderedjson.NewObject()
		all.Set("thinking", reasoning)
		for _, key := range fields.Keys {
			all.Set(key, fields.Values[key])
		}
		all.Set("reasoning_content", reasoning)
		return all
	}
	return fields
}
