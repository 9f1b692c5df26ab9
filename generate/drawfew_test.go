package generate

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/seahorse-ml/seahorse/internal/random"
)

// sortedDraw draws as choose did when it sorted all candidates.
func sortedDraw(s *sampler, logits []float32, draw uint64) int32 {
	s.gather(logits, float64(slices.Max(logits)))
	s.filter()
	total := 0.0
	for _, c := range s.candidates {
		total += c.weight
	}
	at := total * random.Float64(s.config.Seed, s.stream, draw)
	for _, c := range s.candidates {
		if at -= c.weight; at < 0 {
			return c.id
		}
	}
	return s.candidates[0].id
}

// TestDrawFew holds draws to those among sorted candidates: for flat and steep logits, many that are equal, and all filters.
func TestDrawFew(t *testing.T) {
	chance := rand.New(rand.NewPCG(1, 0))
	p := func(x float64) *float64 { return &x }
	sure, all := 0, 0
	for _, config := range []Config{
		{Temperature: 1}, {Temperature: 0.1}, {Temperature: 30}, {Temperature: 1, TopP: p(0.9)}, {Temperature: 2, TopP: p(0.999)}, {Temperature: 1, TopP: p(0)}, {Temperature: 1, TopP: p(0.5)},
		{Temperature: 1, MinP: 0.05}, {Temperature: 1, MinP: 1}, {Temperature: 1, MinP: 0.01, TopP: p(0.8)}, {Temperature: 5, MinP: 1e-9}, {Temperature: 1, TopK: 7, TopP: p(0.9)},
	} {
		config.MaxNewTokens = 1
		for _, vocab := range []int{1, 2, 3, 50, 3000} {
			for draw := range uint64(60) {
				logits := make([]float32, vocab)
				for i := range logits {
					switch draw % 3 {
					case 0:
						logits[i] = float32(chance.NormFloat64() * 4)
					case 1:
						logits[i] = float32(chance.IntN(4))
					}
				}
				a, b := &sampler{config: config}, &sampler{config: config}
				got, err := a.choose(slices.Clone(logits), nil, draw)
				if want := sortedDraw(b, logits, draw); err != nil || got != want {
					t.Fatalf("%+v of %d: draw %d is %d, %v; expected %d", config, vocab, draw, got, err, want)
				}
				a.gather(logits, float64(slices.Max(logits)))
				if _, ok := a.drawFew(random.Float64(0, 0, draw)); ok && config.TopK == 0 {
					sure++
				}
				all++
			}
		}
	}
	if sure < all*8/10 { // equal logits have sums that are near to the bounds of TopP
		t.Errorf("%d of %d draws were sure", sure, all)
	}
}

// TestDrawFewDoubts holds that a draw on the bound between two tokens is left to the sorted ones.
func TestDrawFewDoubts(t *testing.T) {
	s := &sampler{config: Config{MaxNewTokens: 1, Temperature: 1}}
	s.gather([]float32{1, 1}, 1)
	if _, sure := s.drawFew(0.5); sure {
		t.Error("it was sure")
	}
	if id, sure := s.drawFew(0.4); !sure || id != 0 {
		t.Errorf("drew %d, %v", id, sure)
	}
}

func BenchmarkChoose(b *testing.B) {
	chance := rand.New(rand.NewPCG(1, 0))
	logits := make([]float32, 49152)
	for i := range logits {
		logits[i] = float32(chance.NormFloat64() * 3)
	}
	for name, draw := range map[string]func(s *sampler, n uint64){
		"few":    func(s *sampler, n uint64) { _, _ = s.choose(logits, nil, n) },
		"sorted": func(s *sampler, n uint64) { sortedDraw(s, logits, n) },
	} {
		b.Run(name, func(b *testing.B) {
			s := &sampler{config: Config{MaxNewTokens: 1, Temperature: 0.8}}
			for i := range b.N {
				draw(s, uint64(i))
			}
		})
	}
}
