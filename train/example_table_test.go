package train_test

import (
	"fmt"

	"github.com/seahorse-ml/seahorse/data"
	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/layers"
	"github.com/seahorse-ml/seahorse/train"
	"gorgonia.org/tensor"
)

// wheel is rows of two features, places on a wheel, which has three sectors.
type wheel struct{ rows int }

func (w wheel) Len() int { return w.rows }

func (wheel) Layout() data.Layout {
	return data.Layout{Targets: "sector", Inputs: []data.Input{
		{Name: "place", Type: data.Float, Shape: []int{2}},
		{Name: "sector", Padding: -1},
	}}
}

func (w wheel) Fill(row data.Row, i int, _ uint64) {
	x, y := float32(i*37%101)/50-1, float32(i*53%97)/48-1
	copy(row.Floats("place"), []float32{x, y})
	switch {
	case x > 0:
		row.Ints("sector")[0] = 0
	case y > 0:
		row.Ints("sector")[0] = 1
	default:
		row.Ints("sector")[0] = 2
	}
}

// sectors is a classifier of such rows.
type sectors struct {
	params *graph.Params
	hidden *layers.Linear
	output *layers.Classifier
}

func (s sectors) Params() []*graph.Param { return s.params.All() }

func (s sectors) Loss(g *graph.Graph, b layers.Batch) layers.Loss {
	x := g.Activate(graph.GELU, s.hidden.Forward(g, b.Node(g, "place")))
	total, each := s.output.Loss(g, x, b.Node(g, "sector"), b.CrossEntropy())
	return layers.ClassLoss(g, total, each) // tells accuracy
}

func tableRun() (train.Model, train.Config) {
	p := graph.NewParams(tensor.Float32, 1)
	m := sectors{p, layers.NewLinear(layers.LinearConfig{In: 2, Out: 16, Bias: true}, p.Sub("hidden")),
		layers.NewClassifier(layers.ClassifierConfig{Width: 16, Classes: 3}, p.Sub("output"))}
	c := train.DefaultConfig()
	c.Train, c.Validation, c.MaxSteps, c.Schedule.LearningRate = wheel{1000}, wheel{100}, 300, 0.01
	return m, c
}

// A table of float features.
func Example_table() {
	fmt.Println(outOf1(learn(tableRun), "accuracy", 0.95))
	// Output: accuracy at least 0.95
}
