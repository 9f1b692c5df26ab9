package graph

import "slices"

// merge makes b part of a.
func merge(a, b *place) {
	a.writers = append(a.writers, b.writers...)
	slices.SortFunc(a.writers, func(v, w writer) int { return v.step - w.step })
	a.readers = append(a.readers, b.readers...)
	a.kept = a.kept || b.kept
	a.inPlace = a.inPlace || b.inPlace
	if b.param != nil {
		a.param = b.param
	}
	b.merged = a
}

// accumulates tells whether the step can add into its output.
func (p *plan) accumulates(w writer) bool {
	op, ok := p.steps[w.step].node.Op().(accumulator)
	return ok && op.accumulates(w.out)
}

// fuseAdditions lets the operation that computes a summand add it to the other
// one, so that sums of gradients and residual connections cost nothing: where that lies, or if it is read later, on the way to memory of its own.
func (p *plan) fuseAdditions() {
	for i, s := range p.steps {
		if !isAddition(s.node) {
			continue
		}
		a, b := find(s.ins[0]), find(s.ins[1])
		if a == b {
			continue
		}
		if a.lastWritten() > b.lastWritten() {
			a, b = b, a
		}
		if !p.addsOnlyTo(a, b, i) {
			continue
		}
		w, into := b.writers[0], a
		maker := p.steps[w.step]
		switch {
		case p.canAddInto(a, w, i):
			maker.always[w.out] = true
		case p.canAddBeside(w):
			maker.addend, into = a, b
			a.readers = append(a.readers, w.step)
		default:
			continue
		}
		s.skip = true
		isThis := func(r int) bool { return r == i }
		a.readers = slices.DeleteFunc(a.readers, isThis)
		b.readers = slices.DeleteFunc(b.readers, isThis)
		result := find(s.outs[0])
		result.writers = nil
		if into == a {
			merge(a, b)
		}
		merge(into, result)
	}
}

// addsOnlyTo tells whether b is computed by one step, when a is there, and only the addition reads it.
func (p *plan) addsOnlyTo(a, b *place, addition int) bool {
	if b.kind != planned || b.kept || len(b.writers) != 1 || a.size != b.size || a.lastWritten() >= b.writers[0].step {
		return false
	}
	return !slices.ContainsFunc(b.readers, func(r int) bool { return r != addition })
}

// canAddInto tells whether what writer w computes can be added to a where that lies.
func (p *plan) canAddInto(a *place, w writer, addition int) bool {
	if a.kind != planned || a.kept || len(a.writers) == 0 || !p.accumulates(w) {
		return false
	}
	return !slices.ContainsFunc(a.readers, func(r int) bool { return r >= w.step && r != addition })
}

// canAddBeside tells whether the step of writer w can add another value to what it computes.
func (p *plan) canAddBeside(w writer) bool {
	s := p.steps[w.step]
	_, ok := s.node.Op().(adder)
	return ok && s.addend == nil && !s.always[w.out]
}

// bindGradients puts the parameters' gradients where the parameters keep them, or lets parameters have them where they are in the
// arena. A gradient that can't be added to in place, when a machine accumulates over
// several runs, or that isn't of one parameter alone, is copied at the end (see Compile).
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
		if p.g.overlap {
			pl.param = param
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
		pl.kind, pl.param = gradient, param
	}
}

// reuseInputs computes an output over an input that nothing reads afterwards,
// where the operation allows it.
func (p *plan) reuseInputs() {
	for i, s := range p.steps {
		if s.skip {
			continue
		}
		for k, output := range s.outs {
			if output != nil && !s.always[k] {
				p.reuseInput(i, k, find(output))
			}
		}
	}
}

// reuseInput computes output k of step i, whose place is o, over an input where it can.
func (p *plan) reuseInput(i, k int, o *place) {
	if o.kind != planned {
		return
	}
	s := p.steps[i]
	for j, input := range s.ins {
		v := find(input)
		if v == o || v.kind != planned || v.kept || v.size != o.size || v.dtype != o.dtype || !mayOverwrite(s.node, k, j) {
			continue
		}
		if slices.Max(v.readers) > i || v.lastWritten() >= i {
			continue
		}
		merge(v, o)
		v.inPlace = true
		return
	}
}

func mayOverwrite(n *Node, out, in int) bool {
	if isAddition(n) {
		return true
	}
	op, ok := n.Op().(inPlacer)
	return ok && op.inPlace(out, in)
}
