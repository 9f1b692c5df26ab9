package graph

import "slices"

// firstRead is a parameter with the first step that reads it, or its rows.
type firstRead struct {
	param *Param
	step  int
	rows  bool // those that the IDs of its Lookup name
}

// firstReads returns the parameters in the order in which steps read them; those of lookups twice if their rows are read at first. Runs gives the runner of
// each step.
func (p *plan) firstReads(runs []int, lookups []Lookup) (all []firstRead) {
	rows := map[*Param]*Lookup{} // which nothing has read yet
	for i := range lookups {
		rows[lookups[i].Param] = &lookups[i]
	}
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
			param := places[find(in)]
			if param == nil {
				continue
			}
			if l := rows[param]; l != nil && p.looksUp(s.node, l.IDs) {
				all = append(all, firstRead{param, runs[i], true})
				delete(rows, param)
			}
			if l := lookupOf(lookups, param); l == nil || !p.looksUp(s.node, l.IDs) {
				all = append(all, firstRead{param, runs[i], false})
				delete(places, find(in))
			}
		}
	}
	slices.SortStableFunc(all, func(a, b firstRead) int { return a.step - b.step })
	return all
}

// lookupOf returns the lookup of a parameter, or nil.
func lookupOf(lookups []Lookup, param *Param) *Lookup {
	for i := range lookups {
		if lookups[i].Param == param {
			return &lookups[i]
		}
	}
	return nil
}

// looksUp tells whether an operation reads only the rows of a parameter that one of ids names.
func (p *plan) looksUp(n *Node, ids []*Node) bool {
	_, ok := n.Op().(*embeddingOp)
	return ok && slices.Contains(ids, children(p.g.expr, n)[1])
}

// OnRead lets the next runs call f with each parameter before the first operation that reads it; nil stops it. A parameter of Lookups that operations look up
// before others read it is told of twice: first with rows, since only the rows that its IDs name are read then. The run waits for f.
func (m *Machine) OnRead(f func(p *Param, rows bool)) { m.onRead = f }
