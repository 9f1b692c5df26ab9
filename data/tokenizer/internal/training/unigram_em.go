package training

import (
	"math"
	"slices"
	"sync"
)

// unit is what a fixed-point number counts as 1. Sums of such numbers don't
// depend on their order, so they don't depend on threads.
const unit = 1 << 24

// split calls do for ranges of words, from as many goroutines as there are threads.
func (t *unigramTrainer) split(do func(thread, from, to int)) {
	n := len(t.lattice.counts)
	var wg sync.WaitGroup
	for i := range t.threads {
		wg.Go(func() { do(i, i*n/t.threads, (i+1)*n/t.threads) })
	}
	wg.Wait()
}

// expect returns how often each piece is expected to occur in the corpus, as its probability is now.
func (t *unigramTrainer) expect() []float64 {
	p := make([]float64, len(t.pieces))
	for i, piece := range t.pieces {
		p[i] = math.Exp(piece.score - t.perChar*float64(piece.chars))
	}
	parts := make([][]int64, t.threads)
	logs := make([]int64, t.threads)
	t.split(func(thread, from, to int) {
		parts[thread] = make([]int64, len(p))
		logs[thread] = t.expectWords(parts[thread], p, from, to)
	})
	out := make([]float64, len(p))
	var likelihood int64
	for i := range parts {
		likelihood += logs[i]
	}
	for k := range out {
		var sum int64
		for _, part := range parts {
			sum += part[k]
		}
		out[k] = float64(sum) / unit
	}
	var chars int64
	l := &t.lattice
	for w, n := range l.counts {
		chars += n * int64(l.starts[w+1]-l.starts[w])
	}
	t.perChar += float64(likelihood) / 1024 / float64(chars)
	return out
}

// expectWords adds the expected counts of words from to to, and returns the
// logarithm of their probability, less perChar for each character, in units of 1/1024.
func (t *unigramTrainer) expectWords(sum []int64, p []float64, from, to int) (logs int64) {
	l := &t.lattice
	var alpha, beta []float64
	for w := from; w < to; w++ {
		start, n := l.starts[w], int(l.starts[w+1]-l.starts[w])
		if cap(alpha) < n+1 {
			alpha, beta = make([]float64, 2*n+1), make([]float64, 2*n+1)
		}
		alpha, beta = alpha[:n+1], beta[:n+1]
		clear(alpha)
		alpha[0] = 1
		for i := range n {
			a := alpha[i]
			for k := l.edges[int(start)+i]; k < l.edges[int(start)+i+1]; k++ {
				alpha[i+int(l.lengths[k])] += a * p[l.pieces[k]]
			}
		}
		z := alpha[n]
		if !(z > math.SmallestNonzeroFloat64*1e20 && z < math.MaxFloat64/1e20) {
			continue // a word too long for the range of numbers tells little about its pieces
		}
		weight := float64(l.counts[w])
		logs += int64(math.Round(weight * math.Log(z) * 1024))
		beta[n] = weight * unit / z
		for i := n - 1; i >= 0; i-- {
			a, b := alpha[i], 0.0
			for k := l.edges[int(start)+i]; k < l.edges[int(start)+i+1]; k++ {
				piece := l.pieces[k]
				pb := p[piece] * beta[i+int(l.lengths[k])]
				b += pb
				sum[piece] += int64(a*pb + 0.5)
			}
			beta[i] = b
		}
	}
	return logs
}

// maximize sets the scores from expected counts and drops pieces that are hardly expected. Characters stay.
func (t *unigramTrainer) maximize(expected []float64, log func(float64) float64) {
	keep := make([]bool, len(t.pieces))
	var sum float64
	for i := range t.pieces {
		if keep[i] = i < len(t.chars) || expected[i] >= leastExpected; keep[i] {
			expected[i] = max(expected[i], leastExpected)
			sum += expected[i]
		}
	}
	total := log(sum)
	for i := range t.pieces {
		if keep[i] {
			t.pieces[i].score = log(expected[i]) - total
		}
	}
	t.retain(keep)
}

// retain drops all other pieces.
func (t *unigramTrainer) retain(keep []bool) {
	renumber := make([]int32, len(keep))
	n := int32(0)
	for i, k := range keep {
		if renumber[i] = -1; k {
			renumber[i] = n
			t.pieces[n] = t.pieces[i]
			n++
		}
	}
	if int(n) == len(keep) {
		return
	}
	t.pieces = t.pieces[:n]
	l := &t.lattice
	out := int32(0)
	begin := l.edges[0]
	for i := 0; i+1 < len(l.edges); i++ {
		end := l.edges[i+1]
		l.edges[i] = out
		for k := begin; k < end; k++ {
			if p := renumber[l.pieces[k]]; p >= 0 {
				l.pieces[out], l.lengths[out] = p, l.lengths[k]
				out++
			}
		}
		begin = end
	}
	l.edges[len(l.edges)-1] = out
	l.pieces, l.lengths = l.pieces[:out], l.lengths[:out]
}

// prune leaves size pieces: the characters, and of the others those without
// which the likelihood of the corpus would fall most.
func (t *unigramTrainer) prune(size int) {
	freq := t.bestCounts()
	var sum float64
	for _, f := range freq {
		sum += f
	}
	loss := make([]float64, len(t.pieces))
	t.eachPiece(func(s *segmenter, i int) {
		if freq[i] == 0 {
			return // the best way never leads through this piece
		}
		parts, score := s.without(int32(i))
		if score > t.pieces[i].score {
			return
		}
		alternative := -float64(len(parts)) * math.Log(sum+freq[i]*float64(len(parts)-1))
		for _, p := range parts {
			alternative += math.Log(freq[p] + freq[i])
		}
		loss[i] = freq[i] * (math.Log(freq[i]) - math.Log(sum) - alternative)
	})
	order := make([]int32, 0, len(t.pieces))
	for i := len(t.chars); i < len(t.pieces); i++ {
		order = append(order, int32(i))
	}
	slices.SortFunc(order, func(a, b int32) int {
		switch {
		case loss[a] > loss[b]:
			return -1
		case loss[a] < loss[b]:
			return 1
		}
		return int(a - b)
	})
	keep := make([]bool, len(t.pieces))
	for i := range t.chars {
		keep[i] = true
	}
	for _, i := range order[:max(0, min(size-len(t.chars), len(order)))] {
		keep[i] = true
	}
	t.retain(keep)
}
