package models

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"

	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/internal/atomicfile"
	"github.com/seahorse-ml/seahorse/internal/safetensors"
)

// Names of a model directory's files.
const (
	configName     = "config.json"
	generationName = "generation_config.json"
)

// stored is a configuration as config.json has it.
type stored struct {
	config Config
	family string         // model_type
	class  string         // of transformers; empty for none
	more   map[string]any // further fields; nil for none
}

// save writes a model directory's files, a generation_config.json only where there is
// one. A directory that isn't there is made.
func save(dir string, config stored, generation []byte, params []*graph.Param) error {
	return saveTensors(dir, config, generation, storedTensors(params))
}

// saveTensors is save for what a model stores under names of its own.
func saveTensors(dir string, config stored, generation []byte, tensors []safetensors.Tensor) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("models: %w", err)
	}
	path := filepath.Join(dir, safetensors.FileName)
	if err := safetensors.Write(path, tensors, map[string]string{"format": "pt"}); err != nil {
		return fmt.Errorf("models: %w", err)
	}
	more := map[string]any{"model_type": config.family}
	if config.class != "" {
		more["architectures"] = []string{config.class}
	}
	maps.Copy(more, config.more)
	if len(tensors) > 0 {
		more["dtype"] = elementType(tensors[0])
	}
	files := map[string][]byte{}
	var err error
	if files[configName], err = encodeConfig(config.config, more); err != nil {
		return fmt.Errorf("models: %s: %w", configName, err)
	}
	if generation != nil {
		files[generationName] = generation
	}
	for name, data := range files {
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
		tensors[i] = storedTensor(p.Name, p)
	}
	return tensors
}

// storedTensor returns a parameter as it is stored, in floats: blocks are unpacked as they are written.
func storedTensor(name string, p *graph.Param) safetensors.Tensor {
	t := safetensors.Tensor{Name: name, Shape: p.Shape}
	if p.Packed() != nil {
		t.Data = func() []float32 { return p.Floats().Data().([]float32) }
	} else {
		t.Data = p.Value().Data()
	}
	return t
}

// elementType names the type of a tensor's elements as config.json does.
func elementType(t safetensors.Tensor) string {
	if _, ok := t.Data.([]float64); ok {
		return "float64"
	}
	return "float32"
}

// made keeps an error from hiding a nil pointer in an interface.
func made[M Model](m M, err error) (Model, error) {
	if err != nil {
		return nil, err
	}
	return m, nil
}

// pointer returns a pointer to a value of its own.
func pointer[T any](v T) *T { return &v }
