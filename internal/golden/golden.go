// Package golden has what tests need to compare a model with a reference in
// another language without storing its weights: values that both sides compute from
// a name.
package golden

import (
	"fmt"
	"hash/crc32"
	"math"
	"slices"
	"strings"

	"gorgonia.org/tensor"
)

// Value is element i of the tensor called name, in [-1, 1). testdata/weights.py
// computes the same.
func Value(name string, i int) float64 {
	x := crc32.ChecksumIEEE([]byte(name)) + uint32(i)*2654435761
	for range 2 {
		x ^= x >> 16
		x *= 0x45d9f3b
	}
	x ^= x >> 16
	return float64(x)/(1<<31) - 1
}

// Source is a graph.Source of computed tensors: those of one dimension whose name
// ends in "weight" lie around 1, as the factors of norms do, the others around 0.
type Source struct {
	Shapes map[string][]int
	Gain   float64 // multiplies the distances from there; 0 means 1
}

// scale is the largest distance of a value from its centre.
const scale = 0.2

// Shape returns the shape of a tensor.
func (s Source) Shape(name string) ([]int, bool) {
	shape, ok := s.Shapes[name]
	return shape, ok
}

// Names returns the names of all tensors.
func (s Source) Names() []string {
	var names []string
	for name := range s.Shapes {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// Readable is nil: any tensor is.
func (s Source) Readable(string) error { return nil }

// Read computes a tensor.
func (s Source) Read(name string, dst *tensor.Dense) error {
	centre, scale := 0.0, scale
	if s.Gain != 0 {
		scale *= s.Gain
	}
	if len(s.Shapes[name]) == 1 && strings.HasSuffix(name, "weight") {
		centre = 1
	}
	switch d := dst.Data().(type) {
	case []float32:
		for i := range d {
			d[i] = float32(centre + scale*Value(name, i))
		}
	case []float64:
		for i := range d {
			d[i] = centre + scale*Value(name, i)
		}
	}
	return nil
}

// Digest is what is kept of a tensor: its length and its products with Dots
// vectors of computed values, so that any difference shows.
type Digest struct {
	Norm float64   `json:"norm"`
	Dots []float64 `json:"dots"`
}

// Dots is the number of products in a Digest.
const Dots = 4

// Digested returns the digest of the tensor called name.
func Digested[T float32 | float64](name string, data []T) Digest {
	d := Digest{Dots: make([]float64, Dots)}
	for i, v := range data {
		v := float64(v)
		d.Norm += v * v
		for k := range d.Dots {
			d.Dots[k] += v * Value(fmt.Sprint("dot ", k, " ", name), i)
		}
	}
	d.Norm = math.Sqrt(d.Norm)
	return d
}

// Distance is how far two digests are apart, as a part of the tensor's length, or
// of floor where that is larger.
func (d Digest) Distance(other Digest, floor float64) float64 {
	worst := math.Abs(d.Norm - other.Norm)
	for k := range d.Dots {
		worst = max(worst, math.Abs(d.Dots[k]-other.Dots[k]))
	}
	return worst / max(d.Norm, floor)
}
