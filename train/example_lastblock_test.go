package train_test

import (
	"errors"
	"fmt"
	"log"
	"os"
	"strings"

	"github.com/seahorse-ml/seahorse/data"
	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/layers"
	"github.com/seahorse-ml/seahorse/models"
	"github.com/seahorse-ml/seahorse/train"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// sure is a language model that tells how probable it finds the targets.
type sure struct{ models.CausalLM }

func (s sure) Loss(g *graph.Graph, b layers.Batch) layers.Loss {
	loss := s.CausalLM.Loss(g, b)
	p := g.Check(gorgonia.Exp(g.Scale(loss.Each, -1)))
	loss.Figures = append(loss.Figures, layers.Figure{Name: "probability", Nodes: []*graph.Node{p}})
	return loss
}

func lastBlockRun() (train.Model, train.Config) {
	dir := writeModel() // a model directory, from anywhere
	m, err := models.Open(dir, models.OpenConfig{})
	os.RemoveAll(dir)
	if err != nil {
		log.Fatal(err)
	}
	for _, p := range m.Params() {
		p.Frozen = !strings.HasPrefix(p.Name, "transformer.h.2.")
	}
	pairs, err := data.NewTokenBuilder(12)
	for i := range int32(60) { // each letter is completed by itself and the one after it
		a := i % 10
		err = errors.Join(err, pairs.Append([]int32{a, 11}, false), pairs.Append([]int32{a, (a + 1) % 10, 10}, true), pairs.EndDocument())
	}
	tokens, err2 := pairs.Tokens()
	rows, err3 := data.NewPacked(tokens, 16)
	if err := errors.Join(err, err2, err3); err != nil {
		log.Fatal(err)
	}
	c := train.DefaultConfig()
	c.Train, c.Validation, c.MaxSteps, c.Schedule.LearningRate = rows, rows, 200, 0.01
	return sure{m.(models.CausalLM)}, c
}

// A model that is read from its directory learns pairs of prompt and completion by its last block alone.
func Example_lastBlock() {
	fmt.Println(outOf1(learn(lastBlockRun), "accuracy", 0.9))
	// Output: accuracy at least 0.9
}

// writeModel writes a GPT-2 of no size.
func writeModel() string {
	dir, err := os.MkdirTemp("", "model")
	c := models.DefaultGPT2Config()
	c.VocabSize, c.NPositions, c.NEmbd, c.NLayer, c.NHead, c.BosTokenID, c.EosTokenID = 12, 16, 32, 3, 2, nil, nil
	c.EmbdDropout, c.AttnDropout, c.ResidDropout = 0, 0, 0
	m, err2 := models.NewGPT2(c, graph.NewParams(tensor.Float32, 1))
	if err := errors.Join(err, err2); err != nil {
		log.Fatal(err)
	}
	if err := m.Save(dir); err != nil {
		log.Fatal(err)
	}
	return dir
}
