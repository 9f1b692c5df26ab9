package generate

import (
	"cmp"
	"fmt"
	"math"
	"reflect"
	"slices"

	"github.com/seahorse-ml/seahorse/internal/random"
)

// Config says how tokens are chosen.
type Config struct {
	MaxNewTokens int      // tokens to generate at most, > 0
	Temperature  float64  // logits are divided by it; 0 takes the best token each time
	TopK         int      // only this many best tokens are drawn from, and those as good as the last; 0 means all
	TopP         *float64 // only the best tokens that have this probability together, at 0 the best one; nil or 1 means all
	MinP         float64  // only tokens with this part of the best one's probability; 0 means all
	// RepetitionPenalty divides the positive logits of tokens that are in the text
	// already and multiplies their negative ones (Keskar et al., 2019), by more than 0; nil or 1 means none.
	RepetitionPenalty *float64
	// FrequencyPenalty is taken off a token's logit for each time that it has been generated for the text, and PresencePenalty once where it has
	// been; 0 means none.
	FrequencyPenalty, PresencePenalty float64
	// Bias is added to logits before all else; nil for none.
	Bias   map[int32]float32
	Seed   uint64  // what is drawn depends on it, on the text's stream and on the number of the token only
	Stream uint64  // of random numbers for the first text; those behind it have the next ones
	Stop   []int32 // tokens that end the text; they are generated last
	// Ended is asked after each token, with all that were generated for the text, whether
	// it ends there; nil leaves that to Stop and MaxNewTokens. See StopStrings.
	Ended func(ids []int32) bool
	// Watch is called when what follows token n of all texts is computed; so 0 tells that the
	// prompts are read. Nil for silence.
	Watch func(n int)
}

// Validate tells what is wrong with the configuration, or nil.
func (c Config) Validate() error {
	switch {
	case c.MaxNewTokens <= 0:
		return fmt.Errorf("generate: %d new tokens, expected at least 1", c.MaxNewTokens)
	case c.Temperature < 0 || math.IsInf(c.Temperature, 0) || math.IsNaN(c.Temperature):
		return fmt.Errorf("generate: temperature %g, expected at least 0", c.Temperature)
	case c.TopK < 0:
		return fmt.Errorf("generate: top-k %d, expected at least 0", c.TopK)
	case c.TopP != nil && !(*c.TopP >= 0 && *c.TopP <= 1):
		return fmt.Errorf("generate: top-p %g, expected 0 to 1", *c.TopP)
	case !(c.MinP >= 0 && c.MinP <= 1):
		return fmt.Errorf("generate: min-p %g, expected 0 to 1", c.MinP)
	case c.RepetitionPenalty != nil && !(*c.RepetitionPenalty > 0 && *c.RepetitionPenalty <= math.MaxFloat32):
		return fmt.Errorf("generate: repetition penalty %g, expected more than 0", *c.RepetitionPenalty)
	case math.IsNaN(c.FrequencyPenalty) || math.Abs(c.FrequencyPenalty) > math.MaxFloat32 || math.IsNaN(c.PresencePenalty) || math.Abs(c.PresencePenalty) > math.MaxFloat32:
		return fmt.Errorf("generate: frequency penalty %g and presence penalty %g, expected finite numbers", c.FrequencyPenalty, c.PresencePenalty)
	}
	return nil
}

// A sampler chooses tokens by their logits. Its filters keep what those of
// transformers keep, in the same order: repetition penalty, temperature, top-k,
// top-p, min-p.
type sampler struct {
	config     Config
	stream     uint64        // of random numbers
	begun      int           // tokens of the text that weren't generated
	counts     map[int32]int // of generated tokens, scratch
	repeated   []bool        // [V], scratch
	candidates []candidate
	total      float64 // of their weights, in the order of their ids
	heap       []float32
	logits     []float32 // [V], of a batcher
}

// candidate is a token that may be drawn.
type candidate struct {
	id     int32
	logit  float64 // divided by the temperature
	weight float64 // e^(logit - the best logit)
}

// compare is below 0 where a is the better of two.
func (a candidate) compare(b candidate) int {
	return cmp.Or(cmp.Compare(b.logit, a.logit), cmp.Compare(a.id, b.id))
}

// choose returns the token that follows a text, for logits [V], which it changes;
// draw numbers the random choices.
func (s *sampler) choose(logits []float32, text []int32, draw uint64) (int32, error) {
	for id, b := range s.config.Bias {
		if int(id) < len(logits) && id >= 0 {
			logits[id] += b
		}
	}
	s.penalize(logits, text)
	s.penalizeCounts(logits, text[min(s.begun, len(text)):])
	best := 0
	for i, z := range logits {
		if z != z {
			return 0, fmt.Errorf("generate: the logit of token %d is not a number", i)
		}
		if z > logits[best] {
			best = i
		}
	}
	if s.config.Temperature == 0 {
		return int32(best), nil
	}
	s.gather(logits, float64(logits[best]))
	at := random.Float64(s.config.Seed, s.stream, draw)
	if s.config.TopK == 0 {
		if id, sure := s.drawFew(at); sure {
			return id, nil
		}
	}
	s.filter()
	total := 0.0
	for _, c := range s.candidates {
		total += c.weight
	}
	at *= total
	for _, c := range s.candidates {
		if at -= c.weight; at < 0 {
			return c.id, nil
		}
	}
	return int32(best), nil // rounding has used up the last candidate
}

// penalize lowers the logits of tokens that are in the text, each once.
func (s *sampler) penalize(logits []float32, text []int32) {
	if !s.config.penalizes() {
		return
	}
	penalty := float32(*s.config.RepetitionPenalty)
	if s.repeated == nil {
		s.repeated = make([]bool, len(logits))
	}
	clear(s.repeated)
	for _, id := range text {
		if s.repeated[id] {
			continue
		}
		s.repeated[id] = true
		if logits[id] < 0 {
			logits[id] *= penalty
		} else {
			logits[id] /= penalty
		}
	}
}

// penalizeCounts lowers the logits of tokens by how often they were generated.
func (s *sampler) penalizeCounts(logits []float32, generated []int32) {
	c := s.config
	if c.FrequencyPenalty == 0 && c.PresencePenalty == 0 {
		return
	}
	if s.counts == nil {
		s.counts = map[int32]int{}
	}
	clear(s.counts)
	for _, id := range generated {
		s.counts[id]++
	}
	for id, n := range s.counts {
		logits[id] -= float32(c.FrequencyPenalty*float64(n) + c.PresencePenalty)
	}
}

// changes tells whether logits are changed before tokens are chosen.
func (c Config) changes() bool {
	return c.penalizes() || c.FrequencyPenalty != 0 || c.PresencePenalty != 0 || len(c.Bias) > 0
}

// gather fills the candidates with the tokens that are among the best TopK, in no order.
func (s *sampler) gather(logits []float32, best float64) {
	c := s.config
	least := float32(math.Inf(-1))
	if c.TopK > 0 && c.TopK < len(logits) {
		least = s.kthLargest(logits, c.TopK)
	}
	if s.candidates == nil {
		s.candidates = make([]candidate, 0, c.candidates(len(logits)))
	}
	s.candidates, s.total = s.candidates[:0], 0
	for id, z := range logits {
		if z >= least {
			z := (float64(z) - best) / c.Temperature
			w := math.Exp(z)
			s.total += w
			s.candidates = append(s.candidates, candidate{int32(id), z, w})
		}
	}
}

// filter sorts the candidates, best first, and leaves those that the other filters keep.
func (s *sampler) filter() {
	c := s.config
	slices.SortFunc(s.candidates, func(a, b candidate) int { return a.compare(b) })
	if c.TopP != nil && *c.TopP < 1 {
		// A token goes if it and all that are worse have a probability of 1 - TopP at most.
		tail, keep := 0.0, len(s.candidates)
		for keep > 1 {
			tail += s.candidates[keep-1].weight
			if tail > (1-*c.TopP)*s.total {
				break
			}
			keep--
		}
		s.candidates = s.candidates[:keep]
	}
	for len(s.candidates) > 1 && s.candidates[len(s.candidates)-1].weight < c.MinP {
		s.candidates = s.candidates[:len(s.candidates)-1]
	}
}

// candidates returns how many tokens of a vocabulary are drawn from, but for those as good as the last.
func (c Config) candidates(vocab int) int {
	if c.TopK > 0 {
		return min(c.TopK, vocab)
	}
	return vocab
}

// penalizes tells whether tokens that are in the text become less likely, or more.
func (c Config) penalizes() bool { return c.RepetitionPenalty != nil && *c.RepetitionPenalty != 1 }

// samplerBytes returns what a sampler takes.
func samplerBytes(c Config, vocab int) int {
	bytes := 0
	if c.penalizes() {
		bytes += vocab
	}
	if c.Temperature != 0 {
		bytes += c.candidates(vocab) * int(reflect.TypeFor[candidate]().Size())
	}
	return bytes
}

// kthLargest returns the k-th largest logit. It keeps the k largest that it has
// seen in a heap with the least of them on top.
func (s *sampler) kthLargest(logits []float32, k int) float32 {
	h := append(s.heap[:0], logits[:k]...)
	sink := func(i int) {
		for {
			child := 2*i + 1
			if child >= k {
				return
			}
			if child+1 < k && h[child+1] < h[child] {
				child++
			}
			if h[i] <= h[child] {
				return
			}
			h[i], h[child] = h[child], h[i]
			i = child
		}
	}
	for i := k/2 - 1; i >= 0; i-- {
		sink(i)
	}
	for _, z := range logits[k:] {
		if z > h[0] {
			h[0] = z
			sink(0)
		}
	}
	s.heap = h
	return h[0]
}
