package tokenizer

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/seahorse-ml/seahorse/internal/atomicfile"
)

// The files of a tokenizer in a directory.
const (
	jsonFile     = "tokenizer.json"
	settingsFile = "tokenizer_config.json"
)

// candidates are the files that a directory's tokenizer may be in, the first of them wins.
var candidates = []string{jsonFile, "tokenizer.model", "spiece.model", "sentencepiece.bpe.model", "vocab.json", "encoder.json", "vocab.txt", "*.tiktoken", "*.gguf"}

// Load reads a tokenizer from a directory or a file: tokenizer.json, vocab.json
// with merges.txt beside it, vocab.txt, a SentencePiece model, a tiktoken file,
// or a GGUF file. The settings of a tokenizer_config.json beside it apply.
func Load(path string) (*Tokenizer, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("tokenizer: %w", err)
	}
	if !info.IsDir() {
		return loadFile(path)
	}
	for _, name := range candidates {
		found, err := filepath.Glob(filepath.Join(globEscape(path), name))
		if err == nil && len(found) > 0 {
			return loadFile(found[0])
		}
	}
	return nil, fmt.Errorf("tokenizer: %s: no tokenizer found; expected one of %s", path, strings.Join(candidates, ", "))
}

// globEscape keeps the characters of a path from being taken for a pattern.
func globEscape(path string) string {
	return strings.NewReplacer(`*`, `\*`, `?`, `\?`, `[`, `\[`, `\`, `\\`).Replace(path)
}

func loadFile(path string) (*Tokenizer, error) {
	s, err := readSettings(filepath.Dir(path))
	if err != nil {
		return nil, err
	}
	file, s, err := parseFile(path, s)
	if err != nil {
		return nil, fmt.Errorf("tokenizer: %s: %w", path, err)
	}
	t, err := New(file, s)
	if err != nil {
		return nil, fmt.Errorf("tokenizer: %s: %w", path, err)
	}
	return t, nil
}

// readSettings reads tokenizer_config.json if it is there.
func readSettings(dir string) (settings, error) {
	path := filepath.Join(dir, settingsFile)
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("tokenizer: %w", err)
	}
	var s settings
	if err := json.Unmarshal(b, &s); err != nil {
		return nil, fmt.Errorf("tokenizer: %s: %w", path, err)
	}
	return s, nil
}

// Save writes tokenizer.json and tokenizer_config.json into dir, which it makes if need be. Each replaces an older file only when it is
// complete and on the disk.
func (t *Tokenizer) Save(dir string) error {
	b, err := t.file.Marshal()
	if err != nil {
		return fmt.Errorf("tokenizer: %w", err)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("tokenizer: %w", err)
	}
	if err := atomicfile.WriteBytes(filepath.Join(dir, jsonFile), b); err != nil {
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
	if err := atomicfile.WriteBytes(filepath.Join(dir, settingsFile), out.Bytes()); err != nil {
		return fmt.Errorf("tokenizer: %w", err)
	}
	return nil
}
