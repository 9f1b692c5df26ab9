package optim

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/seahorse-ml/seahorse/graph"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// golden is what testdata/torch_adam.py writes.
type golden struct {
	Cases []struct {
		Name      string
		Decoupled bool
		DType     string
		Decay     float64
		MaxNorm   float64 `json:"max_norm"`
		Norms     []float64
		Params    [][]float64
		ExpAvg    [][]float64 `json:"exp_avg"`
		ExpAvgSq  [][]float64 `json:"exp_avg_sq"`
	}
	Linear, Cosine, NanoGPT []float64
}

func readGolden(t *testing.T) golden {
	t.Helper()
	raw, err := os.ReadFile("testdata/torch_adam.json")
	if err != nil {
		t.Fatal(err)
	}
	var g golden
	if err := json.Unmarshal(raw, &g); err != nil {
		t.Fatal(err)
	}
	return g
}

// testParams makes parameters with the values of the golden script's formula.
func testParams(t testing.TB, dt tensor.Dtype, shapes ...[]int) []*graph.Param {
	t.Helper()
	tree := graph.NewParams(dt, 1)
	for k, shape := range shapes {
		p := tree.New(fmt.Sprintf("p%d", k), graph.Zeros(), shape...)
		set(p.Value(), func(i int) float64 { return float64((i*37+k*11)%101-50) / 64 })
	}
	if err := tree.Err(); err != nil {
		t.Fatal(err)
	}
	return tree.All()
}

// setGradients gives the parameters the gradients of a step of the golden script.
func setGradients(params []*graph.Param, step int) {
	for k, p := range params {
		set(p.Grad(), func(i int) float64 { return float64((i*53+k*7+step*29)%97-48) / 32 })
	}
}

func set(t *tensor.Dense, f func(i int) float64) {
	switch d := t.Data().(type) {
	case []float32:
		for i := range d {
			d[i] = float32(f(i))
		}
	case []float64:
		for i := range d {
			d[i] = f(i)
		}
	}
}

func float64s(t *tensor.Dense) []float64 {
	switch d := t.Data().(type) {
	case []float32:
		var out []float64
		for _, v := range d {
			out = append(out, float64(v))
		}
		return out
	default:
		return slices.Clone(d.([]float64))
	}
}

func near(t *testing.T, what string, got, want []float64, tolerance float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %d values, want %d", what, len(got), len(want))
	}
	for i := range want {
		if !(math.Abs(got[i]-want[i]) <= tolerance*max(1e-3, math.Abs(want[i]))) {
			t.Errorf("%s[%d]: got %.17g, want %.17g", what, i, got[i], want[i])
			return
		}
	}
}

// TestAdamAgreesWithPyTorch allows for a few roundings in five steps: the vector code of
// either side may fuse a product with a sum.
func TestAdamAgreesWithPyTorch(t *testing.T) {
	for _, c := range readGolden(t).Cases {
		t.Run(c.Name, func(t *testing.T) {
			dt, tolerance := tensor.Float64, 1e-14
			if c.DType == "float32" {
				dt, tolerance = tensor.Float32, 1e-6
			}
			params := testParams(t, dt, []int{3, 4}, []int{4})
			config := AdamConfig{Beta1: 0.9, Beta2: 0.95, Eps: 1e-8, MaxGradNorm: c.MaxNorm}
			makeAdam := NewAdam
			if c.Decoupled {
				makeAdam = NewAdamW
			}
			a, err := makeAdam(Groups(params, c.Decay), config)
			if err != nil {
				t.Fatal(err)
			}
			for step, want := range c.Norms {
				setGradients(params, step)
				norm, err := a.Step(0.01 * float64(step+1))
				if err != nil {
					t.Fatal(err)
				}
				near(t, "norm", []float64{norm}, []float64{want}, tolerance)
			}
			for k, p := range params {
				near(t, p.Name, float64s(p.Value()), c.Params[k], 10*tolerance)
				near(t, "exp_avg of "+p.Name, float64s(a.moments[k].first), c.ExpAvg[k], 10*tolerance)
				near(t, "exp_avg_sq of "+p.Name, float64s(a.moments[k].second), c.ExpAvgSq[k], 10*tolerance)
			}
		})
	}
}

func TestGroupRate(t *testing.T) {
	one, two := testParams(t, tensor.Float64, []int{5}), testParams(t, tensor.Float64, []int{5})
	config := DefaultAdamConfig()
	a, errA := NewAdamW([]Group{{Params: one, WeightDecay: 0.1, Rate: 0.25}}, config)
	b, errB := NewAdamW([]Group{{Params: two, WeightDecay: 0.1, Rate: 1}}, config)
	if err := errors.Join(errA, errB); err != nil {
		t.Fatal(err)
	}
	setGradients(one, 0)
	setGradients(two, 0)
	a.Step(0.4)
	b.Step(0.1)
	near(t, "values", float64s(one[0].Value()), float64s(two[0].Value()), 0)
}

func TestNotFiniteGradientChangesNothing(t *testing.T) {
	for _, bad := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
		params := testParams(t, tensor.Float32, []int{3, 4}, []int{4})
		a, err := NewAdamW(Groups(params, 0.1), DefaultAdamConfig())
		if err != nil {
			t.Fatal(err)
		}
		setGradients(params, 0)
		graph.GradData[float32](params[1])[2] = float32(bad)
		before := float64s(params[0].Value())
		_, err = a.Step(0.1)
		if !errors.Is(err, ErrNotFinite) || err.Error() != `optim: parameter "p1": gradient is not finite` {
			t.Errorf("%v: got error %v", bad, err)
		}
		near(t, "value", float64s(params[0].Value()), before, 0)
		if a.Steps() != 0 || a.moments[0].first.Data().([]float32)[0] != 0 {
			t.Errorf("%v: the state changed", bad)
		}
	}
}

// TestGradientsMove lets two machines with gradients of their own find them in turn, after the optimizer was made.
func TestGradientsMove(t *testing.T) {
	params := testParams(t, tensor.Float64, []int{3, 4})
	a, err := NewAdamW(Groups(params, 0), AdamConfig{Eps: 1e-300})
	if err != nil {
		t.Fatal(err)
	}
	for _, factor := range []float64{2, -3, 5} {
		g := graph.New(graph.Config{DType: tensor.Float64})
		loss := gorgonia.Must(gorgonia.Mean(g.Scale(g.Param(params[0]), factor)))
		if err := g.Grad(loss); err != nil {
			t.Fatal(err)
		}
		g.OverlapGradients()
		m, err := graph.Compile(g, loss)
		if err != nil {
			t.Fatal(err)
		}
		if err := m.RunAll(); err != nil {
			t.Fatal(err)
		}
		norm, err := a.Step(0.1)
		if want := math.Abs(factor) / math.Sqrt(12); err != nil || math.Abs(norm-want) > 1e-12 {
			t.Errorf("a factor of %v: gradient norm %v, %v, want %v", factor, norm, err, want)
		}
		m.Close()
	}
}

// TestThreadsDoNotChangeBits has several pieces to a parameter, so that the sums of squares are shared out.
func TestThreadsDoNotChangeBits(t *testing.T) {
	defer graph.SetWorkers(graph.Workers())
	var values [][]float64
	var norms []float64
	for _, workers := range []int{1, 2, 5} {
		graph.SetWorkers(workers)
		params := testParams(t, tensor.Float32, []int{300, 301}, []int{4*PieceSize + 17})
		a, err := NewAdamW(Groups(params, 0.1), DefaultAdamConfig())
		if err != nil {
			t.Fatal(err)
		}
		for step := range 3 {
			setGradients(params, step)
			norm, err := a.Step(0.1)
			if err != nil {
				t.Fatal(err)
			}
			norms = append(norms, norm)
		}
		values = append(values, append(float64s(params[0].Value()), float64s(params[1].Value())...))
	}
	for k := range values {
		if !slices.Equal(values[k], values[0]) || !slices.Equal(norms[3*k:3*k+3], norms[:3]) {
			t.Errorf("run %d differs from run 0; norms %v", k, norms)
		}
	}
}

func TestStepAllocatesNothing(t *testing.T) {
	params := testParams(t, tensor.Float32, []int{200, 301}, []int{301})
	a, err := NewAdamW(Groups(params, 0.1), DefaultAdamConfig())
	if err != nil {
		t.Fatal(err)
	}
	setGradients(params, 0)
	if n := testing.AllocsPerRun(20, func() { a.Step(1e-3) }); n > 0 {
		t.Errorf("a step allocates %g objects", n)
	}
}

func BenchmarkAdamW(b *testing.B) {
	params := testParams(b, tensor.Float32, []int{4096, 1024})
	a, err := NewAdamW(Groups(params, 0.1), DefaultAdamConfig())
	if err != nil {
		b.Fatal(err)
	}
	setGradients(params, 0)
	b.SetBytes(int64(params[0].Len()) * 4 * 8) // gradients twice, the rest read and written
	for b.Loop() {
		a.Step(1e-3)
	}
}

// TestRatesMakeSense refuses learning rates that would undo the training, and leaves all as it was.
func TestRatesMakeSense(t *testing.T) {
	params := testParams(t, tensor.Float32, []int{3, 4})
	a, err := NewAdamW(Groups(params, 0), DefaultAdamConfig())
	if err != nil {
		t.Fatal(err)
	}
	was := slices.Clone(graph.Data[float32](params[0]))
	for _, rate := range []float64{-1e-3, math.NaN(), math.Inf(1)} {
		if _, err := a.Step(rate); err == nil || !strings.Contains(err.Error(), "learning rate") {
			t.Errorf("rate %g: error %v", rate, err)
		}
	}
	if a.Steps() != 0 || !slices.Equal(was, graph.Data[float32](params[0])) {
		t.Error("something changed")
	}
}
