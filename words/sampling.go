package words

import "math"

// source is a stream of random numbers for one piece of work: SplitMix64 (Steele et al., 2014).
type source struct{ state uint64 }

func (s *source) next() uint64 {
	s.state += 0x9E3779B97F4A7C15
	z := s.state
	z = (z ^ z>>30) * 0xBF58476D1CE4E5B9
	z = (z ^ z>>27) * 0x94D049BB133111EB
	return z ^ z>>31
}

// below returns an even number of [0, n).
func (s *source) below(n uint32) uint32 { return uint32(s.next() >> 32 * uint64(n) >> 32) }

// float returns an even number of [0, 1).
func (s *source) float() float64 { return float64(s.next()>>11) / (1 << 53) }

// alias draws numbers by their weights in constant time (Walker, 1974; Vose, 1991).
type alias struct {
	keep  []float64 // probability that a number itself is taken
	other []int32   // what is taken otherwise
}

// newAlias makes the table for counts to a power.
func newAlias(counts []int64, power float64) *alias {
	n := len(counts)
	a := &alias{make([]float64, n), make([]int32, n)}
	sum := 0.0
	for i, c := range counts {
		a.keep[i] = math.Pow(float64(c), power)
		sum += a.keep[i]
	}
	var small, large []int32
	for i := range a.keep {
		a.keep[i] *= float64(n) / sum
		a.other[i] = int32(i)
		if a.keep[i] < 1 {
			small = append(small, int32(i))
		} else {
			large = append(large, int32(i))
		}
	}
	for len(small) > 0 && len(large) > 0 {
		s, l := small[len(small)-1], large[len(large)-1]
		small = small[:len(small)-1]
		a.other[s] = l
		if a.keep[l] -= 1 - a.keep[s]; a.keep[l] < 1 {
			large = large[:len(large)-1]
			small = append(small, l)
		}
	}
	for _, i := range append(small, large...) {
		a.keep[i] = 1
	}
	return a
}

func (a *alias) draw(s *source) int32 {
	i := s.below(uint32(len(a.keep)))
	if s.float() < a.keep[i] {
		return int32(i)
	}
	return a.other[i]
}

// keepRates returns the probability with which each word is kept (Mikolov et al., 2013, as word2vec has it), or nil where all are.
func keepRates(v *Vocabulary, sample float64) []float64 {
	if sample == 0 {
		return nil
	}
	threshold := sample * float64(v.total())
	rates := make([]float64, v.Len())
	for i := range rates {
		count := float64(v.Count(i))
		rates[i] = min(1, (math.Sqrt(count/threshold)+1)*threshold/count)
	}
	return rates
}
