package optim

import (
	"errors"
	"fmt"
	"iter"
	"math"

	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/internal/kernels"
	"github.com/seahorse-ml/seahorse/internal/memory"
	"gorgonia.org/tensor"
)

// ErrNotFinite tells that a gradient holds an infinity or a NaN.
var ErrNotFinite = errors.New("gradient is not finite")

// AdamConfig configures NewAdamW and NewAdam. What a field says holds, a zero
// too: start from DefaultAdamConfig.
type AdamConfig struct {
	// Beta1 and Beta2 are the decay rates of the first and second moment, in [0, 1).
	Beta1, Beta2 float64
	// Eps is added to the denominator, > 0: without it an element that has had no gradient yet would become no number.
	Eps float64
	// MaxGradNorm scales all gradients down together where their global norm is above
	// it; 0 leaves them as they are.
	MaxGradNorm float64
}

// DefaultAdamConfig returns PyTorch's defaults (β₁ 0.9, β₂ 0.999, ε 1e-8) with
// gradients clipped to a norm of 1.
func DefaultAdamConfig() AdamConfig {
	return AdamConfig{Beta1: 0.9, Beta2: 0.999, Eps: 1e-8, MaxGradNorm: 1}
}

// Validate tells what is wrong with the configuration.
func (c AdamConfig) Validate() error {
	switch {
	case !(c.Beta1 >= 0 && c.Beta1 < 1):
		return fmt.Errorf("optim: adam: beta1 %v, expected [0, 1)", c.Beta1)
	case !(c.Beta2 >= 0 && c.Beta2 < 1):
		return fmt.Errorf("optim: adam: beta2 %v, expected [0, 1)", c.Beta2)
	case !(c.Eps > 0) || math.IsInf(c.Eps, 0):
		return fmt.Errorf("optim: adam: eps %v, expected more than 0; DefaultAdamConfig has 1e-8", c.Eps)
	case !(c.MaxGradNorm >= 0):
		return fmt.Errorf("optim: adam: maximal gradient norm %v, expected 0 or more", c.MaxGradNorm)
	}
	return nil
}

// Adam keeps two moments of each parameter's gradient and moves by their quotient
// (Kingma and Ba, 2015). Weight decay is taken from the parameter, in the way of
// NewAdamW, or added to the gradient, in the way of NewAdam. It is an Optimizer.
type Adam struct {
	config  AdamConfig
	coupled bool
	steps   int // taken so far
	groups  []Group
	params  []*graph.Param
	moments []moments // of params
	update  updater
	shards  *Shards // nil for all of the moments

	gathered []gathered // between Gather and Save, at rank 0
}

var (
	_ Optimizer = (*Adam)(nil)
	_ Sharder   = (*Adam)(nil)
)

// moments are a parameter's running means, as tensors over the optimizer's memory: where it is sharded, of the pieces in whole only, one
// after the other, and nil where there is none.
type moments struct {
	first, second *tensor.Dense
	whole         []stretch
}

// updater is the part of Adam that depends on the element type.
type updater interface {
	// norm returns the global norm of the gradients, and a parameter whose gradient
	// isn't finite or nil. Only sharded ones have an error.
	norm() (float64, *graph.Param, error)
	norms() iter.Seq2[*graph.Param, float64] // of the gradients that norm has looked at
	step(s step)
}

// step is what changes from one update to the next.
type step struct {
	rate, gradScale, correction1, correction2 float64
	number                                    int // of the update, from 1; of optimizers but Adam
}

// NewAdamW makes an Adam whose weight decay is decoupled from the gradient
// (Loshchilov and Hutter, 2019): p ← p - lr·λ·p. The groups' parameters must be
// distinct, of one element type and not frozen.
func NewAdamW(groups []Group, c AdamConfig) (*Adam, error) { return newAdam(groups, c, false) }

// NewAdam makes an Adam whose weight decay is an L2 penalty: g ← g + λ·p. See NewAdamW.
func NewAdam(groups []Group, c AdamConfig) (*Adam, error) { return newAdam(groups, c, true) }

func newAdam(groups []Group, c AdamConfig, coupled bool) (*Adam, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	dtype, err := checkGroups(groups)
	if err != nil {
		return nil, err
	}
	a := &Adam{config: c, coupled: coupled, groups: groups}
	for _, g := range groups {
		a.params = append(a.params, g.Params...)
	}
	a.build(dtype)
	return a, nil
}

// build makes what depends on the element type.
func (a *Adam) build(dtype tensor.Dtype) {
	a.moments = nil
	if dtype == tensor.Float64 {
		a.update = build[float64](a, a.groups)
	} else {
		a.update = build[float32](a, a.groups)
	}
}

// build makes the moments and cuts the parameters into pieces.
func build[T float32 | float64](a *Adam, groups []Group) *pieces[T] {
	u := &pieces[T]{shards: a.shards}
	for _, g := range groups {
		for _, p := range g.Params {
			if p.Value() == nil { // of a sketch
				continue
			}
			if a.shards != nil {
				a.moments = append(a.moments, addShare(u, p, g))
				continue
			}
			m, v := memory.Make[T](p.Len()), memory.Make[T](p.Len())
			a.moments = append(a.moments, moments{first: dense(m, p.Shape), second: dense(v, p.Shape)})
			u.add(p, m, v, g)
		}
	}
	c := a.config
	u.finish(func(q *piece[T], now step) {
		kernels.AdamW(q.p, q.g, q.m, q.v, kernels.AdamWStep{
			LR: now.rate * q.rate, Beta1: c.Beta1, Beta2: c.Beta2, Eps: c.Eps,
			Decay: q.decay, Coupled: a.coupled, GradScale: now.gradScale, Past: u.past,
			Correction1: now.correction1, Correction2: now.correction2,
		})
	})
	return u
}

func dense[T float32 | float64](data []T, shape tensor.Shape) *tensor.Dense {
	return tensor.New(tensor.WithShape(shape...), tensor.WithBacking(data))
}

// Step is described at Optimizer. With clipping, gradients are scaled by
// min(1, max/(norm+1e-6)), as torch.nn.utils.clip_grad_norm_ does, while they are read for
// the update; they themselves stay as they are.
func (a *Adam) Step(learningRate float64) (gradNorm float64, err error) {
	if err := errors.Join(checkRate(learningRate), checkValues(a.params)); err != nil {
		return 0, err
	}
	gradNorm, bad, err := a.update.norm()
	if err != nil {
		return 0, err
	}
	if bad != nil {
		return gradNorm, fmt.Errorf("optim: parameter %q: %w", bad.Name, ErrNotFinite)
	}
	a.steps++
	s := step{rate: learningRate, gradScale: clip(a.config.MaxGradNorm, gradNorm)}
	s.correction1 = 1 - math.Pow(a.config.Beta1, float64(a.steps))
	s.correction2 = 1 - math.Pow(a.config.Beta2, float64(a.steps))
	a.update.step(s)
	return gradNorm, nil
}

// GradNorms is described at NormTeller.
func (a *Adam) GradNorms() iter.Seq2[*graph.Param, float64] { return a.update.norms() }

// checkRate refuses a learning rate that is negative or no number.
func checkRate(learningRate float64) error {
	if !(learningRate >= 0) || math.IsInf(learningRate, 0) {
		return fmt.Errorf("optim: learning rate %v, expected 0 or more", learningRate)
	}
	return nil
}

// Steps returns the number of updates so far, those before a Load included.
func (a *Adam) Steps() int { return a.steps }

// Memory returns the bytes of the moments.
func (a *Adam) Memory() int {
	bytes := 0
	for _, p := range a.params {
		if p.Value() == nil {
			bytes += 2 * p.Len() * int(p.DType().Size())
		}
	}
	for _, m := range a.moments {
		if m.first != nil {
			bytes += 2 * m.first.DataSize() * int(m.first.Dtype().Size())
		}
	}
	return bytes
}
