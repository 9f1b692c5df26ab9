// Package torchfile reads the tensors of PyTorch's files, pytorch_model.bin, in both
// formats that torch.save has had: a zip archive, and before version 1.6 a sequence
// of pickles with the data behind them. Pickles are read as data only; a file that names
// other classes than those of tensors is refused, and nothing in it is run.
package torchfile

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"

	"github.com/seahorse-ml/seahorse/internal/shards"
	"gorgonia.org/tensor"
)

// Names of the files that a Hugging Face model directory keeps its tensors in.
const (
	FileName  = "pytorch_model.bin"
	IndexName = "pytorch_model.bin.index.json"
)

// A Source is an opened file, or the opened shards of an index. It is a
// graph.Source. Close it when everything was read.
type Source struct {
	views map[string]view
	path  map[string]string // of the file that a tensor is in
	files []*os.File
}

// Open opens one file.
func Open(path string) (*Source, error) {
	s := newSource()
	if err := s.add(path, nil); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

// OpenDir opens the tensors of a model directory: pytorch_model.bin, or the shards
// that pytorch_model.bin.index.json lists. If there is neither, the error is an
// fs.ErrNotExist.
func OpenDir(dir string) (*Source, error) {
	files, err := shards.Find(dir, FileName, IndexName)
	if err != nil {
		return nil, fmt.Errorf("torchfile: %w", err)
	}
	s := newSource()
	for _, f := range files {
		if err := s.add(f.Path, f.Names); err != nil {
			s.Close()
			return nil, err
		}
	}
	return s, nil
}

func newSource() *Source {
	return &Source{views: map[string]view{}, path: map[string]string{}}
}

// add opens a file. Names are those that an index expects in it; nil takes all.
func (s *Source) add(path string, names []string) error {
	file, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("torchfile: %w", err)
	}
	s.files = append(s.files, file)
	info, err := file.Stat()
	if err != nil {
		return fmt.Errorf("torchfile: %w", err)
	}
	views, err := parse(file, info.Size())
	if err != nil {
		return fmt.Errorf("torchfile: %s is truncated or no file of tensors: %w", path, err)
	}
	if names == nil {
		names = slices.Collect(maps.Keys(views))
	}
	for _, name := range names {
		v, ok := views[name]
		if !ok {
			return fmt.Errorf("torchfile: %s has no tensor %q, which the index expects there", path, name)
		}
		s.views[name], s.path[name] = v, path
	}
	return nil
}

// Names returns the names of all tensors, sorted.
func (s *Source) Names() []string { return slices.Sorted(maps.Keys(s.views)) }

// Shape returns the shape of a tensor, or false if there is none of that name.
func (s *Source) Shape(name string) ([]int, bool) {
	v, ok := s.views[name]
	return slices.Clone(v.shape), ok
}

// Readable tells whether a tensor's elements are floating point numbers.
func (s *Source) Readable(name string) error {
	v, ok := s.views[name]
	if !ok {
		return fmt.Errorf("torchfile: no tensor %q", name)
	}
	if err := v.checkFloats(); err != nil {
		return fmt.Errorf("torchfile: %s: tensor %q: %w", s.path[name], name, err)
	}
	return nil
}

// Read fills dst, of float32 or float64 and of the stored size, with a tensor's values.
func (s *Source) Read(name string, dst *tensor.Dense) error {
	v, ok := s.views[name]
	if !ok {
		return fmt.Errorf("torchfile: no tensor %q", name)
	}
	if err := v.read(dst.Data()); err != nil {
		return fmt.Errorf("torchfile: %s: tensor %q: %w", s.path[name], name, err)
	}
	return nil
}

// Close closes the files.
func (s *Source) Close() error {
	var errs []error
	for _, f := range s.files {
		errs = append(errs, f.Close())
	}
	s.files, s.views = nil, nil
	return errors.Join(errs...)
}
