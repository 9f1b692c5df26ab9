package embed

import "math"

// Dot returns the inner product of two vectors, added up in float64.
func Dot(a, b []float32) float64 {
	sum := 0.0
	for i, x := range a {
		sum += float64(x) * float64(b[i])
	}
	return sum
}

// Cosine returns the cosine of the angle between two vectors, 0 where one of them is 0.
func Cosine(a, b []float32) float64 {
	length := math.Sqrt(Dot(a, a) * Dot(b, b))
	if length == 0 {
		return 0
	}
	return Dot(a, b) / length
}

// Normalize gives a vector the length 1; 0 stays 0.
func Normalize(v []float32) {
	length := math.Sqrt(Dot(v, v))
	if length == 0 {
		return
	}
	for i := range v {
		v[i] = float32(float64(v[i]) / length)
	}
}
