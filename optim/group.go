package optim

import (
	"errors"
	"fmt"
	"math"

	"github.com/seahorse-ml/seahorse/graph"
	"gorgonia.org/tensor"
)

// A Group is parameters with settings of their own.
type Group struct {
	Params []*graph.Param
	// WeightDecay is the λ of these parameters, ≥ 0.
	WeightDecay float64
	// Rate multiplies the learning rate of each step, > 0; 1 leaves it as it is.
	Rate float64
}

// Groups divides parameters as is usual for transformers: those of two or more
// dimensions, matrices and embeddings, decay; the others, biases and the scales of
// norms, don't. Frozen parameters are left out, and so is an empty group.
func Groups(params []*graph.Param, weightDecay float64) []Group {
	decayed, plain := Group{WeightDecay: weightDecay, Rate: 1}, Group{Rate: 1}
	for _, p := range params {
		switch {
		case p.Frozen:
		case p.Shape.Dims() >= 2:
			decayed.Params = append(decayed.Params, p)
		default:
			plain.Params = append(plain.Params, p)
		}
	}
	var groups []Group
	for _, g := range []Group{decayed, plain} {
		if len(g.Params) > 0 {
			groups = append(groups, g)
		}
	}
	return groups
}

// checkGroups returns the one element type of all parameters.
func checkGroups(groups []Group) (tensor.Dtype, error) {
	var dtype tensor.Dtype
	outline := false // parameters have no values, so that only memory can be told
	seen := map[string]bool{}
	for i, g := range groups {
		if !(g.WeightDecay >= 0) || math.IsInf(g.WeightDecay, 0) {
			return dtype, fmt.Errorf("optim: group %d: weight decay %v, expected 0 or more", i, g.WeightDecay)
		}
		if !(g.Rate > 0) || math.IsInf(g.Rate, 0) {
			return dtype, fmt.Errorf("optim: group %d: rate %v, expected more than 0; 1 leaves the learning rate as it is", i, g.Rate)
		}
		for _, p := range g.Params {
			switch {
			case len(seen) > 0 && (p.Value() == nil) != outline:
				return dtype, fmt.Errorf("optim: parameter %q has no value, or those before it have none", p.Name)
			case seen[p.Name]:
				return dtype, fmt.Errorf("optim: parameter %q is given twice", p.Name)
			case p.Frozen:
				return dtype, fmt.Errorf("optim: parameter %q is frozen, so it cannot be trained", p.Name)
			case len(seen) > 0 && p.DType() != dtype:
				return dtype, fmt.Errorf("optim: parameter %q is %v, the others %v", p.Name, p.DType(), dtype)
			}
			seen[p.Name], dtype, outline = true, p.DType(), p.Value() == nil
		}
	}
	if len(seen) == 0 {
		return dtype, errors.New("optim: no parameters to train")
	}
	return dtype, nil
}

// checkValues refuses updates of parameters without values.
func checkValues(params []*graph.Param) error {
	if len(params) > 0 && params[0].Value() == nil {
		return fmt.Errorf("optim: parameter %q has no value, so that it can't be updated", params[0].Name)
	}
	return nil
}
