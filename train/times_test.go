package train

import (
	"errors"
	"os"
	"slices"
	"testing"

	"gorgonia.org/tensor"
)

// TestMeasureTimes leaves the model as it is and nothing behind.
func TestMeasureTimes(t *testing.T) {
	m := newTestModel(t, tensor.Float32, 0.1)
	c := testConfig(t)
	before := valuesOf(m)
	t.Setenv("TMPDIR", t.TempDir())
	times, err := MeasureTimes(t.Context(), m, c, 0.01)
	if err != nil || times.Step <= 0 || times.Evaluation <= 0 {
		t.Fatalf("times %+v, %v", times, err)
	}
	if got, saves := times.Total(c), float64(c.Saves()); times.Save <= 0 || saves != 5 || got != times.Step*40+times.Evaluation*5+times.Save*saves {
		t.Errorf("%v seconds in all by %+v", got, times)
	}
	if !slices.Equal(valuesOf(m), before) {
		t.Error("the model has changed")
	}
	if _, err := os.Stat(c.Dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the run's directory: %v", err)
	}
	if left, err := os.ReadDir(os.TempDir()); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	c.Validation, c.EvalSteps = nil, 0
	if times, err := MeasureTimes(t.Context(), m, c, 0.01); err != nil || times.Evaluation != 0 || c.Evaluations() != 0 {
		t.Errorf("without validation: times %+v, %v, %d evaluations", times, err, c.Evaluations())
	}
}
