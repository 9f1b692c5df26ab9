package graph

import (
	"math"
	"slices"
	"testing"

	"github.com/seahorse-ml/seahorse/internal/blocks"
	"gorgonia.org/tensor"
)

func TestScaleColumnsGradient(t *testing.T) {
	leaves := []leaf{{"x", []int{3, 2, 5}}, {"s", []int{5}}, {"b", []int{5}}}
	checkGradient(t, leaves, func(g *Graph, n []*Node) *Node {
		return weightedSum(g, g.Add(g.ScaleColumns(n[0], n[1], n[2]), g.ScaleColumns(n[0], n[2], nil)))
	})
}

func TestJoinGradient(t *testing.T) {
	checkGradient(t, []leaf{{"x", []int{3, 2, 5}}, {"y", []int{3, 2, 4}}}, func(g *Graph, n []*Node) *Node {
		return weightedSum(g, g.Join(n[0], n[1]))
	})
}

func TestOverlayGradients(t *testing.T) {
	leaves := []leaf{{"table", []int{7, 3}}, {"rows", []int{3, 3}}}
	checkGradient(t, leaves, func(g *Graph, n []*Node) *Node {
		ids := g.Input("ids", tensor.Int32, 2, 4)
		copy(Ints(ids), []int32{0, 5, 2, 9, 2, 5, 5, 6})
		x := g.EmbeddingOverlaid(n[0], ids, Overlay{n[1], []int{5, 9, 0}}, 6)
		y := g.OverlayRows(n[0], Overlay{n[1], []int{4, 12, 1}})
		// The last id is the padding's, whose row has no gradient: it is left out of the sum.
		return g.Add(weightedSum(g, g.Slice(g.Reshape(x, 1, 24), 0, 21)), weightedSum(g, y))
	})
}

// TestRowNormRatio compares with the sum of the matrices, in both orders of storage.
func TestRowNormRatio(t *testing.T) {
	const rank, scale = 2, 0.7
	for _, c := range []struct {
		inOut   bool
		out, in int
	}{{false, 300, 5}, {true, 300, 5}, {true, 3, 9000}} {
		inOut, out, in := c.inOut, c.out, c.in
		p := NewParams(tensor.Float64, 3)
		shape := []int{out, in}
		if inOut {
			shape = []int{in, out}
		}
		m, w := p.New("m", Normal(1), out), p.New("w", Normal(1), shape...)
		a, b := p.New("a", Normal(1), rank, in), p.New("b", Normal(1), out, rank)
		g := New(Config{DType: tensor.Float64})
		ratio := g.RowNormRatio(g.Param(m), g.Param(w), g.Param(a), g.Param(b), scale, LinearConfig{InOut: inOut})
		loss := weightedSum(g, ratio)
		if err := g.Grad(loss); err == nil {
			t.Fatal("the norm has a gradient")
		}
		w.Frozen, a.Frozen, b.Frozen = true, true, true
		g = New(Config{DType: tensor.Float64})
		ratio = g.RowNormRatio(g.Param(m), g.Param(w), g.Param(a), g.Param(b), scale, LinearConfig{InOut: inOut})
		loss = weightedSum(g, ratio)
		if err := g.Grad(loss); err != nil {
			t.Fatal(err)
		}
		machine, err := Compile(g, ratio, loss)
		if err != nil {
			t.Fatal(err)
		}
		if err := machine.RunAll(); err != nil {
			t.Fatal(err)
		}
		for i := range out {
			sum := 0.0
			for k := range in {
				v := Data[float64](w)[i*in+k%in]
				if inOut {
					v = Data[float64](w)[k*out+i]
				}
				for r := range rank {
					v += scale * Data[float64](b)[i*rank+r] * Data[float64](a)[r*in+k]
				}
				sum += v * v
			}
			want := Data[float64](m)[i] / math.Sqrt(sum)
			if got := Floats[float64](ratio)[i]; math.Abs(got-want) > 1e-12*math.Abs(want) {
				t.Fatalf("in-out %v: ratio %d is %g, expected %g", inOut, i, got, want)
			}
			gradient := math.Sin(float64(3*i+1)) / math.Sqrt(sum)
			if got := GradData[float64](m)[i]; math.Abs(got-gradient) > 1e-12 {
				t.Fatalf("in-out %v: gradient %d is %g, expected %g", inOut, i, got, gradient)
			}
		}
		if err := machine.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// TestAdaptersOfBlocks compares what adapters make of a matrix that is stored as blocks with what they make of its floats, by the bit.
func TestAdaptersOfBlocks(t *testing.T) {
	const rows, cols, rank = 70, 64, 3
	fresh := NewParams(tensor.Float32, 5)
	w := fresh.New("w", Normal(1), rows, cols)
	data := make([]byte, blocks.Q4_1.Size(w.Len()))
	blocks.Q4_1.Pack(data, Data[float32](w))
	source := memorySource{map[string]*tensor.Dense{"w": w.Value()}, map[string]Packed{"w": {Format: blocks.Q4_1, Rows: rows, Cols: cols, Data: data}}}
	tree := LoadParams(tensor.Float32, source)
	tree.PackMatrices(func(string, []int) Storage { return Storage{AsStored: true} })
	packed := tree.NewMatrix("w", Init{}, rows, cols)
	if err := tensor.Copy(w.Value(), packed.Floats()); err != nil {
		t.Fatal(err)
	}
	byRow, byCol := fresh.New("rows", Normal(1), rows, rank), fresh.New("columns", Normal(1), rank, cols)
	inTurned, outTurned := fresh.New("a", Normal(1), rank, rows), fresh.New("b", Normal(1), cols, rank)
	lengths, turned := fresh.New("lengths", Normal(1), rows), fresh.New("turned", Normal(1), cols)
	for name, make := range map[string]func(g *Graph, w *Node) *Node{
		"row norms": func(g *Graph, w *Node) *Node {
			return g.RowNormRatio(g.Param(lengths), w, g.Param(byCol), g.Param(byRow), 0.5, LinearConfig{})
		},
		"column norms": func(g *Graph, w *Node) *Node {
			return g.RowNormRatio(g.Param(turned), w, g.Param(inTurned), g.Param(outTurned), 0.5, LinearConfig{InOut: true})
		},
		"join":    func(g *Graph, w *Node) *Node { return g.Join(w, g.Param(byRow)) },
		"overlay": func(g *Graph, w *Node) *Node { return g.OverlayRows(w, Overlay{g.Param(byCol), []int{69, 0, 7}}) },
	} {
		var results [][]float32
		for _, w := range []*Param{w, packed} {
			g := New(Config{})
			y := make(g, g.Param(w))
			machine, err := Compile(g, y)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			defer machine.Close()
			if err := machine.RunAll(); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			results = append(results, slices.Clone(Floats[float32](y)))
		}
		if !slices.Equal(results[0], results[1]) || math.IsNaN(float64(results[0][0])) {
			t.Errorf("%s: blocks and floats differ", name)
		}
	}
}

func TestTransposeGradient(t *testing.T) {
	checkGradient(t, []leaf{{"x", []int{3, 5}}}, func(g *Graph, n []*Node) *Node {
		return weightedSum(g, g.Transpose(n[0]))
	})
}
