package weights

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/internal/gguf"
	"github.com/seahorse-ml/seahorse/internal/safetensors"
	"github.com/seahorse-ml/seahorse/internal/torchfile"
)

// A Source is a graph.Source that is opened. What is read from it is converted from the type that it is stored in. Close it when
// everything was read; packed parameters keep what they need.
type Source interface {
	graph.Source
	io.Closer
}

// ErrNone says that a directory holds no weights.
var ErrNone = errors.New("no weights")

// Open opens a file, or the weights of a directory: model.safetensors or pytorch_model.bin, or the shards of an index of one
// of them, or a single GGUF file. The content tells a file's format. A GGUF file in parts opens by any of them; its tensors have the names that
// it gives them. Without weights, the error is an ErrNone.
func Open(path string) (Source, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("weights: %w", err)
	}
	if info.IsDir() {
		return openDir(path)
	}
	magic, err := firstBytes(path)
	if err != nil {
		return nil, fmt.Errorf("weights: %w", err)
	}
	switch {
	case magic == "GGUF":
		f, err := gguf.Open(path)
		if err != nil {
			return nil, fmt.Errorf("weights: %w", err)
		}
		return FromGGUF(f), nil
	case magic[:2] == "PK", magic[0] == 0x80: // a zip archive, or a pickle
		return opened(torchfile.Open(path))
	}
	return opened(safetensors.Open(path))
}

// firstBytes returns the first four bytes of a file, zeros where it has less.
func firstBytes(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	var magic [4]byte
	_, err = io.ReadFull(f, magic[:])
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		err = nil
	}
	return string(magic[:]), err
}

func openDir(dir string) (Source, error) {
	switch {
	case hasFile(dir, safetensors.FileName, safetensors.IndexName):
		return opened(safetensors.OpenDir(dir))
	case hasFile(dir, torchfile.FileName, torchfile.IndexName):
		return opened(torchfile.OpenDir(dir))
	}
	if path, err := ggufIn(dir); err != nil || path != "" {
		if err != nil {
			return nil, err
		}
		return Open(path)
	}
	return nil, fmt.Errorf("weights: %w in %s: it has neither %s nor %s, nor an index of their shards, nor a GGUF file", ErrNone, dir, safetensors.FileName, torchfile.FileName)
}

// ggufIn returns the GGUF file of a directory, or nothing if there is none. Parts of one file count once.
func ggufIn(dir string) (string, error) {
	paths, err := filepath.Glob(filepath.Join(dir, "*.gguf"))
	if err != nil {
		return "", fmt.Errorf("weights: %w", err)
	}
	paths = slices.DeleteFunc(paths, func(path string) bool {
		return strings.Contains(path, "-of-") && !strings.Contains(path, "-00001-of-")
	})
	if len(paths) > 1 {
		return "", fmt.Errorf("weights: %s has several GGUF files: %s and %s; name one of them", dir, filepath.Base(paths[0]), filepath.Base(paths[1]))
	}
	if len(paths) == 0 {
		return "", nil
	}
	return paths[0], nil
}

// Exist tells whether a file is there, or a directory holds weights, in whatever state.
func Exist(path string) bool {
	if info, err := os.Stat(path); err != nil || !info.IsDir() {
		return err == nil
	}
	paths, _ := filepath.Glob(filepath.Join(path, "*.gguf"))
	return len(paths) > 0 || hasFile(path, safetensors.FileName, safetensors.IndexName, torchfile.FileName, torchfile.IndexName)
}

// hasFile tells whether a directory has one of the files.
func hasFile(dir string, names ...string) bool {
	return slices.ContainsFunc(names, func(name string) bool {
		_, err := os.Stat(filepath.Join(dir, name))
		return !errors.Is(err, fs.ErrNotExist)
	})
}

// opened keeps an error from hiding a nil pointer in an interface.
func opened[S Source](s S, err error) (Source, error) {
	if err != nil {
		return nil, fmt.Errorf("weights: %w", err)
	}
	return s, nil
}
