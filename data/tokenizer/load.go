package tokenizer

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/seahorse-ml/seahorse/data/tokenizer/tokenizerjson"
)

// The files of a tokenizer in a directory.
const (
	jsonFile     = "tokenizer.json"
	settingsFile = "tokenizer_config.json"
)

// Load reads a tokenizer from a directory or a file.
func Load(path string) (*Tokenizer, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("tokenizer: %w", err)
	}
	if info.IsDir() {
		return loadDir(path)
	}
	return loadFile(path)
}

func loadDir(dir string) (*Tokenizer, error) {
	path := filepath.Join(dir, jsonFile)
	if _, err := os.Stat(path); err != nil {
		return nil, fmt.Errorf("tokenizer: %s: no tokenizer found", dir)
	}
	return loadFile(path)
}

func loadFile(path string) (*Tokenizer, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("tokenizer: %w", err)
	}
	settings, err := readSettings(filepath.Dir(path))
	if err != nil {
		return nil, err
	}
	file, err := tokenizerjson.Parse(b)
	if err != nil {
		return nil, fmt.Errorf("tokenizer: %s: %w", path, err)
	}
	t, err := New(file, settings)
	if err != nil {
		return nil, fmt.Errorf("tokenizer: %s: %w", path, err)
	}
	return t, nil
}

// readSettings reads tokenizer_config.json if it is there.
func readSettings(dir string) (map[string]json.RawMessage, error) {
	path := filepath.Join(dir, settingsFile)
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("tokenizer: %w", err)
	}
	var s map[string]json.RawMessage
	if err := json.Unmarshal(b, &s); err != nil {
		return nil, fmt.Errorf("tokenizer: %s: %w", path, err)
	}
	return s, nil
}

// Save writes tokenizer.json and tokenizer_config.json into dir, which it makes if need be.
func (t *Tokenizer) Save(dir string) error {
	b, err := t.file.Marshal()
	if err != nil {
		return fmt.Errorf("tokenizer: %w", err)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("tokenizer: %w", err)
	}
	if err := os.WriteFile(filepath.Join(dir, jsonFile), b, 0o644); err != nil {
		return fmt.Errorf("tokenizer: %w", err)
	}
	settings := t.settings
	if settings == nil {
		settings = map[string]json.RawMessage{"tokenizer_class": json.RawMessage(`"PreTrainedTokenizerFast"`)}
	}
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(settings); err != nil {
		return fmt.Errorf("tokenizer: %w", err)
	}
	if err := os.WriteFile(filepath.Join(dir, settingsFile), out.Bytes(), 0o644); err != nil {
		return fmt.Errorf("tokenizer: %w", err)
	}
	return nil
}
