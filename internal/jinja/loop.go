package jinja

import "fmt"

type forStmt struct {
	target    target
	over      expr
	filter    expr // nil without
	recursive bool
	body      []stmt
	otherwise []stmt
	line      int
}

// loop is what the name loop stands for inside of one.
type loop struct {
	items   []any
	index   int // from 0
	depth   int // from 1
	changed []any
	again   func(v any, depth int) (any, error) // of a recursive loop
}

func (f *forStmt) run(r *renderer, s *scope) (jump, error) {
	v, err := f.over.eval(r, s)
	if err != nil {
		return goingOn, at(f.line, err)
	}
	return goingOn, at(f.line, f.each(r, s, v, 1))
}

// each goes over the items of v, as a loop at a depth of recursion.
func (f *forStmt) each(r *renderer, s *scope, v any, depth int) error {
	items, err := iterate(v)
	if err != nil {
		return err
	}
	if f.filter != nil {
		if items, err = f.filtered(r, s, items); err != nil {
			return err
		}
	}
	if len(items) == 0 {
		_, err := r.run(f.otherwise, &scope{outer: s})
		return err
	}
	l := &loop{items: items, depth: depth}
	if f.recursive {
		l.again = func(v any, depth int) (any, error) {
			return r.nested(func() (any, error) {
				return r.capture(func() error { return f.each(r, s, v, depth) })
			})
		}
	}
	for i, item := range items {
		r.work(4)
		l.index = i
		inner := &scope{outer: s}
		inner.set("loop", l)
		if err := f.target.assign(inner, item); err != nil {
			return err
		}
		j, err := r.run(f.body, inner)
		if err != nil {
			return err
		}
		if j == breaking {
			break
		}
	}
	return nil
}

// filtered returns the items that pass the loop's filter.
func (f *forStmt) filtered(r *renderer, s *scope, items []any) ([]any, error) {
	var kept []any
	for _, item := range items {
		r.work(4)
		inner := &scope{outer: s}
		if err := f.target.assign(inner, item); err != nil {
			return nil, err
		}
		v, err := f.filter.eval(r, inner)
		if err != nil {
			return nil, err
		}
		if truth(v) {
			kept = append(kept, item)
		}
	}
	return kept, nil
}

// nested makes a call, unless too many lie in each other.
func (r *renderer) nested(call func() (any, error)) (any, error) {
	if r.calls++; r.calls > maxCalls {
		panic(limit(fmt.Sprintf("macros call each other more than %d deep", maxCalls)))
	}
	defer func() { r.calls-- }()
	return call()
}

// attribute returns an attribute of a loop.
func (l *loop) attribute(r *renderer, name string) (any, bool) {
	i, n := l.index, len(l.items)
	switch name {
	case "index":
		return int64(i + 1), true
	case "index0":
		return int64(i), true
	case "revindex":
		return int64(n - i), true
	case "revindex0":
		return int64(n - i - 1), true
	case "first":
		return i == 0, true
	case "last":
		return i == n-1, true
	case "length":
		return int64(n), true
	case "depth":
		return int64(l.depth), true
	case "depth0":
		return int64(l.depth - 1), true
	case "previtem":
		if i == 0 {
			return undefined{"there is no previous item"}, true
		}
		return l.items[i-1], true
	case "nextitem":
		if i == n-1 {
			return undefined{"there is no next item"}, true
		}
		return l.items[i+1], true
	case "cycle":
		return &function{"cycle", func(_ *renderer, a arguments) (any, error) {
			if len(a.items) == 0 {
				return nil, fmt.Errorf("no items for cycling given")
			}
			return a.items[i%len(a.items)], nil
		}}, true
	case "changed":
		return &function{"changed", func(r *renderer, a arguments) (any, error) {
			if l.changed != nil && r.equal(&List{Items: l.changed}, &List{Items: a.items}) {
				return false, nil
			}
			l.changed = append([]any{}, a.items...)
			return true, nil
		}}, true
	}
	return nil, false
}
