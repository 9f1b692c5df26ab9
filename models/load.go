package models

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/internal/atomicfile"
	"github.com/seahorse-ml/seahorse/internal/safetensors"
	"gorgonia.org/tensor"
)

// Names of a model directory's files.
const (
	configName     = "config.json"
	generationName = "generation_config.json"
)

// loadFunc builds a model from a config.json and what is stored beside it.
type loadFunc func(config []byte, o origin) (Model, error)

// family is one architecture.
type family struct {
	modelType string
	load      loadFunc
	size      sizeFunc
	dropouts  []string // fields of config.json
}

// encoderDropouts leave out the classifier's, which tasks set by NewHeadConfig.
var encoderDropouts = []string{"hidden_dropout_prob", "attention_probs_dropout_prob"}

// families returns the known architectures, sorted by name.
func families() []family {
	return []family{
		{"albert", loadEncoder, sizeMasked, encoderDropouts},
		{"bert", loadEncoder, sizeMasked, encoderDropouts},
		{"gemma3_text", loadGemma3, sizeGemma3, []string{"attention_dropout"}},
		{"gpt2", loadGPT2, sizeGPT2, []string{"embd_pdrop", "attn_pdrop", "resid_pdrop"}},
		{"gpt_neox", loadGPTNeoX, sizeGPTNeoX, []string{"hidden_dropout", "attention_dropout"}},
		{"llama", loadLlama, sizeLlama, []string{"attention_dropout"}},
		{"mistral", loadLlama, sizeLlama, []string{"attention_dropout"}},
		{"mixtral", loadLlama, sizeLlama, []string{"attention_dropout"}},
		{"qwen2", loadLlama, sizeLlama, []string{"attention_dropout"}},
		{"qwen3", loadLlama, sizeLlama, []string{"attention_dropout"}},
		{"roberta", loadEncoder, sizeMasked, encoderDropouts},
		{"t5", loadT5, sizeT5, []string{"dropout_rate"}},
		{"transformer", loadTransformer, sizeTransformer, []string{"dropout"}},
	}
}

// WithDropout is an edit for OpenEdited: it sets all dropouts of a model to rate, but for
// that before a classifier.
func WithDropout(rate float64) func(config map[string]any) {
	return func(config map[string]any) {
		modelType, _ := config["model_type"].(string)
		f, err := familyNamed(modelType)
		if err != nil {
			return // which opening it tells
		}
		for _, field := range f.dropouts {
			config[field] = rate
		}
	}
}

// Load reads the directory of a model that continues texts; see Open.
func Load(dir string) (CausalLM, error) {
	m, err := Open(dir)
	if err != nil {
		return nil, err
	}
	causal, ok := m.(CausalLM)
	if !ok {
		return nil, fmt.Errorf("models: %s holds a model that doesn't continue texts (a %T)", dir, m)
	}
	return causal, nil
}

// Open reads a model directory of any family, in float32. Errors name what is missing
// or doesn't fit; a model_type that nobody knows gets the list of those that are known.
func Open(dir string) (Model, error) { return OpenEdited(dir, nil) }

// OpenEdited is Open with a config.json that edit has changed in memory, to train with
// another dropout for instance. Numbers in it are of type json.Number; nil edits nothing.
func OpenEdited(dir string, edit func(config map[string]any)) (Model, error) {
	return open(dir, edit, false)
}

func open(dir string, edit func(config map[string]any), sketch bool) (Model, error) {
	config, modelType, err := readConfig(dir)
	if err != nil {
		return nil, err
	}
	if edit != nil {
		if config, err = edited(config, edit); err != nil {
			return nil, fmt.Errorf("models: %s: %w", filepath.Join(dir, configName), err)
		}
	}
	f, err := familyNamed(modelType)
	if err != nil {
		return nil, fmt.Errorf("models: %s: %w", filepath.Join(dir, configName), err)
	}
	from, closeWeights, err := openOrigin(dir, sketch)
	if err != nil {
		return nil, err
	}
	defer closeWeights()
	m, err := f.load(config, from)
	if err != nil {
		return nil, fmt.Errorf("models: %s: %w", dir, err)
	}
	return m, nil
}

// familyNamed returns the family of a model_type.
func familyNamed(modelType string) (family, error) {
	all := families()
	i := slices.IndexFunc(all, func(f family) bool { return f.modelType == modelType })
	if i < 0 {
		return family{}, fmt.Errorf("model_type %q is not known; known are %s", modelType, strings.Join(Arches(), ", "))
	}
	return all[i], nil
}

// readConfig returns a directory's config.json and the model_type in it.
func readConfig(dir string) (config []byte, modelType string, err error) {
	path := filepath.Join(dir, configName)
	config, err = os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, "", fmt.Errorf("models: %s is no model directory: it has no %s", dir, configName)
	}
	if err != nil {
		return nil, "", fmt.Errorf("models: %w", err)
	}
	var head struct {
		ModelType string `json:"model_type"`
	}
	if err := json.Unmarshal(config, &head); err != nil {
		return nil, "", fmt.Errorf("models: %s: %w", path, err)
	}
	return config, head.ModelType, nil
}

// edited returns a configuration after edit.
func edited(config []byte, edit func(config map[string]any)) ([]byte, error) {
	values := map[string]any{}
	d := json.NewDecoder(bytes.NewReader(config))
	d.UseNumber()
	if err := d.Decode(&values); err != nil {
		return nil, err
	}
	edit(values)
	return json.Marshal(values)
}

// save writes a model directory's files, a generation_config.json only where there is
// one. A directory that isn't there is made.
func save(dir string, config, generation any, params []*graph.Param) error {
	return saveTensors(dir, config, generation, storedTensors(params))
}

// saveTensors is save for what a model stores under names of its own.
func saveTensors(dir string, config, generation any, tensors []safetensors.Tensor) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("models: %w", err)
	}
	path := filepath.Join(dir, safetensors.FileName)
	if err := safetensors.Write(path, tensors, map[string]string{"format": "pt"}); err != nil {
		return fmt.Errorf("models: %w", err)
	}
	files := map[string]any{configName: config}
	if generation != nil {
		files[generationName] = generation
	}
	for name, content := range files {
		data, err := encodeConfig(content)
		if err != nil {
			return fmt.Errorf("models: %s: %w", name, err)
		}
		if err := atomicfile.WriteBytes(filepath.Join(dir, name), data); err != nil {
			return fmt.Errorf("models: %w", err)
		}
	}
	return nil
}

// storedTensors returns a model's parameters as they are stored.
func storedTensors(params []*graph.Param) []safetensors.Tensor {
	tensors := make([]safetensors.Tensor, len(params))
	for i, p := range params {
		tensors[i] = safetensors.Tensor{Name: p.Name, Shape: p.Shape, Data: p.Value().Data()}
	}
	return tensors
}

// generationConfig is what generation_config.json says.
type generationConfig struct {
	BosTokenID *int     `json:"bos_token_id,omitempty"`
	EosTokenID TokenIDs `json:"eos_token_id,omitempty"`
	PadTokenID *int     `json:"pad_token_id,omitempty"`

	StartTokenID *int `json:"decoder_start_token_id,omitempty"`
}

// elementType names the type of a parameter as config.json does.
func elementType(p *graph.Param) string {
	if p.DType() == tensor.Float64 {
		return "float64"
	}
	return "float32"
}
