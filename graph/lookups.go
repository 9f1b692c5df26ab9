package graph

import "slices"

// A Lookup is a parameter [V, D] whose gradient a run finds in two parts: early what all operations add to it but those that look its rows up, and at
// the end the rows that were looked up. So it is with a table of tokens that is the model's head too.
type Lookup struct {
	Param *Param
	IDs   []*Node // the inputs that name the rows; their other rows are complete early
	step  int     // behind which they are
}

// lookup returns how a parameter's gradient, which is at a place for good, is found in two parts, if it is. Runs gives the runner of each step.
func (p *plan) lookup(param *Param, pl *place, runs []int) (Lookup, bool) {
	l := Lookup{Param: param}
	first := len(pl.writers)
	for ; first > 0; first-- {
		w := pl.writers[first-1]
		s := p.steps[w.step]
		if _, ok := s.node.Op().(*embeddingGradOp); !ok || !s.always[w.out] {
			break
		}
		ids := children(p.g.expr, s.node)[0]
		if ids.Op() != nil || p.g.consts[ids] {
			return l, false
		}
		if !slices.Contains(l.IDs, ids) {
			l.IDs = append(l.IDs, ids)
		}
	}
	if len(param.Shape) != 2 || first == 0 || len(l.IDs) == 0 {
		return l, false
	}
	l.step = runs[pl.writers[first-1].step]
	return l, true
}

// lookups returns those of all parameters.
func (p *plan) lookups(runs []int) (all []Lookup) {
	for _, param := range p.g.params {
		if n := p.g.grads[param]; n != nil {
			pl := find(p.of[n])
			if l, ok := p.lookup(param, pl, runs); ok && (p.overlaps(n) || pl.kind == gradient) {
				all = append(all, l)
			}
		}
	}
	slices.SortStableFunc(all, func(a, b Lookup) int { return a.step - b.step })
	return all
}

// PlanGradients returns what Machine.GradientOrder and Machine.Lookups would of a machine for a trace, which is only planned.
func PlanGradients(g *Graph, outputs ...*Node) (order []*Param, lookups []Lookup, err error) {
	if g.err != nil {
		return nil, nil, g.err
	}
	p, err := newPlan(g, outputs)
	if err != nil {
		return nil, nil, err
	}
	runs := make([]int, len(p.steps))
	for i := range runs {
		runs[i] = i
	}
	lookups = p.lookups(runs)
	var found []foundGrad
	for _, param := range g.params {
		if n := g.grads[param]; n != nil {
			pl := find(p.of[n])
			step := max(0, pl.lastWritten())
			if !p.overlaps(n) && pl.kind != gradient {
				step = len(runs) // where it is copied
			}
			found = append(found, foundGrad{param, step})
		}
	}
	slices.SortStableFunc(found, func(a, b foundGrad) int { return a.step - b.step })
	return gradientOrder(found, lookups), lookups, nil
}

// Lookups returns the parameters whose gradient runs find in two parts, the one that is found first at first.
func (m *Machine) Lookups() []Lookup { return m.lookups }

// OnLookup lets the next runs call f with the parameter of each of Lookups when its gradient is found but for the rows that are looked up; nil stops
// it. The run waits for f.
func (m *Machine) OnLookup(f func(p *Param)) { m.onLookup = f }
