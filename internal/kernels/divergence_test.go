package kernels

import (
	"math"
	"math/rand/v2"
	"testing"
)

// TestDivergenceOfEquals is 0, whatever beta is, with a gradient of 0, and in float32 what it is in float64.
func TestDivergenceOfEquals(t *testing.T) {
	const n = 37
	r := rand.New(rand.NewPCG(1, 2))
	z, other := make([]float64, n), make([]float64, n)
	single, otherSingle := make([]float32, n), make([]float32, n)
	for i := range z {
		single[i], otherSingle[i] = float32(3*r.NormFloat64()), float32(3*r.NormFloat64())
		z[i], other[i] = float64(single[i]), float64(otherSingle[i])
	}
	ids, logs, logsSingle := []int32{4, 30, 0}, make([]float64, 3), make([]float32, 3)
	lse := logTotal(other)
	for k, id := range ids {
		logs[k] = other[id] - lse
		logsSingle[k] = float32(logs[k])
	}
	for _, beta := range []float64{0, 0.25, 1} {
		d := Divergence{beta}
		stats, statsSingle := make([]float64, DivergenceStats), make([]float32, DivergenceStats)
		grad, gradSingle := make([]float64, n), make([]float32, n)
		if loss := DivergenceRow(d, stats, z, z); math.Abs(loss) > 1e-12 {
			t.Errorf("beta %g: the divergence of equals is %g", beta, loss)
		}
		if DivergenceRowGrad(d, grad, stats, z, z, 1); maxAbs(grad) > 1e-12 {
			t.Errorf("beta %g: the gradient at equals is %g", beta, maxAbs(grad))
		}
		near := func(what string, a, b float64) {
			t.Helper()
			if !(math.Abs(a-b) < 2e-5*max(1, math.Abs(b))) {
				t.Errorf("beta %g: %s is %g in float32, expected %g", beta, what, a, b)
			}
		}
		near("the divergence", DivergenceRow(d, statsSingle, single, otherSingle), DivergenceRow(d, stats, z, other))
		DivergenceRowGrad(d, grad, stats, z, other, 2)
		DivergenceRowGrad(d, gradSingle, statsSingle, single, otherSingle, 2)
		for i := range grad {
			near("a derivative", float64(gradSingle[i]), grad[i])
		}
		own, ownSingle := make([]float64, 3), make([]float32, 3)
		top, whole := TopDivergenceRow(d, own, stats, z, ids, logs), DivergenceRow(d, make([]float64, DivergenceStats), z, other)
		if top <= 0 || top > whole { // what is taken together can only be closer
			t.Errorf("beta %g: the divergence by three tokens is %g, by all %g", beta, top, whole)
		}
		near("the divergence by some", TopDivergenceRow(d, ownSingle, statsSingle, single, ids, logsSingle), top)
		TopDivergenceRowGrad(d, own, grad, stats, z, ids, logs, 2)
		copy(gradSingle, single)
		TopDivergenceRowGrad(d, ownSingle, gradSingle, statsSingle, gradSingle, ids, logsSingle, 2)
		for i := range grad {
			near("a derivative by some", float64(gradSingle[i]), grad[i])
		}
	}
}

// TestDivergenceAtItsEnds has probabilities of 0 and of nearly 1.
func TestDivergenceAtItsEnds(t *testing.T) {
	none := math.Inf(-1)
	for _, beta := range []float64{0, 0.5, 1} {
		d, stats := Divergence{beta}, make([]float64, DivergenceStats)
		teacher := []float64{1, none, 2}
		z := []float64{0.5, none, 1}
		if loss := DivergenceRow(d, stats, z, teacher); math.IsNaN(loss) || loss < 0 {
			t.Errorf("beta %g: a token that neither can say gives %g", beta, loss)
		}
		z, own, grad := []float64{100, 0, 0}, make([]float64, 1), make([]float64, 3)
		loss := TopDivergenceRow(d, own, stats, z, []int32{0}, []float64{0})
		TopDivergenceRowGrad(d, own, grad, stats, z, []int32{0}, []float64{0}, 1)
		if math.IsNaN(loss) || math.IsInf(loss, 0) || !(maxAbs(grad) < 1e-6) {
			t.Errorf("beta %g: one token that both are sure of gives %g, gradient %v", beta, loss, grad)
		}
	}
}

func maxAbs(x []float64) float64 {
	m := 0.0
	for _, v := range x {
		if v = math.Abs(v); !(v <= m) {
			m = v
		}
	}
	return m
}
