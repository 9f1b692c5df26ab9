package kernels

import "math"

// An Activation is an elementwise function.
type Activation uint8

// The activations, as package graph describes them.
const (
	Identity    Activation = iota
	ReLU                   // max(x, 0)
	ReLUSquared            // max(x, 0)²
	GELU                   // x·Φ(x), exact
	GELUTanh               // x/2·(1+tanh(√(2/π)·(x+0.044715·x³)))
	SiLU                   // x·σ(x)
	Tanh
	Sigmoid

	activations = iota // how many there are
)

// Known tells whether there is such an activation.
func (a Activation) Known() bool { return a < activations }

// String returns the activation's name in lower case.
func (a Activation) String() string {
	names := [...]string{"identity", "relu", "relu squared", "gelu", "gelu tanh", "silu", "tanh", "sigmoid"}
	if int(a) < len(names) {
		return names[a]
	}
	return "unknown activation"
}

const (
	geluTanhScale = 0.7978845608028654 // √(2/π)
	geluTanhCubic = 0.044715
	invSqrt2Pi    = 0.3989422804014327 // 1/√(2π)
)

func sigmoid(x float64) float64 { return 1 / (1 + math.Exp(-x)) }

// value returns f(x).
func (a Activation) value(x float64) float64 {
	switch a {
	case ReLU:
		return max(x, 0)
	case ReLUSquared:
		return max(x, 0) * max(x, 0)
	case GELU:
		return 0.5 * x * math.Erfc(-x/math.Sqrt2)
	case GELUTanh:
		return 0.5 * x * (1 + math.Tanh(geluTanhScale*(x+geluTanhCubic*x*x*x)))
	case SiLU:
		return x * sigmoid(x)
	case Tanh:
		return math.Tanh(x)
	case Sigmoid:
		return sigmoid(x)
	}
	return x
}

// slope returns f'(x); of ReLU at 0 it is 0.
func (a Activation) slope(x float64) float64 {
	switch a {
	case ReLU:
		if x > 0 {
			return 1
		}
		return max(x, 0) // keeps NaN
	case ReLUSquared:
		return 2 * max(x, 0)
	case GELU:
		return 0.5*math.Erfc(-x/math.Sqrt2) + x*invSqrt2Pi*math.Exp(-0.5*x*x)
	case GELUTanh:
		t := math.Tanh(geluTanhScale * (x + geluTanhCubic*x*x*x))
		return 0.5*(1+t) + 0.5*x*(1-t*t)*geluTanhScale*(1+3*geluTanhCubic*x*x)
	case SiLU:
		s := sigmoid(x)
		return s * (1 + x*(1-s))
	case Tanh:
		t := math.Tanh(x)
		return 1 - t*t
	case Sigmoid:
		s := sigmoid(x)
		return s * (1 - s)
	}
	return 1
}

// Activate computes dst[i] = f(x[i]). dst may be x. past asks for dst to be written past the caches, as Streams advises.
func Activate[T Float](f Activation, dst, x []T, past bool) {
	x = x[:len(dst)]
	if f == Identity {
		copy(dst, x)
		return
	}
	if v := fastFor[T](); v != nil && v.activate[f] != nil {
		past = past && aligned(dst, 0)
		v.activate[f](single(dst), single(x), past)
		settle(past)
		return
	}
	for i, v := range x {
		dst[i] = T(f.value(float64(v)))
	}
}

// ActivateGrad computes dst[i] = dy[i]·f'(x[i]). dst may be x or dy.
func ActivateGrad[T Float](f Activation, dst, x, dy []T) {
	x, dy = x[:len(dst)], dy[:len(dst)]
	if f == Identity {
		copy(dst, dy)
		return
	}
	if v := fastFor[T](); v != nil && v.activateGrad[f] != nil {
		v.activateGrad[f](single(dst), single(x), single(dy))
		return
	}
	for i, v := range x {
		dst[i] = dy[i] * T(f.slope(float64(v)))
	}
}

// ActivateValueGrad is ActivateGrad that computes value[i] = f(x[i]) as well, with the bits of Activate. Each
// destination may be x or dy, and overlaps nothing else. past asks for value to be written past the caches.
func ActivateValueGrad[T Float](f Activation, dst, value, x, dy []T, past bool) {
	if v := fastFor[T](); v != nil && v.valueGrad[f] != nil {
		n := len(dst)
		past = past && aligned(value, 0)
		v.valueGrad[f](single(dst), single(value[:n]), single(x[:n]), single(dy[:n]), past)
		settle(past)
		return
	}
	for i, v := range x[:len(dst)] {
		dst[i], value[i] = dy[i]*T(f.slope(float64(v))), T(f.value(float64(v)))
	}
}

// Gate computes dst[i] = f(a[i])·b[i]. dst may be a or b. past asks for dst to be written past the caches.
func Gate[T Float](f Activation, dst, a, b []T, past bool) {
	a, b = a[:len(dst)], b[:len(dst)]
	if f == Identity {
		Mul(dst, a, b)
		return
	}
	if v := fastFor[T](); v != nil && v.gate[f] != nil {
		past = past && aligned(dst, 0)
		v.gate[f](single(dst), single(a), single(b), past)
		settle(past)
		return
	}
	for i, v := range a {
		dst[i] = T(f.value(float64(v))) * b[i]
	}
}

// GateGrad computes da[i] = dy[i]·b[i]·f'(a[i]) and db[i] = dy[i]·f(a[i]). Each
// destination may be one of the sources, and overlaps nothing else.
func GateGrad[T Float](f Activation, da, db, a, b, dy []T) {
	n := len(da)
	db, a, b, dy = db[:n], a[:n], b[:n], dy[:n]
	if v := fastFor[T](); v != nil && v.gateGrad[f] != nil {
		v.gateGrad[f](single(da), single(db), single(a), single(b), single(dy))
		return
	}
	for i, v := range a {
		d, w := dy[i], b[i]
		da[i], db[i] = d*w*T(f.slope(float64(v))), d*T(f.value(float64(v)))
	}
}

// GateValueGrad is GateGrad that computes value[i] = f(a[i])·b[i] as well, with the bits of Gate, which may be in the place of a source
// too. past asks for value to be written past the caches.
func GateValueGrad[T Float](f Activation, da, db, value, a, b, dy []T, past bool) {
	if v := fastFor[T](); v != nil && v.gateValueGrad[f] != nil {
		n := len(da)
		past = past && aligned(value, 0)
		v.gateValueGrad[f](single(da), single(db[:n]), single(value[:n]), single(a[:n]), single(b[:n]), single(dy[:n]), past)
		settle(past)
		return
	}
	for i, v := range a[:len(da)] {
		d, w, y := dy[i], b[i], T(f.value(float64(v)))
		da[i], db[i], value[i] = d*w*T(f.slope(float64(v))), d*y, y*w
	}
}
