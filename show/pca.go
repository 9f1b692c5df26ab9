package show

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"
)

// A Plane has vectors as points of two dimensions.
type Plane struct {
	X, Y   []float64
	Shares [2]float64 // of the variance of the vectors, along each direction
}

// PCA puts vectors [N, D] on the two directions along which they differ most, their principal components. In each direction the point
// farthest from the middle has a positive place.
func PCA(vectors []float32, width int) (*Plane, error) {
	if width <= 0 || len(vectors)%width != 0 || len(vectors) < 2*width {
		return nil, fmt.Errorf("show: pca: %d numbers for vectors of %d, expected two vectors at least", len(vectors), width)
	}
	n := len(vectors) / width
	mean := make([]float64, width)
	for i, v := range vectors {
		mean[i%width] += float64(v) / float64(n)
	}
	// The directions come from the products of the vectors among each other, of which there are fewer than of their elements.
	centred := make([]float64, len(vectors))
	for i, v := range vectors {
		centred[i] = float64(v) - mean[i%width]
	}
	var products mat.SymDense
	products.SymOuterK(1, mat.NewDense(n, width, centred))
	var eigen mat.EigenSym
	if !eigen.Factorize(&products, true) {
		return nil, fmt.Errorf("show: pca: the vectors of %d tokens have no directions that could be found", n)
	}
	values := eigen.Values(nil)
	var directions mat.Dense
	eigen.VectorsTo(&directions)
	total := 0.0
	for _, v := range values {
		total += max(0, v)
	}
	p := &Plane{}
	for k, axis := range []*[]float64{&p.X, &p.Y} {
		column := n - 1 - k
		size := math.Sqrt(max(0, values[column]))
		*axis = mat.Col(nil, column, &directions)
		far := 0.0
		for _, v := range *axis {
			if math.Abs(v) > math.Abs(far)+1e-9 {
				far = v
			}
		}
		for i := range *axis {
			(*axis)[i] *= math.Copysign(size, far)
		}
		if total > 0 {
			p.Shares[k] = max(0, values[column]) / total
		}
	}
	return p, nil
}
