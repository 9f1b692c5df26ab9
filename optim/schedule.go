package optim

import (
	"fmt"
	"math"
	"slices"
)

// Decay names how a learning rate falls after the warm-up.
type Decay string

// The decays, under the names that Hugging Face's lr_scheduler_type has for them.
const (
	Constant Decay = "constant" // stays
	Linear   Decay = "linear"   // falls in a straight line
	Cosine   Decay = "cosine"   // falls along half a wave of the cosine
)

// decays are listed where a decay has another name.
var decays = []Decay{Constant, Linear, Cosine}

// Schedule gives the learning rate of each step.
//
// Steps count from 0. In the warm-up it rises in a straight line, as nanoGPT has it, so
// that the first step isn't lost at a rate of 0 (Hugging Face starts there): step s < W gets
// LearningRate·(s+1)/(W+1). From there on, with x = (s-W)/(MaxSteps-W),
//
//	linear   MinLearningRate + (LearningRate-MinLearningRate)·(1-x)
//	cosine   MinLearningRate + (LearningRate-MinLearningRate)·(1+cos πx)/2
//
// which for a minimum of 0 is what Hugging Face's schedules give, and for cosine is
// nanoGPT's. From MaxSteps on the rate is MinLearningRate.
type Schedule struct {
	Decay           Decay   // "constant", "linear" or "cosine"; "" is constant
	LearningRate    float64 // the highest, > 0
	MinLearningRate float64 // where the decay ends, at least 0; above LearningRate it counts as that; default 0; no part of constant
	WarmupSteps     int     // W, at least 0; above MaxSteps it counts as that; default 0
	// WarmupRatio is W as a share of MaxSteps, in [0, 1], rounded down, and MinRate where the decay ends as a share of
	// LearningRate, in [0, 1]. They hold where WarmupSteps and MinLearningRate are 0. Default: 0.
	WarmupRatio, MinRate float64
	MaxSteps             int // of the run, > 0; constant needs none
}

// Validate tells what is wrong with the schedule.
func (s Schedule) Validate() error {
	switch {
	case s.Decay != "" && !slices.Contains(decays, s.Decay):
		return fmt.Errorf("optim: schedule: decay %q, expected one of %q", s.Decay, decays)
	case !(s.LearningRate > 0) || math.IsInf(s.LearningRate, 0):
		return fmt.Errorf("optim: schedule: learning rate %v, expected more than 0", s.LearningRate)
	case !(s.MinLearningRate >= 0) || math.IsInf(s.MinLearningRate, 0):
		return fmt.Errorf("optim: schedule: minimal learning rate %v, expected 0 or more", s.MinLearningRate)
	case !(s.WarmupRatio >= 0 && s.WarmupRatio <= 1):
		return fmt.Errorf("optim: schedule: warm-up of %v of the steps, expected a share of 1", s.WarmupRatio)
	case !(s.MinRate >= 0 && s.MinRate <= 1):
		return fmt.Errorf("optim: schedule: minimum of %v of the learning rate, expected a share of 1", s.MinRate)
	case s.WarmupSteps < 0:
		return fmt.Errorf("optim: schedule: %d warm-up steps, expected 0 or more", s.WarmupSteps)
	case s.decays() && s.MaxSteps < 1:
		return fmt.Errorf("optim: schedule: %s decay over %d steps, expected at least one", s.Decay, s.MaxSteps)
	case s.WarmupRatio > 0 && s.WarmupSteps == 0 && s.MaxSteps < 1:
		return fmt.Errorf("optim: schedule: a warm-up of %v of %d steps, expected at least one", s.WarmupRatio, s.MaxSteps)
	}
	return nil
}

// warmup returns W.
func (s Schedule) warmup() int {
	w := s.WarmupSteps
	if w == 0 {
		w = int(s.WarmupRatio * float64(s.MaxSteps))
	}
	if s.MaxSteps > 0 {
		w = min(w, s.MaxSteps)
	}
	return w
}

// least returns where the decay ends.
func (s Schedule) least() float64 {
	if s.MinLearningRate == 0 {
		return s.MinRate * s.LearningRate
	}
	return min(s.MinLearningRate, s.LearningRate)
}

func (s Schedule) decays() bool { return s.Decay == Linear || s.Decay == Cosine }

// At returns the learning rate of a step, the first of which is 0.
func (s Schedule) At(step int) float64 {
	warmup, least := s.warmup(), s.least()
	switch {
	case step < warmup:
		return s.LearningRate * float64(step+1) / float64(warmup+1)
	case !s.decays():
		return s.LearningRate
	case step >= s.MaxSteps:
		return least
	}
	x := float64(step-warmup) / float64(s.MaxSteps-warmup)
	left := 1 - x
	if s.Decay == Cosine {
		left = 0.5 * (1 + math.Cos(math.Pi*x))
	}
	return least + left*(s.LearningRate-least)
}
