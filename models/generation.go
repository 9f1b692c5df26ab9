package models

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
)

// generationConfig is what generation_config.json says.
type generationConfig struct {
	BosTokenID *int     `json:"bos_token_id,omitempty"`
	EosTokenID TokenIDs `json:"eos_token_id,omitempty"`
	PadTokenID *int     `json:"pad_token_id,omitempty"`

	StartTokenID *int `json:"decoder_start_token_id,omitempty"`
}

// generationFields are those of the generation_config.json that a model was opened with. They are saved as they were, whatever
// config.json says: the ends that a text may have, and how it is drawn.
type generationFields map[string]json.RawMessage

// maxGeneration bounds the file.
const maxGeneration = 16 << 20

// readGeneration reads the fields of a directory's generation_config.json, nil where there is none, as in a GGUF file.
func readGeneration(dir string) (generationFields, error) {
	if IsGGUF(dir) {
		return nil, nil
	}
	path := filepath.Join(dir, generationName)
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("models: %w", err)
	}
	if info.Size() > maxGeneration {
		return nil, fmt.Errorf("models: %s: a file of %d MiB, expected at most %d", path, info.Size()>>20, maxGeneration>>20)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("models: %w", err)
	}
	var fields generationFields
	if err := json.Unmarshal(bytes.TrimPrefix(data, []byte("\xef\xbb\xbf")), &fields); err != nil {
		return nil, fmt.Errorf("models: %s: %w", path, err)
	}
	return fields, nil
}

// over returns generation_config.json with these fields, and those of c that it doesn't speak of.
func (f generationFields) over(c generationConfig) ([]byte, error) {
	data, err := encodeConfig(c, nil)
	if err != nil {
		return nil, fmt.Errorf("models: %s: %w", generationName, err)
	}
	if len(f) == 0 {
		return data, nil
	}
	all := generationFields{}
	if err := json.Unmarshal(data, &all); err != nil {
		return nil, err
	}
	maps.Copy(all, f)
	data, err = json.MarshalIndent(all, "", "  ")
	return append(data, '\n'), err
}

// keepsGeneration is a model that writes texts, and saves how.
type keepsGeneration interface{ keepGeneration(f generationFields) }

func (m *Body) keepGeneration(f generationFields) { m.generation = f }

func (m *T5) keepGeneration(f generationFields) { m.generation = f }

func (m *Transformer) keepGeneration(f generationFields) { m.generation = f }
