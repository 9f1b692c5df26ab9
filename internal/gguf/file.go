// Package gguf reads and writes GGUF files: metadata of all types, and tensors in the formats of package blocks. Files are mapped
// into memory, and a file in several parts opens by any of them.
//
// Reading is strict: what lies outside of the file, overlaps, comes twice or has an unknown type is an error that names it, and
// what a file claims costs no more memory than the file is large.
package gguf

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"sync"

	"github.com/edsrzf/mmap-go"
)

// Keys with a meaning for the format.
const (
	AlignmentKey    = "general.alignment"
	ArchitectureKey = "general.architecture"

	splitCountKey   = "split.count"
	splitNumberKey  = "split.no"
	splitTensorsKey = "split.tensors.count"
)

const maxParts = 9999

// File is an opened file, or the opened parts of one.
type File struct {
	Path    string // of the first part
	Meta    Meta   // of the first part
	Tensors []Tensor

	byName map[string]int
	maps   []*Mapping
}

// Mapping is the memory that a part is mapped into. It lasts as long as a pointer to it is held, unless it is closed before.
type Mapping struct {
	once sync.Once
	data mmap.MMap
	kept bool
}

func (m *Mapping) close() (err error) {
	m.once.Do(func() { err = m.data.Unmap() })
	return err
}

// partName is the name of a part of a file.
var partName = regexp.MustCompile(`^(.*)-(\d{5})-of-(\d{5})\.gguf$`)

// Open opens a file, or all parts of the one that path is a part of.
func Open(path string) (*File, error) {
	f, err := open(path)
	if err != nil {
		return nil, fmt.Errorf("gguf: %w", err)
	}
	return f, nil
}

func open(path string) (*File, error) {
	f := &File{Path: path, byName: map[string]int{}}
	paths, err := f.parts(path)
	if err != nil {
		return nil, err
	}
	for i, part := range paths {
		if err := f.add(part, i, len(paths)); err != nil {
			f.Close()
			return nil, fmt.Errorf("%s: %w", part, err)
		}
	}
	if want, ok := f.Meta.Int(splitTensorsKey); ok && len(paths) > 1 && want != len(f.Tensors) {
		defer f.Close()
		return nil, fmt.Errorf("%s: the parts have %d tensors, expected %d", path, len(f.Tensors), want)
	}
	return f, nil
}

// parts returns the paths of a file's parts, in order.
func (f *File) parts(path string) ([]string, error) {
	name := partName.FindStringSubmatch(filepath.Base(path))
	if name == nil {
		return []string{path}, nil
	}
	n, _ := strconv.Atoi(name[3])
	if n < 1 || n > maxParts {
		return nil, fmt.Errorf("%s: %d parts; expected 1 to %d", path, n, maxParts)
	}
	var paths []string
	for i := range n {
		part := filepath.Join(filepath.Dir(path), fmt.Sprintf("%s-%05d-of-%05d.gguf", name[1], i+1, n))
		if _, err := os.Stat(part); err != nil {
			return nil, fmt.Errorf("%s is part of a file of %d parts: %w", path, n, err)
		}
		paths = append(paths, part)
	}
	f.Path = paths[0]
	return paths, nil
}

// add maps part i of n.
func (f *File) add(path string, i, n int) error {
	m, err := mapFile(path)
	if err != nil {
		return err
	}
	f.maps = append(f.maps, m)
	meta, tensors, err := parse(m.data)
	if err != nil {
		return err
	}
	number, _ := meta.Int(splitNumberKey)
	count, split := meta.Int(splitCountKey)
	switch {
	case n == 1 && split && count > 1:
		return fmt.Errorf("part %d of %d; give it the name that llama.cpp gives to parts, NAME-%05d-of-%05d.gguf", number+1, count, number+1, count)
	case n > 1 && (number != i || count != n):
		return fmt.Errorf("by its metadata it is part %d of %d, by its name %d of %d", number+1, count, i+1, n)
	}
	if i == 0 {
		f.Meta = meta
	}
	for _, t := range tensors {
		if _, ok := f.byName[t.Name]; ok {
			return fmt.Errorf("the tensor %q is in two parts", t.Name)
		}
		f.byName[t.Name] = len(f.Tensors)
		f.Tensors = append(f.Tensors, t)
	}
	return nil
}

func mapFile(path string) (*Mapping, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || info.Size() == 0 {
		return nil, errors.New("no GGUF file: it is empty or no file")
	}
	data, err := mmap.Map(file, mmap.RDONLY, 0)
	if err != nil {
		return nil, err
	}
	m := &Mapping{data: data}
	runtime.SetFinalizer(m, (*Mapping).close)
	return m, nil
}

// Tensor returns the tensor of a name.
func (f *File) Tensor(name string) (Tensor, bool) {
	i, ok := f.byName[name]
	if !ok {
		return Tensor{}, false
	}
	return f.Tensors[i], true
}

// Hold returns what keeps tensors' data in memory, even after Close: as long as it is reachable, the data are.
func (f *File) Hold() any {
	for _, m := range f.maps {
		m.kept = true
	}
	return slices.Clone(f.maps)
}

// Close unmaps what Hold doesn't keep.
func (f *File) Close() error {
	var errs []error
	for _, m := range f.maps {
		if !m.kept {
			errs = append(errs, m.close())
		}
	}
	f.maps, f.Tensors, f.byName = nil, nil, nil
	return errors.Join(errs...)
}

// Is tells whether a file begins as GGUF files do.
func Is(path string) bool {
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	var magic [4]byte
	n, _ := f.Read(magic[:])
	return n == 4 && string(magic[:]) == "GGUF"
}
