package track

import (
	"math"
	"strconv"
	"strings"

	"github.com/seahorse-ml/seahorse/train"
)

// layerOf returns the layer that a parameter belongs to: its name up to the first number, and without one all but its last part.
func layerOf(name string) string {
	parts := strings.Split(name, ".")
	for i, p := range parts {
		if _, err := strconv.Atoi(p); err == nil {
			return strings.Join(parts[:i+1], ".")
		}
	}
	return strings.Join(parts[:max(1, len(parts)-1)], ".")
}

// A layer is what a look tells of one.
type layer struct {
	name               string
	weights, gradients train.Distribution
	updates            float64 // the sum of the squares of the updates
	results            train.Distribution
	units, dead        int
}

// layersOf gathers a look by layers, in their order.
func layersOf(l *train.Look) []*layer {
	var all []*layer
	byName := map[string]*layer{}
	of := func(name string) *layer {
		name = layerOf(name)
		if byName[name] == nil {
			byName[name] = &layer{name: name}
			all = append(all, byName[name])
		}
		return byName[name]
	}
	for i := range l.Params {
		p := &l.Params[i]
		one := of(p.Name)
		one.weights.Merge(&p.Weights)
		one.gradients.Merge(&p.Gradients)
		one.updates += p.Update * p.Update * p.Weights.Squares
	}
	for i := range l.Results {
		r := &l.Results[i]
		one := of(r.Near)
		one.results.Merge(&r.Values)
		one.units, one.dead = one.units+r.Units, one.dead+r.Dead
	}
	return all
}

// Figures of layers, which stand before a slash and the layer's name in layers.jsonl.
const (
	gradientNorm  = "gradient_norm"
	updateRatio   = "update_ratio"
	activationRMS = "activation_rms"
	deadUnits     = "dead_units"
)

// figures tells what is to be known of a layer; what it doesn't have is left out.
func (l *layer) figures(add func(name string, value float64)) {
	if l.gradients.Count > 0 {
		add(gradientNorm, l.gradients.Norm())
	}
	if l.weights.Squares > 0 {
		add(updateRatio, math.Sqrt(l.updates/l.weights.Squares))
	}
	if l.results.Count > 0 {
		add(activationRMS, l.results.RMS())
	}
	if l.units > 0 {
		add(deadUnits, float64(l.dead)/float64(l.units))
	}
}
