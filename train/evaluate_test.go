package train

import (
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/seahorse-ml/seahorse/graph"
	"gorgonia.org/tensor"
)

// TestEvaluationsLeaveStepsAlone evaluates after each step, in the memory of steps, and never.
func TestEvaluationsLeaveStepsAlone(t *testing.T) {
	for _, accumulation := range []int{1, 2} {
		var weights [][]float32
		for _, every := range []int{0, 1} {
			m := newTestModel(t, tensor.Float32, 0.1)
			c := testConfig(t)
			c.Accumulation, c.EvalSteps, c.MaxSteps = accumulation, every, 9
			if err := newTestTrainer(t, m, c).Run(context.Background()); err != nil {
				t.Fatal(err)
			}
			weights = append(weights, graph.Data[float32](m.Params()[0]))
		}
		if !slices.Equal(weights[0], weights[1]) {
			t.Errorf("accumulation %d: weights differ when steps are evaluated", accumulation)
		}
	}
}

func TestEvaluateDoesNotDependOnTheBatchSize(t *testing.T) {
	c := testConfig(t)
	m := newTestModel(t, tensor.Float64, 0.5)
	var want Evaluation
	for _, rows := range []int{1, 3, 13, 50} {
		got, err := Evaluate(context.Background(), m, c.Validation, EvalConfig{BatchSize: rows})
		if err != nil {
			t.Fatal(err)
		}
		if rows == 1 {
			want = got
		}
		if math.Abs(got.Loss-want.Loss) > 1e-13 || got.Targets != 99 {
			t.Errorf("%d rows: %+v, want %+v", rows, got, want)
		}
	}
	if bits := want.BitsPerByte(198); math.Abs(bits-want.Loss/math.Ln2/2) > 1e-12 {
		t.Errorf("%g bits per byte of a loss of %g", bits, want.Loss)
	}
}

func TestEvaluateRefuses(t *testing.T) {
	c := testConfig(t)
	m := newBigram(t)
	if _, err := Evaluate(context.Background(), m, c.Validation, EvalConfig{}); err == nil || !strings.Contains(err.Error(), "batches of 0 rows") {
		t.Errorf("got error %v", err)
	}
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Evaluate(ended, m, c.Validation, EvalConfig{BatchSize: 2}); !errors.Is(err, context.Canceled) {
		t.Errorf("got error %v", err)
	}
	graph.Data[float32](m.table)[0] = float32(math.NaN())
	if _, err := Evaluate(context.Background(), m, c.Validation, EvalConfig{BatchSize: 2}); !errors.Is(err, ErrDiverged) {
		t.Errorf("got error %v", err)
	}
}
