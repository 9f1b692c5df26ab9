package training

import (
	"math"
	"sync"
)

// segmenter finds the likeliest pieces of a stretch of the lattice.
type segmenter struct {
	t     *unigramTrainer
	best  []float64
	from  []int32 // the edge that ends there
	parts []int32
}

// segment returns the pieces of n characters from start on, the last of them
// first, and their score. A piece that is not -1 is not used.
func (s *segmenter) segment(start int32, n int, avoid int32) ([]int32, float64) {
	l := &s.t.lattice
	if cap(s.best) < n+1 {
		s.best, s.from = make([]float64, 2*n+1), make([]int32, 2*n+1)
	}
	best, from := s.best[:n+1], s.from[:n+1]
	for i := range best {
		best[i] = math.Inf(-1)
	}
	best[0] = 0
	for i := range n {
		here := best[i]
		for k := l.edges[int(start)+i]; k < l.edges[int(start)+i+1]; k++ {
			end, p := i+int(l.lengths[k]), l.pieces[k]
			if end > n || p == avoid {
				continue
			}
			if score := here + s.t.pieces[p].score; score > best[end] {
				best[end], from[end] = score, k
			}
		}
	}
	s.parts = s.parts[:0]
	for end := n; end > 0; end -= int(l.lengths[from[end]]) {
		s.parts = append(s.parts, l.pieces[from[end]])
	}
	return s.parts, best[n]
}

// without returns the pieces that would stand in the place of piece i, and their score.
func (s *segmenter) without(i int32) ([]int32, float64) {
	p := s.t.pieces[i]
	return s.segment(p.at, int(p.chars), i)
}

// bestCounts returns how often each piece occurs where every word is split in the likeliest way.
func (t *unigramTrainer) bestCounts() []float64 {
	l := &t.lattice
	parts := make([][]int64, t.threads)
	t.split(func(thread, from, to int) {
		s := &segmenter{t: t}
		sum := make([]int64, len(t.pieces))
		for w := from; w < to; w++ {
			pieces, _ := s.segment(l.starts[w], int(l.starts[w+1]-l.starts[w]), -1)
			for _, p := range pieces {
				sum[p] += l.counts[w]
			}
		}
		parts[thread] = sum
	})
	out := make([]float64, len(t.pieces))
	for k := range out {
		var sum int64
		for _, part := range parts {
			sum += part[k]
		}
		out[k] = float64(sum)
	}
	return out
}

// guessPerChar sets perChar from the likeliest pieces of each word.
func (t *unigramTrainer) guessPerChar() {
	l := &t.lattice
	sums, chars := make([]int64, t.threads), make([]int64, t.threads)
	t.split(func(thread, from, to int) {
		s := &segmenter{t: t}
		for w := from; w < to; w++ {
			n := int64(l.starts[w+1] - l.starts[w])
			_, score := s.segment(l.starts[w], int(n), -1)
			sums[thread] += int64(score)
			chars[thread] += n
		}
	})
	var sum, total int64
	for i := range sums {
		sum, total = sum+sums[i], total+chars[i]
	}
	t.perChar = float64(sum) / float64(total)
}

// eachPiece calls do for each piece but the characters, from as many goroutines as there are threads.
func (t *unigramTrainer) eachPiece(do func(s *segmenter, i int)) {
	var wg sync.WaitGroup
	for thread := range t.threads {
		wg.Go(func() {
			s := &segmenter{t: t}
			for i := len(t.chars) + thread; i < len(t.pieces); i += t.threads {
				do(s, i)
			}
		})
	}
	wg.Wait()
}
