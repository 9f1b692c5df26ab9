package train

import (
	"path/filepath"
	"testing"

	"github.com/seahorse-ml/seahorse/data"
	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/layers"
	"github.com/seahorse-ml/seahorse/models"
	"github.com/seahorse-ml/seahorse/optim"
	"gorgonia.org/tensor"
)

const (
	testVocab  = 23
	testLength = 8
)

// newTestModel returns a GPT-2 of one small layer, with dropout so that random numbers matter.
func newTestModel(t testing.TB, dt tensor.Dtype, dropout float64) *models.Decoder {
	t.Helper()
	return newGPT(t, dt, dropout, testVocab)
}

// newGPT is newTestModel with so many tokens.
func newGPT(t testing.TB, dt tensor.Dtype, dropout float64, vocabulary int) *models.Decoder {
	t.Helper()
	c := models.DefaultGPT2Config()
	c.VocabSize, c.NPositions, c.NEmbd, c.NLayer, c.NHead = vocabulary, testLength, 16, 1, 2
	c.EmbdDropout, c.AttnDropout, c.ResidDropout = dropout, dropout, dropout
	c.BosTokenID, c.EosTokenID = nil, nil
	m, err := models.NewGPT2(c, graph.NewParams(dt, 7))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// bigram is a model of the user's own: it is no Saver.
type bigram struct{ table, head *graph.Param }

func newBigram(t testing.TB) *bigram {
	t.Helper()
	p := graph.NewParams(tensor.Float32, 3)
	m := &bigram{p.New("table", graph.Normal(0.1), testVocab, 6), p.New("head", graph.Normal(0.1), testVocab, 6)}
	if err := p.Err(); err != nil {
		t.Fatal(err)
	}
	return m
}

func (m *bigram) Params() []*graph.Param { return []*graph.Param{m.table, m.head} }

func (m *bigram) Loss(g *graph.Graph, b layers.Batch) layers.Loss {
	x := g.Embedding(g.Param(m.table), b.Node(g, layers.IDs))
	total, each := g.LinearCrossEntropy(x, g.Param(m.head), nil, b.Node(g, layers.Targets), b.CrossEntropy())
	return layers.TokenLoss(g, total, each)
}

// testTokens returns n tokens in which each follows from the one before it, with exceptions.
func testTokens(t testing.TB, n int) *data.Tokens {
	t.Helper()
	ids := make([]int32, n)
	for i := range ids[1:] {
		ids[i+1] = (ids[i]*5 + 3) % testVocab
		if i%7 == 0 {
			ids[i+1] = int32(i*i) % testVocab
		}
	}
	tokens, err := data.NewTokens(ids, testVocab)
	if err != nil {
		t.Fatal(err)
	}
	return tokens
}

// testConfig returns a run of 40 steps with everything in it, in a directory that isn't there yet.
func testConfig(t testing.TB) Config {
	t.Helper()
	windows, err := data.NewWindows(testTokens(t, 600), testLength)
	if err != nil {
		t.Fatal(err)
	}
	validation, err := data.NewSequential(testTokens(t, 100), testLength)
	if err != nil {
		t.Fatal(err)
	}
	c := DefaultConfig()
	c.Dir, c.Train, c.Validation = filepath.Join(t.TempDir(), "run"), windows, validation
	c.MaxSteps, c.BatchSize, c.Accumulation, c.Seed = 40, 2, 2, 11
	c.Schedule = optim.Schedule{Decay: optim.Cosine, LearningRate: 1e-2, MinLearningRate: 1e-3, WarmupSteps: 4}
	c.LoggingSteps, c.EvalSteps, c.EvalBatchSize, c.SaveSteps = 3, 8, 5, 10
	return c
}

func newTestTrainer(t testing.TB, m Model, c Config) *Trainer {
	t.Helper()
	trainer, err := New(m, c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { trainer.Close() })
	return trainer
}
