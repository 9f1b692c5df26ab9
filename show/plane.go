package show

import (
	"context"
	"fmt"

	"github.com/seahorse-ml/seahorse/words"
)

// A Plane has vectors as points of two dimensions.
type Plane struct {
	X, Y   []float64
	Shares [2]float64 // of the variance of the vectors, along each direction; 0 by TSNE
}

// PCA puts vectors [N, D] on the two directions along which they differ most, their principal components; see words.PCA.
func PCA(vectors []float32, width int) (*Plane, error) {
	points, shares, err := words.PCA(vectors, width)
	if err != nil {
		return nil, fmt.Errorf("show: %w", err)
	}
	return newPlane(points, shares), nil
}

// TSNE puts vectors [N, D] such that neighbours stay neighbours; see words.TSNE.
func TSNE(ctx context.Context, vectors []float32, width int, c words.TSNEConfig) (*Plane, error) {
	points, err := words.TSNE(ctx, vectors, width, c)
	if err != nil {
		return nil, fmt.Errorf("show: %w", err)
	}
	return newPlane(points, [2]float64{}), nil
}

// newPlane parts points [N, 2].
func newPlane(points []float64, shares [2]float64) *Plane {
	p := &Plane{Shares: shares}
	for i := 0; i < len(points); i += 2 {
		p.X, p.Y = append(p.X, points[i]), append(p.Y, points[i+1])
	}
	return p
}
