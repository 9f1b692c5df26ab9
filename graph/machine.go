package graph

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/seahorse-ml/seahorse/internal/kernels"
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
	onRead     func(p *Param)
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

// Memory is what a trace needs to run, in bytes.
type Memory struct {
	Arena      int // activations, intermediate gradients and scratch, after reuse
	Parameters int
	Gradients  int // the parameters', but those in the arena (Graph.OverlapGradients)
}

// Total returns the sum.
func (m Memory) Total() int { return m.Arena + m.Parameters + m.Gradients }

// EstimateMemory plans a trace without allocating anything.
func EstimateMemory(g *Graph, outputs ...*Node) (Memory, error) {
	if g.err != nil {
		return Memory{}, g.err
	}
	p, err := newPlan(g, outputs)
	if err != nil {
		return Memory{}, err
	}
	return p.memory(), nil
}

func (p *plan) memory() Memory {
	m := Memory{Arena: p.arena}
	for _, param := range p.g.params {
		bytes := param.Len() * int(p.g.dtype.Size())
		if param.packed != nil {
			m.Parameters += param.Bytes()
			continue
		}
		m.Parameters += bytes
		if n := p.g.grads[param]; n != nil && !p.overlaps(n) {
			m.Gradients += bytes
		}
	}
	return m
}

// overlaps tells whether a parameter has its gradient n in the arena.
func (p *plan) overlaps(n *Node) bool {
	pl := find(p.of[n])
	return pl.kind == planned && pl.param != nil
}

// Compile plans and allocates what is needed to compute the outputs and, after
// Grad, the gradients of the trace's parameters. The outputs' values are there
// after each run.
func Compile(g *Graph, outputs ...*Node) (*Machine, error) { return compile(g, nil, outputs) }

// Compile is the function Compile for a trace that never runs at the same time as m: its machine works in the memory of m, where that
// is enough. A run of either overwrites what the other has found: outputs that are no scalars, and gradients that overlap.
func (m *Machine) Compile(g *Graph, outputs ...*Node) (*Machine, error) {
	return compile(g, m.arena, outputs)
}

// compile makes a machine in the given arena, if it fits.
func compile(g *Graph, within *arena, outputs []*Node) (*Machine, error) {
	if g.err != nil {
		return nil, g.err
	}
	for _, p := range g.params {
		if p.value == nil && (p.packed == nil || p.packed.Data == nil) {
			return nil, fmt.Errorf("graph: parameter %q has no value: it is part of a sketch, or the tree that made it has an error", p.Name)
		}
	}
	p, err := newPlan(g, outputs)
	if err != nil {
		return nil, err
	}
	m := &Machine{g: g, use: p.memory(), arena: within}
	switch {
	case within != nil && len(within.block.Bytes()) >= p.arena && (within.outlives || !g.overlap):
		m.use.Arena = 0
	case g.overlap:
		m.arena = &arena{block: memory.Collected(p.arena), outlives: true} // by Param.Grad
	default:
		m.arena = &arena{block: memory.Alloc(p.arena)}
	}
	m.arena.machines++
	for n, pl := range p.of {
		if n.Op() == nil && g.bound[paramOf(g, n)] != n && !g.consts[n] {
			m.inputs = append(m.inputs, boundInput{n, n.Value(), pl.bound})
		}
	}
	runs := make([]int, len(p.steps)) // the runner of each step
	for i, s := range p.steps {
		runs[i] = max(0, len(m.steps)-1)
		if !s.skip {
			runs[i] = len(m.steps)
			m.steps = append(m.steps, m.lower(s))
		}
	}
	for _, param := range g.params {
		if n := g.grads[param]; n != nil {
			pl := find(p.of[n])
			m.found = append(m.found, foundGrad{param, runs[max(0, pl.lastWritten())]})
			if p.overlaps(n) {
				m.grads = append(m.grads, boundGrad{param, m.buffer(pl).dense(param.Shape)})
				continue
			}
			m.grads = append(m.grads, boundGrad{param, param.Grad()})
			if pl.kind != gradient {
				m.found[len(m.found)-1].step = len(m.steps)
				m.steps = append(m.steps, m.collect(param, m.buffer(pl)))
			}
		}
	}
	m.reads, m.lookups = p.firstReads(runs), p.lookups(runs)
	slices.SortStableFunc(m.found, func(a, b foundGrad) int { return a.step - b.step })
	for _, n := range outputs {
		b := m.buffer(find(p.of[n]))
		v := valueOf(b, n)
		if n.IsScalar() {
			m.scalars = append(m.scalars, boundScalar{v, b})
		}
		if n.Op() != nil && len(children(g.expr, n)) > 0 {
			if err := gorgonia.UnsafeLet(n, v); err != nil {
				return nil, fmt.Errorf("graph: output %v: %w", n, err)
			}
		}
	}
	m.bindGrads()
	return m, nil
}

// bindGrads makes the gradients that the machine finds those of the parameters.
func (m *Machine) bindGrads() {
	for _, b := range m.grads {
		b.param.grad = b.value
	}
}

// paramOf returns the parameter that is bound to n, or nil.
func paramOf(g *Graph, n *Node) *Param {
	for _, p := range g.params {
		if g.bound[p] == n {
			return p
		}
	}
	return nil
}

// buffer returns a place's memory.
func (m *Machine) buffer(p *place) buffer {
	switch p.kind {
	case given:
		return p.bound
	case gradient:
		b, _ := bufferOf(p.param.Grad())
		return b
	}
	switch p.dtype {
	case tensor.Float64:
		return buffer{f64: memory.Slice[float64](m.arena.block, p.offset, p.size)}
	case tensor.Int32:
		return buffer{i32: memory.Slice[int32](m.arena.block, p.offset, p.size)}
	}
	return buffer{f32: memory.Slice[float32](m.arena.block, p.offset, p.size)}
}

// lower turns a step into a function on its memory.
func (m *Machine) lower(s *step) runner {
	c := &call{dtype: m.g.dtype, random: &m.random}
	for _, in := range s.ins {
		c.ins = append(c.ins, m.buffer(find(in)))
	}
	for i, o := range s.outs {
		var t target
		if o != nil {
			t = target{buffer: m.buffer(find(o)), always: s.always[i]}
			if s.param[i] {
				t.machine = &m.accumulate
			}
		}
		c.outs = append(c.outs, t)
	}
	if s.addend != nil {
		c.addend = m.buffer(find(s.addend))
	}
	if s.scratch != nil {
		c.scratch = m.buffer(find(s.scratch))
	}
	r := runner{name: s.node.Op().(fmt.Stringer).String(), node: s.node}
	if len(c.outs) > 0 {
		r.result = c.outs[0].buffer
	}
	if op, ok := s.node.Op().(coster); ok {
		r.flops = op.flops()
	}
	switch op := s.node.Op().(type) {
	case fused:
		r.run = op.lower(c)
	default:
		if isAddition(s.node) {
			r.name = "add"
			r.run = pick(c, lowerAddition[float32], lowerAddition[float64])(c)
		} else {
			r.run = lowerStock(s.node, children(m.g.expr, s.node), c)
		}
	}
	return r
}

// collect copies or adds a gradient from the arena to its parameter.
func (m *Machine) collect(p *Param, b buffer) runner {
	var run func() error
	switch g := p.Grad().Data().(type) {
	case []float32:
		run = collectGrad(g, b.f32, &m.accumulate)
	case []float64:
		run = collectGrad(g, b.f64, &m.accumulate)
	}
	return runner{name: "collect", run: run}
}

func collectGrad[T kernels.Float](dst, src []T, accumulate *bool) func() error {
	run := spread(len(dst), elementGrain, func(lo, hi int) {
		if *accumulate {
			kernels.Accumulate(dst[lo:hi], src[lo:hi])
		} else {
			copy(dst[lo:hi], src[lo:hi])
		}
	})
	return func() error { run(); return nil }
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
			m.onRead(reads[0].param)
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
