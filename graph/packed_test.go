package graph

import (
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/seahorse-ml/seahorse/internal/blocks"
	"github.com/seahorse-ml/seahorse/internal/kernels"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// memorySource is a Source of tensors in memory, matrices among them as blocks.
type memorySource struct {
	floats map[string]*tensor.Dense
	packed map[string]Packed
}

func (s memorySource) Names() (names []string) {
	for name := range s.floats {
		names = append(names, name)
	}
	return names
}

func (s memorySource) Shape(name string) ([]int, bool) {
	t, ok := s.floats[name]
	if !ok {
		return nil, false
	}
	return t.Shape(), true
}

func (s memorySource) Readable(string) error { return nil }

func (s memorySource) Read(name string, dst *tensor.Dense) error {
	from := s.floats[name].Data().([]float32)
	switch d := dst.Data().(type) {
	case []float32:
		copy(d, from)
	case []float64:
		for i, v := range from {
			d[i] = float64(v)
		}
	}
	return nil
}

func (s memorySource) Stored(name string) (Format, bool) {
	p, ok := s.packed[name]
	return p.Format, ok
}

func (s memorySource) Packed(name string) (Packed, error) {
	if s.packed[name].Data == nil {
		return Packed{}, errors.New("no data")
	}
	return s.packed[name], nil
}

// packedModel uses a matrix in all ways in which one can be used that is stored as blocks.
type packedModel struct {
	table, square, turned *Param // [12, 32], [32, 32], [32, 32]
	experts               []*Param
	x                     *Param // trained, so that gradients go through
}

func newPackedModel(p *Params) *packedModel {
	m := &packedModel{
		table: p.NewMatrix("table", Normal(1), 12, 32), square: p.NewMatrix("square", Normal(0.2), 32, 32), turned: p.NewMatrix("turned", Normal(0.2), 32, 32),
		x: p.New("x", Normal(1), 2, 3, 32),
	}
	for _, name := range []string{"e0", "e1", "e2"} {
		m.experts = append(m.experts, p.NewMatrix(name, Normal(0.2), 32, 32))
	}
	return m
}

func (m *packedModel) loss(g *Graph) *Node {
	ids := g.Input("ids", tensor.Int32, 2, 3)
	copy(Ints(ids), []int32{3, 11, 0, 3, 7, 5})
	targets := g.Input("targets", tensor.Int32, 2, 3)
	copy(Ints(targets), []int32{1, -1, 2, 11, 4, 0})
	h := g.Add(g.Param(m.x), g.Embedding(g.Param(m.table), ids))
	h = g.Linear(h, g.Param(m.square), nil, LinearConfig{})
	h = g.Linear(g.Activate(GELU, h), g.Param(m.turned), nil, LinearConfig{InOut: true})
	rows := g.Reshape(h, 6, 32)
	scores := g.Slice(rows, 0, 3)
	slots := g.Dispatch(scores, 1)
	weights := make([]*Node, len(m.experts))
	for i, e := range m.experts {
		weights[i] = g.Param(e)
	}
	y := g.Collect(g.GroupedLinear(g.Embedding(rows, slots.Rows), slots, weights), slots, 6)
	loss, _ := g.LinearCrossEntropy(y, g.Param(m.table), nil, targets, CrossEntropyConfig{})
	return loss
}

// trees returns trees of the same model: of matrices as blocks, and of the floats that they stand for.
func trees(t *testing.T, dt tensor.Dtype, storage Storage) (packed, floats *Params) {
	t.Helper()
	fresh := NewParams(tensor.Float32, 5)
	newPackedModel(fresh)
	source := memorySource{map[string]*tensor.Dense{}, map[string]Packed{}}
	for _, p := range fresh.All() {
		source.floats[p.Name] = p.Value()
		if p.Name == "square" || p.Name == "e1" {
			data := make([]byte, blocks.Q4_1.Size(p.Len()))
			blocks.Q4_1.Pack(data, Data[float32](p))
			source.packed[p.Name] = Packed{Format: blocks.Q4_1, Rows: 32, Cols: 32, Data: data}
		}
	}
	packed = LoadParams(dt, source)
	packed.PackMatrices(func(string, []int) Storage { return storage })
	newPackedModel(packed)
	if err := packed.Err(); err != nil {
		t.Fatal(err)
	}
	unpacked := memorySource{map[string]*tensor.Dense{}, nil}
	for _, p := range packed.All() {
		values := tensor.New(tensor.Of(tensor.Float32), tensor.WithShape(p.Shape...))
		switch d := p.Floats().Data().(type) {
		case []float32:
			copy(values.Data().([]float32), d)
		case []float64:
			for i, v := range d {
				values.Data().([]float32)[i] = float32(v)
			}
		}
		unpacked.floats[p.Name] = values
	}
	return packed, LoadParams(dt, unpacked)
}

// TestPackedParams holds a model of packed matrices to that of the floats that they stand for: losses and gradients have the same bits.
func TestPackedParams(t *testing.T) {
	for _, storage := range []Storage{{AsStored: true, Format: blocks.Q8_0}, {Format: blocks.Q5_0}, {AsStored: true}} {
		t.Run(storage.Format.String(), func(t *testing.T) {
			samePacked[float32](t, tensor.Float32, storage)
			samePacked[float64](t, tensor.Float64, storage)
		})
	}
}

func samePacked[T float32 | float64](t *testing.T, dt tensor.Dtype, storage Storage) {
	packed, floats := trees(t, dt, storage)
	var losses []float64
	var grads [][]T
	for _, tree := range []*Params{packed, floats} {
		var m *packedModel
		if tree == packed {
			all := packed.All()
			m = &packedModel{all[0], all[1], all[2], all[4:], all[3]}
		} else {
			m = newPackedModel(floats)
			for _, p := range floats.All() {
				p.Frozen = p.Name != "x"
			}
			if err := floats.Err(); err != nil {
				t.Fatal(err)
			}
		}
		g := New(Config{DType: dt})
		loss := m.loss(g)
		if err := g.Grad(loss); err != nil {
			t.Fatal(err)
		}
		machine, err := Compile(g, loss)
		if err != nil {
			t.Fatal(err)
		}
		if err := machine.RunAll(); err != nil {
			t.Fatal(err)
		}
		losses = append(losses, Scalar(loss))
		grads = append(grads, slices.Clone(GradData[T](m.x)))
		bytes := 0
		for _, p := range tree.All() {
			bytes += p.Bytes()
		}
		if machine.Memory().Parameters != bytes {
			t.Errorf("the machine counts %d bytes of parameters, they take %d", machine.Memory().Parameters, bytes)
		}
		machine.Close()
	}
	if losses[0] != losses[1] || math.IsNaN(losses[0]) {
		t.Errorf("%v: loss %v with blocks, %v with floats", dt, losses[0], losses[1])
	}
	if !slices.Equal(grads[0], grads[1]) {
		t.Errorf("%v: gradients differ", dt)
	}
}

// TestFrozenHeadTakesLess plans losses by a head that no gradient is found of, which take their logits in smaller parts.
func TestFrozenHeadTakesLess(t *testing.T) {
	const rows, in, vocab = 600, 2, 33_000
	logits := 4 * kernels.LogitElements[float32](kernels.LinearCrossEntropyConfig{Rows: rows, In: in, Vocab: vocab})
	losses := map[string]func(g *Graph, x, w, b, targets *Node) *Node{
		"cross entropy": func(g *Graph, x, w, b, targets *Node) *Node {
			loss, _ := g.LinearCrossEntropy(x, w, b, targets, CrossEntropyConfig{})
			return loss
		},
		"token losses": func(g *Graph, x, w, b, targets *Node) *Node {
			return g.Check(gorgonia.Sum(g.TokenLosses(x, w, b, targets, CrossEntropyConfig{})))
		},
	}
	for name, loss := range losses {
		for _, frozen := range []struct{ weight, bias bool }{{true, true}, {true, false}, {false, true}} {
			tree := NewParams(tensor.Float32, 1)
			x, w, b := tree.New("x", Normal(1), rows, in), tree.New("w", Zeros(), vocab, in), tree.New("b", Zeros(), vocab)
			w.Frozen, b.Frozen = frozen.weight, frozen.bias
			g := New(Config{})
			l := loss(g, g.Param(x), g.Param(w), g.Param(b), g.Input("targets", tensor.Int32, rows))
			if err := g.Grad(l); err != nil {
				t.Fatal(err)
			}
			m, err := EstimateMemory(g, l)
			if err != nil {
				t.Fatal(err)
			}
			if less := m.Arena < logits*7/10; less != (frozen.weight && frozen.bias) {
				t.Errorf("%s: %d bytes, frozen %+v; logits take %d beside a weight that is trained", name, m.Arena, frozen, logits)
			}
		}
	}
}

func TestPackedErrors(t *testing.T) {
	packed, _ := trees(t, tensor.Float32, Storage{Format: blocks.Q8_0})
	table := packed.All()[0]
	if table.Stored() != "q8_0" || table.Bytes() != 12*34 || table.Value() != nil || table.Packed().Rows != 12 || packed.All()[3].Stored() != "float32" {
		t.Errorf("a packed table is %v, %d bytes", table.Stored(), table.Bytes())
	}
	g := New(Config{})
	sum := g.Scale(g.Param(table), 2)
	if _, err := Compile(g, sum); err == nil || !strings.Contains(err.Error(), `reads the parameter "table", which is stored as Q8_0`) {
		t.Errorf("error %v", err)
	}
	g = New(Config{})
	table.Frozen = false
	if g.Param(table); g.Err() == nil || !strings.Contains(g.Err().Error(), "can't be trained") {
		t.Errorf("error %v", g.Err())
	}
	for _, c := range []struct {
		format Format
		want   string
	}{{blocks.Q4_K, "blocks of 256"}, {blocks.IQ4NL, "can be read, not made"}} {
		values := tensor.New(tensor.Of(tensor.Float32), tensor.WithShape(2, 32))
		p := LoadParams(tensor.Float32, memorySource{map[string]*tensor.Dense{"w": values}, nil})
		p.PackMatrices(func(string, []int) Storage { return Storage{Format: c.format} })
		p.NewMatrix("w", Zeros(), 2, 32)
		if err := p.Err(); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("error %v, expected %q in it", err, c.want)
		}
	}
	sketch := SketchParams(tensor.Float32, memorySource{map[string]*tensor.Dense{"w": tensor.New(tensor.Of(tensor.Float32), tensor.WithShape(2, 32))}, nil})
	sketch.PackMatrices(func(string, []int) Storage { return Storage{Format: blocks.Q8_0} })
	if w := sketch.NewMatrix("w", Zeros(), 2, 32); w.Bytes() != 68 || w.Packed().Data != nil || sketch.Err() != nil {
		t.Errorf("a sketch takes %d bytes: %v", w.Bytes(), sketch.Err())
	}
}
