package main

import (
	"math"
	"slices"

	. "github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/reg"

	"github.com/seahorse-ml/seahorse/internal/kernels/_asm/simd"
)

// An activation emits f(x) and, where wanted, f'(x).
type activation struct {
	name string
	hold []float64 // the constants worth holding in registers
	emit func(l simd.Level, x reg.VecVirtual, slope bool) (f, df reg.VecVirtual)
}

// activationKinds stand in the order of the constants of kernels.Activation, without Identity.
var activationKinds = []activation{
	{"relu", nil, relu},
	{"reluSquared", nil, reluSquared},
	{"gelu", simd.NormalConstants, gelu},
	{"geluTanh", append(slices.Clone(simd.PowerTerms), -geluTanhBound, geluTanhBound, -math.Log2E*geluTanhCubic, -math.Log2E*geluTanhLinear), geluTanh},
	{"silu", simd.ExpConstants, silu},
	{"tanh", simd.TanhConstants, tanh},
	{"sigmoid", simd.ExpConstants, sigmoid},
}

// activations writes for each kind the function, its gradient, both at once, and the same of its gate.
func activations(l simd.Level) {
	for _, a := range activationKinds {
		function(l, a.name, "func(dst, x []float32, past bool)", "computes dst = f(x), past the caches if asked to.")
		dst, x, n := simd.Base("dst"), simd.Base("x"), simd.Len("dst")
		l.Hold(a.hold...)
		l.EachPast(n, func(c simd.Cursor, store simd.Writer) {
			f, _ := a.emit(l, l.Load(c.In(x), c.Mask), false)
			store(f, c.In(dst), c.Mask)
		})
		end()

		function(l, a.name+"Grad", "func(dst, x, dy []float32)", "computes dst = dy·f'(x).")
		a.gradient(l, false)
		function(l, a.name+"ValueGrad", "func(dst, value, x, dy []float32, past bool)", "computes dst = dy·f'(x) and value = f(x), which it writes past the caches if asked to.")
		a.gradient(l, true)

		function(l, a.name+"Gate", "func(dst, a, b []float32, past bool)", "computes dst = f(a)·b, past the caches if asked to.")
		dst, p, q, n := simd.Base("dst"), simd.Base("a"), simd.Base("b"), simd.Len("dst")
		l.Hold(a.hold...)
		l.EachPast(n, func(c simd.Cursor, store simd.Writer) {
			f, _ := a.emit(l, l.Load(c.In(p), c.Mask), false)
			VMULPS(l.Load(c.In(q), c.Mask), f, f)
			store(f, c.In(dst), c.Mask)
		})
		end()

		function(l, a.name+"GateGrad", "func(da, db, a, b, dy []float32)", "computes da = dy·b·f'(a) and db = dy·f(a).")
		a.gateGradient(l, false)
		function(l, a.name+"GateValueGrad", "func(da, db, value, a, b, dy []float32, past bool)",
			"computes da = dy·b·f'(a), db = dy·f(a) and value = f(a)·b, which it writes past the caches if asked to.")
		a.gateGradient(l, true)
	}
}

// each is l.EachPast where the value is written, and otherwise l.Each.
func (a activation) each(l simd.Level, n reg.Register, value bool, body func(c simd.Cursor, store simd.Writer)) {
	if value {
		l.EachPast(n, body)
		return
	}
	l.Each(n, func(c simd.Cursor) { body(c, l.Store) })
}

// gradient writes the body of a gradient, and of the function's value where wanted.
func (a activation) gradient(l simd.Level, value bool) {
	dst, x, dy, n := simd.Base("dst"), simd.Base("x"), simd.Base("dy"), simd.Len("dst")
	var y reg.Register
	if value {
		y = simd.Base("value")
	}
	l.Hold(a.hold...)
	a.each(l, n, value, func(c simd.Cursor, store simd.Writer) {
		f, df := a.emit(l, l.Load(c.In(x), c.Mask), true)
		VMULPS(l.Load(c.In(dy), c.Mask), df, df)
		if value {
			store(f, c.In(y), c.Mask)
		}
		l.Store(df, c.In(dst), c.Mask)
	})
	end()
}

// gateGradient writes the body of a gate's gradients, and of its value where wanted.
func (a activation) gateGradient(l simd.Level, value bool) {
	da, db := simd.Base("da"), simd.Base("db")
	p, q, dy, n := simd.Base("a"), simd.Base("b"), simd.Base("dy"), simd.Len("da")
	var y reg.Register
	if value {
		y = simd.Base("value")
	}
	l.Hold(a.hold...)
	a.each(l, n, value, func(c simd.Cursor, store simd.Writer) {
		f, df := a.emit(l, l.Load(c.In(p), c.Mask), true)
		d, b := l.Load(c.In(dy), c.Mask), l.Load(c.In(q), c.Mask)
		if value {
			gated := l.Reg()
			VMULPS(b, f, gated)
			store(gated, c.In(y), c.Mask)
		}
		VMULPS(d, f, f)
		VMULPS(b, d, d)
		VMULPS(d, df, df)
		l.Store(f, c.In(db), c.Mask)
		l.Store(df, c.In(da), c.Mask)
	})
	end()
}

func relu(l simd.Level, x reg.VecVirtual, slope bool) (f, df reg.VecVirtual) {
	f = l.Zero()
	VMAXPS(x, f, f) // NaN stays
	if slope {
		df = l.Copy(f)
		l.Where(l.Greater(f, l.Zero()), l.Set(1), df)
	}
	return f, df
}

func reluSquared(l simd.Level, x reg.VecVirtual, slope bool) (f, df reg.VecVirtual) {
	r, _ := relu(l, x, false)
	f = l.Reg()
	VMULPS(r, r, f)
	VADDPS(r, r, r)
	return f, r
}

func gelu(l simd.Level, x reg.VecVirtual, slope bool) (f, df reg.VecVirtual) {
	phi, density := l.Normal(x, slope)
	f = l.Reg()
	VMULPS(x, phi, f)
	if slope {
		VFMADD231PS(x, density, phi)
	}
	return f, phi
}

const (
	geluTanhLinear = 2 * 0.7978845608028654
	geluTanhCubic  = geluTanhLinear * 0.044715
	geluTanhBound  = 9.5 // beyond, σ(2y) is 0 or 1 but for 1e-33, and -2y/ln 2 is in the range of PowerOfProduct
)

// geluTanh uses 1+tanh(y) = 2σ(2y), and e^-2y as a power of two: the coefficients of y are multiplied by
// log₂ e beforehand.
func geluTanh(l simd.Level, x reg.VecVirtual, slope bool) (f, df reg.VecVirtual) {
	f, bounded := l.Set(-geluTanhBound), l.Set(geluTanhBound)
	VMAXPS(x, f, f)
	VMINPS(f, bounded, bounded)
	square, t := l.Reg(), l.Set(-math.Log2E*geluTanhCubic)
	VMULPS(bounded, bounded, square)
	VFMADD213PS(simd.Value(-math.Log2E*geluTanhLinear), square, t)
	e := l.PowerOfProduct(t, bounded)
	s, _ := l.Logistic(e, false)
	VMULPS(s, f, f)
	if slope {
		df = l.Set(3 * geluTanhCubic)
		VFMADD213PS(simd.Value(geluTanhLinear), square, df)
		VMULPS(bounded, df, df)
		VMULPS(s, e, e) // 1-s
		VMULPS(e, df, df)
		VFMADD213PS(s, s, df) // s + s·df
	}
	return f, df
}

func silu(l simd.Level, x reg.VecVirtual, slope bool) (f, df reg.VecVirtual) {
	s, rest := l.Sigmoid(x, slope)
	f = l.Reg()
	VMULPS(x, s, f)
	if slope {
		VMULPS(x, rest, rest)
		VFMADD213PS(s, s, rest) // s + s·x·(1-s)
	}
	return f, rest
}

func tanh(l simd.Level, x reg.VecVirtual, slope bool) (f, df reg.VecVirtual) {
	f = l.Tanh(x)
	if slope {
		twice := l.Reg()
		VADDPS(x, x, twice)
		s, rest := l.Sigmoid(twice, true)
		VMULPS(s, rest, rest)
		VMULPS(simd.Value(4), rest, rest)
		df = rest
	}
	return f, df
}

func sigmoid(l simd.Level, x reg.VecVirtual, slope bool) (f, df reg.VecVirtual) {
	s, rest := l.Sigmoid(x, slope)
	if slope {
		VMULPS(s, rest, rest)
	}
	return s, rest
}
