package weights

import (
	"fmt"

	"github.com/seahorse-ml/seahorse/internal/gguf"
	"github.com/seahorse-ml/seahorse/internal/parallel"
	"gorgonia.org/tensor"
)

// ggufSource is a GGUF file as a Source.
type ggufSource struct{ file *gguf.File }

// FromGGUF returns an opened GGUF file as a Source, which closes it.
func FromGGUF(f *gguf.File) Source { return ggufSource{f} }

func (s ggufSource) Names() []string {
	names := make([]string, len(s.file.Tensors))
	for i, t := range s.file.Tensors {
		names[i] = t.Name
	}
	return names
}

func (s ggufSource) Shape(name string) ([]int, bool) {
	t, ok := s.file.Tensor(name)
	return t.Shape, ok
}

func (s ggufSource) Readable(name string) error {
	if _, ok := s.file.Tensor(name); !ok {
		return fmt.Errorf("weights: %s: no tensor %q", s.file.Path, name)
	}
	return nil
}

func (s ggufSource) Read(name string, dst *tensor.Dense) error {
	t, ok := s.file.Tensor(name)
	if !ok {
		return s.Readable(name)
	}
	if got := dst.Shape().TotalSize(); got != t.Len() {
		return fmt.Errorf("weights: %s: tensor %q has %d elements, expected %d", s.file.Path, name, t.Len(), got)
	}
	row := t.Shape[len(t.Shape)-1]
	rows, size := t.Len()/row, t.Kind.Size(row)
	var each func(r int)
	switch d := dst.Data().(type) {
	case []float32:
		each = func(r int) { t.Kind.Unpack(d[r*row:][:row], t.Data[r*size:][:size]) }
	case []float64:
		each = func(r int) {
			values := make([]float32, row)
			t.Kind.Unpack(values, t.Data[r*size:][:size])
			for i, v := range values {
				d[r*row+i] = float64(v)
			}
		}
	default:
		return fmt.Errorf("weights: %s: tensor %q can't be read into %T", s.file.Path, name, d)
	}
	parallel.Run(rows, func(_, r int) { each(r) })
	return nil
}

func (s ggufSource) Close() error { return s.file.Close() }
