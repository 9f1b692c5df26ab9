package optim

import (
	"errors"
	"fmt"
	"iter"

	"github.com/seahorse-ml/seahorse/graph"
	"gorgonia.org/tensor"
)

// core is what the optimizers but for Adam have in common: the parameters, clipping, the count of steps and what is kept.
type core struct {
	maxNorm float64
	steps   int
	params  []*graph.Param
	state   []kept
	worked  int // bytes to work in
	update  updater
}

// kept is a tensor of an optimizer's state, under the name that it is stored by.
type kept struct {
	name  string
	value *tensor.Dense // nil for a parameter of a sketch
	bytes int
}

var _ NormTeller = (*core)(nil)

// newCore checks the groups; make builds the rule for the parameters' element type, and what it keeps.
func newCore(groups []Group, maxNorm float64, single func(c *core) updater, double func(c *core) updater) (*core, error) {
	dtype, err := checkGroups(groups)
	if err != nil {
		return nil, err
	}
	c := &core{maxNorm: maxNorm}
	for _, g := range groups {
		c.params = append(c.params, g.Params...)
	}
	if dtype == tensor.Float64 {
		c.update = double(c)
	} else {
		c.update = single(c)
	}
	return c, nil
}

// keep makes a tensor of zeros that belongs to a parameter; of one of a sketch it only counts its bytes, as work does.
func keep[T float32 | float64](c *core, prefix string, p *graph.Param, shape ...int) []T {
	n := tensor.Shape(shape).TotalSize()
	k := kept{name: prefix + p.Name, bytes: n * int(p.DType().Size())}
	var data []T
	if p.Value() != nil {
		data = make([]T, n)
		k.value = dense(data, shape)
	}
	c.state = append(c.state, k)
	return data
}

// work makes room for n elements that updates of a parameter are computed in.
func work[T float32 | float64](c *core, p *graph.Param, n int) []T {
	c.worked += n * int(p.DType().Size())
	if p.Value() == nil {
		return nil
	}
	return make([]T, n)
}

// Step is described at Optimizer; gradients are clipped as Adam's are.
func (c *core) Step(learningRate float64) (gradNorm float64, err error) {
	if err := errors.Join(checkRate(learningRate), checkValues(c.params)); err != nil {
		return 0, err
	}
	gradNorm, bad, err := c.update.norm()
	if err != nil {
		return 0, err
	}
	if bad != nil {
		return gradNorm, fmt.Errorf("optim: parameter %q: %w", bad.Name, ErrNotFinite)
	}
	c.steps++
	c.update.step(step{rate: learningRate, gradScale: clip(c.maxNorm, gradNorm), number: c.steps})
	return gradNorm, nil
}

// GradNorms is described at NormTeller.
func (c *core) GradNorms() iter.Seq2[*graph.Param, float64] { return c.update.norms() }

// clip returns what gradients are multiplied by, as torch.nn.utils.clip_grad_norm_ does.
func clip(most, norm float64) float64 {
	if most > 0 {
		return min(1, most/(norm+1e-6))
	}
	return 1
}

// Steps returns the number of updates so far, those before a Load included.
func (c *core) Steps() int { return c.steps }

// Memory returns the bytes of what is kept, and of what updates are computed in.
func (c *core) Memory() int {
	bytes := c.worked
	for _, k := range c.state {
		bytes += k.bytes
	}
	return bytes
}

func (c *core) visit(visit func(name string, t *tensor.Dense)) {
	for _, k := range c.state {
		visit(k.name, k.value)
	}
}

// Save writes what is kept, each under its name and that of its parameter, and the number of steps as Adam does.
func (c *core) Save(path string) error { return saveState(path, c.steps, c.visit) }

// Load restores what Save wrote; see Adam.Load.
func (c *core) Load(path string) error { return loadState(path, &c.steps, c.visit) }

// checkShare refuses a setting outside of [0, 1).
func checkShare(optimizer, name string, v float64) error {
	if !(v >= 0 && v < 1) {
		return fmt.Errorf("optim: %s: %s %v, expected [0, 1)", optimizer, name, v)
	}
	return nil
}

// checkLeast refuses a setting that is negative or no number.
func checkLeast(optimizer, name string, v float64) error {
	if !(v >= 0) {
		return fmt.Errorf("optim: %s: %s %v, expected 0 or more", optimizer, name, v)
	}
	return nil
}
