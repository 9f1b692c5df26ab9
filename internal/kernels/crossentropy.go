package kernels

import "math"

// CrossEntropy computes, for each row of logits [rows, cols] and its target t,
//
//	nll = log Σ e^z - z_t,  dlogits = scale·(softmax(z) - onehot(t))
//
// and 0 for both where t is negative. nll [rows] and dlogits may be nil; dlogits may
// be logits.
func CrossEntropy[T Float](nll, dlogits, logits []T, targets []int32, rows, cols int, scale T) {
	for r := range rows {
		var grad []T
		if dlogits != nil {
			grad = dlogits[r*cols : (r+1)*cols]
		}
		loss := crossEntropyRow(grad, logits[r*cols:(r+1)*cols], int(targets[r]), 0, float64(scale), 0)
		if nll != nil {
			nll[r] = T(loss)
		}
	}
}

// crossEntropyRow returns the loss of one row of logits z, with the share
// smoothing of the target's mass spread evenly, and unless grad is nil computes its
// gradient times scale. grad may be z. With a cap > 0, z is cap·tanh(z'/cap) and the gradient that
// of z', which has the factor 1 - (z/cap)². A negative target gives zeros.
func crossEntropyRow[T Float](grad, z []T, target int, smoothing, scale, cap float64) float64 {
	if target < 0 {
		clear(grad)
		return 0
	}
	most, sum := logSumExp(z)
	lse := most + math.Log(sum)
	spread := smoothing / float64(len(z))
	loss := lse - (1-smoothing)*float64(z[target])
	if smoothing > 0 {
		loss -= spread * float64(Sum(z))
	}
	if grad != nil {
		var perCap float64
		if cap > 0 {
			perCap = 1 / cap
		}
		t := float64(z[target]) * perCap
		expScaled(grad, z, T(most), T(scale/sum), T(-scale*spread), T(perCap))
		grad[target] -= T(scale * (1 - smoothing) * (1 - t*t))
	}
	return loss
}

// logSumExp returns the greatest element and Σ e^(z-greatest).
func logSumExp[T Float](z []T) (most, sum float64) {
	if v := fastFor[T](); v != nil {
		top := v.maxOf(single(z))
		return float64(top), float64(v.expTotal(single(z), top))
	}
	top := T(math.Inf(-1))
	for _, v := range z {
		top = max(top, v)
	}
	for _, v := range z {
		sum += math.Exp(float64(v - top))
	}
	return float64(top), sum
}

// logSumSquares returns log Σ p² for the softmax p of z, which is doubled on the way and halved again, both exactly.
func logSumSquares[T Float](z []T) float64 {
	most, sum := logSumExp(z)
	Scale(z, z, 2)
	double, squares := logSumExp(z)
	Scale(z, z, 0.5)
	return double + math.Log(squares) - 2*(most+math.Log(sum))
}

// expScaled computes dst[i] = (s·e^(x[i]-shift) + offset)·(1 - (perCap·x[i])²).
// dst may be x.
func expScaled[T Float](dst, x []T, shift, s, offset, perCap T) {
	x = x[:len(dst)]
	if v := fastFor[T](); v != nil {
		v.expScaled(single(dst), single(x), float32(shift), float32(s), float32(offset), float32(perCap))
		return
	}
	for i, v := range x {
		t := perCap * v
		dst[i] = (s*T(math.Exp(float64(v-shift))) + offset) * (1 - t*t)
	}
}
