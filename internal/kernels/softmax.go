package kernels

import "math"

// Exp computes dst[i] = e^x[i]. dst may be x.
func Exp[T Float](dst, x []T) {
	x = x[:len(dst)]
	if v := fastFor[T](); v != nil {
		v.exp(single(dst), single(x))
		return
	}
	for i, v := range x {
		dst[i] = T(math.Exp(float64(v)))
	}
}

// Softmax computes dst = e^(x-max)/Σ e^(x-max) for each row of x [rows, cols].
// dst may be x.
func Softmax[T Float](dst, x []T, rows, cols int) {
	for r := range rows {
		row, out := x[r*cols:(r+1)*cols], dst[r*cols:(r+1)*cols]
		if v := fastFor[T](); v != nil {
			sum := v.expSum(single(out), single(row), v.maxOf(single(row)))
			v.scale(single(out), single(out), 1/sum)
			continue
		}
		most := T(math.Inf(-1))
		for _, v := range row {
			most = max(most, v)
		}
		var sum float64
		for c, v := range row {
			e := math.Exp(float64(v - most))
			out[c] = T(e)
			sum += e
		}
		Scale(out, out, T(1/sum))
	}
}

// SoftmaxGrad computes dx = y·(dy - Σ y·dy) for each row of y = softmax(x)
// [rows, cols]. dx may be dy.
func SoftmaxGrad[T Float](dx, y, dy []T, rows, cols int) {
	for r := range rows {
		p, g, out := y[r*cols:(r+1)*cols], dy[r*cols:(r+1)*cols], dx[r*cols:(r+1)*cols]
		sum := Dot(p, g)
		if v := fastFor[T](); v != nil {
			v.softmaxGrad(single(out), single(p), single(g), float32(sum))
			continue
		}
		for c := range out {
			out[c] = p[c] * (g[c] - sum)
		}
	}
}
