package train_test

import (
	"fmt"

	"github.com/seahorse-ml/seahorse/data"
	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/layers"
	"github.com/seahorse-ml/seahorse/train"
	"gorgonia.org/tensor"
)

// numbers is pairs of a number's digits in base 6 and in base 4.
type numbers struct{ first, rows int }

func (n numbers) Len() int { return n.rows }

func (numbers) Layout() data.Layout { // without targets each row counts
	return data.Layout{Inputs: []data.Input{{Name: "query", Shape: []int{3}}, {Name: "document", Shape: []int{4}}}}
}

func (n numbers) Fill(row data.Row, i int, _ uint64) {
	write := func(digits []int32, base int) {
		for k, v := 0, (n.first+i)*83%216; k < len(digits); k, v = k+1, v/base {
			digits[k] = int32(k*base + v%base) // each place has digits of its own
		}
	}
	write(row.Ints("query"), 6)
	write(row.Ints("document"), 4)
}

// tower makes a text a vector of length 1.
type tower struct {
	words *layers.Embedding
	up    *layers.FeedForward
}

func newTower(p *graph.Params) tower {
	return tower{layers.NewEmbedding(layers.EmbeddingConfig{Vocab: 18, Width: 32, Init: graph.Normal(1)}, p.Sub("words")),
		layers.NewFeedForward(layers.FeedForwardConfig{Width: 32, Hidden: 64, Activation: graph.GELU}, p.Sub("up"))}
}

func (t tower) encode(g *graph.Graph, ids *graph.Node) *graph.Node {
	x := layers.Pool(g, t.words.Forward(g, ids), nil, layers.PoolConfig{})
	return layers.Pool(g, g.Reshape(t.up.Forward(g, x), x.Shape()[0], 1, 32), nil, layers.PoolConfig{Normalize: true})
}

// towers finds the document of a query among those of the batch, by 20 times the cosine.
type towers struct {
	params             *graph.Params
	queries, documents tower
}

func (t towers) Params() []*graph.Param { return t.params.All() }

func (t towers) Loss(g *graph.Graph, b layers.Batch) layers.Loss {
	q, d := t.queries.encode(g, b.Node(g, "query")), t.documents.encode(g, b.Node(g, "document"))
	total, each := g.LinearCrossEntropy(g.Scale(q, 20), d, nil, b.Node(g, layers.Rows), b.CrossEntropy())
	return layers.ClassLoss(g, total, each)
}

func towersRun() (train.Model, train.Config) {
	p := graph.NewParams(tensor.Float32, 1)
	c := train.DefaultConfig()
	c.Train, c.Validation, c.MaxSteps, c.BatchSize, c.Schedule.LearningRate = numbers{0, 180}, numbers{180, 35}, 300, 16, 0.01
	return towers{p, newTower(p.Sub("queries")), newTower(p.Sub("documents"))}, c
}

// Two encoders with one loss over both.
func Example_towers() {
	fmt.Println(outOf1(learn(towersRun), "accuracy", 0.7))
	// Output: accuracy at least 0.7
}
