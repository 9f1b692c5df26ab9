package optim

import "errors"

// SGDConfig configures NewSGD.
type SGDConfig struct {
	// Momentum is how much of the direction before stays, in [0, 1); 0 goes along the gradient.
	Momentum float64
	// Nesterov looks ahead by the momentum (Sutskever et al., 2013); it needs one.
	Nesterov bool
	// MaxGradNorm is that of AdamConfig.
	MaxGradNorm float64
}

// Validate tells what is wrong with the configuration.
func (c SGDConfig) Validate() error {
	if c.Nesterov && c.Momentum == 0 {
		return errors.New("optim: sgd: Nesterov needs a momentum")
	}
	return errors.Join(checkShare("sgd", "momentum", c.Momentum), checkLeast("sgd", "maximal gradient norm", c.MaxGradNorm))
}

// SGD goes down the gradient: b ← μ·b + g + λ·p, p ← p - lr·b, as torch.optim.SGD without dampening. It keeps b where there
// is a momentum. It is an Optimizer.
type SGD struct{ *core }

// NewSGD makes a stochastic gradient descent. See NewAdamW for the groups.
func NewSGD(groups []Group, c SGDConfig) (*SGD, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	base, err := newCore(groups, c.MaxGradNorm, sgdRule[float32](groups, c), sgdRule[float64](groups, c))
	return &SGD{base}, err
}

func sgdRule[T float32 | float64](groups []Group, c SGDConfig) func(*core) updater {
	return func(base *core) updater {
		u := &pieces[T]{}
		for _, g := range groups {
			for _, p := range g.Params {
				var buffer []T
				if c.Momentum > 0 {
					buffer = keep[T](base, "momentum_buffer.", p, p.Shape...)
				}
				u.add(p, buffer, nil, g)
			}
		}
		momentum := T(c.Momentum)
		u.finish(func(q *piece[T], now step) {
			rate, scale, decay := T(now.rate*q.rate), T(now.gradScale), T(q.decay)
			for i, g := range q.g {
				d := g*scale + decay*q.p[i]
				if q.m != nil {
					q.m[i] = momentum*q.m[i] + d
					if c.Nesterov {
						d += momentum * q.m[i]
					} else {
						d = q.m[i]
					}
				}
				q.p[i] -= rate * d
			}
		})
		return u
	}
}
