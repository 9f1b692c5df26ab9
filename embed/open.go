package embed

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"github.com/seahorse-ml/seahorse/internal/atomicfile"
	"github.com/seahorse-ml/seahorse/models"
)

// OpenConfig configures Open. The zero value reads a model as it is stored.
type OpenConfig struct {
	// Edit changes the configuration that the files have; nil changes nothing.
	Edit func(c *Config) error
	// Body changes the config.json of an encoder or decoder in memory, as models.OpenConfig has it; nil changes nothing.
	Body func(config map[string]any)
	// Sketch leaves out the values; see models.OpenConfig.
	Sketch bool
	// Storage says how matrices are kept that aren't trained.
	Storage models.Storage
}

// Open reads a model in sentence-transformers' or model2vec's layout, a model directory of any encoder or decoder, or a GGUF file. Of the latter two the
// mean of the states is taken. A head that an encoder has is left out.
func Open(dir string, c OpenConfig) (*Model, error) {
	l, err := readLayout(dir)
	if err != nil {
		return nil, err
	}
	if c.Edit != nil {
		if err := c.Edit(&l.config); err != nil {
			return nil, err
		}
	}
	body, err := l.body(c)
	if err != nil {
		return nil, err
	}
	l.config.MaxLength = min(l.config.MaxLength, body.ContextLength())
	m, err := New(body, l.config)
	if err != nil {
		return nil, fmt.Errorf("%w, in %s", err, dir)
	}
	return m, nil
}

// On returns a model on a body that has been read from a directory or a GGUF file already, with the pooling, normalisation, length and prompts that its files have.
func On(body models.Model, dir string) (*Model, error) {
	l, err := readLayout(dir)
	if err != nil {
		return nil, err
	}
	l.config.MaxLength = min(l.config.MaxLength, body.ContextLength())
	return New(body, l.config)
}

// body reads what gives the states.
func (l layout) body(c OpenConfig) (models.Model, error) {
	if l.static {
		s, err := openStatic(l.folder, c.Sketch)
		if err != nil {
			return nil, err
		}
		return s, nil
	}
	open := models.OpenConfig{Edit: c.Body, Sketch: c.Sketch, Storage: c.Storage}
	sketch := open
	sketch.Sketch = true
	outline, err := models.Open(l.folder, sketch)
	if err != nil {
		return nil, err
	}
	switch outline.(type) {
	case *models.MaskedLM, *models.SequenceClassifier, *models.TokenClassifier:
		open.Head = &models.Head{None: true}
	}
	return models.Open(l.folder, open)
}

// Save writes the model in sentence-transformers' layout, but for the tokenizer.
func (m *Model) Save(dir string) error {
	if err := m.Body.Save(dir); err != nil {
		return err
	}
	const types = "sentence_transformers.models."
	modules := []module{{Name: "0", Type: types + "Transformer"}}
	files := map[string]any{}
	if _, static := m.Body.(*Static); static {
		modules[0].Type = types + "StaticEmbedding"
	} else {
		modules = append(modules, module{Index: 1, Name: "1", Path: poolingPath, Type: types + "Pooling"})
		pooling := map[string]any{"word_embedding_dimension": m.Width(), "include_prompt": true}
		for key, mode := range oldModes {
			pooling[key] = mode == PoolingName(m.Config.Pooling)
		}
		files[filepath.Join(poolingPath, configName)] = pooling
		length := m.ContextLength()
		files[lengthName] = lengthConfig{MaxLength: &length}
	}
	if m.Config.Normalize {
		n := len(modules)
		modules = append(modules, module{Index: n, Name: fmt.Sprint(n), Path: fmt.Sprintf("%d_Normalize", n), Type: types + "Normalize"})
		files[filepath.Join(modules[n].Path, configName)] = map[string]any{}
	}
	files[modulesName] = modules
	config := modelConfig{Prompts: m.Config.Prompts, Similarity: "cosine"}
	if config.Prompts == nil {
		config.Prompts = map[string]string{}
	}
	if m.Config.DefaultPrompt != "" {
		config.DefaultPrompt = &m.Config.DefaultPrompt
	}
	files[modelName] = config
	for name, content := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			return fmt.Errorf("embed: %w", err)
		}
		b, err := json.MarshalIndent(content, "", "  ")
		if err == nil {
			err = atomicfile.WriteBytes(path, append(b, '\n'))
		}
		if err != nil {
			return fmt.Errorf("embed: %w", err)
		}
	}
	return nil
}
