package graph

import (
	"fmt"
	"math"
	"slices"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// A plan is a trace put in order, with every value assigned to a place in
// memory. Making one touches no value.
type plan struct {
	g      *Graph
	steps  []*step
	places []*place         // in the order of their first value
	of     map[*Node]*place // where a node's value is; look through find
	tuples map[*Node]*step
	arena  int // bytes that all planned places need together
}

// A step computes one operation.
type step struct {
	node    *Node
	ins     []*place
	outs    []*place // nil where nothing reads an output
	always  []bool   // output i is added to what is there
	param   []bool   // output i is the first that goes to a parameter's gradient
	scratch *place   // nil without
	skip    bool     // an addition that another step does on its way
}

// A place is memory that holds one value, or several values of one size one
// after the other.
type place struct {
	merged  *place // the place that this one became part of
	kind    placeKind
	dtype   tensor.Dtype
	size    int      // elements
	writers []writer // in order
	readers []int    // steps
	kept    bool     // its last value is read after the run
	inPlace bool     // a step computes its output over one of its inputs
	offset  int      // bytes into the arena
	bound   buffer   // the memory of a place outside of the arena
}

type writer struct{ step, out int }

type placeKind uint8

const (
	planned  placeKind = iota // in the arena
	given                     // inputs, constants and parameters: read only
	gradient                  // a parameter's gradient
)

// find follows a place to the one that it was merged into.
func find(p *place) *place {
	for p.merged != nil {
		p = p.merged
	}
	return p
}

func (p *place) bytes() int { return p.size * int(p.dtype.Size()) }

// lifetime returns the first and the last step during which the place holds a value.
func (p *place) lifetime() (first, last int) {
	first, last = math.MaxInt, -1
	for _, w := range p.writers {
		first, last = min(first, w.step), max(last, w.step)
	}
	for _, r := range p.readers {
		last = max(last, r)
	}
	if p.kept {
		last = math.MaxInt
	}
	return first, last
}

// newPlan orders what the outputs and the parameters' gradients need and
// assigns memory to it.
func newPlan(g *Graph, outputs []*Node) (*plan, error) {
	p := &plan{g: g, of: map[*Node]*place{}, tuples: map[*Node]*step{}}
	roots := slices.Clone(outputs)
	for _, param := range g.params {
		if n := g.grads[param]; n != nil {
			roots = append(roots, n)
		}
	}
	for _, n := range needed(g.expr, roots) {
		if err := p.add(n); err != nil {
			return nil, err
		}
	}
	for _, n := range outputs {
		if p.of[n] == nil {
			return nil, fmt.Errorf("graph: output %v has several parts and no value of its own", n)
		}
	}
	for _, n := range roots {
		find(p.of[n]).kept = true
	}
	p.fuseAdditions()
	p.bindGradients()
	p.reuseInputs()
	p.layout()
	return p, nil
}

// needed returns what the roots depend on, children first. Nodes are numbered
// as they are made, so that their order is the order of the model's code: forward,
// then backward.
func needed(g *gorgonia.ExprGraph, roots []*Node) []*Node {
	seen := map[*Node]bool{}
	stack := slices.Clone(roots)
	var nodes []*Node
	for len(stack) > 0 {
		n := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		if seen[n] {
			continue
		}
		seen[n] = true
		nodes = append(nodes, n)
		stack = append(stack, children(g, n)...)
	}
	slices.SortFunc(nodes, func(a, b *Node) int { return int(a.ID() - b.ID()) })
	return nodes
}

func children(g *gorgonia.ExprGraph, n *Node) []*Node {
	var list []*Node
	for it := g.From(n.ID()); it.Next(); {
		list = append(list, it.Node().(*Node))
	}
	return list
}

// add appends a node's step, or finds the place of a node that needs none.
func (p *plan) add(n *Node) error {
	kids := children(p.g.expr, n)
	if n.Op() == nil || len(kids) == 0 {
		value := n.Value()
		if value == nil {
			return fmt.Errorf("graph: input %q has no value", n.Name())
		}
		b, err := bufferOf(value)
		if err != nil {
			return fmt.Errorf("graph: input %q: %w", n.Name(), err)
		}
		pl := p.newPlace(n)
		pl.kind, pl.bound = given, b
		return nil
	}
	if part, ok := n.Op().(*partOp); ok {
		s := p.tuples[kids[0]]
		s.outs[part.index] = p.newPlace(n)
		s.outs[part.index].writers = []writer{{slices.Index(p.steps, s), part.index}}
		return nil
	}
	if _, ok := n.Op().(viewer); ok {
		p.of[n] = p.of[kids[0]]
		return nil
	}
	s := &step{node: n}
	at := len(p.steps)
	p.steps = append(p.steps, s)
	for _, kid := range kids {
		pl := p.of[kid]
		if pl == nil {
			return fmt.Errorf("graph: %v reads %v, which has several parts", n, kid)
		}
		pl.readers = append(pl.readers, at)
		s.ins = append(s.ins, pl)
	}
	outs := 1
	if op, ok := n.Op().(fused); ok {
		outs = len(op.header().outs)
	}
	s.outs, s.always, s.param = make([]*place, outs), make([]bool, outs), make([]bool, outs)
	if outs > 1 {
		p.tuples[n] = s
	} else {
		s.outs[0] = p.newPlace(n)
		s.outs[0].writers = []writer{{at, 0}}
	}
	if op, ok := n.Op().(scratcher); ok {
		s.scratch = &place{dtype: p.g.dtype, size: op.scratch(), writers: []writer{{step: at}}}
		p.places = append(p.places, s.scratch)
	}
	return nil
}

func (p *plan) newPlace(n *Node) *place {
	pl := &place{dtype: n.Dtype(), size: n.Shape().TotalSize()}
	p.of[n] = pl
	p.places = append(p.places, pl)
	return pl
}

// merge makes b part of a.
func merge(a, b *place) {
	a.writers = append(a.writers, b.writers...)
	slices.SortFunc(a.writers, func(v, w writer) int { return v.step - w.step })
	a.readers = append(a.readers, b.readers...)
	a.kept = a.kept || b.kept
	a.inPlace = a.inPlace || b.inPlace
	b.merged = a
}

// accumulates tells whether the step can add into its output.
func (p *plan) accumulates(w writer) bool {
	op, ok := p.steps[w.step].node.Op().(accumulator)
	return ok && op.accumulates(w.out)
}

// fuseAdditions lets the operation that computes a summand add it to the other
// one where it lies, so that sums of gradients cost nothing.
func (p *plan) fuseAdditions() {
	for i, s := range p.steps {
		if !isAddition(s.node) {
			continue
		}
		a, b := find(s.ins[0]), find(s.ins[1])
		if a == b || len(a.writers) == 0 || len(b.writers) == 0 {
			continue
		}
		if a.writers[len(a.writers)-1].step > b.writers[len(b.writers)-1].step {
			a, b = b, a
		}
		w := b.writers[0]
		if !p.canAddInto(a, b, w, i) {
			continue
		}
		p.steps[w.step].always[w.out] = true
		s.skip = true
		isThis := func(r int) bool { return r == i }
		a.readers = slices.DeleteFunc(a.readers, isThis)
		b.readers = slices.DeleteFunc(b.readers, isThis)
		result := find(s.outs[0])
		result.writers = nil
		merge(a, b)
		merge(a, result)
	}
}

// canAddInto tells whether b, which writer w computes and only the addition
// reads, can be added to a as it is computed.
func (p *plan) canAddInto(a, b *place, w writer, addition int) bool {
	if a.kind != planned || b.kind != planned || a.kept || b.kept || len(b.writers) != 1 || a.size != b.size || !p.accumulates(w) {
		return false
	}
	if a.writers[len(a.writers)-1].step >= w.step {
		return false
	}
	for _, r := range b.readers {
		if r != addition {
			return false
		}
	}
	for _, r := range a.readers {
		if r >= w.step && r != addition {
			return false
		}
	}
	return true
}

// bindGradients puts the parameters' gradients where the parameters keep them.
// A gradient that can't be added to in place, when a machine accumulates over
// several runs, stays in the arena and is copied at the end (see Compile).
func (p *plan) bindGradients() {
	uses := map[*place]int{}
	for _, n := range p.g.grads {
		uses[find(p.of[n])]++
	}
	for _, param := range p.g.params {
		n := p.g.grads[param]
		if n == nil {
			continue
		}
		pl := find(p.of[n])
		if pl.kind != planned || uses[pl] > 1 || len(pl.readers) > 0 || pl.size != param.Len() {
			continue
		}
		first := -1
		ok := true
		for _, w := range pl.writers {
			ok = ok && p.accumulates(w)
			if !p.steps[w.step].always[w.out] {
				ok = ok && first < 0
				first = w.step
				p.steps[w.step].param[w.out] = ok
			}
		}
		if !ok {
			for _, w := range pl.writers {
				p.steps[w.step].param[w.out] = false
			}
			continue
		}
		pl.kind = gradient
		pl.bound, _ = bufferOf(param.Grad())
	}
}

// reuseInputs computes an output over an input that nothing reads afterwards,
// where the operation allows it.
func (p *plan) reuseInputs() {
	for i, s := range p.steps {
		if s.skip || s.outs[0] == nil || s.always[0] {
			continue
		}
		o := find(s.outs[0])
		if o.kind != planned {
			continue
		}
		for j, input := range s.ins {
			v := find(input)
			if v == o || v.kind != planned || v.kept || v.size != o.size || v.dtype != o.dtype || !mayOverwrite(s.node, j) {
				continue
			}
			if slices.Max(v.readers) > i || v.writers[len(v.writers)-1].step >= i {
				continue
			}
			merge(v, o)
			v.inPlace = true
			break
		}
	}
}

func mayOverwrite(n *Node, input int) bool {
	if isAddition(n) {
		return true
	}
	op, ok := n.Op().(inPlacer)
	return ok && op.inPlace(input)
}
