package kernels

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/seahorse-ml/seahorse/internal/cpu"
	"github.com/seahorse-ml/seahorse/internal/memory"
)

// sameWithin reports whether a and b are within a number of units in the last place of
// b, both NaN, or the same infinity; denormals may be flushed.
func sameWithin(a, b float32, ulps float64) bool {
	x, y := float64(a), float64(b)
	if math.IsNaN(y) || math.IsInf(y, 0) {
		return math.IsNaN(x) && math.IsNaN(y) || x == y
	}
	unit := math.Max(math.Abs(y)*0x1p-23, 0x1p-126)
	return math.Abs(x-y) <= ulps*unit
}

func eachPanelKernel(t *testing.T, f func(t *testing.T, k *panelKernel[float32])) {
	for _, k := range panelKernels[float32]() {
		t.Run(k.level.String(), func(t *testing.T) { f(t, k) })
	}
}

func TestPanelsTakeTheFastPath(t *testing.T) {
	if got := NewAttention[float32](AttentionConfig{}).panel.level; got != cpu.Best() {
		t.Errorf("attention runs on %v, want %v", got, cpu.Best())
	}
}

// panelScores has scores as attention has them, some of them hidden, in the last
// columns extreme ones.
func panelScores(r *rand.Rand, s []float32) {
	for i := range s {
		s[i] = float32(8 * r.NormFloat64())
		switch column := i % attentionLanes; {
		case r.IntN(4) == 0 || column == 25:
			s[i] = float32(math.Inf(-1))
		case column == 26 && r.IntN(3) == 0:
			s[i] = float32(math.NaN())
		case column == 27:
			s[i] *= 100
		}
	}
}

func TestPanelSoftmax(t *testing.T) {
	generic := genericPanels[float32]()
	eachPanelKernel(t, func(t *testing.T, k *panelKernel[float32]) {
		r := rand.New(rand.NewPCG(1, 1))
		for i, rows := range []int{1, 2, 7, 8, 64} {
			n, lanes := rows*attentionLanes, []int{panelPart, attentionLanes}[i%2]
			var got, want [4][]float32
			var intact [4]func() bool
			for i, size := range []int{n, attentionLanes, attentionLanes, attentionLanes} {
				got[i], intact[i] = guarded(r, size)
			}
			Fill(got[1], lowestScore)
			Fill(got[2], 0)
			for i := range got {
				want[i] = append(want[i], got[i]...)
			}
			for range 3 { // blocks of keys
				panelScores(r, want[0])
				copy(got[0], want[0])
				generic.softmax(want[0], want[1], want[2], want[3], rows, lanes)
				k.softmax(got[0], got[1], got[2], got[3], rows, lanes)
				for i, name := range []string{"scores", "m", "l", "decay"} {
					if !intact[i]() {
						t.Fatalf("%d rows: %s is written outside of its place", rows, name)
					}
					// A sum has an error of up to an ulp for each row.
					ulps := []float64{2, 0, float64(4 * rows), 2}[i]
					for c := range want[i] {
						if c%attentionLanes == 26 && (name != "l" || want[i][c] == want[i][c]) {
							continue // with NaN among them, only that the sum tells matters
						}
						if !sameWithin(got[i][c], want[i][c], ulps) {
							t.Fatalf("%d rows: %s of column %d is %g, want %g", rows, name, c%attentionLanes, got[i][c], want[i][c])
						}
					}
				}
			}
			if sum := got[2][25]; sum != 0 {
				t.Errorf("a column of hidden scores has the sum %g", sum)
			}
		}
	})
}

func TestPanelGrad(t *testing.T) {
	generic := genericPanels[float32]()
	eachPanelKernel(t, func(t *testing.T, k *panelKernel[float32]) {
		r := rand.New(rand.NewPCG(2, 2))
		for i, rows := range []int{1, 2, 7, 8, 64} {
			n, lanes := rows*attentionLanes, []int{panelPart, attentionLanes}[i%2]
			scores, scoresIntact := guarded(r, n)
			dp, dpIntact := guarded(r, n)
			panelScores(r, scores)
			lse, dot := randomSlice[float32](r, attentionLanes), randomSlice[float32](r, attentionLanes)
			Scale(lse, lse, 20)
			lse[3] = float32(math.Inf(1))
			wantScores, wantDP := append([]float32{}, scores...), append([]float32{}, dp...)
			generic.grad(wantScores, wantDP, lse, dot, rows, lanes)
			k.grad(scores, dp, lse, dot, rows, lanes)
			if !scoresIntact() || !dpIntact() {
				t.Fatalf("%d rows: something is written outside of its place", rows)
			}
			for i := range scores {
				if wantScores[i] > 0x1p120 {
					continue // attention has no probabilities above 1
				}
				if !sameWithin(scores[i], wantScores[i], 2) || !sameWithin(dp[i], wantDP[i], 4) {
					t.Fatalf("%d rows: element %d is %g with gradient %g, want %g and %g", rows, i, scores[i], dp[i], wantScores[i], wantDP[i])
				}
			}
		}
	})
}

func TestPanelHide(t *testing.T) {
	generic := genericPanels[float32]()
	const far = math.MaxInt32 / 2
	eachPanelKernel(t, func(t *testing.T, k *panelKernel[float32]) {
		r := rand.New(rand.NewPCG(4, 4))
		for _, rows := range []int{1, 5, 64} {
			for _, from := range []int{-far, -40, -3, 0, 1, 17, 31, 32, 100} {
				for _, to := range []int{-70, 0, 1, 20, 33, far} {
					got, intact := guarded(r, rows*attentionLanes)
					want := append([]float32{}, got...)
					k.hide(got, rows, from, to)
					generic.hide(want, rows, from, to)
					if !intact() {
						t.Fatalf("rows %d, bounds %d and %d: something is written outside of its place", rows, from, to)
					}
					for i := range want {
						if got[i] != want[i] {
							t.Fatalf("rows %d, bounds %d and %d: element %d is %g, want %g", rows, from, to, i, got[i], want[i])
						}
					}
				}
			}
		}
	})
}

func TestPanelFinish(t *testing.T) {
	generic := genericPanels[float32]()
	eachPanelKernel(t, func(t *testing.T, k *panelKernel[float32]) {
		r := rand.New(rand.NewPCG(5, 5))
		for n := range attentionLanes + 1 {
			lse, lseIntact := guarded(r, n)
			inverse, inverseIntact := guarded(r, n)
			m, l := randomSlice[float32](r, n), randomSlice[float32](r, n)
			for i := range l {
				l[i] = float32(math.Exp(math.Abs(5 * float64(l[i])))) // at least 1, as attention has it
				if i%7 == 3 {
					l[i] = 0
				}
				if i%7 == 6 {
					l[i] = float32(math.NaN())
				}
				if i%7 == 5 {
					l[i], m[i] = 1, 0
				}
			}
			wantLSE, wantInverse := make([]float32, n), make([]float32, n)
			k.finish(lse, inverse, m, l)
			generic.finish(wantLSE, wantInverse, m, l)
			if !lseIntact() || !inverseIntact() {
				t.Fatalf("%d lanes: something is written outside of its place", n)
			}
			for i := range lse {
				close := math.Abs(float64(lse[i]-wantLSE[i])) <= 3e-7*math.Max(1, math.Abs(float64(wantLSE[i])))
				if !close && !sameWithin(lse[i], wantLSE[i], 0) || !sameWithin(inverse[i], wantInverse[i], 1) {
					t.Fatalf("%d lanes: l = %g and m = %g give %g and %g, want %g and %g", n, l[i], m[i], lse[i], inverse[i], wantLSE[i], wantInverse[i])
				}
			}
		}
	})
}

func TestPanelScaleAndDots(t *testing.T) {
	generic := genericPanels[float32]()
	eachPanelKernel(t, func(t *testing.T, k *panelKernel[float32]) {
		r := rand.New(rand.NewPCG(3, 3))
		for _, rows := range []int{1, 3, 64} {
			for _, cols := range []int{16, 32, 48, 128} {
				ldd, ldx := cols+3, cols+5
				x, y := randomSlice[float32](r, (rows-1)*ldx+cols), randomSlice[float32](r, (rows-1)*ldd+cols)
				s := randomSlice[float32](r, rows)
				dst, dstIntact := guarded(r, (rows-1)*ldd+cols)
				want := append([]float32{}, dst...)
				k.scale(dst, x, s, rows, cols, ldd, ldx, false)
				generic.scale(want, x, s, rows, cols, ldd, ldx, false)
				dots, dotsIntact := guarded(r, rows)
				wantDots := make([]float32, rows)
				k.dots(dots, x, y, rows, cols, ldx, ldd)
				generic.dots(wantDots, x, y, rows, cols, ldx, ldd)
				if !dstIntact() || !dotsIntact() {
					t.Fatalf("%d × %d: something is written outside of its place", rows, cols)
				}
				compare(t, "scaled rows", dst, want, 0)
				ldd = roundUp(cols, lineElements) + lineElements
				past, beside := memory.Make[float32](rows*ldd), make([]float32, rows*ldd)
				k.scale(past, x, s, rows, cols, ldd, ldx, true)
				fence()
				generic.scale(beside, x, s, rows, cols, ldd, ldx, false)
				compare(t, "scaled rows past the caches", past, beside, 0)
				compare(t, "dots", dots, wantDots, 1e-5)
			}
		}
	})
}
