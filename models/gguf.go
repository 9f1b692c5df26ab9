package models

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/seahorse-ml/seahorse/internal/gguf"
	"github.com/seahorse-ml/seahorse/weights"
)

// IsGGUF tells whether a path is that of a GGUF file rather than of a model directory.
func IsGGUF(path string) bool { return gguf.Is(path) }

// ModelType returns the model_type of a model directory or a GGUF file.
func ModelType(path string) (string, error) {
	folder, err := Folder(path)
	if err != nil {
		return "", err
	}
	fields, _, err := readConfig(folder)
	modelType, _ := fields["model_type"].(string)
	return modelType, err
}

// readGGUFConfig returns the config.json that the metadata of a GGUF file stands for.
func readGGUFConfig(path string) (map[string]any, error) {
	f, err := gguf.Open(path)
	if err != nil {
		return nil, fmt.Errorf("models: %w", err)
	}
	defer f.Close()
	c, err := ggufConfig(f)
	if err != nil {
		return nil, fmt.Errorf("models: %s: %s", path, strings.ReplaceAll(err.Error(), "\n", "; "))
	}
	data, err := json.Marshal(c)
	if err != nil {
		return nil, fmt.Errorf("models: %s: %w", path, err)
	}
	return decodeFields(data) // with numbers as a config.json has them
}

// openGGUFWeights opens the tensors of a GGUF file under Hugging Face's names.
func openGGUFWeights(path string) (weights.Source, error) {
	f, err := gguf.Open(path)
	if err != nil {
		return nil, fmt.Errorf("models: %w", err)
	}
	arch := f.Meta.Text(gguf.ArchitectureKey)
	layout, err := ggufLayoutOf(arch)
	var source *ggufSource
	if err == nil {
		m := &ggufMeta{file: f, arch: arch}
		query := m.size("attention.head_count")
		heads := ggufHeads{query: query, key: m.sizeOr("attention.head_count_kv", query)}
		if err = errors.Join(m.errs...); err == nil {
			source, err = newGGUFSource(f, layout, heads)
		}
	}
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("models: %s: %w", path, err)
	}
	return openedGGUF{source, f}, nil
}

// openedGGUF is a source that closes its file.
type openedGGUF struct {
	*ggufSource
	file *gguf.File
}

func (o openedGGUF) Close() error { return o.file.Close() }
