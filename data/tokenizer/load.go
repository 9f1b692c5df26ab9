package tokenizer

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"strings"

	"github.com/seahorse-ml/seahorse/data/tokenizer/internal/pretrained"
	"github.com/seahorse-ml/seahorse/data/tokenizer/internal/tiktoken"
	"github.com/seahorse-ml/seahorse/data/tokenizer/internal/tokenizerjson"
	"github.com/seahorse-ml/seahorse/internal/atomicfile"
)

// The files of a tokenizer in a directory.
const (
	jsonFile     = "tokenizer.json"
	settingsFile = "tokenizer_config.json"
)

// candidates are the files that a tokenizer may be in where pretrained.Load finds none, the first of them wins.
var candidates = []string{"encoder.json", "*.tiktoken", "*.gguf"}

// ErrNone says that a directory has no tokenizer.
var ErrNone = errors.New("tokenizer: no tokenizer found")

// Load reads a tokenizer from a directory or a file: tokenizer.json, vocab.json
// with merges.txt beside it, vocab.txt, a SentencePiece model, a tiktoken file,
// or a GGUF file.
//
// A directory means what it means to transformers 5.24: the class of the tokenizer, by tokenizer_config.json or the model_type
// of config.json, says how a text is taken apart and framed; the settings of tokenizer_config.json apply, and the tokens that it,
// special_tokens_map.json and added_tokens.json name are added. Warnings tells what contradicts itself. What ends a text is read of
// generation_config.json and config.json too.
func Load(path string) (*Tokenizer, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("tokenizer: %w", err)
	}
	if !info.IsDir() {
		if dir := filepath.Dir(path); standsForDirectory(dir, filepath.Base(path)) {
			return loadDirectory(dir)
		}
		return loadFile(path)
	}
	t, err := loadDirectory(path)
	if !errors.Is(err, pretrained.ErrNone) {
		return t, err
	}
	for _, name := range candidates {
		found, err := filepath.Glob(filepath.Join(globEscape(path), name))
		if err == nil && len(found) > 0 {
			return loadFile(found[0])
		}
	}
	return nil, fmt.Errorf("%w in %s; expected %s, a vocabulary (vocab.json with merges.txt, vocab.txt, a SentencePiece model), or one of %s",
		ErrNone, path, jsonFile, strings.Join(candidates, ", "))
}

// standsForDirectory reports whether a file is what its directory would be loaded from.
func standsForDirectory(dir, name string) bool {
	has := func(name string) bool {
		info, err := os.Stat(filepath.Join(dir, name))
		return err == nil && info.Mode().IsRegular()
	}
	switch name {
	case jsonFile:
		return true
	case "tokenizer.model", "spiece.model", "sentencepiece.bpe.model", "vocab.json", "vocab.txt":
		return !has(jsonFile) && (has(settingsFile) || has("config.json"))
	}
	return false
}

// loadDirectory reads the tokenizer of a directory as transformers does.
func loadDirectory(dir string) (*Tokenizer, error) {
	r, err := pretrained.Load(dir, func(content []byte, name string) (*tokenizerjson.File, error) {
		tokens, err := tiktoken.Parse(content)
		if err != nil {
			return nil, err
		}
		return fromTiktoken(tokens, name)
	})
	if err != nil {
		return nil, fmt.Errorf("tokenizer: %w", err)
	}
	t, err := newTokenizer(r.File, r.Settings)
	if err != nil {
		return nil, fmt.Errorf("tokenizer: %s: %w", dir, err)
	}
	t.warnings = append(r.Warnings, t.warnings...)
	return t, t.readEnds(dir)
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
	t, err := newTokenizer(file, s)
	if err != nil {
		return nil, fmt.Errorf("tokenizer: %s: %w", path, err)
	}
	return t, t.readEnds(filepath.Dir(path))
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
	settings := maps.Clone(t.settings)
	if settings == nil {
		settings = map[string]json.RawMessage{"tokenizer_class": json.RawMessage(`"PreTrainedTokenizerFast"`)}
	}
	if t.endNamed {
		if settings["eos_token"], err = json.Marshal(t.added.byID[t.end].Content); err != nil {
			return fmt.Errorf("tokenizer: %w", err)
		}
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
