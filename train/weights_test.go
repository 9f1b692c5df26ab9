package train

import (
	"context"
	"math"
	"path/filepath"
	"slices"
	"testing"

	"github.com/seahorse-ml/seahorse/data"
	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/models"
	"gorgonia.org/tensor"
)

// weighed are documents of some lengths, and what they count.
func weighed(t testing.TB, weights []float32, times []int) *data.Tokens {
	t.Helper()
	path := filepath.Join(t.TempDir(), "tokens")
	w, err := data.NewTokenWriter(path, testVocab)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Abort()
	for d, n := range []int{5, 3, 4, 2, 6} {
		for range times[d] {
			if err := w.Weigh(weights[d]); err != nil {
				t.Fatal(err)
			}
			for i := range n {
				if err := w.Append([]int32{int32((7*d + 3*i + i*i) % testVocab)}, i != 1 || n < 4); err != nil {
					t.Fatal(err)
				}
			}
			if err := w.EndDocument(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := w.Commit(); err != nil {
		t.Fatal(err)
	}
	f, err := data.OpenTokens(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f.Tokens
}

// TestWeighedRecords learns from records that count differently, packed and each in a row, in one batch and several: a record that counts n is
// learned as n that count one, and one that counts 0 as none.
func TestWeighedRecords(t *testing.T) {
	ones := []float32{1, 1, 1, 1, 1}
	weights, times := []float32{1, 2, 0, 3, 1}, []int{1, 2, 0, 3, 1}
	rows := func(d *data.Packed, err error) data.Dataset {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	learn := func(d data.Dataset, rows, accumulation int) (StepResult, [][]float64, *models.Decoder) {
		t.Helper()
		m := newTestModel(t, tensor.Float64, 0)
		s, err := NewStepper(m, StepperConfig{Rows: rows, Layout: d.Layout(), Accumulation: accumulation})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		for i, b := range s.Batches() {
			if err := data.FillSequential(b, d, i*b.Rows); err != nil {
				t.Fatal(err)
			}
		}
		r, err := s.Step(context.Background(), 0)
		if err != nil {
			t.Fatal(err)
		}
		var gradients [][]float64
		for _, p := range m.Params() {
			gradients = append(gradients, slices.Clone(graph.GradData[float64](p)))
		}
		return r, gradients, m
	}
	want, gradients, _ := learn(rows(data.NewPadded(weighed(t, ones, times), testLength)), 7, 1)
	once := weighed(t, weights, []int{1, 1, 1, 1, 1})
	padded, packed := rows(data.NewPadded(once, testLength)), rows(data.NewPacked(once, testLength))
	if packed.Len() != 2 {
		t.Fatalf("%d rows are packed", packed.Len())
	}
	for _, c := range []struct {
		name               string
		d                  data.Dataset
		rows, accumulation int
	}{{"a row each", padded, 5, 1}, {"a batch each", padded, 1, 5}, {"packed", packed, 2, 1}, {"packed, a batch each", packed, 1, 2}} {
		got, others, m := learn(c.d, c.rows, c.accumulation)
		if math.Abs(got.Loss-want.Loss) > 1e-12 || math.Abs(got.GradNorm-want.GradNorm) > 1e-12 {
			t.Errorf("%s: %+v, expected %+v", c.name, got, want)
		}
		for i, p := range m.Params() {
			for k, v := range others[i] {
				if d := math.Abs(v - gradients[i][k]); !(d <= 1e-12) {
					t.Fatalf("%s: %s: gradient %d differs by %g", c.name, p.Name, k, d)
				}
			}
		}
		e, err := Evaluate(context.Background(), m, c.d, EvalConfig{BatchSize: c.rows})
		if err != nil {
			t.Fatal(err)
		}
		if math.Abs(e.Loss-want.Loss) > 1e-12 {
			t.Errorf("%s: evaluated as %v, expected %v", c.name, e.Loss, want.Loss)
		}
	}
	none := weighed(t, make([]float32, 5), []int{1, 1, 1, 1, 1})
	if r, _, _ := learn(rows(data.NewPadded(none, testLength)), 5, 1); r.Loss != 0 || r.GradNorm != 0 {
		t.Errorf("what counts nothing is learned: %+v", r)
	}
}
