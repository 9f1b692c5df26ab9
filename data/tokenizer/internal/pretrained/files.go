// Package pretrained reads the files of a tokenizer's directory as transformers 5.24 does: a tokenizer.json, or the vocabulary that
// the tokenizer's class has in its place, under the settings of tokenizer_config.json, special_tokens_map.json and added_tokens.json,
// each with the precedence that it has there.
package pretrained

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

	"github.com/seahorse-ml/seahorse/data/tokenizer/internal/tokenizerjson"
)

// Settings are what a tokenizer_config.json says.
type Settings = map[string]json.RawMessage

// The files of a directory.
const (
	jsonFile     = "tokenizer.json"
	settingsFile = "tokenizer_config.json"
	mapFile      = "special_tokens_map.json"
	addedFile    = "added_tokens.json"
	configFile   = "config.json"
)

// maxFile bounds the files that hold settings.
const maxFile = 64 << 20

// Result is a tokenizer as its directory describes it.
type Result struct {
	File     *tokenizerjson.File
	Settings Settings // of tokenizer_config.json, with the special tokens that other places name
	Warnings []string // what contradicts itself, in words
}

// directory is what the files beside the vocabulary say.
type directory struct {
	path         string
	settings     Settings // of tokenizer_config.json, with its keys in their order
	order        []string
	special      Settings // of special_tokens_map.json
	specialOrder []string
	added        map[string]int32 // of added_tokens.json

	modelType   string // of config.json
	configClass string
}

// readDirectory reads all files of settings that there are.
func readDirectory(path string) (*directory, error) {
	d := &directory{path: path}
	var config struct {
		ModelType any `json:"model_type"`
		Class     any `json:"tokenizer_class"`
	}
	for _, file := range []struct {
		name  string
		to    any
		order *[]string
	}{{settingsFile, &d.settings, &d.order}, {mapFile, &d.special, &d.specialOrder}, {addedFile, &d.added, nil}, {configFile, &config, nil}} {
		b, err := d.readJSON(file.name, file.to)
		if err != nil {
			return nil, err
		}
		if file.order != nil {
			*file.order = keyOrder(b)
		}
	}
	d.modelType, _ = config.ModelType.(string)
	d.configClass, _ = config.Class.(string)
	seen := map[int32]string{}
	for content, id := range d.added {
		if other, ok := seen[id]; ok {
			first, second := min(content, other), max(content, other)
			return nil, fmt.Errorf("%s: %s gives the id %d to %.80q and to %.80q", d.path, addedFile, id, first, second)
		}
		seen[id] = content
	}
	return d, nil
}

// readJSON reads a file if it is there.
func (d *directory) readJSON(name string, to any) ([]byte, error) {
	b, err := readSmall(filepath.Join(d.path, name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err == nil {
		err = json.Unmarshal(b, to)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", filepath.Join(d.path, name), err)
	}
	return b, nil
}

// keyOrder returns the keys of an object in the order in which they stand, each once.
func keyOrder(object []byte) []string {
	var keys []string
	d := json.NewDecoder(bytes.NewReader(object))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return nil
	}
	seen := map[string]bool{}
	for d.More() {
		t, err := d.Token()
		key, ok := t.(string)
		var value json.RawMessage
		if err != nil || !ok || d.Decode(&value) != nil {
			break
		}
		if !seen[key] {
			seen[key] = true
			keys = append(keys, key)
		}
	}
	return keys
}

// readSmall reads a file of settings, without a byte order mark.
func readSmall(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.Size() > maxFile {
		return nil, fmt.Errorf("a file of %d MiB, expected at most %d", info.Size()>>20, maxFile>>20)
	}
	b, err := os.ReadFile(path)
	return bytes.TrimPrefix(b, []byte("\xef\xbb\xbf")), err
}

// has reports whether the directory has a file.
func (d *directory) has(name string) bool {
	info, err := os.Stat(filepath.Join(d.path, name))
	return err == nil && !info.IsDir()
}

// setting returns a setting of type T; ok is false where it isn't there, is null or of another type.
func setting[T any](s Settings, key string) (v T, ok bool) {
	raw, there := s[key]
	if !there || isNull(raw) || json.Unmarshal(raw, &v) != nil {
		var zero T
		return zero, false
	}
	return v, true
}

// flag returns a setting that is true or false, else its default.
func flag(s Settings, key string, otherwise bool) bool {
	if v, ok := setting[bool](s, key); ok {
		return v
	}
	return otherwise
}

func isNull(raw json.RawMessage) bool { return string(bytes.TrimSpace(raw)) == "null" }

// class returns what the directory calls its tokenizer, without "Fast".
func (d *directory) class() string {
	name, ok := setting[string](d.settings, "tokenizer_class")
	if !ok {
		name = d.configClass
	}
	return strings.TrimSuffix(name, "Fast")
}

// textLines returns the lines of a text.
func textLines(b []byte) []string {
	text := string(bytes.TrimPrefix(b, []byte("\xef\xbb\xbf")))
	return strings.Split(strings.TrimSuffix(strings.ReplaceAll(text, "\r\n", "\n"), "\n"), "\n")
}

// sortedKeys returns the keys of m in order.
func sortedKeys[K interface{ ~string | ~int32 }, V any](m map[K]V) []K {
	keys := make([]K, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
