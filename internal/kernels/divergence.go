package kernels

import "math"

// A Divergence is how far a distribution s over tokens is from a teacher's t: with the mixture m = β·t + (1-β)·s the generalised Jensen-Shannon
// divergence β·KL(t‖m) + (1-β)·KL(s‖m), whose ends are defined as KL(t‖s) at β = 0 and KL(s‖t) at β = 1 (Agarwal et al., 2024).
type Divergence struct {
	Beta float64 // in [0, 1]
}

// term returns what one token with the logarithms ls and lt of its probabilities s and t adds to the divergence, and s times the derivative by s,
// but for a constant that softmax takes away.
func (d Divergence) term(ls, lt float64) (loss, weighted float64) {
	s, t := math.Exp(ls), math.Exp(lt)
	switch d.Beta {
	case 0:
		if t == 0 {
			return 0, 0
		}
		return t * (lt - ls), -t
	case 1:
		if s == 0 {
			return 0, 0
		}
		return s * (ls - lt), s * (ls - lt)
	}
	lm := math.Log(d.Beta*t + (1-d.Beta)*s)
	if t > 0 {
		loss = d.Beta * t * (lt - lm)
	}
	if s > 0 {
		weighted = (1 - d.Beta) * s * (ls - lm)
	}
	return loss + weighted, weighted
}

// DivergenceStats is how many numbers of a row the backward pass needs.
const DivergenceStats = 3

// DivergenceRow returns the divergence of the softmax of a row of logits z from that of a teacher's, and keeps in stats what DivergenceRowGrad needs:
//
//	loss = Σ term(log softmax(z), log softmax(teacher)),  stats = log Σ e^z, log Σ e^teacher, Σ weighted
func DivergenceRow[T Float](d Divergence, stats []T, z, teacher []T) float64 {
	lse, lseTeacher := logTotal(z), logTotal(teacher)
	var loss, mean float64
	for i, v := range z {
		l, w := d.term(float64(v)-lse, float64(teacher[i])-lseTeacher)
		loss += l
		mean += w
	}
	stats[0], stats[1], stats[2] = T(lse), T(lseTeacher), T(mean)
	return loss
}

// DivergenceRowGrad computes the gradient of DivergenceRow by z times scale, grad = scale·(weighted - softmax(z)·Σ weighted). grad may be z.
func DivergenceRowGrad[T Float](d Divergence, grad, stats, z, teacher []T, scale float64) {
	lse, lseTeacher, mean := float64(stats[0]), float64(stats[1]), float64(stats[2])
	for i, v := range z {
		ls := float64(v) - lse
		_, w := d.term(ls, float64(teacher[i])-lseTeacher)
		grad[i] = T(scale * (w - math.Exp(ls)*mean))
	}
}

// leastRest is how far below 1 the logarithm of the sum of a support's probabilities stays, as in trl.
const leastRest = 1e-7

// restOf returns the logarithm of what is left beside probabilities whose logarithms are given, and whether it is at its least.
func restOf[T Float](logs []T, lse float64) (log float64, least bool) {
	sum := 0.0
	for _, v := range logs {
		sum += math.Exp(float64(v) - lse)
	}
	logSum := math.Log(sum)
	if logSum > -leastRest {
		logSum, least = -leastRest, true
	}
	return math.Log(-math.Expm1(logSum)), least
}

// TopDivergenceRow is DivergenceRow where of the teacher only the logarithms of the probabilities of some tokens are known. All the others are taken
// together as one more. own has room for as many numbers as there are ids.
func TopDivergenceRow[T Float](d Divergence, own, stats, z []T, ids []int32, teacher []T) float64 {
	lse := logTotal(z)
	for k, id := range ids {
		own[k] = z[id]
	}
	rest, least := restOf(own, lse)
	restTeacher, _ := restOf(teacher, 0)
	var loss, mean float64
	for k := range ids {
		l, w := d.term(float64(own[k])-lse, float64(teacher[k]))
		loss += l
		mean += w
	}
	l, w := d.term(rest, restTeacher)
	factor := 0.0 // the derivative by the probability of all the others
	if !least {
		mean += w
		factor = w / math.Exp(rest)
	}
	stats[0], stats[1], stats[2] = T(lse), T(factor), T(mean)
	return loss + l
}

// TopDivergenceRowGrad computes the gradient of TopDivergenceRow by z times scale. grad may be z. own has room for as many numbers as there are ids.
func TopDivergenceRowGrad[T Float](d Divergence, own, grad, stats, z []T, ids []int32, teacher []T, scale float64) {
	lse, factor, mean := float64(stats[0]), float64(stats[1]), float64(stats[2])
	for k, id := range ids {
		ls := float64(z[id]) - lse
		_, w := d.term(ls, float64(teacher[k]))
		own[k] = T(scale * (w - math.Exp(ls)*mean))
	}
	expScaled(grad, z, T(lse), T(scale*(factor-mean)), 0, 0)
	for k, id := range ids {
		grad[id] = own[k]
	}
}

// logTotal returns log Σ e^z.
func logTotal[T Float](z []T) float64 {
	most, sum := logSumExp(z)
	return most + math.Log(sum)
}
