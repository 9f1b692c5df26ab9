package graph

import (
	"math"
	"testing"

	"gorgonia.org/tensor"
)

// TestRunWatched finds the results of the operations of a block, and the same loss and gradients as a run without.
func TestRunWatched(t *testing.T) {
	p := newTinyParams(tensor.Float32)
	m, _, loss := compileTiny(t, p, 0.1)
	defer m.Close()
	if err := m.RunAll(); err != nil {
		t.Fatal(err)
	}
	want := Scalar(loss)
	var gradients [][]float32
	for _, q := range p.tree.All() {
		gradients = append(gradients, append([]float32{}, GradData[float32](q)...))
	}
	for range 2 {
		near := map[string]int{}
		units := 0
		err := m.RunWatched(func(w Watched) {
			near[w.Op+" "+w.Near]++
			size := 1
			for _, d := range w.Shape {
				size *= d
			}
			if len(w.Float32) != size || w.Float64 != nil {
				t.Errorf("%s has %d elements, expected %v", w.Op, len(w.Float32), w.Shape)
			}
			for _, v := range w.Float32 {
				if math.IsNaN(float64(v)) {
					t.Fatalf("%s near %s holds NaN", w.Op, w.Near)
				}
			}
			if w.Units {
				units++
			}
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, what := range []string{"linear qkv", "linear out", "linear up", "linear down", "layer norm norm"} {
			if near[what] != 1 {
				t.Errorf("%s was told of %d times: %v", what, near[what], near)
			}
		}
		if units != 1 {
			t.Errorf("%d results are those of units, expected 1", units)
		}
		if got := Scalar(loss); got != want {
			t.Errorf("the loss is %v, expected %v", got, want)
		}
		for i, q := range p.tree.All() {
			for k, v := range GradData[float32](q) {
				if v != gradients[i][k] {
					t.Fatalf("gradient %d of %s is %v, expected %v", k, q.Name, v, gradients[i][k])
				}
			}
		}
	}
}
