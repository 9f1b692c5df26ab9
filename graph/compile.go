package graph

import (
	"fmt"
	"slices"

	"github.com/seahorse-ml/seahorse/internal/kernels"
	"github.com/seahorse-ml/seahorse/internal/memory"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

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
	m.lookups = p.lookups(runs)
	m.reads = p.firstReads(runs, m.lookups)
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
