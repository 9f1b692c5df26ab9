// Package safetensors reads and writes tensors in the safetensors format, as one
// file or as the shards of an index. Files are mapped into memory and converted
// from float16, bfloat16, float32 or float64 as they are read.
package safetensors

import (
	"errors"
	"fmt"
	"math"
	"os"
	"slices"

	"github.com/edsrzf/mmap-go"
	format "github.com/nlpodyssey/safetensors"
	"github.com/seahorse-ml/seahorse/internal/memory"
	"github.com/seahorse-ml/seahorse/internal/shards"
	"gorgonia.org/tensor"
)

// Names of the files that a Hugging Face model directory keeps its tensors in.
const (
	FileName  = "model.safetensors"
	IndexName = "model.safetensors.index.json"
)

// A Source is an opened file, or the opened shards of an index. It is a
// graph.Source. Close it when everything was read.
type Source struct {
	views map[string]format.TensorView
	path  map[string]string // of the file that a tensor is in
	maps  []mmap.MMap
}

// Open maps one file.
func Open(path string) (*Source, error) {
	s := newSource()
	if err := s.add(path, nil); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

// OpenDir maps the tensors of a model directory: model.safetensors, or the
// shards that model.safetensors.index.json lists. If there is neither, the
// error is an fs.ErrNotExist.
func OpenDir(dir string) (*Source, error) {
	files, err := shards.Find(dir, FileName, IndexName)
	if err != nil {
		return nil, fmt.Errorf("safetensors: %w", err)
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
	return &Source{views: map[string]format.TensorView{}, path: map[string]string{}}
}

// add maps a file. Names are those that an index expects in it; nil takes all.
func (s *Source) add(path string, names []string) error {
	file, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("safetensors: %w", err)
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return fmt.Errorf("safetensors: %w", err)
	}
	if info.Size() < 8 {
		return fmt.Errorf("safetensors: %s: %d bytes, the file is truncated", path, info.Size())
	}
	m, err := mmap.Map(file, mmap.RDONLY, 0)
	if err != nil {
		return fmt.Errorf("safetensors: %s: %w", path, err)
	}
	s.maps = append(s.maps, m)
	tensors, err := format.Deserialize(m)
	if err != nil {
		return fmt.Errorf("safetensors: %s is truncated or no safetensors file: %w", path, err)
	}
	if names == nil {
		names = tensors.Names()
	}
	for _, name := range names {
		view, ok := tensors.Tensor(name)
		if !ok {
			return fmt.Errorf("safetensors: %s has no tensor %q, which the index expects there", path, name)
		}
		s.views[name], s.path[name] = view, path
	}
	return nil
}

// Names returns the names of all tensors, sorted.
func (s *Source) Names() []string {
	names := make([]string, 0, len(s.views))
	for name := range s.views {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// Shape returns the shape of a tensor, or false if there is none of that name.
func (s *Source) Shape(name string) ([]int, bool) {
	view, ok := s.views[name]
	if !ok {
		return nil, false
	}
	shape := make([]int, len(view.Shape()))
	for i, n := range view.Shape() {
		if n > math.MaxInt {
			return nil, false
		}
		shape[i] = int(n)
	}
	return shape, true
}

// Readable tells whether a tensor's elements are floating point numbers that Read converts.
func (s *Source) Readable(name string) error {
	view, ok := s.views[name]
	if !ok {
		return fmt.Errorf("safetensors: no tensor %q", name)
	}
	if err := checkFloats(view.DType()); err != nil {
		return fmt.Errorf("safetensors: %s: tensor %q: %w", s.path[name], name, err)
	}
	return nil
}

// Read fills dst, of float32, float64 or int32 and of the stored size, with a
// tensor's values. Integers are read as integers only.
func (s *Source) Read(name string, dst *tensor.Dense) error {
	view, ok := s.views[name]
	if !ok {
		return fmt.Errorf("safetensors: no tensor %q", name)
	}
	if err := decode(dst.Data(), view); err != nil {
		return fmt.Errorf("safetensors: %s: tensor %q: %w", s.path[name], name, err)
	}
	memory.Drop(view.Data())
	return nil
}

// Close unmaps the files.
func (s *Source) Close() error {
	var errs []error
	for i := range s.maps {
		errs = append(errs, s.maps[i].Unmap())
	}
	s.maps, s.views = nil, nil
	return errors.Join(errs...)
}
