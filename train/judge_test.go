package train

import (
	"context"
	"math"
	"slices"
	"testing"

	"github.com/seahorse-ml/seahorse/data"
	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/layers"
	"github.com/seahorse-ml/seahorse/optim"
	"gorgonia.org/tensor"
)

// valued is a dataset of two values at each token, a linear function of it; the third of a row doesn't count.
type valued struct {
	rows int
	base float32
}

func (d valued) Len() int                   { return d.rows }
func (valued) Layout() data.Layout          { return data.TokenLayout{Length: 3, Values: 2}.Layout() }
func (d valued) value(token, c int) float32 { return d.base + float32((c*2-1)*token) }

func (d valued) Fill(row data.Row, i int, _ uint64) {
	ids, targets, values := row.Ints(data.IDs), row.Ints(data.Targets), row.Floats(data.Values)
	for k := range ids {
		ids[k], targets[k] = int32((i*5+k*3)%testVocab), 0
		for c := range 2 {
			values[2*k+c] = d.value(int(ids[k]), c)
		}
	}
	targets[2] = data.Ignored
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

func (m *table) Loss(g *graph.Graph, b layers.Batch) layers.Loss {
	predicted, values := g.Embedding(g.Param(m.values), b.Node(g, layers.IDs)), b.Node(g, layers.Values)
	total, each := g.SquaredError(predicted, values, graph.SquaredErrorConfig{Targets: b.Node(g, layers.Targets), Scale: b.Scale})
	return layers.ValueLoss(total, each, predicted, values)
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
		for i, target := range b.Ints(data.Targets) {
			for c := range 2 {
				if target >= 0 {
					p, v := at(int(b.Ints(data.IDs)[i]), c), float64(b.Floats(data.Values)[2*i+c])
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
		if e.Targets != 22 || e.Tokens || len(e.Figures) != 2 || math.Abs(figure(e, "mse")/mse-1) > tolerance || e.Loss != figure(e, "mse") || math.Abs(figure(e, "pearson")-pearson) > tolerance {
			t.Errorf("%v: got %v and %d targets, expected a mean squared error of %g and a correlation of %g", dt, e, e.Targets, mse, pearson)
		}
	}
}

// figure returns a figure of an evaluation, no number where there is none.
func figure(e Evaluation, name string) float64 {
	if v, ok := e.Figures.Get(name); ok {
		return v
	}
	return math.NaN()
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
	if err != nil || len(e.Figures) != 1 || e.Figures[0].Name != "mse" {
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
	if err != nil || figure(e, "mse") > 1 || !(figure(e, "pearson") > 0.99) {
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
	for i, target := range b.Ints(data.Targets) {
		if target < 0 {
			continue
		}
		best, top := 0, math.Inf(-1)
		for v := range testVocab {
			z := 0.0
			for k := range 6 {
				z += float64(embedding[int(b.Ints(data.IDs)[i])*6+k]) * float64(head[v*6+k])
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
	if want := float64(right) / float64(b.Count); figure(e, "accuracy") != want || right == 0 || right == b.Count {
		t.Errorf("accuracy %g, expected %g", figure(e, "accuracy"), want)
	}
	if last := trainer.last; !slices.Equal(last.EvalFigures, e.Figures) || len(e.Figures) != 1 {
		t.Errorf("the run's last metrics %+v don't have it", last)
	}
}
