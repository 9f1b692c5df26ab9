package runlog

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"go.yaml.in/yaml/v3"
)

// A Setting is an option of a run.
type Setting struct{ Key, Value string }

// ReadSettings reads the options of a run, in their order. A file that isn't there has none.
func ReadSettings(path string) ([]Setting, error) {
	raw, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	var all []Setting
	if err == nil {
		all, err = parseSettings(raw)
	}
	if err != nil {
		return nil, fmt.Errorf("runlog: %s: %w", filepath.Base(path), err)
	}
	return all, nil
}

// parseSettings returns the keys and values of a YAML mapping in their order. Lists are joined.
func parseSettings(raw []byte) ([]Setting, error) {
	var doc yaml.Node
	if err := yaml.Unmarshal(raw, &doc); err != nil {
		return nil, err
	}
	if len(doc.Content) == 0 || doc.Content[0].Kind != yaml.MappingNode {
		return nil, errors.New("expected lines of the form key: value")
	}
	var all []Setting
	entries := doc.Content[0].Content
	for i := 0; i+1 < len(entries); i += 2 {
		value := entries[i+1].Value
		for k, item := range entries[i+1].Content {
			if k > 0 {
				value += ", "
			}
			value += item.Value
		}
		all = append(all, Setting{entries[i].Value, value})
	}
	return all, nil
}
