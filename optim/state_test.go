package optim

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/seahorse-ml/seahorse/graph"
	"gorgonia.org/tensor"
)

func newTestAdam(t *testing.T, params []*graph.Param) *Adam {
	t.Helper()
	a, err := NewAdamW(Groups(params, 0.1), DefaultAdamConfig())
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// TestStateIsExact takes six steps, and three and three with a file between them.
func TestStateIsExact(t *testing.T) {
	for _, dt := range []tensor.Dtype{tensor.Float32, tensor.Float64} {
		path := filepath.Join(t.TempDir(), "optimizer.safetensors")
		straight := testParams(t, dt, []int{30, 7}, []int{7})
		a := newTestAdam(t, straight)
		for step := range 6 {
			setGradients(straight, step)
			a.Step(0.1)
		}
		params := testParams(t, dt, []int{30, 7}, []int{7})
		a = newTestAdam(t, params)
		for step := range 6 {
			if step == 3 {
				if err := a.Save(path); err != nil {
					t.Fatal(err)
				}
				a = newTestAdam(t, params)
				if err := a.Load(path); err != nil {
					t.Fatal(err)
				}
			}
			setGradients(params, step)
			a.Step(0.1)
		}
		for k := range params {
			if !slices.Equal(float64s(params[k].Value()), float64s(straight[k].Value())) {
				t.Errorf("%v: parameter %d differs", dt, k)
			}
		}
		if a.Steps() != 6 {
			t.Errorf("%v: %d steps, want 6", dt, a.Steps())
		}
	}
}

func TestLoadIsStrict(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "optimizer.safetensors")
	if err := newTestAdam(t, testParams(t, tensor.Float32, []int{3, 4}, []int{4})).Save(path); err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	truncated := filepath.Join(dir, "truncated.safetensors")
	if err := os.WriteFile(truncated, raw[:len(raw)-5], 0o644); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		path   string
		shapes [][]int
		want   string
	}{
		{path, [][]int{{3, 4}}, `tensor "exp_avg.p1" belongs to no parameter that is trained, and 1 more`},
		{path, [][]int{{3, 4}, {5}}, `tensor "exp_avg.p1" has shape [4], expected [5], and 1 more`},
		{path, [][]int{{3, 4}, {4}, {2}}, `tensor "exp_avg.p2" is missing, and 1 more`},
		{truncated, [][]int{{3, 4}, {4}}, "truncated"},
		{filepath.Join(dir, "none"), [][]int{{3, 4}, {4}}, "no such file"},
	} {
		a := newTestAdam(t, testParams(t, tensor.Float32, test.shapes...))
		if err := a.Load(test.path); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%v: got error %v, want %q", test.shapes, err, test.want)
		}
	}
}
