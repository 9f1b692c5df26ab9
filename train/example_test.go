package train_test

import (
	"context"
	"fmt"
	"os"

	"github.com/seahorse-ml/seahorse/data"
	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/layers"
	"github.com/seahorse-ml/seahorse/train"
	"gorgonia.org/tensor"
)

// next predicts a token from the one before it by a table of logits.
type next struct{ embedding, head *graph.Param }

func (m *next) Params() []*graph.Param { return []*graph.Param{m.embedding, m.head} }

func (m *next) Loss(g *graph.Graph, b layers.Batch) layers.Loss {
	x := g.Embedding(g.Param(m.embedding), b.Node(g, layers.IDs))
	total, each := g.LinearCrossEntropy(x, g.Param(m.head), nil, b.Node(g, layers.Targets), b.CrossEntropy())
	return layers.TokenLoss(g, total, each)
}

// A model of one's own learns that after each letter comes the next one.
func ExampleTrainer() {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	if err := trainNext(dir); err != nil {
		fmt.Println(err)
	}
	// Output: a run of 200 steps: the loss is below 0.1
}

func trainNext(dir string) error {
	ids := make([]int32, 2000)
	for i := range ids {
		ids[i] = int32(i % 26)
	}
	tokens, err := data.NewTokens(ids, 26)
	if err != nil {
		return err
	}
	p := graph.NewParams(tensor.Float32, 1)
	m := &next{p.New("embedding", graph.Normal(0.1), 26, 16), p.New("head", graph.Normal(0.1), 26, 16)}
	if err := p.Err(); err != nil {
		return err
	}
	c := train.DefaultConfig()
	c.Dir, c.MaxSteps, c.Schedule.LearningRate = dir, 200, 0.05
	if c.Train, err = data.NewWindows(tokens, 10); err != nil {
		return err
	}
	t, err := train.New(m, c)
	if err != nil {
		return err
	}
	defer t.Close()
	if err := t.Run(context.Background()); err != nil {
		return err
	}
	result, err := train.Evaluate(context.Background(), m, c.Train, train.EvalConfig{BatchSize: 8})
	if err != nil {
		return err
	}
	if result.Loss < 0.1 {
		fmt.Println("a run of 200 steps: the loss is below 0.1")
	} else {
		fmt.Println("the loss is", result.Loss)
	}
	return nil
}
