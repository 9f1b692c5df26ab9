package models

import (
	"fmt"
	"math"

	"github.com/seahorse-ml/seahorse/layers"
)

// RopeParameters is what config.json says about rotary positions: in new files
// as rope_parameters, in older ones as rope_scaling, with the base beside it.
type RopeParameters struct {
	Theta           float64  `json:"rope_theta,omitempty"` // the base of the wavelengths
	Type            string   `json:"rope_type,omitempty"`  // default, linear, dynamic, yarn or llama3
	OldType         string   `json:"type,omitempty"`       // what older files call rope_type
	Factor          float64  `json:"factor,omitempty"`
	OriginalLength  int      `json:"original_max_position_embeddings,omitempty"`
	LowFrequency    float64  `json:"low_freq_factor,omitempty"`
	HighFrequency   float64  `json:"high_freq_factor,omitempty"`
	BetaFast        float64  `json:"beta_fast,omitempty"`
	BetaSlow        float64  `json:"beta_slow,omitempty"`
	AttentionFactor float64  `json:"attention_factor,omitempty"`
	MScale          float64  `json:"mscale,omitempty"`
	MScaleAllDim    float64  `json:"mscale_all_dim,omitempty"`
	Truncate        *bool    `json:"truncate,omitempty"`
	PartialFactor   *float64 `json:"partial_rotary_factor,omitempty"` // part of each head that is turned; nil for all
}

// kind returns the scaling by its new name, or by its old one.
func (r RopeParameters) kind() layers.ScalingKind {
	kind := r.Type
	if kind == "" {
		kind = r.OldType
	}
	if kind == "default" {
		kind = ""
	}
	return layers.ScalingKind(kind)
}

// rotary translates the parameters for heads of a size in a model of some length.
func (r RopeParameters) rotary(headSize, length int) (layers.RotaryConfig, error) {
	c := layers.RotaryConfig{HeadSize: headSize, Base: r.Theta, Length: length}
	if r.PartialFactor != nil {
		c.Size = int(float64(headSize) * *r.PartialFactor)
		if c.Size <= 0 || c.Size%2 != 0 {
			return c, fmt.Errorf("partial_rotary_factor %g leaves %d of %d elements to turn, expected an even number", *r.PartialFactor, c.Size, headSize)
		}
	}
	kind := r.kind()
	if kind == layers.NoScaling {
		return c, nil
	}
	c.Scaling = layers.RotaryScaling{
		Kind: kind, Factor: r.Factor, OriginalLength: r.OriginalLength,
		LowFrequency: r.LowFrequency, HighFrequency: r.HighFrequency,
		BetaFast: r.BetaFast, BetaSlow: r.BetaSlow, AttentionFactor: r.AttentionFactor,
		Exact: r.Truncate != nil && !*r.Truncate,
	}
	s := &c.Scaling
	if s.Kind == layers.YaRNScaling {
		if s.OriginalLength == 0 {
			s.OriginalLength = length
		}
		if s.AttentionFactor == 0 && r.MScale != 0 && r.MScaleAllDim != 0 {
			s.AttentionFactor = yarnScale(s.Factor, r.MScale) / yarnScale(s.Factor, r.MScaleAllDim)
		}
	}
	return c, nil
}

func yarnScale(factor, m float64) float64 {
	if factor <= 1 {
		return 1
	}
	return 0.1*m*math.Log(factor) + 1
}
