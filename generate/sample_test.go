package generate

import (
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func number(x float64) *float64 { return &x }

// kept is what transformers' TopKLogitsWarper and TopPLogitsWarper keep, in that order.
func kept(logits []float32, c Config) []int32 {
	ids := make([]int32, len(logits))
	for i := range ids {
		ids[i] = int32(i)
	}
	slices.SortStableFunc(ids, func(a, b int32) int {
		switch {
		case logits[a] > logits[b]:
			return -1
		case logits[a] < logits[b]:
			return 1
		}
		return 0
	})
	if c.TopK > 0 && c.TopK < len(ids) {
		last := logits[ids[c.TopK-1]]
		ids = slices.DeleteFunc(ids, func(id int32) bool { return logits[id] < last })
	}
	if c.TopP == nil || *c.TopP == 1 {
		return ids
	}
	total := 0.0
	for _, id := range ids {
		total += math.Exp(float64(logits[id]) / c.Temperature)
	}
	before, n := 0.0, 0 // a token stays while those before it have less than TopP
	for n < len(ids) && (n == 0 || before/total < *c.TopP) {
		before += math.Exp(float64(logits[ids[n]]) / c.Temperature)
		n++
	}
	return ids[:n]
}

func TestFiltersAreThoseOfTransformers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		// Few different values make ties.
		logits := rapid.SliceOfN(rapid.Map(rapid.IntRange(-8, 8), func(i int) float32 { return float32(i) / 2 }), 1, 30).Draw(t, "logits")
		c := Config{
			MaxNewTokens: 1,
			Temperature:  rapid.SampledFrom([]float64{0.5, 1, 1.7}).Draw(t, "temperature"),
			TopK:         rapid.IntRange(0, 35).Draw(t, "top-k"),
			TopP:         rapid.Ptr(rapid.SampledFrom([]float64{0, 0.123, 0.5001, 0.9123, 1}), true).Draw(t, "top-p"),
		}
		s := &sampler{config: c}
		s.gather(logits, float64(slices.Max(logits)))
		s.filter()
		var got []int32
		for _, candidate := range s.candidates {
			got = append(got, candidate.id)
		}
		if want := kept(logits, c); !slices.Equal(got, want) {
			t.Errorf("kept %v, expected %v", got, want)
		}
	})
}

func TestFrequenciesFollowTheLogits(t *testing.T) {
	logits := []float32{0, 1, 2, float32(math.Inf(-1))}
	s := &sampler{config: Config{MaxNewTokens: 1, Temperature: 2, Seed: 3}}
	const draws = 20000
	var counts [4]int
	for i := range draws {
		id, err := s.choose(logits, nil, uint64(i))
		if err != nil {
			t.Fatal(err)
		}
		counts[id]++
	}
	total := 1 + math.Exp(0.5) + math.Exp(1)
	for id, want := range []float64{1 / total, math.Exp(0.5) / total, math.Exp(1) / total, 0} {
		// Four standard deviations of a count.
		if got := float64(counts[id]) / draws; math.Abs(got-want) > 4*math.Sqrt(want*(1-want)/draws) {
			t.Errorf("token %d came with frequency %g, expected %g", id, got, want)
		}
	}
}

func TestNotANumber(t *testing.T) {
	s := &sampler{config: Config{MaxNewTokens: 1}}
	if _, err := s.choose([]float32{0, float32(math.NaN())}, nil, 0); err == nil {
		t.Error("a token was chosen from logits that are not numbers")
	}
}

// TestEdges tells what values at their edges mean: a top-p of 0 leaves the best token, and what transformers refuses is refused.
func TestEdges(t *testing.T) {
	logits := []float32{0, 3, 2}
	for _, c := range []Config{{TopP: number(0)}, {TopK: 1}, {MinP: 1}} {
		c.MaxNewTokens, c.Temperature = 1, 1
		if err := c.Validate(); err != nil {
			t.Fatal(err)
		}
		s := &sampler{config: c}
		for draw := range 50 {
			if id, err := s.choose(slices.Clone(logits), nil, uint64(draw)); id != 1 || err != nil {
				t.Fatalf("%+v chose token %d, error %v", c, id, err)
			}
		}
	}
	nan := math.NaN()
	for _, c := range []Config{
		{RepetitionPenalty: number(0)}, {RepetitionPenalty: number(-1)}, {RepetitionPenalty: &nan}, {RepetitionPenalty: number(math.Inf(1))}, {RepetitionPenalty: number(1e300)},
		{TopP: number(-0.1)}, {TopP: &nan}, {MinP: nan}, {MinP: 1.1}, {TopK: -1}, {Temperature: nan}, {Temperature: -1}, {MaxNewTokens: -1},
	} {
		if c.MaxNewTokens == 0 {
			c.MaxNewTokens = 1
		}
		if c.Validate() == nil {
			t.Errorf("%+v was taken", c)
		}
	}
}

func TestPenaltiesByCount(t *testing.T) {
	for _, test := range []struct {
		config Config
		want   int32
	}{
		{Config{}, 2},
		{Config{FrequencyPenalty: 1}, 1},
		{Config{PresencePenalty: 1}, 2},
		{Config{PresencePenalty: 2.5}, 1},
		{Config{Bias: map[int32]float32{0: 10, 77: 3}}, 0},
	} {
		s := &sampler{config: test.config, begun: 2}
		if got, err := s.choose([]float32{0, 4, 6, 1}, []int32{1, 1, 2, 2, 2}, 0); err != nil || got != test.want {
			t.Errorf("%+v: %d, %v, expected %d", test.config, got, err, test.want)
		}
	}
}
