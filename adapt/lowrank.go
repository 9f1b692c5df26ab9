package adapt

import (
	"fmt"
	"math"

	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/layers"
	"gorgonia.org/tensor"
)

// lowRank is the adapter of one projection: y = W·x + b + s·B·(A·x), or with a magnitude the same with each row of W + s·B·A brought to its
// length.
type lowRank struct {
	a         *graph.Param // [R, In]
	b         *graph.Param // [Out, R]
	bias      *graph.Param // [Out], scaled as the change; nil for none
	magnitude *graph.Param // [Out]; nil for none
	scale     float64
	dropout   float64
}

var (
	_ layers.Adapter      = (*lowRank)(nil)
	_ layers.GroupAdapter = (*lowRank)(nil)
)

// newLowRank makes the parameters in the layer's folder. A is drawn as PyTorch draws a new projection.
func newLowRank(l *layers.Linear, c LoRAConfig, rank int, scale float64, p *graph.Params) *lowRank {
	in, out := l.Sizes()
	r := &lowRank{scale: scale, dropout: c.Dropout}
	r.a = p.Sub("lora_A").New("weight", graph.Uniform(1/math.Sqrt(float64(in))), rank, in)
	r.b = p.Sub("lora_B").New("weight", graph.Zeros(), out, rank)
	if c.Bias {
		r.bias = p.Sub("lora_B").New("bias", graph.Zeros(), out)
	}
	if c.DoRA {
		r.magnitude = p.New("lora_magnitude_vector", graph.Zeros(), out)
		if !p.Loading() && r.magnitude.Value() != nil {
			measure(r.magnitude, l.Weight, l.InOut())
		}
	}
	return r
}

// Forward maps x [..., In] to [..., Out].
func (r *lowRank) Forward(g *graph.Graph, l *layers.Linear, x *graph.Node) *graph.Node {
	dropped := g.Dropout(x, r.dropout)
	if r.magnitude == nil {
		return g.Add(l.Base(g, x), r.change(g, dropped))
	}
	ratio := r.ratio(g, l)
	straight := plain(g, l, dropped)
	if dropped == x {
		return g.ScaleColumns(g.Add(straight, r.change(g, x)), ratio, node(g, l.Bias))
	}
	// What is dropped is dropped from the change of the directions only.
	turned := g.ScaleColumns(g.Add(straight, r.change(g, dropped)), ratio, nil)
	return g.Add(l.Base(g, x), g.Add(turned, g.Scale(straight, -1)))
}

// change returns s·B·(A·x).
func (r *lowRank) change(g *graph.Graph, x *graph.Node) *graph.Node {
	return g.Linear(r.inner(g, x), g.Param(r.b), r.scaledBias(g), graph.LinearConfig{})
}

// inner returns s·A·x.
func (r *lowRank) inner(g *graph.Graph, x *graph.Node) *graph.Node {
	return g.Scale(g.Linear(x, g.Param(r.a), nil, graph.LinearConfig{}), r.scale)
}

func (r *lowRank) scaledBias(g *graph.Graph) *graph.Node {
	if r.bias == nil {
		return nil
	}
	return g.Scale(g.Param(r.bias), r.scale)
}

// ratio returns the magnitude over the lengths of the rows of W + s·B·A.
func (r *lowRank) ratio(g *graph.Graph, l *layers.Linear) *graph.Node {
	return g.RowNormRatio(g.Param(r.magnitude), g.Param(l.Weight), g.Param(r.a), g.Param(r.b), r.scale, graph.LinearConfig{InOut: l.InOut()})
}

// Operands returns the operands of one product that is Forward's: the columns of A·x beside those of x, and B's beside those of W.
func (r *lowRank) Operands(g *graph.Graph, l *layers.Linear, x *graph.Node) (rows, weight, bias *graph.Node) {
	bias = node(g, l.Bias)
	if r.bias != nil {
		scaled := r.scaledBias(g)
		if bias != nil {
			scaled = g.Add(bias, scaled)
		}
		bias = scaled
	}
	dropped := g.Dropout(x, r.dropout)
	w, b, inner := g.Param(l.Weight), g.Param(r.b), r.inner(g, dropped)
	if r.magnitude == nil {
		return g.Join(x, inner), g.Join(w, b), bias
	}
	ratio := r.ratio(g, l)
	if dropped == x {
		return g.Join(x, inner), g.Weigh(g.Join(w, b), ratio, 0), bias
	}
	turned := g.Add(g.Weigh(w, ratio, 0), g.Scale(w, -1))
	return g.Join(g.Join(x, dropped), inner), g.Join(g.Join(w, turned), g.Weigh(b, ratio, 0)), bias
}

// Grouped is Forward of the projections of experts, each of the rows in its slots.
func (r *lowRank) Grouped(g *graph.Graph, group []*layers.Linear, rows *graph.Node, s graph.Slots) *graph.Node {
	var w, a, b []*graph.Node
	for _, l := range group {
		r, ok := l.Adapter.(*lowRank)
		if !ok || r.magnitude != nil || r.bias != nil {
			return g.Fail(fmt.Errorf("adapt: %s: of experts all get an adapter or none, without DoRA and biases", l.Name))
		}
		w, a, b = append(w, g.Param(l.Weight)), append(a, g.Param(r.a)), append(b, g.Param(r.b))
	}
	inner := g.Scale(g.GroupedLinear(g.Dropout(rows, r.dropout), s, a), r.scale)
	return g.Add(g.GroupedLinear(rows, s, w), g.GroupedLinear(inner, s, b))
}

// plain is the product without the bias.
func plain(g *graph.Graph, l *layers.Linear, x *graph.Node) *graph.Node {
	return g.Linear(x, g.Param(l.Weight), nil, graph.LinearConfig{InOut: l.InOut()})
}

// node returns the node of a parameter that may be nil.
func node(g *graph.Graph, p *graph.Param) *graph.Node {
	if p == nil {
		return nil
	}
	return g.Param(p)
}

// measure sets a magnitude to the lengths of a matrix's rows, or of its columns.
func measure(magnitude, weight *graph.Param, columns bool) {
	switch w := weight.Floats().Data().(type) {
	case []float32:
		lengths(graph.Data[float32](magnitude), w, columns)
	case []float64:
		lengths(graph.Data[float64](magnitude), w, columns)
	}
}

// lengths sets dst to the lengths of as many rows, or columns, as it has elements.
func lengths[T float32 | float64](dst, w []T, columns bool) {
	squares := make([]float64, len(dst))
	for i, v := range w {
		k := i % len(dst)
		if !columns {
			k = i / (len(w) / len(dst))
		}
		squares[k] += float64(v) * float64(v)
	}
	for k, v := range squares {
		dst[k] = T(math.Sqrt(v))
	}
}

// at returns the index of a weight from an input to an output.
func at(l *layers.Linear, o, i, in, out int) int {
	if l.InOut() {
		return i*out + o
	}
	return o*in + i
}

// merge puts the change into W.
func (r *lowRank) merge(l *layers.Linear) error {
	if l.Weight.Value() == nil {
		return fmt.Errorf("adapt: merge: %s has no values as floats (it is stored as %s)", l.Name, l.Weight.Stored())
	}
	if l.Weight.DType() == tensor.Float64 {
		mergeLowRank[float64](r, l)
	} else {
		mergeLowRank[float32](r, l)
	}
	return nil
}

func mergeLowRank[T float32 | float64](r *lowRank, l *layers.Linear) {
	in, out := l.Sizes()
	w, a, b, rank := graph.Data[T](l.Weight), graph.Data[T](r.a), graph.Data[T](r.b), r.a.Shape[0]
	var magnitude []T
	if r.magnitude != nil {
		magnitude = graph.Data[T](r.magnitude)
	}
	if r.bias != nil {
		bias := graph.Data[T](l.Bias)
		for o, v := range graph.Data[T](r.bias) {
			bias[o] += T(r.scale * float64(v))
		}
	}
	row := make([]float64, in)
	for o := range out {
		clear(row)
		for k := range rank {
			factor := r.scale * float64(b[o*rank+k])
			for i, v := range a[k*in : (k+1)*in] {
				row[i] += factor * float64(v)
			}
		}
		squares := 0.0
		for i := range row {
			row[i] += float64(w[at(l, o, i, in, out)])
			squares += row[i] * row[i]
		}
		length := 1.0
		if magnitude != nil {
			length = float64(magnitude[o]) / math.Sqrt(squares)
		}
		for i, v := range row {
			w[at(l, o, i, in, out)] = T(v * length)
		}
	}
}
