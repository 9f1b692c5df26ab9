package train

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/seahorse-ml/seahorse/data"
	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/optim"
	"gorgonia.org/tensor"
)

func newTestStepper(t testing.TB, m Model, rows, accumulation int) *Stepper {
	t.Helper()
	s, err := NewStepper(m, StepperConfig{Rows: rows, Layout: data.TokenLayout{Length: testLength}.Layout(), Accumulation: accumulation, Seed: 5})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// fillRows fills the micro-batches with consecutive rows, of which every third position of every second row is ignored.
func fillRows(t testing.TB, s *Stepper, d data.Dataset, first int) {
	t.Helper()
	row := first
	for _, b := range s.Batches() {
		if err := data.FillSequential(b, d, row); err != nil {
			t.Fatal(err)
		}
		for i := range b.Ints(data.Targets) {
			if r := row + i/testLength; r%2 == 0 && i%testLength%3 == 0 {
				b.Ints(data.Targets)[i] = data.Ignored
				b.Count--
			}
		}
		row += b.Rows
	}
}

// TestAccumulationEqualsOneLargeBatch has micro-batches with different numbers of targets, so that a
// mean of means would be off.
func TestAccumulationEqualsOneLargeBatch(t *testing.T) {
	d := testConfig(t).Train
	var results [][]StepResult
	var values [][]float64
	for _, shape := range []struct{ rows, accumulation int }{{4, 1}, {2, 2}, {1, 4}} {
		m := newTestModel(t, tensor.Float64, 0)
		s := newTestStepper(t, m, shape.rows, shape.accumulation)
		var all []StepResult
		for step := range 3 {
			fillRows(t, s, d, 4*step)
			r, err := s.Step(context.Background(), 1e-2)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, r)
		}
		results = append(results, all)
		values = append(values, slices.Clone(graph.Data[float64](m.Params()[0])))
	}
	for k := range results {
		for i, r := range results[k] {
			want := results[0][i]
			if math.Abs(r.Loss-want.Loss) > 1e-12 || math.Abs(r.GradNorm-want.GradNorm) > 1e-11 || r.Targets != want.Targets {
				t.Errorf("shape %d, step %d: %+v, as one batch %+v", k, i, r, want)
			}
		}
		for i, v := range values[k] {
			if math.Abs(v-values[0][i]) > 1e-9 { // Adam divides by gradients that are as small as 1e-3
				t.Fatalf("shape %d: weight %d is %.12g, as one batch %.12g", k, i, v, values[0][i])
			}
		}
	}
}

func TestStepAllocatesNothing(t *testing.T) {
	s := newTestStepper(t, newTestModel(t, tensor.Float32, 0.1), 2, 2)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	fillRows(t, s, testConfig(t).Train, 0)
	if n := testing.AllocsPerRun(20, func() {
		if _, err := s.Step(ctx, 1e-3); err != nil {
			t.Fatal(err)
		}
	}); n > 0 {
		t.Errorf("a step allocates %g objects", n)
	}
}

// failingOptimizer reports gradients that aren't finite.
type failingOptimizer struct{ optim.Optimizer }

func (failingOptimizer) Step(float64) (float64, error) { return math.NaN(), optim.ErrNotFinite }

func TestStepThatFailsChangesNothing(t *testing.T) {
	ctx := context.Background()
	ended, cancel := context.WithCancel(ctx)
	cancel()
	for _, test := range []struct {
		name    string
		prepare func(s *Stepper) context.Context
		want    error
	}{
		{"context", func(*Stepper) context.Context { return ended }, context.Canceled},
		{"gradient", func(s *Stepper) context.Context { s.optimizer = failingOptimizer{s.optimizer}; return ctx }, optim.ErrNotFinite},
		{"gradient", func(s *Stepper) context.Context { s.optimizer = failingOptimizer{s.optimizer}; return ctx }, ErrDiverged},
		{"id", func(s *Stepper) context.Context { s.batches[1].Ints(data.IDs)[3] = testVocab; return ctx }, nil},
		{"no targets", func(s *Stepper) context.Context { s.batches[0].Count, s.batches[1].Count = 0, 0; return ctx }, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			m := newTestModel(t, tensor.Float32, 0.1)
			s := newTestStepper(t, m, 2, 2)
			before := slices.Clone(graph.Data[float32](m.Params()[0]))
			fillRows(t, s, testConfig(t).Train, 0)
			_, err := s.Step(test.prepare(s), 1e-3)
			if err == nil || test.want != nil && !errors.Is(err, test.want) {
				t.Errorf("got error %v, want %v", err, test.want)
			}
			if s.random.Step != 0 || !slices.Equal(before, graph.Data[float32](m.Params()[0])) {
				t.Error("the step left traces")
			}
		})
	}
}

func TestLossThatIsNoNumber(t *testing.T) {
	m := newBigram(t)
	s := newTestStepper(t, m, 2, 1)
	fillRows(t, s, testConfig(t).Train, 0)
	clear(graph.Data[float32](m.head))
	graph.Data[float32](m.table)[0] = float32(math.NaN())
	s.Batches()[0].Ints(data.IDs)[0] = 0
	s.Batches()[0].Ints(data.Targets)[0] = 1
	if _, err := s.Step(context.Background(), 1e-3); !errors.Is(err, ErrDiverged) {
		t.Errorf("got error %v, want %v", err, ErrDiverged)
	}
}

func TestProfileHasTheOptimizer(t *testing.T) {
	s := newTestStepper(t, newBigram(t), 2, 1)
	var p graph.Profile
	s.SetProfile(&p)
	fillRows(t, s, testConfig(t).Train, 0)
	if _, err := s.Step(context.Background(), 1e-3); err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, op := range p.Ops() {
		names = append(names, op.Name)
	}
	if !slices.Contains(names, "optimizer") || !slices.Contains(names, "embedding") {
		t.Errorf("the profile has %v", names)
	}
}

// unused is a bigram with a parameter that the loss doesn't depend on, and a frozen one.
type unused struct {
	*bigram
	other *graph.Param
}

func (m *unused) Params() []*graph.Param { return append(m.bigram.Params(), m.other) }

// TestOnlyWhatTheLossDependsOnIsTrained also keeps decay away from the rest.
func TestOnlyWhatTheLossDependsOnIsTrained(t *testing.T) {
	p := graph.NewParams(tensor.Float32, 3)
	m := &unused{newBigram(t), p.New("other", graph.Ones(), 4, 4)}
	m.head.Frozen = true
	head := slices.Clone(graph.Data[float32](m.head))
	var names string
	s, err := NewStepper(m, StepperConfig{Rows: 2, Layout: data.TokenLayout{Length: testLength}.Layout(), Accumulation: 1, Optimizer: func(params []*graph.Param) (optim.Optimizer, error) {
		for _, p := range params {
			names += p.Name
		}
		return DefaultOptimizer(params)
	}})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	fillRows(t, s, testConfig(t).Train, 0)
	if _, err := s.Step(context.Background(), 1e-1); err != nil {
		t.Fatal(err)
	}
	if names != "table" {
		t.Errorf("the optimizer got %s", names)
	}
	if graph.Data[float32](m.other)[0] != 1 || !slices.Equal(head, graph.Data[float32](m.head)) {
		t.Error("a parameter that isn't trained has changed")
	}
}

func TestNewStepperRefuses(t *testing.T) {
	for _, c := range []StepperConfig{
		{Rows: 0, Layout: data.TokenLayout{Length: 4}.Layout(), Accumulation: 1}, {Rows: 1, Accumulation: 1}, {Rows: 1, Layout: data.TokenLayout{Length: 4}.Layout()},
		{Rows: 1, Layout: data.TokenLayout{Length: testLength + 1}.Layout(), Accumulation: 1}, // beyond the model's context
		{Rows: 1, Layout: data.TokenLayout{Length: 4}.Layout(), Accumulation: 1, LabelSmoothing: 1},
		{Rows: 1, Layout: data.TokenLayout{Length: 4}.Layout(), Accumulation: 1, Optimizer: func([]*graph.Param) (optim.Optimizer, error) { return nil, fmt.Errorf("no") }},
	} {
		if _, err := NewStepper(newTestModel(t, tensor.Float32, 0), c); err == nil {
			t.Errorf("%+v was taken", c)
		}
	}
}
