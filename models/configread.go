package models

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
)

// Folder returns the folder of a model's config.json: the directory itself, or the GGUF file that holds all, or in one that sentence-transformers saved that of its
// first module. The error tells a directory that isn't there from one without a model.
func Folder(dir string) (string, error) {
	info, err := os.Stat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "", fmt.Errorf("models: %s does not exist", dir)
	case err != nil:
		return "", fmt.Errorf("models: %w", err)
	case !info.IsDir() && IsGGUF(dir):
		return dir, nil
	case !info.IsDir():
		return "", fmt.Errorf("models: %s is a file, expected a model directory or a GGUF file", dir)
	case hasFile(dir, configName):
		return dir, nil
	}
	var modules []struct {
		Path string `json:"path"`
	}
	data, err := os.ReadFile(filepath.Join(dir, "modules.json"))
	if err == nil {
		err = json.Unmarshal(withoutMark(data), &modules)
	}
	path := "0_Transformer" // where older ones have it, without that file too
	if err == nil && len(modules) > 0 {
		path = modules[0].Path
	}
	if folder := filepath.Join(dir, path); filepath.IsLocal(path) && hasFile(folder, configName) {
		return folder, nil
	}
	return "", fmt.Errorf("models: %s is no model directory: it has no %s", dir, configName)
}

// withoutMark returns a text without the byte order mark that some editors begin it with.
func withoutMark(data []byte) []byte { return bytes.TrimPrefix(data, []byte("\ufeff")) }

// readConfig reads the config.json of a folder, or what the metadata of a GGUF file say in its place, and returns the file too.
func readConfig(folder string) (fields map[string]any, file string, err error) {
	if IsGGUF(folder) {
		fields, err = readGGUFConfig(folder)
		return fields, folder, err
	}
	file = filepath.Join(folder, configName)
	fields, err = readFields(file)
	return fields, file, err
}

// readFields reads a config.json, its numbers as json.Number.
func readFields(file string) (map[string]any, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("models: %w", err)
	}
	fields, err := decodeFields(data)
	if err != nil {
		return nil, fmt.Errorf("models: %s: %w", file, err)
	}
	return fields, nil
}

func decodeFields(data []byte) (map[string]any, error) {
	d := json.NewDecoder(bytes.NewReader(withoutMark(data)))
	d.UseNumber()
	var fields map[string]any
	if err := d.Decode(&fields); err != nil {
		return nil, err
	}
	if fields == nil {
		return nil, errors.New("null, expected an object")
	}
	return fields, nil
}

// singleIDs are token ids of which there is one, and which some files have in a list.
var singleIDs = []string{"bos_token_id", "pad_token_id", "decoder_start_token_id"}

// normalise brings the forms of a config.json into one: fields have one name each, whole numbers no point, sizes of which all layers
// have the same are one number, and a null means what it means in transformers.
func normalise(fields map[string]any, f Family) error {
	for alias, name := range f.aliases {
		if value, ok := fields[alias]; ok && value != nil {
			fields[name] = value
		}
		delete(fields, alias)
	}
	for _, name := range []string{"num_key_value_heads", "head_dim"} { // none of their own
		if value, ok := fields[name]; ok && value == nil {
			fields[name] = 0
		}
	}
	for name, value := range fields {
		fields[name] = wholeNumbers(value)
	}
	for _, name := range singleIDs {
		if list, ok := fields[name].([]any); ok && len(list) > 0 {
			fields[name] = list[0]
		}
	}
	for _, name := range []string{"intermediate_size", "num_attention_heads", "num_key_value_heads"} {
		list, ok := fields[name].([]any)
		if !ok || len(list) == 0 {
			continue
		}
		if len(slices.Compact(slices.Clone(list))) > 1 {
			return fmt.Errorf("%s is %v, expected the same for all layers", name, list)
		}
		fields[name] = list[0]
	}
	if layers, ok := fields["per_layer_config"].(map[string]any); ok && len(layers) > 0 {
		return fmt.Errorf("per_layer_config makes layers that differ from each other, which isn't known here")
	}
	return nil
}

// wholeNumbers gives whole numbers the form that integers have, wherever they are in a value.
func wholeNumbers(value any) any {
	switch value := value.(type) {
	case json.Number:
		const exact = 1 << 53
		if x, err := value.Float64(); err == nil && x == math.Trunc(x) && math.Abs(x) < exact {
			return json.Number(strconv.FormatInt(int64(x), 10))
		}
	case []any:
		for i := range value {
			value[i] = wholeNumbers(value[i])
		}
	case map[string]any:
		for name := range value {
			value[name] = wholeNumbers(value[name])
		}
	}
	return value
}

// hasFile tells whether a directory has a file.
func hasFile(dir, name string) bool {
	_, err := os.Stat(filepath.Join(dir, name))
	return !errors.Is(err, fs.ErrNotExist)
}
