package simd

import (
	"math"
	"slices"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// Horner returns the polynomial with the given coefficients, the highest first,
// at x.
func (l Level) Horner(x reg.VecVirtual, coefficients ...float64) reg.VecVirtual {
	sum := l.Set(coefficients[0])
	for _, c := range coefficients[1:] {
		VFMADD213PS(Value(c), x, sum)
	}
	return sum
}

// Pairs is Horner for an even number of coefficients, of less latency: it takes the even
// and the odd powers of x side by side.
func (l Level) Pairs(x reg.VecVirtual, coefficients ...float64) reg.VecVirtual {
	var odd, even []float64
	for i, c := range coefficients {
		if i%2 == 0 {
			odd = append(odd, c)
		} else {
			even = append(even, c)
		}
	}
	square := l.Reg()
	VMULPS(x, x, square)
	sum := l.Horner(square, odd...)
	VFMADD213PS(l.Horner(square, even...), x, sum)
	return sum
}

// Clamp returns x within [low, high]; NaN stays.
func (l Level) Clamp(x Op, low, high float64) reg.VecVirtual {
	a, b := l.Set(high), l.Set(low)
	VMINPS(x, a, a) // of two operands, one of them NaN, the first is returned
	VMAXPS(a, b, b)
	return b
}

const (
	ln2High = float32(math.Ln2)
	ln2Low  = math.Ln2 - float64(ln2High)

	expLow, expHigh = -105, 89.5 // beyond, the result is 0 or +Inf

	// The terms of e^r from r² on, fitted for the least relative error.
	exp2, exp3, exp4, exp5, exp6 = 0.5, 0.16666576962223215, 0.041666854094774344, 0.008363200058417949, 0.0013901309796664773
)

// ExpConstants are those of Exp, to be held.
var ExpConstants = []float64{math.Log2E, float64(ln2High), ln2Low, exp2, exp3, exp4, exp5, exp6, 1, expLow, expHigh}

// Exp returns e^x, within 1.2 ulp; denormal results are rounded once.
func (l Level) Exp(x Op) reg.VecVirtual {
	return l.ExpWithin(l.Clamp(x, expLow, expHigh), nil)
}

// ExpWithin is Exp for an x in [-120, 120], which it destroys. Unless it is nil,
// correction (tiny) is added to the reduced argument.
//
// With n the integer next to x/ln 2 and r = x - n·ln 2, e^x is 2ⁿ·e^r, and e^r a
// polynomial of degree 6 with a relative error of at most 1.5e-8. Its terms are paired, since
// many of these chains would have to run at once to hide the latency of Horner's.
func (l Level) ExpWithin(x reg.VecVirtual, correction Op) reg.VecVirtual {
	n, r := l.Reg(), x
	VMULPS(Value(math.Log2E), x, n)
	l.round(n, n)
	VFNMADD231PS(Value(float64(ln2High)), n, r)
	VFNMADD231PS(Value(ln2Low), n, r)
	if correction != nil {
		VADDPS(correction, r, r)
	}
	square, low, p := l.Reg(), l.Set(exp3), l.Set(exp5)
	VMULPS(r, r, square)
	VFMADD213PS(Value(exp2), r, low)
	VFMADD213PS(Value(exp4), r, p)
	VFMADD231PS(Value(exp6), square, p)
	VFMADD213PS(low, square, p)
	VFMADD213PS(r, square, p)
	VADDPS(Value(1), p, p)
	if l.Wide() {
		VSCALEFPS(n, p, p)
		return p
	}
	power, half := l.Reg(), l.Reg()
	VCVTPS2DQ(n, power)
	VPSRAD(Imm(1), power, half)
	VPSUBD(half, power, power)
	for _, h := range []reg.VecVirtual{half, power} {
		VPADDD(Bits(127), h, h)
		VPSLLD(Imm(23), h, h)
		VMULPS(h, p, p)
	}
	return p
}

// PowerTerms are the coefficients of powers of two, to be held: those of 2^r for |r| ≤ 1/2, the highest
// first, fitted for the least relative error, 9.4e-8.
var PowerTerms = []float64{0.0013269572518765926, 0.009671294130384922, 0.0555071085691452, 0.24022246897220612, 0.6931470036506653, 1}

// Power returns 2^x for an x of at most 126 with a relative error of at most 1.6e-7; where it would be below 2⁻¹²⁶,
// that or 0. NaN stays NaN. It destroys x.
func (l Level) Power(x reg.VecVirtual) reg.VecVirtual {
	n := l.Reg()
	if l.Wide() {
		l.round(x, n)
		VREDUCEPS(Imm(nearest), x, x) // x - n, and 0 for an infinity
		return l.power(n, x)
	}
	const notLess = 5 // true for NaN
	least, exists := l.Set(-126), l.Reg()
	VCMPPS(Imm(notLess), least, x, exists)
	l.round(x, n)
	VSUBPS(n, x, x)
	p := l.power(n, x)
	VANDPS(exists, p, p)
	return p
}

// PowerOfProduct returns 2^(a·b) for a product in [-126, 126] with a relative error of at most 1.6e-7. It
// destroys a.
//
// With n the integer next to a·b, only the difference a·b - n is rounded.
func (l Level) PowerOfProduct(a, b reg.VecVirtual) reg.VecVirtual {
	n := l.Reg()
	VMULPS(a, b, n)
	l.round(n, n)
	VFMSUB213PS(n, b, a)
	return l.power(n, a)
}

// power returns 2^(n+r) for an integer n and |r| ≤ 1/2. It destroys n.
func (l Level) power(n, r reg.VecVirtual) reg.VecVirtual {
	p := l.Horner(r, PowerTerms...)
	if l.Wide() {
		VSCALEFPS(n, p, p)
		return p
	}
	VCVTPS2DQ(n, n)
	VPSLLD(Imm(23), n, n)
	VPADDD(n, p, p)
	return p
}

// nearest rounds to the next integer, the even one of two, without an exception.
const nearest = 8

// round sets n to the integers next to x, the even ones of two.
func (l Level) round(x, n reg.VecVirtual) {
	if l.Wide() {
		VRNDSCALEPS(Imm(nearest), x, n)
	} else {
		VROUNDPS(Imm(nearest), x, n)
	}
}

// Log returns log x of a normal x > 0, within 2 ulp or 2⁻²³ near 1; others give any number.
//
// With x = 2ⁿ·m, m in [3/4, 3/2), it is n·log 2 + log m, and log m is m-1 times a polynomial with a
// relative error of at most 4e-8.
func (l Level) Log(x Op) reg.VecVirtual {
	n, m := l.Reg(), l.Copy(x)
	VPSUBD(Bits(math.Float32bits(0.75)), m, n)
	VPSRAD(Imm(23), n, n)
	power := l.Reg()
	VPSLLD(Imm(23), n, power)
	VPSUBD(power, m, m)
	VSUBPS(Value(1), m, m)
	sum := l.Horner(m, 0.04742199555039406, -0.11517991125583649, 0.14974810183048248, -0.16893808543682098,
		0.1998298615217209, -0.24990463256835938, 0.33333390951156616, -0.5000009536743164, 1)
	VMULPS(m, sum, sum)
	VCVTDQ2PS(n, n)
	VFMADD231PS(Value(math.Ln2), n, sum)
	return sum
}

// Sigmoid returns s = 1/(1+e^-x), and 1-s without cancellation if rest is set.
func (l Level) Sigmoid(x reg.VecVirtual, rest bool) (s, oneMinus reg.VecVirtual) {
	minus := l.Reg()
	VXORPS(Value(math.Copysign(0, -1)), x, minus)
	return l.Logistic(l.Exp(minus), rest)
}

// Logistic returns s = 1/(1+e) and, without cancellation, 1-s if rest is set.
func (l Level) Logistic(e reg.VecVirtual, rest bool) (s, oneMinus reg.VecVirtual) {
	s = l.Set(1)
	denominator := l.Reg()
	VADDPS(e, s, denominator)
	VDIVPS(denominator, s, s)
	if rest {
		oneMinus = l.Set(math.MaxFloat32)
		VMINPS(e, oneMinus, oneMinus)
		VMULPS(s, oneMinus, oneMinus)
	}
	return s, oneMinus
}

const tanhBound = 7.90531110763549805 // beyond, tanh rounds to ±1

var (
	tanhUpper = []float64{-2.76076847742355e-16, 2.00018790482477e-13, -8.60467152213735e-11, 5.12229709037114e-08,
		1.48572235717979e-05, 6.37261928875436e-04, 4.89352455891786e-03}
	tanhLower = []float64{1.19825839466702e-06, 1.18534705686654e-04, 2.26843463243900e-03, 4.89352518554385e-03}

	// TanhConstants are those of Tanh, to be held.
	TanhConstants = append(append([]float64{-tanhBound, tanhBound}, tanhUpper...), tanhLower...)
)

// Tanh returns tanh(x) within 5 ulp, as a quotient of polynomials.
func (l Level) Tanh(x Op) reg.VecVirtual {
	v := l.Clamp(x, -tanhBound, tanhBound)
	square := l.Reg()
	VMULPS(v, v, square)
	p, q := l.Horner(square, tanhUpper...), l.Horner(square, tanhLower...)
	VMULPS(v, p, p)
	VDIVPS(q, p, p)
	return p
}

// normalTail is the polynomial of Normal.
var normalTail = []float64{-0.020628621854616985, 0.11246456569661059, -0.22828421854741587, 0.19188250379100952, -0.07950852094812375,
	0.09620457859890094, 0.07837233856318958, 0.11023932670246782, 0.11957132496588371, 0.11968672129943266}

// NormalConstants are the most used of Normal, to be held.
var NormalConstants = append(slices.Clone(ExpConstants[:9]), normalTail...)

// Normal returns the distribution function Φ of the standard normal at x and,
// if wanted, its density φ.
//
// With u = |x| and t = 1/(1+0.3u), Φ(-u) is e^(-u²/2)·t·P(t), P a polynomial of degree 9 with
// a relative error of at most 4e-9. The exponent takes the rounding error of u² along, so that
// the tail is exact to some 9 ulp too.
func (l Level) Normal(x reg.VecVirtual, density bool) (phi, d reg.VecVirtual) {
	const bound = 15 // beyond, e^(-u²/2) is 0
	u := l.Set(bound)
	abs := l.Reg()
	VANDPS(Bits(math.MaxInt32), x, abs)
	VMINPS(abs, u, u)
	square, low := l.Reg(), l.Reg()
	VMULPS(u, u, square)
	VMOVAPS(square, low)
	VFMSUB231PS(u, u, low) // low = u·u - low
	half := l.Set(-0.5)
	VMULPS(half, square, square)
	VMULPS(half, low, low)
	e := l.ExpWithin(square, low)

	one := l.Set(1)
	t := l.Reg()
	VMOVAPS(one, t)
	VFMADD231PS(Value(0.3), u, t)
	VDIVPS(t, one, t)
	phi = l.Pairs(t, normalTail...)
	VMULPS(t, phi, phi)
	VMULPS(e, phi, phi)
	upper := l.Reg()
	VSUBPS(phi, one, upper)
	l.BySign(x, phi, upper, phi)
	if density {
		VMULPS(Value(1/math.Sqrt(2*math.Pi)), e, e)
	}
	return phi, e
}

// BySign sets dst to negative in the lanes where x has its sign bit set, and
// to positive in the others.
func (l Level) BySign(x, negative, positive, dst reg.VecVirtual) {
	if l.Wide() {
		k := K()
		VPMOVD2M(x, k)
		VBLENDMPS(negative, positive, k, dst)
	} else {
		VBLENDVPS(x, negative, positive, dst)
	}
}
