package train

import "github.com/seahorse-ml/seahorse/data"

// A rowLoss is the mean of the losses of a row, each with its weight.
type rowLoss struct {
	mean  float64
	known bool // false where none of them counts, or the model tells none of each row
}

// bind finds the memory in which a machine that was compiled leaves the losses and their weights.
func (j *judge) bind() {
	if j.loss.Each != nil && !j.loss.Each.IsScalar() {
		j.each = floatsOf(j.loss.Each)
	}
}

// rowLosses finds what the losses of the rows of a batch come to, for dst [B]. Losses lie row by row, as targets do; others belong to no row.
func (j *judge) rowLosses(dst []rowLoss, b *data.Batch) {
	clear(dst)
	n, all := 0, len(j.weights)
	if held := max(len(j.each.single), len(j.each.double)); held == all && all%len(dst) == 0 {
		n = all / len(dst)
	}
	if n == 0 {
		return
	}
	j.weigh(b)
	for i := range min(b.Filled, len(dst)) {
		sum, weight := 0.0, 0.0
		for k := i * n; k < (i+1)*n; k++ {
			if w := j.weights[k]; w != 0 { // what is ignored may be no number
				sum += w * j.each.at(k)
				weight += w
			}
		}
		if weight > 0 {
			dst[i] = rowLoss{sum / weight, true}
		}
	}
}
