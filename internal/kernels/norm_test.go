package kernels

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// doubled returns x in float64, and nil for nil.
func doubled(x []float32) []float64 {
	if x == nil {
		return nil
	}
	y := make([]float64, len(x))
	for i, v := range x {
		y[i] = float64(v)
	}
	return y
}

// compareDoubled is compare with a float64 result.
func compareDoubled(t *testing.T, what string, got []float32, want []float64, tolerance float64) {
	t.Helper()
	single := make([]float32, len(want))
	for i, v := range want {
		single[i] = float32(v)
	}
	compare(t, what, got, single, tolerance)
}

// TestNorms compares both norms and their gradients with the generic loops in
// float64, with each of the optional tensors there and missing.
func TestNorms(t *testing.T) {
	const rows, eps = 3, 1e-5
	onEveryLevel(t, func(t *testing.T) {
		for cols := 1; cols <= 2*widest+1; cols++ {
			for options := range 8 {
				r := rand.New(rand.NewPCG(uint64(cols), uint64(options)))
				optional := func(bit, n int) []float32 {
					if options&bit == 0 {
						return nil
					}
					return random32(r, n)
				}
				x, dy := random32(r, rows*cols), random32(r, rows*cols)
				w, b := optional(1, cols), optional(2, cols)
				dw, db := optional(2, cols), optional(4, cols)
				accumulate := options&4 != 0
				offset := float64(options & 1)
				name := func(what string) string { return fmt.Sprintf("%s of %d columns, options %b", what, cols, options) }
				// With one or two columns the variance may be tiny and 1/√variance large.
				tolerance := 2e-5
				if cols < 8 {
					tolerance = 1e-3
				}

				y, intact := guarded(r, rows*cols)
				mean, rstd := make([]float32, rows), make([]float32, rows)
				y64, mean64, rstd64 := make([]float64, rows*cols), make([]float64, rows), make([]float64, rows)
				LayerNorm(y, mean, rstd, x, w, b, rows, cols, eps, false)
				LayerNorm(y64, mean64, rstd64, doubled(x), doubled(w), doubled(b), rows, cols, eps, false)
				compareDoubled(t, name("layer norm"), y, y64, tolerance)
				compareDoubled(t, name("mean"), mean, mean64, tolerance)
				inPlace := slices.Clone(x)
				LayerNorm(inPlace, mean, rstd, inPlace, w, b, rows, cols, eps, false)
				compare(t, name("layer norm in place"), inPlace, y, 0)

				dx := random32(r, rows*cols)
				dx64, dw64, db64 := doubled(dx), doubled(dw), doubled(db)
				LayerNormGrad(dx, dw, db, dy, x, w, mean, rstd, rows, cols, accumulate, false)
				LayerNormGrad(dx64, dw64, db64, doubled(dy), doubled(x), doubled(w), doubled(mean), doubled(rstd), rows, cols, accumulate, false)
				compareDoubled(t, name("layer norm's dx"), dx, dx64, tolerance)
				compareDoubled(t, name("layer norm's dw"), dw, dw64, tolerance)
				compareDoubled(t, name("layer norm's db"), db, db64, tolerance)

				RMSNorm(y, rstd, x, w, rows, cols, eps, offset, false)
				RMSNorm(y64, rstd64, doubled(x), doubled(w), rows, cols, eps, offset, false)
				compareDoubled(t, name("RMS norm"), y, y64, tolerance)
				RMSNormGrad(dx, dw, dy, x, w, rstd, rows, cols, offset, accumulate, false)
				RMSNormGrad(dx64, dw64, doubled(dy), doubled(x), doubled(w), doubled(rstd), rows, cols, offset, accumulate, false)
				compareDoubled(t, name("RMS norm's dx"), dx, dx64, tolerance)
				compareDoubled(t, name("RMS norm's dw"), dw, dw64, tolerance)
				RMSNormGrad(nil, dw, dy, x, w, rstd, rows, cols, offset, accumulate, false)
				if !intact() {
					t.Fatal(name("a norm") + " writes outside of y")
				}
			}
		}
	})
}

// TestLayerNormOfLargeMean checks that a mean far larger than the deviations
// doesn't swallow them.
func TestLayerNormOfLargeMean(t *testing.T) {
	onEveryLevel(t, func(t *testing.T) {
		const cols = 768
		r := rand.New(rand.NewPCG(5, 6))
		x := random32(r, cols)
		for i := range x {
			x[i] += 1000
		}
		y, mean, rstd := make([]float32, cols), make([]float32, 1), make([]float32, 1)
		y64 := make([]float64, cols)
		LayerNorm(y, mean, rstd, x, nil, nil, 1, cols, 1e-5, false)
		LayerNorm(y64, make([]float64, 1), make([]float64, 1), doubled(x), nil, nil, 1, cols, 1e-5, false)
		// The mean is known to half an ulp of 1000, 3e-5, beside deviations of about 2.
		compareDoubled(t, "layer norm", y, y64, 1e-4)
	})
}

func TestSoftmax(t *testing.T) {
	const rows = 3
	onEveryLevel(t, func(t *testing.T) {
		for cols := 1; cols <= 2*widest+1; cols++ {
			r := rand.New(rand.NewPCG(uint64(cols), 7))
			x, dy := random32(r, rows*cols), random32(r, rows*cols)
			x[r.IntN(len(x))] = 95 // whose exponential would overflow
			x[cols-1] = float32(math.Inf(-1))
			if cols == 1 {
				x[0] = 0
			}
			y, intact := guarded(r, rows*cols)
			y64 := make([]float64, rows*cols)
			Softmax(y, x, rows, cols)
			Softmax(y64, doubled(x), rows, cols)
			compareDoubled(t, "softmax", y, y64, 1e-6)
			dx64 := make([]float64, rows*cols)
			SoftmaxGrad(dx64, doubled(y), doubled(dy), rows, cols)
			SoftmaxGrad(dy, y, dy, rows, cols)
			compareDoubled(t, "softmax's gradient", dy, dx64, 2e-6)
			x[0] = float32(math.NaN())
			Softmax(x, x, rows, cols)
			if Sum(x[:cols]) == Sum(x[:cols]) || cols > 1 && y64[cols] == y64[cols] && x[cols] != x[cols] {
				t.Fatalf("a NaN in one of %d columns spreads to more or less than its row", cols)
			}
			if !intact() {
				t.Fatal("softmax writes outside of dst")
			}
		}
	})
}
