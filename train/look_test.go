package train

import (
	"context"
	"math"
	"path/filepath"
	"testing"

	"github.com/seahorse-ml/seahorse/data"
	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/optim"
	"gorgonia.org/tensor"
)

// looker keeps what it is told of looks.
type looker struct {
	Silent
	steps []int
	norms map[int]float64 // of all gradients
	begun []int
}

func (l *looker) Begin(made int) error {
	l.begun = append(l.begun, made)
	return nil
}

func (l *looker) Looked(e LookEvent) error {
	l.steps = append(l.steps, e.Step)
	var squares float64
	for i := range e.Params {
		squares += e.Params[i].Gradients.Squares
	}
	l.norms[e.Step] = math.Sqrt(squares)
	return nil
}

// TestLooksChangeNothing makes a run that is looked at, and the same without.
func TestLooksChangeNothing(t *testing.T) {
	c := testConfig(t)
	want := straight(t, c)
	l := &looker{norms: map[int]float64{}}
	c.Dir, c.LookSteps, c.Callbacks = filepath.Join(t.TempDir(), "looked"), 7, []Callback{l}
	norms := map[int]float64{}
	c.Callbacks = append(c.Callbacks, hooks{step: func(e StepEvent) error { norms[e.Step] = e.GradNorm; return nil }})
	straight(t, c).compare(t, want)
	if len(l.steps) < 4 || l.steps[0] != 7 || l.steps[len(l.steps)-1] != c.MaxSteps || len(l.begun) != 1 || l.begun[0] != 0 {
		t.Errorf("looked at the steps %v, begun %v", l.steps, l.begun)
	}
	for step, norm := range l.norms {
		if math.Abs(norm-norms[step]) > 1e-5*norm {
			t.Errorf("step %d: the gradients have the norm %g, expected %g", step, norm, norms[step])
		}
	}
}

// TestLook holds what a step tells to what can be computed beside it.
func TestLook(t *testing.T) {
	m := newTestModel(t, tensor.Float32, 0)
	c := testConfig(t)
	const rate = 0.1
	s, err := NewStepper(m, StepperConfig{Rows: c.BatchSize, Layout: c.Train.Layout(), Accumulation: 2, Optimizer: func(params []*graph.Param) (optim.Optimizer, error) {
		return optim.NewSGD([]optim.Group{{Params: params, Rate: 1}}, optim.SGDConfig{})
	}})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for i, b := range s.Batches() {
		if err := data.FillSequential(b, c.Train, i*c.BatchSize); err != nil {
			t.Fatal(err)
		}
	}
	var before [][]float32
	for _, p := range s.params {
		before = append(before, append([]float32{}, graph.Data[float32](p)...))
	}
	var l Look
	s.Look(&l)
	if _, err := s.Step(context.Background(), rate); err != nil {
		t.Fatal(err)
	}
	if s.look != nil {
		t.Error("the next step looks too")
	}
	for i, p := range s.params {
		q := &l.Params[i]
		var squares, change, most float64
		for k, v := range graph.Data[float32](p) {
			squares += float64(before[i][k]) * float64(before[i][k])
			change += float64(v-before[i][k]) * float64(v-before[i][k])
			most = max(most, float64(before[i][k]))
		}
		if q.Name != p.Name || int(q.Weights.Count) != p.Len() || q.Weights.Max != most || math.Abs(q.Weights.Squares-squares) > 1e-6*squares {
			t.Errorf("%s: %d weights up to %g, their squares %g; expected %d, %g, %g", p.Name, q.Weights.Count, q.Weights.Max, q.Weights.Squares, p.Len(), most, squares)
		}
		if want := math.Sqrt(change / squares); p.Len() <= sampled && squares > 0 && math.Abs(q.Update-want) > 1e-6*want {
			t.Errorf("%s: the update is %g of the weights, expected %g", p.Name, q.Update, want)
		}
		if want := rate * q.Gradients.Norm(); math.Abs(math.Sqrt(change)-want) > 1e-3*want {
			t.Errorf("%s: the gradient has the norm %g, expected %g", p.Name, q.Gradients.Norm(), math.Sqrt(change)/rate)
		}
	}
	units, blocks := 0, 0
	for _, r := range l.Results {
		if r.Values.Count == 0 || r.Values.RMS() == 0 {
			t.Errorf("%s near %s has no values", r.Op, r.Near)
		}
		units += r.Units
		blocks = max(blocks, r.Block)
	}
	if units == 0 || len(l.Results) < 4 {
		t.Errorf("%d results with %d units, %d blocks", len(l.Results), units, blocks)
	}
}

func TestDeadUnits(t *testing.T) {
	if n := dead([]float32{0, 1, 0, 1e-5, 0, 2, 0, -3}, 4, 1e-3); n != 2 {
		t.Errorf("%d units of four are dead, expected 2", n)
	}
}
