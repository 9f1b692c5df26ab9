package kernels

import "math"

// AdamWStep has what AdamW needs beside the tensors.
type AdamWStep struct {
	LR, Beta1, Beta2, Eps    float64
	Decay                    float64 // weight decay λ
	Correction1, Correction2 float64 // 1 - β₁ᵗ and 1 - β₂ᵗ
	GradScale                float64 // multiplies the gradient first, for clipping
	Past                     bool    // p is written past the caches, as StreamsShared advises
	Coupled                  bool    // decay is added to the gradient (L2, as in Adam) instead of taken from the parameter
}

// AdamW updates the parameter p and its moments m and v from the gradient g
// (Loshchilov and Hutter, 2019), in the order in which PyTorch computes:
//
//	g' = GradScale·g (+ λ·p where coupled)
//	p -= lr·λ·p  (where not coupled)
//	m += (1-β₁)·(g' - m)
//	v = β₂·v + (1-β₂)·g'²
//	p -= lr/(1-β₁ᵗ) · m / (√v/√(1-β₂ᵗ) + ε)
func AdamW[T Float](p, g, m, v []T, s AdamWStep) {
	n := len(p)
	g, m, v = g[:n], m[:n], v[:n]
	scale, decay := T(s.GradScale), T(s.Decay)
	shrink := T(1 - s.LR*s.Decay)
	beta2, rest1, rest2 := T(s.Beta2), T(1-s.Beta1), T(1-s.Beta2)
	rate, root, eps := T(s.LR/s.Correction1), T(math.Sqrt(s.Correction2)), T(s.Eps)
	if f := fastFor[T](); f != nil {
		if s.Coupled {
			shrink = 1
		} else {
			decay = 0
		}
		f.adamW(single(p), single(g), single(m), single(v), float32(scale), float32(decay), float32(shrink),
			float32(beta2), float32(rest1), float32(rest2), float32(rate), float32(root), float32(eps), s.Past && aligned(p, 0))
		settle(s.Past)
		return
	}
	for i := range p {
		grad := g[i] * scale
		w := p[i]
		if s.Coupled {
			grad += T(decay * w) // rounded, where Go would fuse both, as on arm64
		} else {
			w *= shrink
		}
		m[i] += T(rest1 * (grad - m[i]))
		v[i] = T(beta2*v[i]) + T(rest2*grad*grad)
		denominator := T(math.Sqrt(float64(v[i])))/root + eps
		p[i] = w - T(rate*m[i]/denominator)
	}
}
