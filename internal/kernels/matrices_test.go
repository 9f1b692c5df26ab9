package kernels

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"
)

// TestAddToOdd compares with sums of any precision, of numbers near to each other and far apart.
func TestAddToOdd(t *testing.T) {
	r := rand.New(rand.NewPCG(51, 52))
	for range 20_000 {
		draw := func() float32 {
			return float32(math.Ldexp(float64(r.Float32()-0.5), r.IntN(2)*(r.IntN(280)-150)+r.IntN(40)-20))
		}
		x, y := normal(draw()), normal(draw())
		if math.IsInf(float64(x), 0) || math.IsInf(float64(y), 0) {
			continue
		}
		if got, want := addToOdd(x, y), sumToOdd(x, y); math.Float32bits(got) != math.Float32bits(want) {
			t.Fatalf("%g + %g = %g, want %g", x, y, got, want)
		}
	}
}

// sumToOdd is addToOdd by its definition.
func sumToOdd(x, y float32) float32 {
	exact := new(big.Float).SetPrec(600).SetFloat64(float64(x))
	exact.Add(exact, new(big.Float).SetPrec(600).SetFloat64(float64(y)))
	if exact.Sign() == 0 {
		return x + y
	}
	short := new(big.Float).SetPrec(24).SetMode(big.ToZero).Set(exact)
	v, _ := short.Float64()
	if math.Abs(v) < 0x1p-126 {
		return float32(math.Copysign(0, v))
	}
	if v = float64(float32(v)); short.Cmp(exact) != 0 && !math.IsInf(v, 0) {
		return math.Float32frombits(math.Float32bits(float32(v)) | 1)
	}
	return float32(v)
}
