package optim

import "errors"

// LionConfig configures NewLion. DefaultLionConfig has the paper's settings.
type LionConfig struct {
	Beta1, Beta2 float64 // of the direction and of what is kept, in [0, 1)
	MaxGradNorm  float64 // that of AdamConfig
}

// DefaultLionConfig returns β₁ 0.9, β₂ 0.99, with gradients clipped to a norm of 1.
func DefaultLionConfig() LionConfig { return LionConfig{Beta1: 0.9, Beta2: 0.99, MaxGradNorm: 1} }

// Validate tells what is wrong with the configuration.
func (c LionConfig) Validate() error {
	return errors.Join(checkShare("lion", "beta1", c.Beta1), checkShare("lion", "beta2", c.Beta2), checkLeast("lion", "maximal gradient norm", c.MaxGradNorm))
}

// Lion goes by the sign of a mean of gradients (Chen et al., 2023): p ← p - lr·λ·p - lr·sign(β₁·m + (1-β₁)·g),
// m ← β₂·m + (1-β₂)·g. Learning rates are 3 to 10 times smaller than Adam's and decays as much larger. It keeps m, half of what Adam
// does. It is an Optimizer.
type Lion struct{ *core }

// NewLion makes a Lion. See NewAdamW for the groups.
func NewLion(groups []Group, c LionConfig) (*Lion, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	base, err := newCore(groups, c.MaxGradNorm, lionRule[float32](groups, c), lionRule[float64](groups, c))
	return &Lion{base}, err
}

func lionRule[T float32 | float64](groups []Group, c LionConfig) func(*core) updater {
	return func(base *core) updater {
		u := &pieces[T]{}
		for _, g := range groups {
			for _, p := range g.Params {
				u.add(p, keep[T](base, firstName, p, p.Shape...), nil, g)
			}
		}
		beta1, beta2 := T(c.Beta1), T(c.Beta2)
		u.finish(func(q *piece[T], now step) {
			rate, scale := T(now.rate*q.rate), T(now.gradScale)
			keepShare := T(1 - now.rate*q.rate*q.decay)
			for i, g := range q.g {
				g *= scale
				p, d := q.p[i]*keepShare, beta1*q.m[i]+(1-beta1)*g
				switch {
				case d > 0:
					p -= rate
				case d < 0:
					p += rate
				}
				q.p[i] = p
				q.m[i] = beta2*q.m[i] + (1-beta2)*g
			}
		})
		return u
	}
}
