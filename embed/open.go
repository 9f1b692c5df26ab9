package embed

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"github.com/seahorse-ml/seahorse/adapt"
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
	// Base returns where the model is that the adapter in a directory is for. Default: the path that the adapter calls it by, also from the directory on.
	Base func(dir string) (string, error)
}

// Open reads a model in sentence-transformers' or model2vec's layout, a model directory of any encoder or decoder, or a GGUF file. Of the latter two the
// mean of the states is taken. A head that an encoder has is left out. A directory of an adapter gives its model with the adapter on it.
func Open(dir string, c OpenConfig) (*Model, error) {
	l, err := readLayout(dir)
	if err != nil {
		return nil, err
	}
	if adapt.IsDir(l.folder) {
		base, err := c.base(l.folder)
		if err != nil {
			return nil, err
		}
		l.adapter, l.folder = l.folder, base.folder
		if !IsDir(dir) {
			l.config = base.config
		}
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

// base reads the layout of the model that the adapter in a directory is for.
func (c OpenConfig) base(dir string) (layout, error) {
	find := c.Base
	if find == nil {
		find = named
	}
	base, err := find(dir)
	if err != nil {
		return layout{}, err
	}
	l, err := readLayout(base)
	if err == nil && (l.static || adapt.IsDir(l.folder)) {
		err = fmt.Errorf("embed: the adapter in %s is for %s, which is a table of vectors or an adapter itself, expected an encoder or decoder", dir, base)
	}
	return l, err
}

// tokenizer returns the folder of a directory's tokenizer, which an adapter may leave to its model.
func (c OpenConfig) tokenizer(dir string) (string, error) {
	folder, err := Folder(dir)
	if err != nil || !adapt.IsDir(folder) {
		return folder, err
	}
	for _, name := range []string{"tokenizer.json", "tokenizer_config.json"} {
		if _, err := os.Stat(filepath.Join(folder, name)); err == nil {
			return folder, nil
		}
	}
	base, err := c.base(folder)
	return base.folder, err
}

// named is the default of OpenConfig.Base.
func named(dir string) (string, error) {
	base, err := adapt.ReadBase(dir)
	if err != nil {
		return "", err
	}
	for _, path := range []string{base, filepath.Join(dir, base)} {
		if _, err := os.Stat(path); base != "" && err == nil {
			return path, nil
		}
	}
	return "", fmt.Errorf("embed: %s holds an adapter for the model %q, which isn't there", dir, base)
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
	if models.Headed(outline) {
		open.Head = &models.Head{None: true}
	}
	body, err := models.Open(l.folder, open)
	if err == nil && l.adapter != "" {
		_, err = adapt.Open(l.adapter, body, adapt.OpenConfig{})
	}
	return body, err
}

// Save writes the model in sentence-transformers' layout, but for the tokenizer.
func (m *Model) Save(dir string) error {
	if err := m.Body.Save(dir); err != nil {
		return err
	}
	return m.SaveBeside(dir)
}

// SaveBeside writes what Save does but for the body: that is for the directory of an adapter of it.
func (m *Model) SaveBeside(dir string) error {
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
