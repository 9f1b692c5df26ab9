package models

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math"
	"reflect"

	"github.com/seahorse-ml/seahorse/layers"
)

// RopeParameters is what config.json says about rotary positions.
type RopeParameters struct {
	Theta           float64   `json:"rope_theta,omitempty"` // the base of the wavelengths
	Type            string    `json:"rope_type,omitempty"`  // default, linear, dynamic, yarn, llama3 or longrope
	OldType         string    `json:"type,omitempty"`       // what older files call rope_type
	Factor          float64   `json:"factor,omitempty"`
	OriginalLength  int       `json:"original_max_position_embeddings,omitempty"`
	LowFrequency    float64   `json:"low_freq_factor,omitempty"`
	HighFrequency   float64   `json:"high_freq_factor,omitempty"`
	BetaFast        float64   `json:"beta_fast,omitempty"`
	BetaSlow        float64   `json:"beta_slow,omitempty"`
	AttentionFactor float64   `json:"attention_factor,omitempty"`
	MScale          float64   `json:"mscale,omitempty"`
	MScaleAllDim    float64   `json:"mscale_all_dim,omitempty"`
	ShortFactor     []float64 `json:"short_factor,omitempty"`
	LongFactor      []float64 `json:"long_factor,omitempty"`
	Truncate        *bool     `json:"truncate,omitempty"`
	PartialFactor   *float64  `json:"partial_rotary_factor,omitempty"` // part of each head that is turned; nil for all
}

// RopeConfig has the places in which files say that: in new ones as rope_parameters, in older ones as rope_scaling, with the base
// and more beside them.
type RopeConfig struct {
	RopeTheta      float64         `json:"rope_theta,omitempty"`
	RopeScaling    *RopeParameters `json:"rope_scaling,omitempty"`
	RopeParameters *RopeParameters `json:"rope_parameters,omitempty"`
	PartialFactor  *float64        `json:"partial_rotary_factor,omitempty"`
	OriginalLength int             `json:"original_max_position_embeddings,omitempty"`
}

// resolve returns the parameters as transformers finds them: rope_scaling, unless it is empty, comes before rope_parameters, what
// either says before what stands beside them, and that before the family's base and part of a head that is turned. Families whose
// part is 0 turn all, whatever files say. The first training's length counts the other way round.
func (c RopeConfig) resolve(theta, part float64) RopeParameters {
	var r RopeParameters
	switch {
	case c.RopeScaling != nil && !reflect.ValueOf(*c.RopeScaling).IsZero():
		r = *c.RopeScaling
	case c.RopeParameters != nil:
		r = *c.RopeParameters
	}
	if theta == 0 {
		theta = smallRopeBase
	}
	r.Theta = cmp.Or(r.Theta, c.RopeTheta, theta)
	r.OriginalLength = cmp.Or(c.OriginalLength, r.OriginalLength)
	switch {
	case part == 0:
		r.PartialFactor = nil
	case r.PartialFactor == nil && c.PartialFactor != nil:
		r.PartialFactor = c.PartialFactor
	case r.PartialFactor == nil:
		r.PartialFactor = &part
	}
	return r
}

// RopeByLayer are rotary parameters for each kind of layer. Files that have one set for all layers don't say anything by it.
type RopeByLayer map[string]RopeParameters

// UnmarshalJSON leaves out what isn't a kind of layer.
func (r *RopeByLayer) UnmarshalJSON(data []byte) error {
	var all map[string]json.RawMessage
	if err := json.Unmarshal(data, &all); err != nil {
		return err
	}
	*r = nil
	for _, kind := range []string{fullAttention, slidingAttention} {
		var parameters *RopeParameters
		if err := json.Unmarshal([]byte(cmp.Or(string(all[kind]), "null")), &parameters); err != nil {
			return err
		}
		if parameters != nil {
			if *r == nil {
				*r = RopeByLayer{}
			}
			(*r)[kind] = *parameters
		}
	}
	return nil
}

// over returns the parameters of other with those that r has in their places.
func (r RopeParameters) over(other RopeParameters) RopeParameters {
	from, to := reflect.ValueOf(r), reflect.ValueOf(&other).Elem()
	for i := range from.NumField() {
		if !from.Field(i).IsZero() {
			to.Field(i).Set(from.Field(i))
		}
	}
	return other
}

// kind returns the scaling by its new name, or by its old one.
func (r RopeParameters) kind() layers.ScalingKind {
	kind := cmp.Or(r.Type, r.OldType)
	if kind == "default" {
		kind = ""
	}
	return layers.ScalingKind(kind)
}

// context returns the largest T: dynamic scaling serves longer texts than those that the model was trained on.
func (r RopeParameters) context(length int) int {
	if r.kind() == layers.DynamicScaling {
		return int(min(r.Factor*float64(length), math.MaxInt32))
	}
	return length
}

// turnsBeyond returns the length beyond which a text's positions are others, 0 for none.
func (r RopeParameters) turnsBeyond(length int) int {
	if r.kind() != layers.LongRoPEScaling {
		return 0
	}
	return cmp.Or(r.OriginalLength, length)
}

// rotary translates the parameters for heads of a size in a model of some length.
func (r RopeParameters) rotary(headSize, length int) (layers.RotaryConfig, error) {
	c := layers.RotaryConfig{HeadSize: headSize, Base: r.Theta, Length: length}
	if r.PartialFactor != nil {
		c.Size = int(float64(headSize) * *r.PartialFactor)
		if c.Size <= 0 || c.Size > headSize {
			return c, fmt.Errorf("partial_rotary_factor %g leaves %d of %d elements to turn, expected at least one", *r.PartialFactor, c.Size, headSize)
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
		Exact: r.Truncate != nil && !*r.Truncate, ShortFactors: r.ShortFactor, LongFactors: r.LongFactor,
	}
	s := &c.Scaling
	if s.OriginalLength == 0 {
		s.OriginalLength = length
	}
	if (kind == layers.YaRNScaling || kind == layers.LongRoPEScaling) && s.Factor == 0 {
		s.Factor = max(1, float64(length)/float64(s.OriginalLength))
	}
	if kind == layers.YaRNScaling {
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
