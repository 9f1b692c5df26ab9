package words

import (
	"fmt"
	"math"

	"github.com/seahorse-ml/seahorse/internal/kernels"
	"github.com/seahorse-ml/seahorse/internal/parallel"
	"github.com/seahorse-ml/seahorse/internal/random"
	"gonum.org/v1/gonum/mat"
)

// SVDConfig configures SVD.
type SVDConfig struct {
	Dim int // D, > 0
	// Power is that of the singular values in U·Σ^p: 0.5 is best for likeness (Levy et al., 2015), 1 keeps the distances of the rows.
	Power float64
	// Oversampling and Iterations make the randomised method exact enough (Halko et al., 2011); 0 of both are 10 and 4.
	Oversampling, Iterations int
	Seed                     uint64
}

// SVD returns vectors U·Σ^p by the D greatest singular values of a matrix, which follow too. It multiplies the matrix by random vectors and
// keeps the space that they end up in.
func (m *Cooccurrence) SVD(c SVDConfig) (*Vectors, []float64, error) {
	n := m.Vocabulary.Len()
	return (&sparse{n, n, m.Begin, m.Columns, m.Weights}).svd(m.Vocabulary, c)
}

// sparse is a matrix of which few elements aren't 0.
type sparse struct {
	rows, cols int
	begin      []int   // [rows+1], of the rows' elements
	columns    []int32 // of the elements
	weights    []float64
}

// svd is SVD, of a matrix whose rows are the vocabulary's words.
func (m *sparse) svd(v *Vocabulary, c SVDConfig) (*Vectors, []float64, error) {
	n, least := m.rows, min(m.rows, m.cols)
	if c.Dim < 1 || c.Dim > least || c.Oversampling < 0 || c.Iterations < 0 {
		return nil, nil, fmt.Errorf("words: SVD: %d dimensions of a matrix [%d, %d], oversampling %d and %d iterations, expected 1 to as many as it has rows and columns, and at least 0", c.Dim, m.rows, m.cols, c.Oversampling, c.Iterations)
	}
	if c.Oversampling == 0 {
		c.Oversampling = 10
	}
	if c.Iterations == 0 {
		c.Iterations = 4
	}
	width := min(least, c.Dim+c.Oversampling)
	q := make([]float64, m.cols*width)
	const stream = 7
	random.Normal(q, c.Seed, stream, 0)
	turned := m.transpose()
	y := make([]float64, n*width)
	for i := range c.Iterations + 1 {
		m.multiply(y, q, width)
		if i == c.Iterations {
			break
		}
		if err := orthonormalize(y, width); err != nil {
			return nil, nil, err
		}
		turned.multiply(q, y, width)
		if err := orthonormalize(q, width); err != nil {
			return nil, nil, err
		}
	}
	for range 2 { // since once loses digits, which only matters in the end
		if err := orthonormalize(y, width); err != nil {
			return nil, nil, err
		}
	}
	turned.multiply(q, y, width) // Mᵀ·Y [cols, width], whose Gram matrix has the squares of the singular values
	gram := gramOf(q, width)
	var eigen mat.EigenSym
	if !eigen.Factorize(gram, true) {
		return nil, nil, fmt.Errorf("words: SVD: the eigenvalues of a matrix of %d·%d don't converge", width, width)
	}
	values := eigen.Values(nil)
	var basis mat.Dense
	eigen.VectorsTo(&basis)
	u := &Vectors{Vocabulary: v, Dim: c.Dim, Values: make([]float32, n*c.Dim)}
	singular := make([]float64, c.Dim)
	for d := range singular {
		singular[d] = math.Sqrt(max(0, values[width-1-d]))
	}
	turn := make([]float64, width*c.Dim) // the basis's columns by falling singular value, times the power of that
	for d, s := range singular {
		for k := range width {
			turn[k*c.Dim+d] = basis.At(k, width-1-d) * math.Pow(s, c.Power)
		}
	}
	const grain = 256 // words
	parallel.Run((n+grain-1)/grain, func(_, piece int) {
		row := make([]float64, c.Dim)
		for i := piece * grain; i < min((piece+1)*grain, n); i++ {
			clear(row)
			for k, x := range y[i*width:][:width] {
				kernels.AXPY(row, turn[k*c.Dim:][:c.Dim], x)
			}
			for d, x := range row {
				u.Values[i*c.Dim+d] = float32(x)
			}
		}
	})
	return u, singular, nil
}

// multiply sets y [rows, width] to the product of the matrix and x [cols, width].
func (m *sparse) multiply(y, x []float64, width int) {
	const grain = 64 // rows
	n := m.rows
	parallel.Run((n+grain-1)/grain, func(_, piece int) {
		for i := piece * grain; i < min((piece+1)*grain, n); i++ {
			row := y[i*width:][:width]
			clear(row)
			for at := m.begin[i]; at < m.begin[i+1]; at++ {
				kernels.AXPY(row, x[int(m.columns[at])*width:][:width], m.weights[at])
			}
		}
	})
}

// transpose returns the matrix with rows and columns exchanged.
func (m *sparse) transpose() *sparse {
	t := &sparse{rows: m.cols, cols: m.rows, begin: make([]int, m.cols+1), columns: make([]int32, len(m.columns)), weights: make([]float64, len(m.weights))}
	for _, j := range m.columns {
		t.begin[j+1]++
	}
	for j := range m.cols {
		t.begin[j+1] += t.begin[j]
	}
	next := append([]int(nil), t.begin[:m.cols]...)
	for i := range m.rows {
		for at := m.begin[i]; at < m.begin[i+1]; at++ {
			j := m.columns[at]
			t.columns[next[j]], t.weights[next[j]] = int32(i), m.weights[at]
			next[j]++
		}
	}
	return t
}

// gramOf returns xᵀ·x of x [n, width]. It is summed by pieces in their order, so that it doesn't depend on the threads.
func gramOf(x []float64, width int) *mat.SymDense {
	const grain = 512 // rows
	n := len(x) / width
	pieces := (n + grain - 1) / grain
	parts := make([][]float64, pieces)
	parallel.Run(pieces, func(_, piece int) {
		part := make([]float64, width*width)
		for i := piece * grain; i < min((piece+1)*grain, n); i++ {
			row := x[i*width:][:width]
			for a, v := range row {
				kernels.AXPY(part[a*width+a:][:width-a], row[a:], v)
			}
		}
		parts[piece] = part
	})
	sum := make([]float64, width*width)
	for _, part := range parts {
		kernels.Accumulate(sum, part)
	}
	return mat.NewSymDense(width, sum)
}

// orthonormalize makes the columns of x [n, width] orthonormal, by the Cholesky factor of their Gram matrix.
func orthonormalize(x []float64, width int) error {
	gram := gramOf(x, width)
	trace := 0.0
	for i := range width {
		trace += gram.At(i, i)
	}
	for i := range width { // columns that depend on others become small rather than fail
		gram.SetSym(i, i, gram.At(i, i)+1e-12*trace/float64(width))
	}
	var chol mat.Cholesky
	if !chol.Factorize(gram) {
		return fmt.Errorf("words: SVD: the matrix has no %d independent columns", width)
	}
	var factor mat.TriDense
	chol.UTo(&factor)
	upper := factor.RawTriangular() // U by rows
	n := len(x) / width
	const grain = 256
	parallel.Run((n+grain-1)/grain, func(_, piece int) {
		for i := piece * grain; i < min((piece+1)*grain, n); i++ {
			row := x[i*width:][:width]
			for a := range row { // row·U⁻¹ by forward substitution
				of := upper.Data[a*upper.Stride:][:width]
				row[a] /= of[a]
				kernels.AXPY(row[a+1:], of[a+1:], -row[a])
			}
		}
	})
	return nil
}
