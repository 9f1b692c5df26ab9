package words

import (
	"context"
	"fmt"
	"math"

	"github.com/seahorse-ml/seahorse/internal/kernels"
	"github.com/seahorse-ml/seahorse/internal/parallel"
	"github.com/seahorse-ml/seahorse/internal/random"
	"gonum.org/v1/gonum/mat"
)

// PCA returns points [n, 2] of vectors [n, dim] on the plane in which they vary most, and the share of their variance that each axis has. Along each axis the
// point farthest from the middle has a positive place.
func PCA(vectors []float32, dim int) (points []float64, shares [2]float64, err error) {
	n := len(vectors) / max(1, dim)
	if dim < 2 || n < 2 || len(vectors) != n*dim {
		return nil, shares, fmt.Errorf("words: PCA: %d numbers as vectors of %d, expected at least two vectors of at least two dimensions", len(vectors), dim)
	}
	centred := make([]float64, n*dim)
	for k := range dim {
		mean := 0.0
		for i := range n {
			mean += float64(vectors[i*dim+k]) / float64(n)
		}
		for i := range n {
			centred[i*dim+k] = float64(vectors[i*dim+k]) - mean
		}
	}
	// The directions come from the products of the elements, or from those of the vectors among each other where there are fewer.
	var gram *mat.SymDense
	few := n < dim
	if few {
		gram = &mat.SymDense{}
		gram.SymOuterK(1, mat.NewDense(n, dim, centred))
	} else {
		gram = gramOf(centred, dim)
	}
	size := gram.SymmetricDim()
	var eigen mat.EigenSym
	if !eigen.Factorize(gram, true) {
		return nil, shares, fmt.Errorf("words: PCA: the eigenvalues of a matrix of %d·%d don't converge", size, size)
	}
	values := eigen.Values(nil)
	var basis mat.Dense
	eigen.VectorsTo(&basis)
	points = make([]float64, 2*n)
	trace := mat.Trace(gram)
	for axis := range 2 {
		column := size - 1 - axis
		if trace > 0 {
			shares[axis] = max(0, values[column]) / trace
		}
		far := 0.0
		for i := range n {
			x := 0.0
			if few {
				x = math.Sqrt(max(0, values[column])) * basis.At(i, column)
			} else {
				for k := range dim {
					x += centred[i*dim+k] * basis.At(k, column)
				}
			}
			if points[2*i+axis] = x; math.Abs(x) > math.Abs(far)*(1+1e-9) { // the first of some that are as far
				far = x
			}
		}
		for i := range n {
			points[2*i+axis] *= math.Copysign(1, far)
		}
	}
	return points, shares, nil
}

// TSNEConfig configures TSNE. Start from DefaultTSNEConfig.
type TSNEConfig struct {
	Perplexity float64 // about how many neighbours a point has, > 1 and less than the points
	Iterations int     // > 0
	Seed       uint64
}

// DefaultTSNEConfig returns scikit-learn's settings.
func DefaultTSNEConfig() TSNEConfig { return TSNEConfig{Perplexity: 30, Iterations: 1000, Seed: 1} }

// For returns the settings for n points, of which each has at most a third of the others as neighbours.
func (c TSNEConfig) For(n int) TSNEConfig {
	c.Perplexity = min(c.Perplexity, float64(n-1)/3)
	return c
}

// mostTSNE is the most points of TSNE, whose matrix of pairs then takes 800 MB.
const mostTSNE = 10_000

// TSNE returns points [n, 2] of vectors [n, dim] such that neighbours stay neighbours (van der Maaten and Hinton, 2008), computed over all pairs: with
// early exaggeration of 12 over
// 250 steps, momentum and gains. Points begin at PCA's.
func TSNE(ctx context.Context, vectors []float32, dim int, c TSNEConfig) ([]float64, error) {
	n := len(vectors) / max(1, dim)
	if n < 4 || n > mostTSNE || !(c.Perplexity > 1) || c.Perplexity >= float64(n) || c.Iterations < 1 {
		return nil, fmt.Errorf("words: t-SNE: %d vectors, perplexity %g and %d iterations, expected 4 to %d vectors, a perplexity above 1 and below their number, and at least one iteration", n, c.Perplexity, c.Iterations, mostTSNE)
	}
	y, _, err := PCA(vectors, dim)
	if err != nil {
		return nil, err
	}
	spread := 0.0
	for i := range n {
		spread += y[2*i] * y[2*i] / float64(n)
	}
	noise := make([]float64, len(y))
	random.Normal(noise, c.Seed, 30, 0)
	for i := range y { // as scikit-learn scales it; the noise parts points that are the same
		y[i] = 1e-4 * (y[i]/math.Sqrt(max(spread, math.SmallestNonzeroFloat64)) + 0.01*noise[i])
	}
	p := affinities(vectors, dim, c.Perplexity)
	const exaggeration, early = 12, 250
	rate := max(float64(n)/exaggeration/4, 50)
	gradient, step, gains := make([]float64, 2*n), make([]float64, 2*n), make([]float64, 2*n)
	for i := range gains {
		gains[i] = 1
	}
	sums := make([]float64, n)
	for iteration := range c.Iterations {
		if ctx.Err() != nil {
			return nil, fmt.Errorf("words: t-SNE: %w", context.Cause(ctx))
		}
		factor, momentum := 1.0, 0.8
		if iteration < early {
			factor, momentum = exaggeration, 0.5
		}
		tsneGradient(gradient, sums, y, p, factor)
		for i, g := range gradient {
			if (g > 0) == (step[i] > 0) {
				gains[i] = max(0.01, gains[i]*0.8)
			} else {
				gains[i] += 0.2
			}
			step[i] = momentum*step[i] - rate*gains[i]*g
			y[i] += step[i]
		}
	}
	return y, nil
}

// affinities returns the probabilities [n, n] that two points are neighbours, both ways together.
func affinities(vectors []float32, dim int, perplexity float64) []float32 {
	n := len(vectors) / dim
	squares := make([]float64, n)
	for i := range squares {
		squares[i] = kernels.SumSquares(vectors[i*dim:][:dim])
	}
	p := make([]float32, n*n)
	parallel.Run(n, func(_, i int) {
		row := p[i*n:][:n]
		distances := make([]float64, n)
		for j := range distances {
			distances[j] = max(0, squares[i]+squares[j]-2*float64(kernels.Dot(vectors[i*dim:][:dim], vectors[j*dim:][:dim])))
		}
		beta, low, high := 1.0, 0.0, math.Inf(1)
		for range 60 { // until the entropy is the perplexity's
			sum, moment := 0.0, 0.0
			for j, d := range distances {
				if j != i {
					x := math.Exp(-beta * d)
					row[j] = float32(x)
					sum += x
					moment += x * d
				}
			}
			sum = max(sum, math.SmallestNonzeroFloat64)
			kernels.Scale(row, row, float32(1/sum))
			entropy := math.Log(sum) + beta*moment/sum
			if entropy > math.Log(perplexity) {
				low = beta
				if beta = 2 * beta; !math.IsInf(high, 1) {
					beta = (low + high) / 2
				}
			} else {
				high = beta
				beta = (low + high) / 2
			}
		}
	})
	for i := range n {
		for j := range i {
			both := (p[i*n+j] + p[j*n+i]) / float32(2*n)
			p[i*n+j], p[j*n+i] = both, both
		}
	}
	return p
}

// tsneGradient sets dst to the gradient of the divergence of p, times factor, from the likeness of points y. Sums is room.
func tsneGradient(dst, sums, y []float64, p []float32, factor float64) {
	n := len(sums)
	likeness := func(i, j int) float64 {
		a, b := y[2*i]-y[2*j], y[2*i+1]-y[2*j+1]
		return 1 / (1 + a*a + b*b)
	}
	parallel.Run(n, func(_, i int) {
		sums[i] = 0
		for j := range n {
			if j != i {
				sums[i] += likeness(i, j)
			}
		}
	})
	total := kernels.Sum(sums)
	parallel.Run(n, func(_, i int) {
		a, b := 0.0, 0.0
		for j, affinity := range p[i*n:][:n] {
			if j != i {
				q := likeness(i, j)
				pull := (factor*float64(affinity) - q/total) * q
				a += pull * (y[2*i] - y[2*j])
				b += pull * (y[2*i+1] - y[2*j+1])
			}
		}
		dst[2*i], dst[2*i+1] = 4*a, 4*b
	})
}
