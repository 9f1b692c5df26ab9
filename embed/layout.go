package embed

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/seahorse-ml/seahorse/layers"
)

// Files of sentence-transformers' layout.
const (
	modulesName = "modules.json"
	poolingPath = "1_Pooling"
	modelName   = "config_sentence_transformers.json"
	lengthName  = "sentence_bert_config.json"
	configName  = "config.json"
)

// A module is an entry of modules.json.
type module struct {
	Index int    `json:"idx"`
	Name  string `json:"name"`
	Path  string `json:"path"`
	Type  string `json:"type"`
}

// kind is the last part of the type: Transformer, Pooling, Normalize, StaticEmbedding.
func (m module) kind() string { return m.Type[strings.LastIndexByte(m.Type, '.')+1:] }

// modelConfig is config_sentence_transformers.json.
type modelConfig struct {
	Prompts       map[string]string `json:"prompts"`
	DefaultPrompt *string           `json:"default_prompt_name"`
	Similarity    string            `json:"similarity_fn_name,omitempty"`
}

// lengthConfig is sentence_bert_config.json.
type lengthConfig struct {
	MaxLength *int `json:"max_seq_length"`
	LowerCase bool `json:"do_lower_case"`
}

// layout is what a directory's files say, but for the weights.
type layout struct {
	folder  string // of the body, and but for an adapter's of its tokenizer
	adapter string // the directory of an adapter of the body; empty for none
	static  bool
	config  Config
}

// The names of pooling modes, in the newer form of 1_Pooling/config.json, and their keys in the older form.
var (
	poolingModes = map[string]layers.Pooling{"mean": layers.PoolMean, "cls": layers.PoolFirst, "lasttoken": layers.PoolLast}
	oldModes     = map[string]string{
		"pooling_mode_cls_token": "cls", "pooling_mode_max_tokens": "max", "pooling_mode_mean_tokens": "mean",
		"pooling_mode_mean_sqrt_len_tokens": "mean_sqrt_len_tokens", "pooling_mode_weightedmean_tokens": "weightedmean", "pooling_mode_lasttoken": "lasttoken",
	}
)

// ParsePooling returns the pooling of a name: mean, cls or lasttoken.
func ParsePooling(name string) (layers.Pooling, error) {
	if kind, ok := poolingModes[name]; ok {
		return kind, nil
	}
	return 0, fmt.Errorf("embed: pooling %q is not known; known are %s", name, strings.Join(slices.Sorted(maps.Keys(poolingModes)), ", "))
}

// PoolingName returns the name of a pooling.
func PoolingName(kind layers.Pooling) string {
	for name, k := range poolingModes {
		if k == kind {
			return name
		}
	}
	return ""
}

// IsDir tells whether a directory has the layout of sentence-transformers or model2vec.
func IsDir(dir string) bool {
	if _, err := os.Stat(filepath.Join(dir, modulesName)); err == nil {
		return true
	}
	return isModel2vec(dir)
}

// isModel2vec tells whether a config.json is model2vec's.
func isModel2vec(dir string) bool {
	var c struct {
		ModelType string `json:"model_type"`
	}
	return readJSON(filepath.Join(dir, configName), &c) == nil && c.ModelType == "model2vec"
}

// IsStatic tells whether a directory holds a table of vectors.
func IsStatic(dir string) bool {
	l, err := readLayout(dir)
	return err == nil && l.static
}

// Folder returns the folder in a directory that holds the body and its tokenizer.
func Folder(dir string) (string, error) {
	l, err := readLayout(dir)
	return l.folder, err
}

// readJSON reads a JSON file, whose beginning may be a byte order mark.
func readJSON(path string, into any) error {
	b, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("embed: %w", err)
	}
	if err := json.Unmarshal(bytes.TrimPrefix(b, []byte("\ufeff")), into); err != nil {
		return fmt.Errorf("embed: %s: %w", path, err)
	}
	return nil
}

// readLayout reads the files of a directory. One without a modules.json is a model whose states' mean is taken, as sentence-transformers has it; so is a GGUF file.
func readLayout(dir string) (layout, error) {
	l := layout{folder: dir}
	if info, err := os.Stat(dir); err == nil && info.Mode().IsRegular() {
		return l, nil
	}
	path := filepath.Join(dir, modulesName)
	var modules []module
	err := readJSON(path, &modules)
	if errors.Is(err, fs.ErrNotExist) {
		if isModel2vec(dir) {
			var c struct {
				Normalize bool `json:"normalize"`
			}
			l.static = true
			err := readJSON(filepath.Join(dir, configName), &c)
			l.config.Normalize = c.Normalize
			return l, err
		}
		return l, nil
	}
	if err != nil {
		return l, err
	}
	fail := func(format string, args ...any) (layout, error) {
		return l, fmt.Errorf("embed: %s: "+format, append([]any{path}, args...)...)
	}
	if len(modules) == 0 {
		return fail("no modules")
	}
	for i, m := range modules {
		if m.Path != "" && !filepath.IsLocal(m.Path) {
			return fail("module %d has the path %q, expected one in the directory", i, m.Path)
		}
		folder := filepath.Join(dir, m.Path)
		switch kind := m.kind(); {
		case i == 0 && kind == "Transformer":
			l.folder = folder
			err = l.readTransformer(dir)
		case i == 0 && kind == "StaticEmbedding":
			l.folder, l.static = folder, true
		case i == 1 && kind == "Pooling" && !l.static:
			err = l.readPooling(filepath.Join(folder, configName))
		case i > 0 && kind == "Normalize":
			l.config.Normalize = true
		default:
			return fail("module %d is a %s, expected a Transformer and a Pooling, or a StaticEmbedding, and maybe Normalize", i, m.Type)
		}
		if err != nil {
			return l, err
		}
	}
	return l, l.readPrompts(dir)
}

// readTransformer reads the bound on texts.
func (l *layout) readTransformer(dir string) error {
	path := filepath.Join(l.folder, lengthName)
	var c lengthConfig
	err := readJSON(path, &c)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if c.LowerCase {
		return fmt.Errorf("embed: %s: do_lower_case is true; only tokenizers that do it themselves are known", path)
	}
	if c.MaxLength != nil {
		if l.config.MaxLength = *c.MaxLength; l.config.MaxLength < 1 {
			return fmt.Errorf("embed: %s: max_seq_length is %d, expected at least 1", path, l.config.MaxLength)
		}
	}
	return nil
}

// readPooling reads how states are pooled.
func (l *layout) readPooling(path string) error {
	var fields map[string]any
	if err := readJSON(path, &fields); err != nil {
		return err
	}
	var modes []string
	switch mode := fields["pooling_mode"].(type) {
	case string:
		modes = []string{mode}
	case []any:
		for _, m := range mode {
			modes = append(modes, fmt.Sprint(m))
		}
	default:
		for _, key := range slices.Sorted(maps.Keys(oldModes)) {
			if on, _ := fields[key].(bool); on {
				modes = append(modes, oldModes[key])
			}
		}
		if len(modes) == 0 {
			modes = []string{"mean"}
		}
	}
	if len(modes) != 1 {
		return fmt.Errorf("embed: %s: poolings %s are joined, expected one", path, strings.Join(modes, ", "))
	}
	kind, err := ParsePooling(modes[0])
	if err != nil {
		return fmt.Errorf("%w, in %s", err, path)
	}
	if include, ok := fields["include_prompt"].(bool); ok && !include {
		return fmt.Errorf("embed: %s: include_prompt is false; prompts that aren't pooled aren't known", path)
	}
	l.config.Pooling = kind
	return nil
}

// readPrompts reads what stands before texts.
func (l *layout) readPrompts(dir string) error {
	path := filepath.Join(dir, modelName)
	var c modelConfig
	err := readJSON(path, &c)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	l.config.Prompts = c.Prompts
	if c.DefaultPrompt != nil {
		l.config.DefaultPrompt = *c.DefaultPrompt
		if _, known := c.Prompts[l.config.DefaultPrompt]; !known && l.config.DefaultPrompt != "" {
			return fmt.Errorf("embed: %s: default_prompt_name is %q, which isn't among the prompts", path, l.config.DefaultPrompt)
		}
	}
	return nil
}
