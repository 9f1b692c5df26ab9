package graph

import "slices"

// firstRead is a parameter with the first step that reads it.
type firstRead struct {
	param *Param
	step  int
}

// firstReads returns the parameters in the order in which steps read them. Runs gives the runner of each step.
func (p *plan) firstReads(runs []int) (all []firstRead) {
	places := map[*place]*Param{}
	for _, param := range p.g.params {
		if pl := p.of[p.g.bound[param]]; pl != nil {
			places[find(pl)] = param
		}
	}
	for i, s := range p.steps {
		for _, in := range append(slices.Clone(s.ins), s.addend) {
			if in == nil {
				continue
			}
			if param := places[find(in)]; param != nil {
				all = append(all, firstRead{param, runs[i]})
				delete(places, find(in))
			}
		}
	}
	slices.SortStableFunc(all, func(a, b firstRead) int { return a.step - b.step })
	return all
}

// OnRead lets the next runs call f with each parameter before the first operation that reads it; nil stops it. The run waits for f.
func (m *Machine) OnRead(f func(p *Param)) { m.onRead = f }
