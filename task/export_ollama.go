package task

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/seahorse-ml/seahorse/data/chat/modelfile"
	"github.com/seahorse-ml/seahorse/internal/atomicfile"
)

// The files of a directory for Ollama.
const (
	modelfileName  = "Modelfile"
	ollamaGGUFName = "model.gguf"
)

// template returns the chat template of what is exported: the configuration's, that of the adapter's run, or the model's.
func (c ExportConfig) template(t *Trained) (ChatTemplate, error) {
	dir := t.Dir
	if isFile(filepath.Join(c.Adapter, chatTemplateName)) {
		dir = c.Adapter
	}
	return Conversations{Dir: dir, Template: c.ChatTemplate}.ChatTemplate(t.Tokenizer, false)
}

// ollama writes a directory that `ollama create` reads: a GGUF file, and a Modelfile with the template, what the system says, and parameters.
func (c ExportConfig) ollama(ctx context.Context, r *ExportReport) error {
	t, err := c.source()
	if err != nil {
		return err
	}
	template, err := c.template(t)
	if err != nil {
		return err
	}
	derived, err := modelfile.Derive(template.Template)
	if err != nil {
		return fmt.Errorf("task: export: %s: %w", template.Where, err)
	}
	if c.System != "" && !derived.System {
		return fmt.Errorf("task: export: the chat template of %s has no place for what the system says", template.Where)
	}
	file := modelfile.File{From: "./" + ollamaGGUFName, Template: derived.Source, System: c.System, Params: c.params(t, template)}
	if base, err := c.base(); err == nil {
		file.License = base.license()
	}
	if err := file.Validate(); err != nil {
		return fmt.Errorf("task: export: %w", err)
	}
	output := strings.TrimRight(c.Output, "/")
	partial := output + ".partial"
	defer os.RemoveAll(partial)
	if err := errors.Join(os.RemoveAll(partial), os.MkdirAll(partial, 0o755)); err != nil {
		return err
	}
	r.Template = template.Where
	inner := c
	inner.Output = filepath.Join(partial, ollamaGGUFName)
	if err := inner.writeGGUF(ctx, r, t, &derived.Start); err != nil {
		return err
	}
	if err := atomicfile.WriteBytes(filepath.Join(partial, modelfileName), []byte(file.String())); err != nil {
		return err
	}
	return os.Rename(partial, output)
}

// params returns the parameters of a Modelfile: what ends an answer, how the model's generation_config.json draws, and a context that is smaller than
// Ollama's default.
func (c ExportConfig) params(t *Trained, template ChatTemplate) [][2]string {
	var all [][2]string
	add := func(name, value string) {
		if p := [2]string{name, value}; value != "" && !slices.Contains(all, p) {
			all = append(all, p)
		}
	}
	add("stop", template.TurnEnd())
	for _, id := range t.Tokenizer.EndsOfText() {
		token, _ := t.Tokenizer.Token(id)
		add("stop", token)
	}
	var drawn map[string]any
	content, err := os.ReadFile(filepath.Join(t.Dir, "generation_config.json"))
	if err == nil && json.Unmarshal(content, &drawn) == nil && drawn["do_sample"] != false {
		for _, names := range [][2]string{{"temperature", "temperature"}, {"top_p", "top_p"}, {"top_k", "top_k"}, {"min_p", "min_p"}, {"repetition_penalty", "repeat_penalty"}} {
			if value, ok := drawn[names[0]].(float64); ok {
				add(names[1], strconv.FormatFloat(value, 'g', -1, 64))
			}
		}
	}
	const ollamaContext = 4096
	if n := t.Model.ContextLength(); n < ollamaContext {
		add("num_ctx", strconv.Itoa(n))
	}
	return all
}
