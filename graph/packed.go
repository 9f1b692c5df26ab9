package graph

import (
	"fmt"
	"strings"

	"github.com/seahorse-ml/seahorse/internal/blocks"
	"github.com/seahorse-ml/seahorse/internal/kernels"
	"gorgonia.org/tensor"
)

// Format is how the elements of a tensor are stored, by the names of GGUF: F32, BF16, F16, Q8_0, Q4_K, ….
type Format = blocks.Kind

// Packed is a matrix that is stored as blocks, perhaps in a file that is mapped into memory.
type Packed struct {
	Format     Format
	Rows, Cols int
	Data       []byte // of the rows, one behind the other; nil in a sketch
	Hold       any    // keeps the data in memory, as a mapped file does; may be nil
}

func (p *Packed) matrix() kernels.Packed {
	return kernels.Packed{Kind: p.Format, Cols: p.Cols, Data: p.Data}
}

// A PackedSource is a Source that has tensors as blocks.
type PackedSource interface {
	Source
	// Stored returns the format of a matrix that Packed gives, without reading it, or false if it gives none of that name.
	Stored(name string) (Format, bool)
	// Packed returns a matrix as it is stored.
	Packed(name string) (Packed, error)
}

// Storage says how a tree that loads keeps a matrix.
type Storage struct {
	AsStored bool   // as the blocks that the source has, where it has some
	Format   Format // what other matrices are packed to; F32 leaves them as floats
}

// PackMatrices says how a tree that loads keeps its matrices that may be stored as blocks (see NewMatrix): those are frozen, and take the memory that their
// blocks take. The function gets names and shapes. Call it before parameters are made. Rows that a format's blocks don't divide are an error.
func (p *Params) PackMatrices(storage func(name string, shape []int) Storage) { p.tree.pack = storage }

// NewMatrix is New for a matrix that only operations read which read blocks too: Linear, Embedding, LinearCrossEntropy and
// GroupedLinear. It is kept as PackMatrices said.
func (p *Params) NewMatrix(name string, init Init, rows, cols int) *Param {
	t := p.tree
	if t.pack == nil || t.source == nil || rows <= 0 || cols <= 0 || t.byName[p.prefix+name] != nil {
		return p.New(name, init, rows, cols)
	}
	full := p.prefix + name
	if shape, ok := t.source.Shape(full); !ok || len(shape) != 2 || shape[0] != rows || shape[1] != cols {
		return p.New(name, init, rows, cols) // which tells what is wrong
	}
	storage := t.pack(full, []int{rows, cols})
	packed := &Packed{Format: storage.Format, Rows: rows, Cols: cols}
	source, _ := t.source.(PackedSource)
	asStored := false
	if source != nil && storage.AsStored {
		var format Format
		if format, asStored = source.Stored(full); asStored {
			packed.Format = format
		}
	}
	if packed.Format == blocks.F32 {
		return p.New(name, init, rows, cols)
	}
	param := &Param{Name: full, Shape: tensor.Shape{rows, cols}, Frozen: true, dtype: t.dtype, packed: packed}
	t.byName[full] = param
	t.all = append(t.all, param)
	if err := param.load(t, source, asStored); err != nil {
		t.errs = append(t.errs, fmt.Errorf("parameter %q: %w", full, err))
	}
	return param
}

// load fills the blocks of a packed parameter, but for a sketch.
func (p *Param) load(t *tree, source PackedSource, asStored bool) error {
	packed := p.packed
	switch {
	case !asStored && !packed.Format.Packs():
		return fmt.Errorf("%v can be read, not made", packed.Format)
	case !packed.Format.Fits(packed.Cols):
		return fmt.Errorf("rows of %d elements; %v has blocks of %d", packed.Cols, packed.Format, packed.Format.Elements())
	case t.sketch:
		return t.source.Readable(p.Name)
	case asStored:
		stored, err := source.Packed(p.Name)
		if err == nil && (stored.Format != packed.Format || len(stored.Data) != packed.Rows*packed.Format.Size(packed.Cols)) {
			err = fmt.Errorf("%d bytes of %v, expected %d × %d of %v", len(stored.Data), stored.Format, packed.Rows, packed.Cols, packed.Format)
		}
		packed.Data, packed.Hold = stored.Data, stored.Hold
		return err
	}
	values := tensor.New(tensor.Of(tensor.Float32), tensor.WithShape(packed.Rows, packed.Cols))
	if err := t.source.Read(p.Name, values); err != nil {
		return err
	}
	x, size := values.Data().([]float32), packed.Format.Size(packed.Cols)
	packed.Data = make([]byte, packed.Rows*size)
	spread(packed.Rows, 1, func(lo, hi int) {
		packed.Format.Pack(packed.Data[lo*size:hi*size], x[lo*packed.Cols:hi*packed.Cols])
	})()
	return nil
}

// Packed returns the blocks that the parameter is stored as, or nil for floats.
func (p *Param) Packed() *Packed { return p.packed }

// Stored names how the parameter is stored: float32, float64, or a format of blocks such as q4_k.
func (p *Param) Stored() string {
	if p.packed != nil {
		return strings.ToLower(p.packed.Format.String())
	}
	return p.dtype.String()
}

// Bytes returns the memory that the parameter's values take.
func (p *Param) Bytes() int {
	if p.packed != nil {
		return p.packed.Rows * p.packed.Format.Size(p.packed.Cols)
	}
	return p.Len() * int(p.dtype.Size())
}

// Floats returns the parameter's values, or an unpacked copy of those that are stored as blocks; a sketch has none.
func (p *Param) Floats() *tensor.Dense {
	if p.packed == nil || p.packed.Data == nil {
		return p.value
	}
	out := newDense(p.dtype, p.Shape)
	cols := p.packed.Cols
	spread(p.packed.Rows, 1, func(lo, hi int) {
		for r := lo; r < hi; r++ {
			switch d := out.Data().(type) {
			case []float32:
				kernels.UnpackRow(d[r*cols:][:cols], p.packed.matrix(), r)
			case []float64:
				kernels.UnpackRow(d[r*cols:][:cols], p.packed.matrix(), r)
			}
		}
	})()
	return out
}

// At returns element i of the parameter's values, of whatever form, in the order of rows.
func (p *Param) At(i int) float64 {
	if p.packed != nil {
		row := make([]float32, p.packed.Cols)
		kernels.UnpackRow(row, p.packed.matrix(), i/p.packed.Cols)
		return float64(row[i%p.packed.Cols])
	}
	switch d := p.value.Data().(type) {
	case []float32:
		return float64(d[i])
	case []float64:
		return d[i]
	}
	return 0
}

// HasValues tells whether the parameter has values, as floats or as blocks; those of a sketch have none.
func (p *Param) HasValues() bool { return p.value != nil || p.packed != nil && p.packed.Data != nil }

// givenParam is paramOf for any node, most of which are no parameters.
func givenParam(g *Graph, n *Node) *Param {
	if n.Op() != nil {
		return nil
	}
	return paramOf(g, n)
}
