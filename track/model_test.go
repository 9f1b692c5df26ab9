package track_test

import (
	"testing"

	"github.com/seahorse-ml/seahorse/data"
	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/layers"
	"github.com/seahorse-ml/seahorse/train"
	"gorgonia.org/tensor"
)

// numbers are rows of a number and its sign.
type numbers int

func (n numbers) Len() int { return int(n) }

func (numbers) Layout() data.Layout {
	return data.Layout{Targets: "sign", Inputs: []data.Input{{Name: "number", Type: data.Float, Shape: []int{1}}, {Name: "sign", Padding: -1}}}
}

func (n numbers) Fill(row data.Row, i int, _ uint64) {
	row.Floats("number")[0] = float32(i)/float32(n) - 0.5
	if 2*i > int(n) {
		row.Ints("sign")[0] = 1
	} else {
		row.Ints("sign")[0] = 0
	}
}

// signs is a model of them whose steps take next to no time.
type signs struct {
	params *graph.Params
	output *layers.Classifier
}

func (s signs) Params() []*graph.Param { return s.params.All() }

func (s signs) Loss(g *graph.Graph, b layers.Batch) layers.Loss {
	total, each := s.output.Loss(g, b.Node(g, "number"), b.Node(g, "sign"), b.CrossEntropy())
	return layers.ClassLoss(g, total, each)
}

// trainer returns one of a run of so many steps.
func trainer(t testing.TB, dir string, steps, logging int, callbacks ...train.Callback) *train.Trainer {
	t.Helper()
	p := graph.NewParams(tensor.Float32, 1)
	c := train.DefaultConfig()
	c.Dir, c.Train, c.MaxSteps, c.LoggingSteps, c.SaveSteps, c.Callbacks = dir, numbers(1000), steps, logging, 0, callbacks
	made, err := train.New(signs{p, layers.NewClassifier(layers.ClassifierConfig{Width: 1, Classes: 2}, p.Sub("output"))}, c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { made.Close() })
	return made
}
