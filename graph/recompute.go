package graph

import "slices"

// recomputation decides which values are computed again in the backward pass.
type recomputation struct {
	*plan
	lean  bool
	last  map[*place]int   // the last step that reads a place
	made  map[*place]int   // the step that writes it
	maker map[*place]*step // which that is
	again map[int][]*step  // what is computed again, by the step before which it is
}

// recompute puts steps into the backward pass that compute cheap values again
// from inputs that are there anyway, or are computed again themselves, so that the memory of the first ones is free in
// between. Where the derivative can compute the value on its way, it does.
func (p *plan) recompute() {
	r := &recomputation{plan: p, lean: p.lean(), last: map[*place]int{}, made: map[*place]int{}, maker: map[*place]*step{}, again: map[int][]*step{}}
	for i, s := range p.steps {
		for _, in := range s.ins {
			r.last[in] = i
		}
		for _, o := range s.outs {
			r.made[o], r.maker[o] = i, s
		}
	}
	moved := map[*step]bool{}
	for _, s := range slices.Backward(p.steps) { // so that what is computed again counts as a reader of its inputs
		if _, ok := s.node.Op().(recomputer); !ok || s.outs[0] == nil {
			continue
		}
		first := r.firstReader(s.outs[0])
		if first < 0 || !r.can(s, first) {
			continue
		}
		fresh := &place{dtype: s.outs[0].dtype, size: s.outs[0].size}
		p.places = append(p.places, fresh)
		r.made[fresh] = first
		r.replace(s.outs[0], fresh, first)
		maker := p.derivative(s, func(in *place) bool { return r.made[in] >= first })
		if maker != nil {
			maker.outs = append(maker.outs, fresh)
			moved[maker] = true
		} else {
			maker = &step{node: s.node, ins: s.ins, outs: make([]*place, len(s.outs))}
			maker.outs[0] = fresh
		}
		r.again[first] = slices.Insert(r.again[first], 0, maker)
	}
	var steps []*step
	for i, s := range p.steps {
		steps = append(steps, r.again[i]...)
		if !moved[s] {
			steps = append(steps, s)
		}
	}
	p.steps = steps
}

// lean tells whether the trace trains at most a tenth of its parameters, as for adapters: then most of its memory is what it keeps for the
// backward pass.
func (p *plan) lean() bool {
	trained, all := 0, 0
	for _, param := range p.g.params {
		all += param.Len()
		if p.g.grads[param] != nil {
			trained += param.Len()
		}
	}
	return 10*trained <= all
}

// firstReader returns the first step of the backward pass that reads a value, or before which what reads it is computed again; -1 for none.
func (r *recomputation) firstReader(value *place) int {
	first := slices.IndexFunc(r.steps, func(s *step) bool { return r.backward(s) && slices.Contains(s.ins, value) })
	for at, list := range r.again {
		if (first < 0 || at < first) && slices.ContainsFunc(list, func(s *step) bool { return slices.Contains(s.ins, value) }) {
			first = at
		}
	}
	return first
}

// can tells whether the first output of a step of the forward pass can be computed again before step first: it is cheap enough, and its inputs are there
// or can be computed again too.
func (r *recomputation) can(s *step, first int) bool {
	if op, ok := s.node.Op().(recomputer); !ok || !op.recompute(r.lean) || s.again || r.backward(s) || s.outs[0] == nil || s.outs[0].kept {
		return false
	}
	return !slices.ContainsFunc(s.ins, func(in *place) bool {
		if in.kind != planned || in.kept || r.last[in] >= first {
			return false
		}
		maker := r.maker[in]
		return maker == nil || maker.outs[0] != in || !r.can(maker, first)
	})
}

// replace lets the steps from first on, and what is computed again before them, read fresh in the place of value.
func (r *recomputation) replace(value, fresh *place, first int) {
	read := func(s *step) {
		if !slices.Contains(s.ins, value) {
			return
		}
		s.ins = slices.Clone(s.ins)
		for i, in := range s.ins {
			if in == value {
				s.ins[i] = fresh
			}
		}
	}
	for _, s := range r.steps[first:] {
		read(s)
	}
	for _, list := range r.again {
		for _, s := range list {
			read(s)
		}
	}
}

// derivative returns the step that differentiates s and can compute its value, if none of its inputs comes too late.
func (p *plan) derivative(s *step, late func(*place) bool) *step {
	for _, r := range p.steps {
		op, ok := r.node.Op().(recomputing)
		if ok && op.recomputes() == s.node.Op() && !slices.ContainsFunc(r.ins, late) {
			return r
		}
	}
	return nil
}
