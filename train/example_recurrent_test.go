package train_test

import (
	"fmt"
	"math/bits"

	"github.com/seahorse-ml/seahorse/data"
	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/layers"
	"github.com/seahorse-ml/seahorse/train"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// counts is series of six zeros and ones, and how many ones there are.
type counts struct{ first, rows int }

func (c counts) Len() int { return c.rows }

func (counts) Layout() data.Layout {
	return data.Layout{Inputs: []data.Input{{Name: "series", Type: data.Float, Shape: []int{6, 1}}, {Name: "ones", Type: data.Float, Shape: []int{1}}}}
}

func (c counts) Fill(row data.Row, i int, _ uint64) {
	n := (c.first + i*29) % 64
	for k := range 6 {
		row.Floats("series")[k] = float32(n >> k & 1)
	}
	row.Floats("ones")[0] = float32(bits.OnesCount(uint(n)))
}

// recurrent reads a series step by step (Elman, 1990).
type recurrent struct {
	params    *graph.Params
	in, state *graph.Param
	output    *layers.Linear
}

func (r recurrent) Params() []*graph.Param { return r.params.All() }

func (r recurrent) Loss(g *graph.Graph, b layers.Batch) layers.Loss {
	x, in, state := b.Node(g, "series"), g.Param(r.in), g.Param(r.state)
	var h *graph.Node
	for t := range 6 {
		step := g.Check(gorgonia.Slice(x, nil, gorgonia.S(t))) // [B, 1]
		sum := g.Check(gorgonia.Mul(g.Reshape(step, x.Shape()[0], 1), in))
		if h != nil {
			sum = g.Add(sum, g.Check(gorgonia.Mul(h, state)))
		}
		h = g.Check(gorgonia.Tanh(sum))
	}
	found, ones := r.output.Forward(g, h), b.Node(g, "ones")
	total, each := g.SquaredError(found, ones, graph.SquaredErrorConfig{Targets: b.Node(g, layers.Rows), Scale: b.Scale})
	return layers.ValueLoss(total, each, found, ones) // tells the squared error and the correlation
}

func recurrentRun() (train.Model, train.Config) {
	p := graph.NewParams(tensor.Float32, 2)
	m := recurrent{p, p.New("in", graph.Normal(0.5), 1, 12), p.New("state", graph.Normal(0.3), 12, 12),
		layers.NewLinear(layers.LinearConfig{In: 12, Out: 1, Bias: true}, p.Sub("output"))}
	c := train.DefaultConfig()
	c.Train, c.Validation, c.MaxSteps, c.Schedule.LearningRate = counts{0, 48}, counts{16, 48}, 300, 0.01
	return m, c
}

// A recurrent net on series, of Gorgonia's operations.
func Example_recurrent() {
	fmt.Println(outOf1(learn(recurrentRun), "pearson", 0.95))
	// Output: pearson at least 0.95
}
