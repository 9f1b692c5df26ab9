package layers

import (
	"fmt"
	"math"
	"slices"
)

// A ScalingKind says how rotary frequencies are changed for texts longer than those
// of the first training.
type ScalingKind string

const (
	NoScaling       ScalingKind = ""
	LinearScaling   ScalingKind = "linear"   // positions are divided by Factor (Chen et al., 2023)
	DynamicScaling  ScalingKind = "dynamic"  // the base grows with the text, beyond Length (bloc97, 2023)
	YaRNScaling     ScalingKind = "yarn"     // slow pairs are divided by Factor, fast ones stay (Peng et al., 2023)
	Llama3Scaling   ScalingKind = "llama3"   // likewise, by wavelength (Grattafiori et al., 2024)
	LongRoPEScaling ScalingKind = "longrope" // pairs are divided by factors of their own, others in texts beyond OriginalLength (Ding et al., 2024)
)

// RotaryScaling configures a scaling; the zero value is none.
type RotaryScaling struct {
	Kind           ScalingKind
	Factor         float64 // how many times longer texts become, ≥ 1
	OriginalLength int     // positions of the first training, for YaRN, Llama 3 and LongRoPE

	LowFrequency, HighFrequency float64 // Llama 3: wavelengths beyond OriginalLength/LowFrequency are divided, below OriginalLength/HighFrequency they stay

	BetaFast, BetaSlow float64 // YaRN: turns in OriginalLength from which a pair is fast or slow; 0 means 32 and 1
	AttentionFactor    float64 // YaRN and LongRoPE: multiplies cosines and sines; 0 means 0.1·ln(Factor) + 1, of LongRoPE √(1 + ln(Factor)/ln(OriginalLength))
	Exact              bool    // YaRN: the bounds between slow and fast aren't rounded to whole pairs

	ShortFactors, LongFactors []float64 // LongRoPE: what each pair's frequency is divided by, in texts up to OriginalLength and in longer ones
}

func (s RotaryScaling) validate(length, pairs int) error {
	switch s.Kind {
	case NoScaling:
		return nil
	case LinearScaling, DynamicScaling, YaRNScaling, Llama3Scaling, LongRoPEScaling:
	default:
		return fmt.Errorf("layers: rotary: scaling %q is not known; known are linear, dynamic, yarn, llama3 and longrope", s.Kind)
	}
	switch {
	case s.Factor < 1:
		return fmt.Errorf("layers: rotary: %s scaling by %g, expected at least 1", s.Kind, s.Factor)
	case s.Kind == DynamicScaling && length <= 0:
		return fmt.Errorf("layers: rotary: dynamic scaling needs the model's length")
	case (s.Kind == YaRNScaling || s.Kind == Llama3Scaling || s.Kind == LongRoPEScaling) && s.OriginalLength <= 0:
		return fmt.Errorf("layers: rotary: %s scaling needs the original length", s.Kind)
	case s.Kind == LongRoPEScaling && (len(s.ShortFactors) != pairs || len(s.LongFactors) != pairs || !positive(s.ShortFactors) || !positive(s.LongFactors)):
		return fmt.Errorf("layers: rotary: longrope scaling with %d short and %d long factors, expected %d positive ones of each", len(s.ShortFactors), len(s.LongFactors), pairs)
	case s.Kind == Llama3Scaling && !(0 < s.LowFrequency && s.LowFrequency < s.HighFrequency):
		return fmt.Errorf("layers: rotary: llama3 scaling from %g to %g, expected growing frequency factors", s.LowFrequency, s.HighFrequency)
	}
	return nil
}

// apply returns the scaled frequencies for a text of length positions and what
// cosines and sines are multiplied by.
func (s RotaryScaling) apply(c RotaryConfig, length int) (frequencies []float64, factor float64) {
	w := c.frequencies(c.Base)
	switch s.Kind {
	case LinearScaling:
		for i := range w {
			w[i] /= s.Factor
		}
	case DynamicScaling:
		size := float64(c.Size)
		grown := s.Factor*float64(max(length, c.Length))/float64(c.Length) - (s.Factor - 1)
		return c.frequencies(c.Base * math.Pow(grown, size/(size-2))), 1
	case Llama3Scaling:
		s.llama3(w)
	case YaRNScaling:
		return s.yarn(c, w)
	case LongRoPEScaling:
		return s.longRoPE(w, length)
	}
	return w, 1
}

// llama3 divides slow frequencies, and those in between in part.
func (s RotaryScaling) llama3(w []float64) {
	for i, f := range w {
		turns := float64(s.OriginalLength) * f / (2 * math.Pi)
		keep := (turns - s.LowFrequency) / (s.HighFrequency - s.LowFrequency)
		keep = min(max(keep, 0), 1)
		w[i] = (1-keep)*f/s.Factor + keep*f
	}
}

// longRoPE divides each frequency by a factor of its own.
func (s RotaryScaling) longRoPE(w []float64, length int) ([]float64, float64) {
	factors, factor := s.ShortFactors, s.AttentionFactor
	if length > s.OriginalLength {
		factors = s.LongFactors
	}
	if factor == 0 {
		factor = math.Sqrt(1 + math.Log(s.Factor)/math.Log(float64(s.OriginalLength)))
	}
	for i := range w {
		w[i] /= factors[i]
	}
	return w, factor
}

func positive(factors []float64) bool {
	return !slices.ContainsFunc(factors, func(f float64) bool { return !(f > 0) })
}

// yarn divides slow frequencies, and those in between in part, by their number.
func (s RotaryScaling) yarn(c RotaryConfig, w []float64) ([]float64, float64) {
	fast, slow, factor := s.BetaFast, s.BetaSlow, s.AttentionFactor
	if fast == 0 {
		fast = 32
	}
	if slow == 0 {
		slow = 1
	}
	if factor == 0 {
		factor = 0.1*math.Log(s.Factor) + 1
	}
	// pair returns the number of the pair that makes so many turns in the original length.
	pair := func(turns float64) float64 {
		return float64(c.Size) * math.Log(float64(s.OriginalLength)/(turns*2*math.Pi)) / (2 * math.Log(c.Base))
	}
	low, high := pair(fast), pair(slow)
	if !s.Exact {
		low, high = math.Floor(low), math.Ceil(high)
	}
	low, high = max(low, 0), min(high, float64(c.Size-1))
	if low == high {
		high += 0.001
	}
	for i, f := range w {
		divide := min(max((float64(i)-low)/(high-low), 0), 1)
		w[i] = divide*f/s.Factor + (1-divide)*f
	}
	return w, factor
}
