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
	addend  *place   // what output 0 is added to on its way; nil for nothing
	always  []bool   // output i is added to what is there
	param   []bool   // output i is the first that goes to a parameter's gradient
	scratch *place   // nil without
	skip    bool     // an addition that another step does on its way
	again   bool     // the step of a block that is computed once more
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
	bound   buffer   // the memory of what is given
	param   *Param   // whose gradient it is, in the arena or the parameter's memory
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

// lastWritten returns the last step that writes the place, -1 without.
func (p *place) lastWritten() int {
	if len(p.writers) == 0 {
		return -1
	}
	return p.writers[len(p.writers)-1].step
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
	nodes := needed(g.expr, roots)
	if err := checkStock(nodes, false); err != nil {
		return nil, err
	}
	for _, n := range nodes {
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
		p.of[n].kept = true
	}
	p.checkpoint()
	p.recompute()
	p.link()
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
		if param := paramOf(p.g, n); param != nil && param.packed != nil {
			pl := p.newPlace(n)
			pl.kind, pl.bound = given, buffer{packed: param.packed.matrix()}
			return nil
		}
		if value == nil && paramOf(p.g, n) != nil {
			p.newPlace(n).kind = given // of a sketch, which is only measured
			return nil
		}
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
		p.tuples[kids[0]].outs[part.index] = p.newPlace(n)
		return nil
	}
	if _, ok := n.Op().(viewer); ok {
		p.of[n] = p.of[kids[0]]
		return nil
	}
	s := &step{node: n}
	p.steps = append(p.steps, s)
	for i, kid := range kids {
		pl := p.of[kid]
		if param := givenParam(p.g, kid); param != nil && param.packed != nil && !unpacks(n, i) {
			return fmt.Errorf("graph: %v reads the parameter %q, which is stored as %v; it can't read blocks", n.Op(), param.Name, param.packed.Format)
		}
		if pl == nil {
			return fmt.Errorf("graph: %v reads %v, which has several parts", n, kid)
		}
		s.ins = append(s.ins, pl)
	}
	outs := 1
	if op, ok := n.Op().(fused); ok {
		outs = len(op.header().outs)
	}
	s.outs = make([]*place, outs)
	if outs > 1 {
		p.tuples[n] = s
	} else {
		s.outs[0] = p.newPlace(n)
	}
	return nil
}

// unpacks tells whether an operation reads input i from blocks.
func unpacks(n *Node, i int) bool {
	op, ok := n.Op().(unpacker)
	return ok && op.unpacks(i)
}

// wanted tells which outputs are read.
func (s *step) wanted() []bool {
	all := make([]bool, len(s.outs))
	for i, o := range s.outs {
		all[i] = o != nil
	}
	return all
}

// backward tells whether a step belongs to the backward pass.
func (p *plan) backward(s *step) bool { return p.g.grads != nil && s.node.ID() >= p.g.before }

// link notes at each place which steps write and read it.
func (p *plan) link() {
	for i, s := range p.steps {
		for _, in := range s.ins {
			in.readers = append(in.readers, i)
		}
		for k, o := range s.outs {
			if o != nil {
				o.writers = []writer{{i, k}}
			}
		}
		s.always, s.param = make([]bool, len(s.outs)), make([]bool, len(s.outs))
		if op, ok := s.node.Op().(scratcher); ok {
			s.scratch = &place{dtype: p.g.dtype, size: op.scratch(s.wanted()), writers: []writer{{step: i}}}
			p.places = append(p.places, s.scratch)
		}
	}
}

func (p *plan) newPlace(n *Node) *place {
	pl := &place{dtype: n.Dtype(), size: n.Shape().TotalSize()}
	p.of[n] = pl
	p.places = append(p.places, pl)
	return pl
}
