package kernels

import "math"

// rowProduct is assembly for the product of one row, or of a few, with columns of B that are stored as blocks of 32 numbers, where they lie.
type rowProduct struct {
	// one computes C[i, j] = Σ A[i, k]·B[k, j] + bias[j] for one row i and j in [0, cols), or adds this to C, over so many halves of blocks, halves > 0: from the
	// first half of the first block on, or with first = 1 from its second. a begins with the block's first number, A[i, k] is at i·aRow + k, C[i, j] at
	// i·ldc + j, and block n of column j begins at byte j·ldb + n·(a block's bytes) of b. bias may be nil. Terms are added as productKernel.tile adds
	// them. It is nil where there is none.
	one func(halves, first int, a []float32, aRow int, b []byte, ldb int, c []float32, ldc int, bias []float32, accumulate bool)
	// several does it for the number of rows that group says.
	several     func(halves, first int, a []float32, aRow int, b []byte, ldb int, c []float32, ldc int, bias []float32, accumulate bool)
	group, cols int
}

// most is the number of rows up to which it is quicker than unpacking.
func (r rowProduct) most() int { return 2 * r.group }

// rowBlocks multiplies a few rows by those of the columns [n0, n1) of a packed B that assembly reads where they lie, without unpacking them to memory
// before. It returns the first column that is left.
func (p *Product[T]) rowBlocks(row, n0, n1, k, depth int, accumulate bool) int {
	const block, half = 32, 16
	single, ok := any(p).(*Product[float32])
	if !ok || k%half != 0 || depth%half != 0 {
		return n0
	}
	b := p.run.packed
	r, size := rowProducts.of(p.kernel.level, b.Kind), b.Kind.Size(b.Cols)
	if p.M > r.most() || r.cols*size > math.MaxInt32 {
		return n0
	}
	begin := k / block * block
	for ; n0+r.cols <= n1; n0 += r.cols {
		for m := 0; m < p.M; {
			run, rows := r.one, 1
			if p.M-m >= r.group {
				run, rows = r.several, r.group
			}
			run(depth/half, (k-begin)/half, single.run.a[m*row+begin:], row, b.Data[n0*size+b.Kind.Size(begin):], size, single.run.c[m*p.LDC+n0:], p.LDC, single.bias(n0, k, depth), accumulate)
			m += rows
		}
	}
	return n0
}
