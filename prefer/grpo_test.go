package prefer

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"strings"
	"testing"

	"github.com/seahorse-ml/seahorse/train"
)

// grpoGoldens is what testdata/grpo.py writes.
type grpoGoldens struct {
	Samples        [][3]json.RawMessage
	MaxLength      int `json:"max_length"`
	Old, Reference [][]float32
	Losses         []struct {
		outcome
		Old         bool
		Beta, Delta float64
		LossType    string `json:"loss_type"`
		Level       string
		Epsilon     [2]float64
		Steps       int
	}
	Advantages []struct {
		Rewards    []*float64
		Group      int
		Scale      Scaling
		Advantages []float64
		Flat       float64
	}
}

func readGRPO(t *testing.T) (all grpoGoldens) {
	t.Helper()
	raw, err := os.ReadFile("testdata/grpo.json")
	if err == nil {
		err = json.Unmarshal(raw, &all)
	}
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func (a grpoGoldens) samples(t *testing.T, c SamplesConfig) *Samples {
	t.Helper()
	var drawn []Drawn
	for i, s := range a.Samples {
		d := Drawn{Old: a.Old[i], Reference: a.Reference[i]}
		for k, into := range []any{&d.Prompt, &d.Completion, &d.Advantage} {
			if err := json.Unmarshal(s[k], into); err != nil {
				t.Fatal(err)
			}
		}
		drawn = append(drawn, d)
	}
	c.Length = 9
	rows, err := NewSamples(drawn, c)
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

// TestGRPOIsThatOfTRL compares losses, figures and gradients with trl's, in one micro-batch and in two or four where the loss isn't one of its micro-batch.
func TestGRPOIsThatOfTRL(t *testing.T) {
	all := readGRPO(t)
	for _, want := range all.Losses {
		t.Run(fmt.Sprintf("%s %s %g %t", want.LossType, want.Level, want.Beta, want.Old), func(t *testing.T) {
			policy := newTables(t, 0)
			c := GRPOConfig{LossType: want.LossType, EpsilonLow: want.Epsilon[0], EpsilonHigh: want.Epsilon[1], Delta: want.Delta, Beta: want.Beta, Sequence: want.Level == "sequence", MaxLength: all.MaxLength}
			config := SamplesConfig{Old: want.Old, Reference: want.Beta != 0}
			if want.Steps > 1 {
				config.Sampled = 12 // as trl's script has it: twice the tokens, in two steps
			}
			for _, accumulation := range []int{1, 2, 4} {
				if accumulation > 1 && want.LossType == "bnpo" {
					continue
				}
				compareRows(t, GRPO{policy, c}, policy, all.samples(t, config), 4, accumulation, want.outcome)
			}
		})
	}
}

func TestAdvantages(t *testing.T) {
	for i, want := range readGRPO(t).Advantages {
		rewards := make([]float64, len(want.Rewards))
		for k, r := range want.Rewards {
			if rewards[k] = math.NaN(); r != nil {
				rewards[k] = *r
			}
		}
		got, err := Advantages(rewards, want.Group, want.Scale)
		if err != nil || math.Abs(got.Flat-want.Flat) > 1e-12 {
			t.Fatalf("case %d: %v, %v, expected a share of %g", i, got, err, want.Flat)
		}
		for k, v := range want.Advantages {
			if math.Abs(got.Advantages[k]-v) > 1e-12 {
				t.Errorf("case %d: advantage %d of %v by %s is %.15g, expected %.15g", i, k, rewards, want.Scale, got.Advantages[k], v)
			}
		}
	}
	for _, wrong := range []func() (Standing, error){
		func() (Standing, error) { return Advantages([]float64{1, 2, 3}, 2, ScaleGroup) },
		func() (Standing, error) { return Advantages([]float64{1, 2}, 2, "best") },
	} {
		if s, err := wrong(); err == nil {
			t.Errorf("got %v", s)
		}
	}
}

// TestReadTokens has samples with tokens in them that the policy was told: they are read and not learned, so that each loss is that of a longer prompt, or of a mean
// without them.
func TestReadTokens(t *testing.T) {
	policy := newTables(t, 0)
	c := DefaultGRPOConfig()
	c.LossType, c.Beta = "grpo", 0.5
	evaluate := func(d ...Drawn) train.Evaluation {
		t.Helper()
		rows, err := NewSamples(d, SamplesConfig{Length: 8, Old: true, Reference: true})
		if err != nil {
			t.Fatal(err)
		}
		e, err := train.Evaluate(context.Background(), GRPO{policy, c}, rows, train.EvalConfig{BatchSize: 4})
		if err != nil {
			t.Fatal(err)
		}
		return e
	}
	first := Drawn{Prompt: []int32{1, 2}, Completion: []int32{3, 4}, Advantage: 0.5, Old: []float32{-2, -2.5}, Reference: []float32{-1, -3}}
	second := Drawn{Prompt: []int32{1, 2, 3, 4, 9, 8}, Completion: []int32{5, 6}, Advantage: 0.5, Old: []float32{-2.1, -1.5}, Reference: []float32{-2, -1}}
	both := Drawn{Prompt: first.Prompt, Completion: []int32{3, 4, 9, 8, 5, 6}, Learn: []bool{true, true, false, false, true, true}, Advantage: 0.5,
		Old: []float32{-2, -2.5, 7, 7, -2.1, -1.5}, Reference: []float32{-1, -3, 7, 7, -2, -1}}
	want := (evaluate(first).Loss + evaluate(second).Loss) / 2
	if got := evaluate(both).Loss; math.Abs(got-want) > 1e-12 {
		t.Errorf("the loss of two turns is %g, expected %g", got, want)
	}
	if n := both.Learned(); n != 4 {
		t.Errorf("%d tokens are learned, expected 4", n)
	}
	both.Learn = both.Learn[1:]
	if _, err := NewSamples([]Drawn{both}, SamplesConfig{Length: 8}); err == nil || !strings.Contains(err.Error(), "tells of 5 tokens whether they are learned, and has 6") {
		t.Error(err)
	}
}

// TestSamples looks at log-probabilities of samples, and at what is no sample.
func TestSamples(t *testing.T) {
	all, policy := readGRPO(t), newTables(t, 0)
	rows := all.samples(t, SamplesConfig{})
	one, err := rows.LogProbs(context.Background(), policy, 1)
	if err != nil {
		t.Fatal(err)
	}
	many, err := rows.LogProbs(context.Background(), policy, 3)
	if err != nil || fmt.Sprint(one) != fmt.Sprint(many) || len(one[1]) != 6 {
		t.Errorf("one by one %v, together %v, %v", one, many, err)
	}
	// With its own log-probabilities for old and reference ones, nothing is clipped, and the policy is at no distance.
	for i := range all.Old {
		all.Old[i], all.Reference[i] = one[i], one[i]
	}
	c := DefaultGRPOConfig()
	c.Beta = 1
	e, err := train.Evaluate(context.Background(), GRPO{policy, c}, all.samples(t, SamplesConfig{Old: true, Reference: true}), train.EvalConfig{BatchSize: 4})
	for _, f := range e.Figures {
		if math.Abs(f.Value) > 1e-7 {
			t.Errorf("%s is %g", f.Name, f.Value)
		}
	}
	if err != nil || len(e.Figures) != 4 {
		t.Errorf("%v, %v", e, err)
	}
	for _, wrong := range [][]Drawn{{{Prompt: []int32{1}}}, {{Prompt: []int32{1}, Completion: make([]int32, 5)}}, {{Prompt: []int32{1}, Completion: []int32{1}}}} {
		if _, err := NewSamples(wrong, SamplesConfig{Length: 4, Old: true}); err == nil {
			t.Errorf("%v is taken for a sample", wrong)
		}
	}
	for want, c := range map[string]GRPOConfig{
		`loss type "best"`: {LossType: "best"}, "epsilon -1": {LossType: "grpo", EpsilonLow: -1}, "delta 1": {LossType: "grpo", Delta: 1}, "expected grpo or luspo": {LossType: "dapo", Sequence: true},
		"divides by 0": {LossType: "dr_grpo"},
	} {
		if err := c.Validate(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, expected %q", err, want)
		}
	}
}
