package graph

import (
	"fmt"
	"math"
)

// A NotFinite is the first place of a run where an infinite number, or one that is none, came about.
type NotFinite struct {
	Op    string // the operation; "" where a parameter or input held it before the run
	Near  string // the parameter that the operation reads, or the nearest before it; "" without
	Value float64
	shape []int // of the result
	bad   []int // elements of it
}

// String tells the place, such as "attention near h.3.attn.c_attn.weight gave NaN".
func (f *NotFinite) String() string {
	switch {
	case f.Op == "":
		return fmt.Sprintf("%s holds %v", f.Near, f.Value)
	case f.Near == "":
		return fmt.Sprintf("%s gave %v", f.Op, f.Value)
	}
	return fmt.Sprintf("%s near %s gave %v", f.Op, f.Near, f.Value)
}

// Rows returns which of the n rows of a batch the numbers are in; nil where the result isn't one of rows, as a parameter's gradient.
func (f *NotFinite) Rows(n int) []int {
	if f.Op == "" || n < 1 || len(f.shape) == 0 || f.shape[0] < n || f.shape[0]%n != 0 {
		return nil
	}
	size := 1
	for _, d := range f.shape {
		size *= d
	}
	var rows []int
	for _, e := range f.bad {
		if r := e / (size / n); len(rows) == 0 || rows[len(rows)-1] != r {
			rows = append(rows, r)
		}
	}
	return rows
}

// FindNotFinite runs the trace once more, as RunAll does, and looks at the result of each operation on the way. It returns nil where all of them
// are finite, and the first that isn't though what it reads is. Gradients are overwritten.
func (m *Machine) FindNotFinite() (*NotFinite, error) {
	for _, p := range m.g.params {
		if p.packed != nil {
			continue
		}
		if b, err := bufferOf(p.value); err == nil {
			if bad, v := b.notFinite(); len(bad) > 0 {
				return &NotFinite{Near: p.Name, Value: v}, nil
			}
		}
	}
	var found *NotFinite
	err := m.runAll(func(r *runner) bool {
		if r.node == nil || found != nil {
			return found == nil
		}
		if bad, v := r.result.notFinite(); len(bad) > 0 {
			found = &NotFinite{Op: r.name, Near: m.nearest(r.node), Value: v, shape: r.node.Shape(), bad: bad}
		}
		return found == nil
	})
	return found, err
}

// notFinite returns the elements that aren't finite, and the first of them.
func (b buffer) notFinite() (bad []int, first float64) {
	check := func(i int, x float64) {
		if math.IsNaN(x) || math.IsInf(x, 0) {
			if len(bad) == 0 {
				first = x
			}
			bad = append(bad, i)
		}
	}
	for i, x := range b.f32 {
		check(i, float64(x))
	}
	for i, x := range b.f64 {
		check(i, x)
	}
	return bad, first
}

// nearest returns the name of the parameter that a node reads, or of the nearest that what it reads was made with.
func (m *Machine) nearest(n *Node) string {
	seen := map[*Node]bool{}
	for level := []*Node{n}; len(level) > 0; {
		var next []*Node
		for _, n := range level {
			for _, kid := range children(m.g.expr, n) {
				if seen[kid] {
					continue
				}
				seen[kid] = true
				if p := paramOf(m.g, kid); p != nil {
					return p.Name
				}
				next = append(next, kid)
			}
		}
		level = next
	}
	return ""
}
