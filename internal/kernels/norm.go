package kernels

import "math"

// LayerNorm computes, for each row of x [rows, cols],
//
//	y = (x - mean)·rstd·w + b, with rstd = 1/√(variance + eps)
//
// and stores mean and rstd [rows]. The variance is that of the population. w and b
// are [cols] or nil. y may be x. past asks for y to be written past the caches, as Streams advises.
func LayerNorm[T Float](y, mean, rstd, x, w, b []T, rows, cols int, eps float64, past bool) {
	if v := fastFor[T](); v != nil {
		n := rows * cols
		past = past && aligned(y, cols)
		v.layerNorm(single(y[:n]), single(mean[:rows]), single(rstd[:rows]), single(x[:n]), optional(w, cols), optional(b, cols), rows, cols, eps, past)
		settle(past)
		return
	}
	for r := range rows {
		row, out := x[r*cols:(r+1)*cols], y[r*cols:(r+1)*cols]
		m := float64(Sum(row)) / float64(cols)
		var variance float64
		for _, v := range row {
			d := float64(v) - m
			variance += d * d
		}
		s := 1 / math.Sqrt(variance/float64(cols)+eps)
		mean[r], rstd[r] = T(m), T(s)
		for c, v := range row {
			h := (v - T(m)) * T(s)
			if w != nil {
				h *= w[c]
			}
			if b != nil {
				h += b[c]
			}
			out[c] = h
		}
	}
}

// LayerNormGrad computes the gradients of LayerNorm from dy [rows, cols]. With
// h = (x - mean)·rstd and g = dy·w,
//
//	dx = rstd·(g - mean(g) - h·mean(g·h)), or adds it to dx where accumulate is set
//	dw += Σ dy·h over the rows,  db += Σ dy over the rows
//
// Any of dx, dw, db may be nil, w too. dx may be dy. past asks for dx to be written past the caches, as StreamsShared advises.
func LayerNormGrad[T Float](dx, dw, db, dy, x, w, mean, rstd []T, rows, cols int, accumulate, past bool) {
	if v := fastFor[T](); v != nil {
		v.normGrads(single(dx), optional(dw, cols), optional(db, cols), single(dy), single(x), optional(w, cols), single(mean), single(rstd), rows, cols, 0, accumulate, past && aligned(dx, cols))
		return
	}
	for r := range rows {
		row, grad := x[r*cols:(r+1)*cols], dy[r*cols:(r+1)*cols]
		m, s := mean[r], rstd[r]
		var sum, sumH T
		for c, v := range row {
			h := (v - m) * s
			g := grad[c]
			if dw != nil {
				dw[c] += g * h
			}
			if db != nil {
				db[c] += g
			}
			if w != nil {
				g *= w[c]
			}
			sum += g
			sumH += g * h
		}
		if dx == nil {
			continue
		}
		sum /= T(cols)
		sumH /= T(cols)
		out := dx[r*cols : (r+1)*cols]
		for c, v := range row {
			g := grad[c]
			if w != nil {
				g *= w[c]
			}
			d := s * (g - sum - (v-m)*s*sumH)
			if accumulate {
				d += out[c]
			}
			out[c] = d
		}
	}
}

// RMSNorm computes, for each row of x [rows, cols],
//
//	y = x·rstd·(w + offset), with rstd = 1/√(mean(x²) + eps)
//
// and stores rstd [rows]. w is [cols] or nil, which means ones. y may be x. past asks for y to be written past the caches.
func RMSNorm[T Float](y, rstd, x, w []T, rows, cols int, eps, offset float64, past bool) {
	if v := fastFor[T](); v != nil {
		v.rmsNorm(single(y), single(rstd), single(x), optional(w, cols), rows, cols, eps, offset, past && aligned(y, cols))
		return
	}
	for r := range rows {
		row, out := x[r*cols:(r+1)*cols], y[r*cols:(r+1)*cols]
		s := T(1 / math.Sqrt(SumSquares(row)/float64(cols)+eps))
		rstd[r] = s
		for c, v := range row {
			h := v * s
			if w != nil {
				h *= w[c] + T(offset)
			}
			out[c] = h
		}
	}
}

// RMSNormGrad computes the gradients of RMSNorm from dy [rows, cols]. With
// h = x·rstd and g = dy·(w + offset),
//
//	dx = rstd·(g - h·mean(g·h)), or adds it to dx where accumulate is set
//	dw += Σ dy·h over the rows
//
// dx, dw and w may be nil. dx may be dy. past asks for dx to be written past the caches, as StreamsShared advises.
func RMSNormGrad[T Float](dx, dw, dy, x, w, rstd []T, rows, cols int, offset float64, accumulate, past bool) {
	if v := fastFor[T](); v != nil {
		v.normGrads(single(dx), optional(dw, cols), nil, single(dy), single(x), optional(w, cols), nil, single(rstd), rows, cols, offset, accumulate, past && aligned(dx, cols))
		return
	}
	for r := range rows {
		row, grad := x[r*cols:(r+1)*cols], dy[r*cols:(r+1)*cols]
		s := rstd[r]
		var sumH T
		for c, v := range row {
			h := v * s
			g := grad[c]
			if dw != nil {
				dw[c] += g * h
			}
			if w != nil {
				g *= w[c] + T(offset)
			}
			sumH += g * h
		}
		if dx == nil {
			continue
		}
		sumH /= T(cols)
		out := dx[r*cols : (r+1)*cols]
		for c, v := range row {
			g := grad[c]
			if w != nil {
				g *= w[c] + T(offset)
			}
			d := s * (g - v*s*sumH)
			if accumulate {
				d += out[c]
			}
			out[c] = d
		}
	}
}
