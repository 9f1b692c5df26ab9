package kernels

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// TestAdamW compares with the formulas in float64, and the assembly with the
// generic loop bit by bit.
func TestAdamW(t *testing.T) {
	for _, coupled := range []bool{false, true} {
		s := AdamWStep{LR: 1e-2, Beta1: 0.9, Beta2: 0.95, Eps: 1e-8, Decay: 0.1, Correction1: 1 - math.Pow(0.9, 3),
			Correction2: 1 - math.Pow(0.95, 3), GradScale: 0.5, Coupled: coupled}
		onEveryLevel(t, func(t *testing.T) {
			for n := range 2*widest + 2 {
				r := rand.New(rand.NewPCG(uint64(n), 8))
				p, intact := guarded(r, n)
				g, m, v := random32(r, n), random32(r, n), random32(r, n)
				for i := range v {
					v[i] *= v[i]
				}
				p64, m64, v64 := doubled(p), doubled(m), doubled(v)
				AdamW(p64, doubled(g), m64, v64, s)
				type state struct{ p, m, v []float32 }
				want := generically(func() state {
					w := state{slices.Clone(p), slices.Clone(m), slices.Clone(v)}
					AdamW(w.p, g, w.m, w.v, s)
					return w
				})
				AdamW(p, g, m, v, s)
				compare(t, "p", p, want.p, 0)
				compare(t, "m", m, want.m, 0)
				compare(t, "v", v, want.v, 0)
				compareDoubled(t, "p", p, p64, 1e-6)
				if !intact() {
					t.Fatal("AdamW writes outside of p")
				}
			}
		})
	}
}

func TestRotary(t *testing.T) {
	onEveryLevel(t, func(t *testing.T) {
		for _, shape := range []struct{ heads, size, rot int }{{1, 2, 2}, {3, 10, 6}, {2, 64, 64}, {4, 32, 32}, {2, 80, 40}, {1, 256, 256}, {2, 8, 0}} {
			for _, interleaved := range []bool{false, true} {
				r := rand.New(rand.NewPCG(uint64(shape.size), uint64(shape.rot)))
				x, cos, sin := random32(r, shape.heads*shape.size), make([]float32, shape.rot/2), make([]float32, shape.rot/2)
				for i := range cos {
					s, c := math.Sincos(float64(i) + 0.5)
					cos[i], sin[i] = float32(c), float32(s)
				}
				turn := func(x []float32, inverse bool) []float32 {
					dst := make([]float32, len(x))
					Rotary(dst, x, cos, sin, shape.heads, shape.size, shape.rot, interleaved, inverse)
					return dst
				}
				y := turn(x, false)
				compare(t, "rotated", y, generically(func() []float32 { return turn(x, false) }), 0)
				compare(t, "rotated back", turn(y, true), x, 1e-6)
				dst, intact := guarded(r, len(x))
				copy(dst, x)
				Rotary(dst, dst, cos, sin, shape.heads, shape.size, shape.rot, interleaved, false)
				compare(t, "rotated in place", dst, y, 0)
				if !intact() {
					t.Fatal("Rotary writes outside of dst")
				}
			}
		}
	})
}
