package train

import (
	"context"
	"math"
	"testing"

	"github.com/seahorse-ml/seahorse/data"
	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/models"
	"github.com/seahorse-ml/seahorse/optim"
	"gorgonia.org/tensor"
)

// valued is a dataset of two values at each token, a linear function of it; the third of a row doesn't count.
type valued struct {
	rows int
	base float32
}

func (d valued) Len() int                   { return d.rows }
func (valued) Layout() data.Layout          { return data.Layout{Length: 3, Values: 2} }
func (d valued) value(token, c int) float32 { return d.base + float32((c*2-1)*token) }

func (d valued) Fill(row data.Row, i int, _ uint64) int {
	for k := range row.IDs {
		row.IDs[k] = int32((i*5 + k*3) % testVocab)
		row.Targets[k] = 0
		for c := range 2 {
			row.Values[2*k+c] = d.value(int(row.IDs[k]), c)
		}
	}
	row.Targets[2] = data.Ignored
	return 2
}

// table predicts two values for each token.
type table struct{ values *graph.Param }

func newTable(t testing.TB, dt tensor.Dtype) *table {
	t.Helper()
	p := graph.NewParams(dt, 3)
	m := &table{p.New("values", graph.Normal(1), testVocab, 2)}
	if err := p.Err(); err != nil {
		t.Fatal(err)
	}
	return m
}

func (m *table) Params() []*graph.Param { return []*graph.Param{m.values} }

func (m *table) Loss(g *graph.Graph, b models.Batch) (loss, rowLosses *graph.Node) {
	return g.SquaredError(g.Embedding(g.Param(m.values), b.IDs), b.Values, graph.SquaredErrorConfig{Targets: b.Targets, Scale: b.Scale})
}

// TestEvaluateRegression compares an evaluation with the formulas in their plain form.
func TestEvaluateRegression(t *testing.T) {
	d := valued{11, 1000}
	for dt, tolerance := range map[tensor.Dtype]float64{tensor.Float64: 1e-9, tensor.Float32: 1e-5} {
		m := newTable(t, dt)
		at := func(token, c int) float64 {
			if dt == tensor.Float32 {
				return float64(graph.Data[float32](m.values)[2*token+c])
			}
			return graph.Data[float64](m.values)[2*token+c]
		}
		var x, y [2][]float64
		squares := 0.0
		b := data.NewBatch(d.rows, d.Layout())
		if err := data.FillSequential(b, d, 0); err != nil {
			t.Fatal(err)
		}
		for i, target := range b.Targets {
			for c := range 2 {
				if target >= 0 {
					p, v := at(int(b.IDs[i]), c), float64(b.Values[2*i+c])
					x[c], y[c] = append(x[c], p), append(y[c], v)
					squares += (p - v) * (p - v) / 2
				}
			}
		}
		mse, pearson := squares/float64(len(x[0])), (plainPearson(x[0], y[0])+plainPearson(x[1], y[1]))/2
		e, err := Evaluate(context.Background(), m, d, EvalConfig{BatchSize: 4})
		if err != nil {
			t.Fatal(err)
		}
		if e.Targets != 22 || e.Accuracy != nil || math.Abs(*e.MSE/mse-1) > tolerance || e.Loss != *e.MSE || math.Abs(*e.Pearson-pearson) > tolerance {
			t.Errorf("%v: got %v and %d targets, expected a mean squared error of %g and a correlation of %g", dt, e, e.Targets, mse, pearson)
		}
	}
}

func plainPearson(x, y []float64) float64 {
	mean := func(v []float64) (m float64) {
		for _, a := range v {
			m += a / float64(len(v))
		}
		return m
	}
	mx, my := mean(x), mean(y)
	var xx, yy, xy float64
	for i := range x {
		xx += (x[i] - mx) * (x[i] - mx)
		yy += (y[i] - my) * (y[i] - my)
		xy += (x[i] - mx) * (y[i] - my)
	}
	return xy / math.Sqrt(xx*yy)
}

// TestCorrelationOfConstants has none, rather than no number.
func TestCorrelationOfConstants(t *testing.T) {
	m := newTable(t, tensor.Float64)
	clear(graph.Data[float64](m.values))
	e, err := Evaluate(context.Background(), m, valued{5, 0}, EvalConfig{BatchSize: 5})
	if err != nil || e.Pearson != nil || e.MSE == nil {
		t.Errorf("got %v, %v", e, err)
	}
}

// TestRegressionLearns also accumulates gradients, whose scale is that of the targets.
func TestRegressionLearns(t *testing.T) {
	c := testConfig(t)
	c.Train, c.Validation, c.MaxSteps = valued{40, 0}, valued{9, 0}, 400
	c.Schedule.LearningRate, c.Schedule.MinLearningRate, c.EvalSteps = 0.5, 0.05, 100
	c.Optimizer = func(params []*graph.Param) (optim.Optimizer, error) {
		return optim.NewAdam(optim.Groups(params, 0), optim.DefaultAdamConfig())
	}
	m := newTable(t, tensor.Float32)
	if err := newTestTrainer(t, m, c).Run(context.Background()); err != nil {
		t.Fatal(err)
	}
	e, err := Evaluate(context.Background(), m, c.Validation, EvalConfig{BatchSize: 4})
	if err != nil || *e.MSE > 1 || *e.Pearson < 0.99 {
		t.Errorf("after 400 steps %v, %v", e, err)
	}
}

// TestAccuracy compares an evaluation with the best scores, found one by one.
func TestAccuracy(t *testing.T) {
	c := testConfig(t)
	m := newBigram(t)
	trainer := newTestTrainer(t, m, c)
	if err := trainer.Run(context.Background()); err != nil {
		t.Fatal(err)
	}
	b := data.NewBatch(c.Validation.Len(), c.Validation.Layout())
	if err := data.FillSequential(b, c.Validation, 0); err != nil {
		t.Fatal(err)
	}
	embedding, head := graph.Data[float32](m.table), graph.Data[float32](m.head)
	right := 0
	for i, target := range b.Targets {
		if target < 0 {
			continue
		}
		best, top := 0, math.Inf(-1)
		for v := range testVocab {
			z := 0.0
			for k := range 6 {
				z += float64(embedding[int(b.IDs[i])*6+k]) * float64(head[v*6+k])
			}
			if z > top {
				best, top = v, z
			}
		}
		if best == int(target) {
			right++
		}
	}
	e, err := Evaluate(context.Background(), m, c.Validation, EvalConfig{BatchSize: 5})
	if err != nil {
		t.Fatal(err)
	}
	if want := float64(right) / float64(b.Count); *e.Accuracy != want || right == 0 || right == b.Count {
		t.Errorf("accuracy %g, expected %g", *e.Accuracy, want)
	}
	if last := trainer.last; last.EvalAccuracy == nil || *last.EvalAccuracy != *e.Accuracy {
		t.Errorf("the run's last metrics %+v don't have it", last)
	}
}
