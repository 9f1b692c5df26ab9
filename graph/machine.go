package graph

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/seahorse-ml/seahorse/internal/memory"
	"github.com/seahorse-ml/seahorse/internal/parallel"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// A Machine runs a trace on memory that was planned before the first run. It is
// a gorgonia.VM. It is not safe for concurrent use.
type Machine struct {
	g          *Graph
	steps      []runner
	inputs     []boundInput
	scalars    []boundScalar
	grads      []boundGrad
	arena      *arena
	use        Memory
	random     Random
	accumulate bool
	profile    *Profile
	found      []foundGrad // in the order in which a run finds them
	onGradient func(p *Param)
	lookups    []Lookup // in the order in which a run finds their first part
	onLookup   func(p *Param)
	reads      []firstRead // in the order of steps
	onRead     func(p *Param, rows bool)
	watched    map[int]Watched // by steps; nil before the first RunWatched
}

var _ gorgonia.VM = (*Machine)(nil)

// arena is the memory of machines that never run at one time.
type arena struct {
	block    *memory.Block
	machines int
	outlives bool // what is in it may be used after the machines are closed
}

// runner is a lowered step.
type runner struct {
	name   string
	flops  float64
	run    func() error
	node   *Node  // nil for what is no operation of the trace
	result buffer // of the operation, empty where nothing reads it
}

// boundInput is an input and the memory that the trace reads it from.
type boundInput struct {
	node  *Node
	own   gorgonia.Value
	place buffer
}

// boundScalar is an output whose Gorgonia value is a copy.
type boundScalar struct {
	value gorgonia.Value
	place buffer
}

// boundGrad is where a parameter has its gradient after a run.
type boundGrad struct {
	param *Param
	value *tensor.Dense
}

// foundGrad is a parameter whose gradient is complete behind a step.
type foundGrad struct {
	param *Param
	step  int
}

// bindGrads makes the gradients that the machine finds those of the parameters.
func (m *Machine) bindGrads() {
	for _, b := range m.grads {
		b.param.grad = b.value
	}
}

// Memory returns what the machine uses, the memory of another machine that it works in aside.
func (m *Machine) Memory() Memory { return m.use }

// SetRandom says which random numbers the next runs draw.
func (m *Machine) SetRandom(r Random) { m.random = r }

// Accumulate says whether the next runs add to the parameters' gradients or
// overwrite them, which is the default. Runs that add are errors after Graph.OverlapGradients.
func (m *Machine) Accumulate(on bool) { m.accumulate = on }

// GradientOrder returns the parameters that have a gradient, in the order in which a run finds them; of those of Lookups, the first part.
func (m *Machine) GradientOrder() []*Param { return gradientOrder(m.found, m.lookups) }

// gradientOrder sorts parameters by the steps behind which their gradients, or the first parts of those of lookups, are complete.
func gradientOrder(found []foundGrad, lookups []Lookup) []*Param {
	found = slices.Clone(found)
	for i, f := range found {
		for _, l := range lookups {
			if l.Param == f.param {
				found[i].step = l.step
			}
		}
	}
	slices.SortStableFunc(found, func(a, b foundGrad) int { return a.step - b.step })
	all := make([]*Param, len(found))
	for i, f := range found {
		all[i] = f.param
	}
	return all
}

// OnGradient lets the next runs call f with each parameter when its gradient is found, and won't be written again in the run; nil stops
// it. The run waits for f.
func (m *Machine) OnGradient(f func(p *Param)) { m.onGradient = f }

// RunAll computes the outputs and gradients.
func (m *Machine) RunAll() error { return m.runAll(nil) }

// runAll runs the steps, and asks after each whether to go on.
func (m *Machine) runAll(goOn func(*runner) bool) error {
	if m.arena == nil {
		return errors.New("graph: the machine is closed, its memory was given back")
	}
	if m.accumulate && m.g.overlap {
		return errors.New("graph: the gradients overlap other values (OverlapGradients), so that a run can't add to them")
	}
	m.bindGrads()
	for _, in := range m.inputs {
		if v := in.node.Value(); v != in.own {
			if !v.Shape().Eq(in.node.Shape()) {
				return fmt.Errorf("graph: input %q: got a value of shape %v, expected %v", in.node.Name(), v.Shape(), in.node.Shape())
			}
			if err := copyValue(in.place, v); err != nil {
				return fmt.Errorf("graph: input %q: %w", in.node.Name(), err)
			}
		}
	}
	found, early, reads := m.found, m.lookups, m.reads
	for i := range m.steps {
		for m.onRead != nil && len(reads) > 0 && reads[0].step == i {
			m.onRead(reads[0].param, reads[0].rows)
			reads = reads[1:]
		}
		var begin time.Time
		if m.profile != nil {
			begin = time.Now()
		}
		if err := m.steps[i].run(); err != nil {
			return fmt.Errorf("graph: %s: %w", m.steps[i].name, err)
		}
		if m.profile != nil {
			m.profile.record(&m.steps[i], time.Since(begin))
		}
		for m.onLookup != nil && len(early) > 0 && early[0].step == i {
			m.onLookup(early[0].Param)
			early = early[1:]
		}
		for m.onGradient != nil && len(found) > 0 && found[0].step == i {
			m.onGradient(found[0].param)
			found = found[1:]
		}
		if goOn != nil && !goOn(&m.steps[i]) {
			return nil
		}
	}
	for _, s := range m.scalars {
		setScalar(s.value, s.place)
	}
	return nil
}

// Reset does nothing: a run depends on no earlier one, except through gradients
// that accumulate. It is there for gorgonia.VM.
func (m *Machine) Reset() {}

// Close gives the machine's memory back. The values of its outputs are gone then.
func (m *Machine) Close() error {
	if m.arena == nil {
		return nil
	}
	if m.arena.machines--; m.arena.machines == 0 {
		m.arena.block.Free()
	}
	m.arena, m.steps = nil, nil
	return nil
}

// Workers returns the number of threads that machines run on, and SetWorkers
// sets it, for the whole process. Results don't depend on it.
func Workers() int { return parallel.Workers() }

// SetWorkers sets the number of threads; see Workers.
func SetWorkers(n int) { parallel.SetWorkers(n) }
