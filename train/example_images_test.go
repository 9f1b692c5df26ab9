package train_test

import (
	"fmt"

	"github.com/seahorse-ml/seahorse/data"
	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/layers"
	"github.com/seahorse-ml/seahorse/train"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// bars is images of 8×8 with a bar each, lying, standing or slanting, among specks.
type bars struct{ rows int }

func (b bars) Len() int { return b.rows }

func (bars) Layout() data.Layout {
	return data.Layout{Targets: "kind", Inputs: []data.Input{
		{Name: "image", Type: data.Float, Shape: []int{1, 8, 8}},
		{Name: "kind", Padding: -1},
	}}
}

func (b bars) Fill(row data.Row, i int, _ uint64) {
	image, kind, x, y := row.Floats("image"), i%3, i/3%4, i/12%4
	for k := range 5 {
		image[8*(y+k*(kind+1)/2%5)+x+k*(1-kind%2)] = 1 // 0 slants, 1 stands, 2 slants less
	}
	image[i*29%64] += 0.3
	row.Ints("kind")[0] = int32(kind)
}

// convolutional is a net of Gorgonia's own operations behind a parameter, and a classifier.
type convolutional struct {
	params  *graph.Params
	filters *graph.Param
	output  *layers.Classifier
}

func (c convolutional) Params() []*graph.Param { return c.params.All() }

func (c convolutional) Loss(g *graph.Graph, b layers.Batch) layers.Loss {
	x := g.Check(gorgonia.Conv2d(b.Node(g, "image"), g.Param(c.filters), tensor.Shape{3, 3}, []int{1, 1}, []int{1, 1}, []int{1, 1}))
	x = g.Check(gorgonia.MaxPool2D(g.Check(gorgonia.Rectify(x)), tensor.Shape{2, 2}, []int{0, 0}, []int{2, 2}))
	x = g.Reshape(x, x.Shape()[0], 8*4*4)
	total, each := c.output.Loss(g, x, b.Node(g, "kind"), b.CrossEntropy())
	loss := layers.ClassLoss(g, total, each)
	alive := g.Check(gorgonia.Mean(g.Check(gorgonia.Sign(x)))) // the share of what is above 0
	loss.Figures = append(loss.Figures, layers.Figure{Name: "alive", Nodes: []*graph.Node{alive}})
	return loss
}

func imagesRun() (train.Model, train.Config) {
	p := graph.NewParams(tensor.Float32, 1)
	m := convolutional{p, p.New("filters", graph.Normal(0.3), 8, 1, 3, 3),
		layers.NewClassifier(layers.ClassifierConfig{Width: 8 * 4 * 4, Classes: 3}, p.Sub("output"))}
	c := train.DefaultConfig()
	c.Train, c.Validation, c.MaxSteps, c.Schedule.LearningRate = bars{480}, bars{96}, 100, 0.01
	return m, c
}

// A small convolutional net on images.
func Example_images() {
	fmt.Println(outOf1(learn(imagesRun), "accuracy", 0.95))
	// Output: accuracy at least 0.95
}
