package kernels

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// ulps returns how many units in the last place of a float32 got is from want.
func ulps(got float32, want float64) float64 {
	if float64(got) == want || float32(want) == got || got != got && want != want {
		return 0
	}
	w := math.Abs(want)
	unit := float64(math.Nextafter32(float32(w), math.MaxFloat32)) - float64(float32(w))
	return math.Abs(float64(got)-want) / unit
}

// accuracy samples f over all float32 in [low, high] and returns its greatest
// error in ulps where the exact result is at least floor in size.
func accuracy(f func(dst, x []float32), exact func(float64) float64, low, high float32, floor float64) (worst float64, at float32) {
	const block = 1000
	x, y := make([]float32, 0, block), make([]float32, block)
	check := func() {
		f(y[:len(x)], x)
		for i, v := range x {
			want := exact(float64(v))
			if e := ulps(y[i], want); e > worst && math.Abs(want) >= floor {
				worst, at = e, v
			}
		}
		x = x[:0]
	}
	for bits := uint64(0); bits < 1<<32; bits += 2477 {
		if v := math.Float32frombits(uint32(bits)); v >= low && v <= high {
			if x = append(x, v); len(x) == block {
				check()
			}
		}
	}
	check()
	return worst, at
}

// TestActivationAccuracy holds every implementation to its bounds: the error in
// ulps for results of at least floor in size. Below the floor the results are denormal, or
// (for GELUTanh) the tail of a function that approximates another one anyway.
func TestActivationAccuracy(t *testing.T) {
	tests := []struct {
		kind         Activation
		value, slope float64
		floor        float64
	}{
		{ReLU, 0, 0, 0},
		{ReLUSquared, 0.5, 0, 1e-37},
		{GELU, 9, 17, 1e-36},
		{GELUTanh, 18, 11, 1e-5},
		{SiLU, 4, 8, 1e-36},
		{Tanh, 5, 8, 1e-36},
		{Sigmoid, 4, 6, 1e-36},
	}
	onEveryLevel(t, func(t *testing.T) {
		for _, test := range tests {
			value := func(dst, x []float32) { Activate(test.kind, dst, x, false) }
			worst, at := accuracy(value, test.kind.value, -1e4, 1e4, test.floor)
			t.Logf("%v: %.2f ulp at %g", test.kind, worst, at)
			if worst > test.value {
				t.Errorf("%v(%g) is off by %.2f ulp, want at most %g", test.kind, at, worst, test.value)
			}
			ones := make([]float32, 1000)
			Fill(ones, 1)
			slope := func(dst, x []float32) { ActivateGrad(test.kind, dst, x, ones[:len(x)]) }
			// A slope that goes through 0 is exact there to some 1e-7 only, hence the larger floor.
			worst, at = accuracy(slope, test.kind.slope, -1e4, 1e4, max(test.floor, 0.1))
			t.Logf("%v': %.2f ulp at %g", test.kind, worst, at)
			if worst > test.slope {
				t.Errorf("%v'(%g) is off by %.2f ulp, want at most %g", test.kind, at, worst, test.slope)
			}
		}
		worst, at := accuracy(Exp[float32], math.Exp, -104, 88.7, 0)
		t.Logf("exp: %.2f ulp at %g", worst, at)
		if worst > 1.2 {
			t.Errorf("Exp(%g) is off by %.2f ulp, want at most 1.2", at, worst)
		}
	})
}

func TestActivations(t *testing.T) {
	onEveryLevel(t, func(t *testing.T) {
		for kind := range Activation(activations) {
			for n := range 2*widest + 2 {
				r := rand.New(rand.NewPCG(uint64(n), uint64(kind)))
				x, b, dy := random32(r, n), random32(r, n), random32(r, n)
				f, df := make([]float32, n), make([]float32, n)
				fb, da, db := make([]float32, n), make([]float32, n), make([]float32, n)
				for i, v := range x {
					f[i], df[i] = float32(kind.value(float64(v))), dy[i]*float32(kind.slope(float64(v)))
					fb[i], da[i], db[i] = f[i]*b[i], df[i]*b[i], f[i]*dy[i]
				}
				const tolerance = 2e-6
				check := func(what string, want []float32, run func(dst []float32)) {
					t.Helper()
					dst, intact := guarded(r, n)
					run(dst)
					compare(t, kind.String()+" "+what, dst, want, tolerance)
					if !intact() {
						t.Fatalf("%v %s of %d elements writes outside of dst", kind, what, n)
					}
				}
				check("value", f, func(dst []float32) { Activate(kind, dst, x, false) })
				check("value in place", f, func(dst []float32) { copy(dst, x); Activate(kind, dst, dst, false) })
				check("gradient", df, func(dst []float32) { ActivateGrad(kind, dst, x, dy) })
				check("gradient on x", df, func(dst []float32) { copy(dst, x); ActivateGrad(kind, dst, dst, dy) })
				check("gradient on dy", df, func(dst []float32) { copy(dst, dy); ActivateGrad(kind, dst, x, dst) })
				same := func(what string, got, want []float32) {
					t.Helper()
					if !slices.Equal(got, want) {
						t.Fatalf("%v %s of %d elements with the gradient is %v, alone %v", kind, what, n, got, want)
					}
				}
				both := func(run func(value []float32), alone func(dst []float32)) {
					t.Helper()
					value, intact := guarded(r, n)
					run(value)
					want := make([]float32, n)
					alone(want)
					same("value", value, want)
					if !intact() {
						t.Fatalf("%v of %d elements writes outside of value", kind, n)
					}
				}
				check("gradient with the value", df, func(dst []float32) {
					both(func(value []float32) { ActivateValueGrad(kind, dst, value, x, dy, false) }, func(dst []float32) { Activate(kind, dst, x, false) })
				})
				check("gradient with the value, on x", df, func(dst []float32) { copy(dst, x); ActivateValueGrad(kind, dst, make([]float32, n), dst, dy, false) })
				check("gradient with the value, on dy", df, func(dst []float32) { copy(dst, dy); ActivateValueGrad(kind, dst, make([]float32, n), x, dst, false) })
				check("gate's da with the value", da, func(dst []float32) {
					db := make([]float32, n)
					both(func(value []float32) { GateValueGrad(kind, dst, db, value, x, b, dy, false) }, func(dst []float32) { Gate(kind, dst, x, b, false) })
					want := make([]float32, n)
					GateGrad(kind, make([]float32, n), want, x, b, dy)
					same("gate's db", db, want)
				})
				check("gradient on dy, the value on x", df, func(dst []float32) {
					copy(dst, dy)
					both(func(value []float32) { copy(value, x); ActivateValueGrad(kind, dst, value, value, dst, false) }, func(dst []float32) { Activate(kind, dst, x, false) })
				})
				check("gate's da on a, db on b, the value on dy", da, func(dst []float32) {
					copy(dst, x)
					db := slices.Clone(b)
					both(func(value []float32) { copy(value, dy); GateValueGrad(kind, dst, db, value, dst, db, value, false) }, func(dst []float32) { Gate(kind, dst, x, b, false) })
					want := make([]float32, n)
					GateGrad(kind, make([]float32, n), want, x, b, dy)
					same("gate's db on b", db, want)
				})
				check("gate", fb, func(dst []float32) { Gate(kind, dst, x, b, false) })
				check("gate on a", fb, func(dst []float32) { copy(dst, x); Gate(kind, dst, dst, b, false) })
				check("gate on b", fb, func(dst []float32) { copy(dst, b); Gate(kind, dst, x, dst, false) })
				check("gate's da", da, func(dst []float32) { GateGrad(kind, dst, make([]float32, n), x, b, dy) })
				check("gate's db", db, func(dst []float32) { GateGrad(kind, make([]float32, n), dst, x, b, dy) })
			}
		}
	})
}

// TestActivationsOfSpecialNumbers checks NaN, both infinities and the greatest
// number beside ordinary ones. Where the formula gives NaN at an infinity, the limit may stand
// instead.
func TestActivationsOfSpecialNumbers(t *testing.T) {
	special := []float32{float32(math.NaN()), float32(math.Inf(1)), float32(math.Inf(-1)), math.MaxFloat32, -math.MaxFloat32, 1e20, -1e20, 0, 1}
	onEveryLevel(t, func(t *testing.T) {
		for kind := range Activation(activations) {
			x := slices.Clone(special)
			y, slope, ones := make([]float32, len(x)), make([]float32, len(x)), make([]float32, len(x))
			Fill(ones, 1)
			Activate(kind, y, x, false)
			ActivateGrad(kind, slope, x, ones)
			check := func(what string, v, got, want float32) {
				limit := math.IsInf(float64(v), 0) && want != want && math.Abs(float64(got)-math.Round(float64(got))) < 1e-6
				if !same(got, want) && !(math.Abs(float64(got-want)) <= 1e-6) && !limit {
					t.Errorf("%v%s(%g) is %g, want %g", kind, what, v, got, want)
				}
			}
			for i, v := range x {
				check("", v, y[i], float32(kind.value(float64(v))))
				check("'", v, slope[i], float32(kind.slope(float64(v))))
			}
		}
		y := make([]float32, len(special))
		Exp(y, special)
		for i, v := range special {
			if want := float32(math.Exp(float64(v))); ulps(y[i], float64(want)) > 1 {
				t.Errorf("Exp(%g) is %g, want %g", v, y[i], want)
			}
		}
	})
}

// TestActivationsWithoutAssembly run in their generic form.
func TestActivationsWithoutAssembly(t *testing.T) {
	if fast == nil {
		t.Skip("this processor has no assembly here")
	}
	whole := fast
	bare := *whole
	bare.activate[Tanh], bare.activateGrad[Tanh], bare.valueGrad[Tanh] = nil, nil, nil
	bare.gate[Tanh], bare.gateGrad[Tanh], bare.gateValueGrad[Tanh] = nil, nil, nil
	fast = &bare
	defer func() { fast = whole }()
	x, y, dy := []float32{-2, -0.5, 0, 1, 3}, make([]float32, 5), []float32{1, 2, 3, 4, 5}
	got := make([]float32, 5)
	near := func(what string, got []float32, want func(i int) float64) {
		t.Helper()
		for i, v := range got {
			if math.Abs(float64(v)-want(i)) > 1e-6 {
				t.Errorf("%s: element %d is %g, expected %g", what, i, v, want(i))
			}
		}
	}
	value := func(i int) float64 { return math.Tanh(float64(x[i])) }
	slope := func(i int) float64 { return 1 - value(i)*value(i) }
	Activate(Tanh, got, x, false)
	near("value", got, value)
	ActivateValueGrad(Tanh, got, y, x, dy, false)
	near("value", y, value)
	near("slope", got, func(i int) float64 { return slope(i) * float64(dy[i]) })
	Gate(Tanh, got, x, dy, false)
	near("gate", got, func(i int) float64 { return value(i) * float64(dy[i]) })
	GateValueGrad(Tanh, got, y, make([]float32, 5), x, dy, []float32{1, 1, 1, 1, 1}, false)
	near("gate's gradient", got, func(i int) float64 { return slope(i) * float64(dy[i]) })
	near("gate's gradient", y, value)
}
