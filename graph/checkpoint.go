package graph

import "slices"

// A TracedBlock is a block of a model in a trace: what it read and what it made of it.
type TracedBlock struct{ In, Out *Node }

// Blocks returns the blocks that the trace has so far, as Checkpoint was told of them, in the order in which they were traced. Blocks inside
// of a Block aren't among them.
func (g *Graph) Blocks() []TracedBlock { return g.blocks }

// span is the numbers of the nodes of a block: those after first, up to last.
type span struct{ first, last int64 }

// Checkpoint says that y was computed from x by a block of the model. In a trace that was told to (Config.Checkpointing) the values in between
// are dropped after the forward pass, all but y and what is used outside of the block, and computed again from x before the backward
// pass needs them: by the same operations with the same random numbers, so to the same bits (Chen et al., 2016). It returns y.
func (g *Graph) Checkpoint(x, y *Node) *Node {
	if !g.inBlock && g.err == nil {
		g.blocks = append(g.blocks, TracedBlock{x, y})
	}
	if g.checkpointing && !g.inBlock && g.err == nil && x.ID() < y.ID() {
		g.spans = append(g.spans, span{x.ID(), y.ID()})
	}
	return y
}

// Block makes one block of all that build computes of x, whatever blocks there are in it: of a checkpointed trace nothing of it is kept but
// what build returns.
func (g *Graph) Block(x *Node, build func(g *Graph) *Node) *Node {
	outer := g.inBlock
	g.inBlock = true
	y := build(g)
	g.inBlock = outer
	return g.Checkpoint(x, y)
}

// checkpoint puts the steps of blocks once more before the backward pass reads what they compute.
func (p *plan) checkpoint() {
	for _, s := range p.g.spans {
		p.checkpointSpan(s)
	}
}

func (p *plan) checkpointSpan(block span) {
	inside := func(s *step) bool {
		return !s.again && !p.backward(s) && s.node.ID() > block.first && s.node.ID() <= block.last
	}
	made := map[*place]bool{} // in the block, and read nowhere else in the forward pass
	for _, s := range p.steps {
		if inside(s) {
			for _, o := range s.outs {
				if o != nil && !o.kept {
					made[o] = true
				}
			}
		}
	}
	for _, s := range p.steps {
		if !inside(s) && !p.backward(s) {
			for _, in := range s.ins {
				delete(made, in)
			}
		}
	}
	first := -1
	needed := map[*place]bool{}
	for i, s := range p.steps {
		if !p.backward(s) {
			continue
		}
		for _, in := range s.ins {
			if made[in] {
				needed[in] = true
				if first < 0 {
					first = i
				}
			}
		}
	}
	if first < 0 {
		return
	}
	var chosen []*step // the last first
	for _, s := range slices.Backward(p.steps) {
		if !inside(s) || !slices.ContainsFunc(s.outs, func(o *place) bool { return needed[o] }) {
			continue
		}
		chosen = append(chosen, s)
		for _, in := range s.ins {
			if made[in] {
				needed[in] = true
			}
		}
	}
	fresh := map[*place]*place{}
	for o := range needed {
		fresh[o] = &place{dtype: o.dtype, size: o.size}
	}
	for _, pl := range slices.Clone(p.places) { // in their order, for the layout to be the same each time
		if fresh[pl] != nil {
			p.places = append(p.places, fresh[pl])
		}
	}
	replaced := func(all []*place) []*place {
		all = slices.Clone(all)
		for i, pl := range all {
			if fresh[pl] != nil {
				all[i] = fresh[pl]
			}
		}
		return all
	}
	var again []*step
	for _, s := range slices.Backward(chosen) {
		outs := make([]*place, len(s.outs))
		for i, o := range s.outs {
			if outs[i] = fresh[o]; outs[i] == nil && o != nil { // isn't needed, but the operation writes it
				outs[i] = &place{dtype: o.dtype, size: o.size}
				p.places = append(p.places, outs[i])
			}
		}
		again = append(again, &step{node: s.node, ins: replaced(s.ins), outs: outs, again: true})
	}
	for _, s := range p.steps[first:] {
		if p.backward(s) {
			s.ins = replaced(s.ins)
		}
	}
	p.steps = slices.Insert(p.steps, first, again...)
}
