// Package shards finds the files that hold the tensors of a model directory: one with all
// of them, or several that an index lists, whatever their format.
package shards

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
)

// File is a file of tensors.
type File struct {
	Path  string
	Names []string // of the tensors that the index expects in it, sorted; nil means all that it has
}

// Find returns the file of a name in a directory, or where there is none the files that
// the index of another name lists. If there is neither, or a file that is listed is missing, the error is an fs.ErrNotExist.
func Find(dir, file, index string) ([]File, error) {
	if path := filepath.Join(dir, file); exists(path) {
		return []File{{Path: path}}, nil
	}
	path := filepath.Join(dir, index)
	if !exists(path) {
		return nil, fmt.Errorf("%s has neither %s nor %s: %w", dir, file, index, os.ErrNotExist)
	}
	return readIndex(dir, path)
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// readIndex reads what Hugging Face writes: weight_map, from tensors to files.
func readIndex(dir, path string) ([]File, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var index struct {
		WeightMap map[string]string `json:"weight_map"`
	}
	if err := json.Unmarshal(data, &index); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	names := map[string][]string{}
	for _, name := range slices.Sorted(maps.Keys(index.WeightMap)) {
		file := index.WeightMap[name]
		if !filepath.IsLocal(file) {
			return nil, fmt.Errorf("%s: tensor %q is in %q, outside of the directory", path, name, file)
		}
		names[file] = append(names[file], name)
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("%s lists no tensors in weight_map", path)
	}
	var files []File
	for _, file := range slices.Sorted(maps.Keys(names)) {
		f := File{filepath.Join(dir, file), names[file]}
		if _, err := os.Stat(f.Path); err != nil {
			return nil, fmt.Errorf("%s: tensor %q is in %q: %w", path, f.Names[0], file, err)
		}
		files = append(files, f)
	}
	return files, nil
}
