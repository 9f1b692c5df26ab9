package kernels

import "math"

// AdaGradDot makes a step of AdaGrad (Duchi et al., 2011) on a and b for a loss that depends on their inner product, by which its derivative is slope:
//
//	ga = rate·clip(slope·b[i]),  gb = rate·clip(slope·a[i]),  clip(x) = min(max(x, -most), most)
//	a[i] -= ga/√aSquares[i],  b[i] -= gb/√bSquares[i]
//	aSquares[i] += ga²,  bSquares[i] += gb²
//
// The four must not overlap, and are as long as a.
func AdaGradDot[T Float](a, b, aSquares, bSquares []T, slope, most, rate T) {
	b, aSquares, bSquares = b[:len(a)], aSquares[:len(a)], bSquares[:len(a)]
	if v := fastFor[T](); v != nil {
		v.adaGradDot(single(a), single(b), single(aSquares), single(bSquares), float32(slope), float32(most), float32(rate))
		return
	}
	for i := range a {
		ga, gb := rate*min(max(slope*b[i], -most), most), rate*min(max(slope*a[i], -most), most)
		a[i] -= ga / T(math.Sqrt(float64(aSquares[i])))
		b[i] -= gb / T(math.Sqrt(float64(bSquares[i])))
		aSquares[i] += T(ga * ga) // rounded, where Go would fuse both, as on arm64
		bSquares[i] += T(gb * gb)
	}
}
