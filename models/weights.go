package models

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/internal/safetensors"
	"github.com/seahorse-ml/seahorse/internal/torchfile"
	"gorgonia.org/tensor"
)

// weights are the opened parameters of a directory.
type weights interface {
	graph.Source
	io.Closer
}

// openOrigin opens what is stored in a directory, in float32. Of a sketch nothing need be.
func openOrigin(dir string, sketch bool) (o origin, closeWeights func() error, err error) {
	o = origin{dt: tensor.Float32, sketch: sketch}
	source, err := openWeights(dir)
	switch {
	case err == nil:
		o.source = source
		return o, source.Close, nil
	case sketch && errors.Is(err, ErrNoWeights):
		return o, func() error { return nil }, nil
	}
	return o, nil, err
}

// ErrNoWeights says that a directory holds no weights.
var ErrNoWeights = errors.New("no weights")

// openWeights opens safetensors, or where there are none PyTorch's own files.
func openWeights(dir string) (weights, error) {
	switch {
	case hasFile(dir, safetensors.FileName, safetensors.IndexName):
		return opened(safetensors.OpenDir(dir))
	case hasFile(dir, torchfile.FileName, torchfile.IndexName):
		return opened(torchfile.OpenDir(dir))
	}
	return nil, fmt.Errorf("models: %w in %s: it has neither %s nor %s, nor an index of their shards", ErrNoWeights, dir, safetensors.FileName, torchfile.FileName)
}

// HasWeights tells whether a directory holds weights, in whatever state.
func HasWeights(dir string) bool {
	return hasFile(dir, safetensors.FileName, safetensors.IndexName, torchfile.FileName, torchfile.IndexName)
}

// hasFile tells whether a directory has one of the files.
func hasFile(dir string, names ...string) bool {
	return slices.ContainsFunc(names, func(name string) bool {
		_, err := os.Stat(filepath.Join(dir, name))
		return !errors.Is(err, fs.ErrNotExist)
	})
}

// opened keeps an error from hiding a nil pointer in an interface.
func opened[S weights](s S, err error) (weights, error) {
	if err != nil {
		return nil, fmt.Errorf("models: %w", err)
	}
	return s, nil
}
