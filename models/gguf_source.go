package models

import (
	"fmt"
	"strings"

	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/internal/blocks"
	"github.com/seahorse-ml/seahorse/internal/gguf"
	"github.com/seahorse-ml/seahorse/internal/memory"
	"gorgonia.org/tensor"
)

// ggufHeads are the sizes by which rows of projections are turned.
type ggufHeads struct{ query, key int }

// order returns for each row of a tensor in Hugging Face's order the row that llama.cpp stores it in; nil for the same.
func (h ggufHeads) order(change ggufChange, rows int) ([]int, error) {
	heads := h.query
	if change == turnedKey {
		heads = h.key
	}
	parts := 2
	if change == byHead {
		parts = 3
	}
	switch {
	case change != turnedQuery && change != turnedKey && change != byHead:
		return nil, nil
	case heads <= 0 || rows%(parts*heads) != 0:
		return nil, fmt.Errorf("%d rows can't be shared by %d heads", rows, heads)
	}
	size := rows / heads / parts
	order := make([]int, rows)
	for r := range order {
		head, part, i := r/(parts*size), r/size%parts, r%size
		if change == byHead {
			order[r] = (part*heads+head)*size + i
		} else {
			order[r] = head*parts*size + i*parts + part
		}
	}
	return order, nil
}

// ggufParam is how a parameter lies in a file.
type ggufParam struct {
	tensor gguf.Tensor
	change ggufChange
	rows   []int // see ggufHeads.order
}

// ggufSource gives the tensors of a GGUF file the names, shapes and orders that Hugging Face's have.
type ggufSource struct {
	path   string
	params map[string]ggufParam
	hold   func() any
}

// newGGUFSource finds the parameters in a file.
func newGGUFSource(f *gguf.File, layout ggufLayout, heads ggufHeads) (*ggufSource, error) {
	s := &ggufSource{path: f.Path, params: map[string]ggufParam{}, hold: f.Hold}
	for _, t := range f.Tensors {
		row, name, _, ok := layout.match(t.Name, true)
		if !ok {
			name = t.Name // which the model will not know
			for _, known := range layout.ignored {
				if known == t.Name {
					name = ""
				}
			}
		}
		switch {
		case name == "":
		case row.change == expertsAsOne:
			if err := s.addExperts(t, name); err != nil {
				return nil, err
			}
		default:
			if row.change == transposed && len(t.Shape) != 2 {
				row.change = asItIs // a bias
			}
			order, err := heads.order(row.change, t.Shape[0])
			if err != nil {
				return nil, fmt.Errorf("%s: tensor %q: %w", f.Path, t.Name, err)
			}
			s.params[name] = ggufParam{t, row.change, order}
		}
	}
	return s, nil
}

// addExperts cuts a tensor into the experts' matrices.
func (s *ggufSource) addExperts(t gguf.Tensor, name string) error {
	if len(t.Shape) != 3 {
		return fmt.Errorf("%s: tensor %q has shape %v, expected one matrix an expert", s.path, t.Name, t.Shape)
	}
	size := len(t.Data) / t.Shape[0]
	for e := range t.Shape[0] {
		part := t
		part.Shape, part.Data = t.Shape[1:], t.Data[e*size:][:size:size]
		s.params[strings.Replace(name, "@", fmt.Sprint(e), 1)] = ggufParam{tensor: part}
	}
	return nil
}

func (s *ggufSource) Names() []string {
	var names []string
	for name := range s.params {
		names = append(names, name)
	}
	return names
}

func (s *ggufSource) Shape(name string) ([]int, bool) {
	p, ok := s.params[name]
	if !ok {
		return nil, false
	}
	shape := p.tensor.Shape
	if p.change == transposed {
		shape = []int{shape[1], shape[0]}
	}
	return shape, true
}

func (s *ggufSource) Readable(name string) error {
	if _, ok := s.params[name]; !ok {
		return fmt.Errorf("%s: no tensor for %q", s.path, name)
	}
	return nil
}

// Read unpacks a parameter, and puts its elements where Hugging Face has them.
func (s *ggufSource) Read(name string, dst *tensor.Dense) error {
	p, ok := s.params[name]
	if !ok {
		return s.Readable(name)
	}
	if got := dst.Shape().TotalSize(); got != p.tensor.Len() {
		return fmt.Errorf("%s: tensor %q has %d elements, expected %d", s.path, p.tensor.Name, p.tensor.Len(), got)
	}
	switch d := dst.Data().(type) {
	case []float32:
		readGGUF(d, p)
	case []float64:
		readGGUF(d, p)
	default:
		return fmt.Errorf("%s: tensor %q can't be read into %T", s.path, p.tensor.Name, d)
	}
	memory.Drop(p.tensor.Data)
	return nil
}

func readGGUF[T float32 | float64](dst []T, p ggufParam) {
	t := p.tensor
	rows, cols := t.Shape[0], t.Len()/t.Shape[0]
	whole := t.Shape[len(t.Shape)-1] // what blocks are cut from
	values := make([]float32, whole)
	unpack := func(at int) []float32 { // elements from at on, whole rows
		t.Kind.Unpack(values, t.Data[t.Kind.Size(at):][:t.Kind.Size(whole)])
		return values
	}
	if len(t.Shape) == 1 {
		cols = 1
		unpack(0)
	}
	for r := range rows {
		from := r
		if p.rows != nil {
			from = p.rows[r]
		}
		for c := 0; c < cols; c += whole {
			row := values[from%len(values):][:1]
			if len(t.Shape) > 1 {
				row = unpack(from*cols + c)
			}
			for i, v := range row {
				if p.change == plusOne {
					v--
				}
				at := r*cols + c + i
				if p.change == transposed {
					at = (c+i)*rows + r
				}
				dst[at] = T(v)
			}
		}
	}
}

// Stored tells how a matrix is stored, if its rows are whole blocks that lie as they are computed with.
func (s *ggufSource) Stored(name string) (graph.Format, bool) {
	p, ok := s.params[name]
	if !ok || p.change == transposed || p.change == plusOne || len(p.tensor.Shape) != 2 || p.tensor.Kind == blocks.F32 {
		return 0, false
	}
	return p.tensor.Kind, true
}

// Packed returns a matrix as it lies in the file, but for one whose rows are turned: that is copied.
func (s *ggufSource) Packed(name string) (graph.Packed, error) {
	if _, ok := s.Stored(name); !ok {
		return graph.Packed{}, fmt.Errorf("%s: %q isn't stored as blocks of a matrix", s.path, name)
	}
	p := s.params[name]
	t := p.tensor
	packed := graph.Packed{Format: t.Kind, Rows: t.Shape[0], Cols: t.Shape[1], Data: t.Data}
	if p.rows == nil {
		packed.Hold = s.hold()
		return packed, nil
	}
	size := t.Kind.Size(t.Shape[1])
	packed.Data = make([]byte, 0, len(t.Data))
	for _, from := range p.rows {
		packed.Data = append(packed.Data, t.Data[from*size:][:size]...)
	}
	memory.Drop(t.Data)
	return packed, nil
}
