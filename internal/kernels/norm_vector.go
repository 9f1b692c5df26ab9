package kernels

import "math"

// rmsNorm is RMSNorm in vectors.
func (v *vectors) rmsNorm(y, rstd, x, w []float32, rows, cols int, eps, offset float64, past bool) {
	for r := range rows {
		row := x[r*cols : (r+1)*cols]
		s := float32(1 / math.Sqrt(v.sumSquares(row)/float64(cols)+eps))
		rstd[r] = s
		v.normRow(y[r*cols:(r+1)*cols], row, w, s, float32(offset), past)
	}
	settle(past)
}

// normGrads is LayerNormGrad in vectors, and without mean RMSNormGrad.
func (v *vectors) normGrads(dx, dw, db, dy, x, w, mean, rstd []float32, rows, cols int, offset float64, accumulate, past bool) {
	for r := range rows {
		row, grad := x[r*cols:(r+1)*cols], dy[r*cols:(r+1)*cols]
		var m float32
		if mean != nil {
			m = mean[r]
		}
		sum, sumH := v.normSums(dw, db, grad, row, w, m, rstd[r], float32(offset))
		if dx == nil {
			continue
		}
		if mean == nil {
			sum = 0
		}
		n := float32(cols)
		v.normGrad(dx[r*cols:(r+1)*cols], grad, row, w, m, rstd[r], float32(offset), sum/n, sumH/n, accumulate, past)
	}
	settle(past)
}

// optional returns the first n elements of x, or nil for nil.
func optional[T Float](x []T, n int) []float32 {
	if x == nil {
		return nil
	}
	return single(x[:n])
}
