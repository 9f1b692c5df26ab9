package models

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/internal/safetensors"
	"github.com/seahorse-ml/seahorse/internal/torchfile"
)

// weights are the opened parameters of a directory.
type weights interface {
	graph.Source
	io.Closer
}

// openWeights opens safetensors, or where there are none PyTorch's own files.
func openWeights(dir string) (weights, error) {
	has := func(names ...string) bool {
		for _, name := range names {
			if _, err := os.Stat(filepath.Join(dir, name)); !errors.Is(err, fs.ErrNotExist) {
				return true
			}
		}
		return false
	}
	switch {
	case has(safetensors.FileName, safetensors.IndexName):
		return opened(safetensors.OpenDir(dir))
	case has(torchfile.FileName, torchfile.IndexName):
		return opened(torchfile.OpenDir(dir))
	}
	return nil, fmt.Errorf("models: %s has neither %s nor %s, nor an index of their shards", dir, safetensors.FileName, torchfile.FileName)
}

// opened keeps an error from hiding a nil pointer in an interface.
func opened[S weights](s S, err error) (weights, error) {
	if err != nil {
		return nil, fmt.Errorf("models: %w", err)
	}
	return s, nil
}
