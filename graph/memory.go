package graph

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
