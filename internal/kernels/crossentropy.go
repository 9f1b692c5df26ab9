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
		loss := crossEntropyRow(grad, logits[r*cols:(r+1)*cols], int(targets[r]), 0, float64(scale))
		if nll != nil {
			nll[r] = T(loss)
		}
	}
}

// crossEntropyRow returns the loss of one row of logits z, with the share
// smoothing of the target's mass spread evenly, and unless grad is nil computes its
// gradient times scale. grad may be z. A negative target gives zeros.
func crossEntropyRow[T Float](grad, z []T, target int, smoothing, scale float64) float64 {
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
		expScaled(grad, z, T(most), T(scale/sum), T(-scale*spread))
		grad[target] -= T(scale * (1 - smoothing))
	}
	return loss
}

// logSumExp returns the greatest element and Σ e^(z-greatest).
func logSumExp[T Float](z []T) (most, sum float64) {
	return logSumExpGeneric(z)
}

func logSumExpGeneric[T Float](z []T) (most, sum float64) {
	top := T(math.Inf(-1))
	for _, v := range z {
		top = max(top, v)
	}
	for _, v := range z {
		sum += math.Exp(float64(v - top))
	}
	return float64(top), sum
}

// expScaled computes dst[i] = s·e^(x[i]-shift) + offset. dst may be x.
func expScaled[T Float](dst, x []T, shift, s, offset T) {
	expScaledGeneric(dst, x, shift, s, offset)
}

func expScaledGeneric[T Float](dst, x []T, shift, s, offset T) {
	for i, v := range x {
		dst[i] = s*T(math.Exp(float64(v-shift))) + offset
	}
}
