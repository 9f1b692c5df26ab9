package show

import (
	"math"
	"testing"
)

// TestPCA puts points of a plane in space back into the plane.
func TestPCA(t *testing.T) {
	x, y := []float64{-3, -1, 0, 4}, []float64{0.5, -0.75, 0.5, -0.25}
	along, across := [3]float64{2. / 3, 2. / 3, 1. / 3}, [3]float64{-2. / 3, 1. / 3, 2. / 3}
	var vectors []float32
	for i := range x {
		for k := range along {
			vectors = append(vectors, float32(7+x[i]*along[k]+y[i]*across[k]))
		}
	}
	p, err := PCA(vectors, 3)
	if err != nil {
		t.Fatal(err)
	}
	distance := func(x, y []float64, i, k int) float64 { return math.Hypot(x[i]-x[k], y[i]-y[k]) }
	for i := range x {
		for k := range i {
			if got, want := distance(p.X, p.Y, i, k), distance(x, y, i, k); math.Abs(got-want) > 1e-5 {
				t.Errorf("points %d and %d are %g apart, want %g", i, k, got, want)
			}
		}
	}
	if p.X[3] < 0 || math.Abs(p.Shares[0]+p.Shares[1]-1) > 1e-6 || p.Shares[0] < p.Shares[1] {
		t.Errorf("the last point is at %g, and the shares are %v", p.X[3], p.Shares)
	}
	if _, err := PCA(vectors[:3], 3); err == nil {
		t.Error("one vector is no error")
	}
}
