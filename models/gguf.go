package models

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
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

// EndTokens returns the tokens that a model directory (generation_config.json) or a GGUF file says end a text, none where it says nothing.
func EndTokens(path string) ([]int32, error) {
	file := filepath.Join(path, generationName)
	var data []byte
	var err error
	if IsGGUF(path) {
		file = path
		var fields map[string]any
		if fields, err = readGGUFConfig(path); err == nil {
			data, err = json.Marshal(fields)
		}
	} else if data, err = os.ReadFile(file); errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	var c generationConfig
	if err == nil {
		err = json.Unmarshal(data, &c)
	}
	if err != nil {
		return nil, fmt.Errorf("models: %s: %w", file, err)
	}
	return c.EosTokenID.int32s(), nil
}

func (t TokenIDs) int32s() []int32 {
	var ids []int32
	for _, id := range t {
		ids = append(ids, int32(id))
	}
	return ids
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
