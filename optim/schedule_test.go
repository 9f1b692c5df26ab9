package optim

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func rates(s Schedule, n int) []float64 {
	var out []float64
	for step := range n {
		out = append(out, s.At(step))
	}
	return out
}

// TestScheduleAgreesWithOthers compares whole runs with nanoGPT, and what comes after the
// warm-up with transformers.
func TestScheduleAgreesWithOthers(t *testing.T) {
	g := readGolden(t)
	near(t, "nanoGPT", rates(Schedule{Decay: Cosine, LearningRate: 1e-3, MinLearningRate: 1e-4, WarmupSteps: 4, MaxSteps: 12}, 14), g.NanoGPT, 1e-15)
	near(t, "linear", rates(Schedule{Decay: Linear, LearningRate: 1e-3, MinLearningRate: 0, WarmupSteps: 4, MaxSteps: 12}, 14)[4:], g.Linear[4:], 1e-13)
	// At 12 + 1 steps the cosine of transformers has begun to rise again.
	near(t, "cosine", rates(Schedule{Decay: Cosine, LearningRate: 1e-3, MinLearningRate: 0, WarmupSteps: 4, MaxSteps: 12}, 13)[4:], g.Cosine[4:13], 1e-13)
	near(t, "constant", rates(Schedule{Decay: Constant, LearningRate: 1, MinLearningRate: 0, WarmupSteps: 3, MaxSteps: 0}, 6), []float64{0.25, 0.5, 0.75, 1, 1, 1}, 0)
}

func TestScheduleStaysWithinItsBounds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := Schedule{Decay: rapid.SampledFrom(decays).Draw(t, "decay"), LearningRate: rapid.Float64Range(1e-6, 1).Draw(t, "rate")}
		s.MinLearningRate = s.LearningRate * rapid.Float64Range(0, 1).Draw(t, "minimum")
		s.MaxSteps = rapid.IntRange(1, 100).Draw(t, "steps")
		s.WarmupSteps = rapid.IntRange(0, s.MaxSteps).Draw(t, "warm-up")
		if err := s.Validate(); err != nil {
			t.Fatal(err)
		}
		for step := range s.MaxSteps + 3 {
			at, next := s.At(step), s.At(step+1)
			if at <= 0 && step < s.MaxSteps || at > s.LearningRate*(1+1e-12) {
				t.Fatalf("step %d: rate %v", step, at)
			}
			if step >= s.WarmupSteps && (next > at || next < s.MinLearningRate) {
				t.Fatalf("step %d: %v, then %v", step, at, next)
			}
		}
	})
}

func TestScheduleRefuses(t *testing.T) {
	for _, test := range []struct {
		schedule Schedule
		want     string
	}{
		{Schedule{Decay: "wave", LearningRate: 1}, `decay "wave", expected one of ["constant" "linear" "cosine"]`},
		{Schedule{}, "learning rate 0, expected more than 0"},
		{Schedule{LearningRate: 1, MinLearningRate: -2}, "minimal learning rate -2, expected 0 or more"},
		{Schedule{LearningRate: 1, MinRate: 1.5}, "minimum of 1.5 of the learning rate"},
		{Schedule{LearningRate: 1, WarmupRatio: -1}, "warm-up of -1 of the steps"},
		{Schedule{LearningRate: 1, WarmupRatio: 0.1}, "a warm-up of 0.1 of 0 steps"},
		{Schedule{LearningRate: 1, WarmupSteps: -1}, "-1 warm-up steps"},
		{Schedule{Decay: Linear, LearningRate: 1}, "linear decay over 0 steps"},
	} {
		if err := test.schedule.Validate(); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("got error %v, want %q", err, test.want)
		}
	}
}

// TestScheduleOfShortRuns keeps warm-up and minimum within the run.
func TestScheduleOfShortRuns(t *testing.T) {
	long := Schedule{Decay: Linear, LearningRate: 1, MinLearningRate: 2, WarmupSteps: 9, MaxSteps: 4}
	near(t, "beyond the bounds", rates(long, 5), []float64{0.2, 0.4, 0.6, 0.8, 1}, 1e-15)
	shares := Schedule{Decay: Linear, LearningRate: 1, MinRate: 0.5, WarmupRatio: 0.25, MaxSteps: 4}
	near(t, "shares", rates(shares, 6), []float64{0.5, 1, 5.0 / 6, 4.0 / 6, 0.5, 0.5}, 1e-15)
	shares.WarmupSteps, shares.MinLearningRate = 2, 0.25
	near(t, "numbers win", rates(shares, 5), []float64{1.0 / 3, 2.0 / 3, 1, 0.625, 0.25}, 1e-15)
}
