package jinja

import (
	"fmt"
	"strings"
)

// expr is what has a value.
type expr interface {
	eval(r *renderer, s *scope) (any, error)
}

type (
	literal  struct{ value any }
	nameExpr struct{ name string }
	listExpr struct {
		items []expr
		tuple bool
	}
	dictExpr struct {
		keys, values []expr
		line         int
	}
	conditional struct{ then, test, otherwise expr }
	logical     struct {
		left, right expr
		or          bool
	}
	notExpr    struct{ value expr }
	comparison struct {
		first     expr
		operators []string
		rest      []expr
		line      int
	}
	arithmetic struct {
		operator    string
		left, right expr
		line        int
	}
	concatenation struct{ items []expr }
	sign          struct {
		value    expr
		negative bool
		line     int
	}
	attributeExpr struct {
		value expr
		name  string
		line  int
	}
	itemExpr struct {
		value, key expr
		line       int
	}
	sliceExpr struct {
		value expr
		parts [3]expr // start, stop, step; nil without
		line  int
	}
	argumentExprs struct {
		items, named            []expr
		names                   []string
		unpacked, unpackedNames []expr // behind * and **
	}
	callExpr struct {
		function expr
		args     argumentExprs
		line     int
	}
	filterExpr struct {
		value expr
		name  string
		args  argumentExprs
		line  int
	}
	testExpr struct {
		value expr
		name  string
		args  argumentExprs
		line  int
	}
)

func (l *literal) eval(*renderer, *scope) (any, error)      { return l.value, nil }
func (n *nameExpr) eval(_ *renderer, s *scope) (any, error) { return s.get(n.name), nil }

// evalAll evaluates expressions in their order.
func evalAll(r *renderer, s *scope, all []expr) ([]any, error) {
	values := make([]any, len(all))
	for i, x := range all {
		var err error
		if values[i], err = x.eval(r, s); err != nil {
			return nil, err
		}
	}
	return values, nil
}

func (l *listExpr) eval(r *renderer, s *scope) (any, error) {
	items, err := evalAll(r, s, l.items)
	return &List{Items: items, tuple: l.tuple}, err
}

func (d *dictExpr) eval(r *renderer, s *scope) (any, error) {
	dict := NewDict()
	for i, k := range d.keys {
		key, err := k.eval(r, s)
		if err == nil {
			key, err = hashable(key)
		}
		if err != nil {
			return nil, at(d.line, err)
		}
		v, err := d.values[i].eval(r, s)
		if err != nil {
			return nil, err
		}
		dict.Set(key, v)
	}
	return dict, nil
}

func (c *conditional) eval(r *renderer, s *scope) (any, error) {
	test, err := c.test.eval(r, s)
	switch {
	case err != nil:
		return nil, err
	case truth(test):
		return c.then.eval(r, s)
	case c.otherwise == nil:
		return undefined{"the inline if-expression evaluated to false and has no else"}, nil
	}
	return c.otherwise.eval(r, s)
}

func (l *logical) eval(r *renderer, s *scope) (any, error) {
	v, err := l.left.eval(r, s)
	if err != nil || truth(v) == l.or {
		return v, err
	}
	return l.right.eval(r, s)
}

func (n *notExpr) eval(r *renderer, s *scope) (any, error) {
	v, err := n.value.eval(r, s)
	return !truth(v), err
}

func (c *comparison) eval(r *renderer, s *scope) (any, error) {
	left, err := c.first.eval(r, s)
	if err != nil {
		return nil, err
	}
	for i, op := range c.operators {
		right, err := c.rest[i].eval(r, s)
		if err != nil {
			return nil, err
		}
		holds, err := r.compare(op, left, right)
		if err != nil || !holds {
			return false, at(c.line, err)
		}
		left = right
	}
	return true, nil
}

func (a *arithmetic) eval(r *renderer, s *scope) (any, error) {
	r.work(1)
	left, err := a.left.eval(r, s)
	if err != nil {
		return nil, err
	}
	right, err := a.right.eval(r, s)
	if err != nil {
		return nil, err
	}
	v, err := r.calculate(a.operator, left, right)
	return v, at(a.line, err)
}

func (c *concatenation) eval(r *renderer, s *scope) (any, error) {
	var b strings.Builder
	for _, x := range c.items {
		v, err := x.eval(r, s)
		if err != nil {
			return nil, err
		}
		text := r.str(v)
		r.size(b.Len() + len(text))
		b.WriteString(text)
	}
	return b.String(), nil
}

func (x *sign) eval(r *renderer, s *scope) (any, error) {
	v, err := x.value.eval(r, s)
	if err != nil {
		return nil, err
	}
	switch v := number(v).(type) {
	case int64:
		if x.negative {
			return -v, nil
		}
		return v, nil
	case float64:
		if x.negative {
			return -v, nil
		}
		return v, nil
	}
	return nil, at(x.line, fmt.Errorf("%s has no sign", describe(v)))
}

func (a *argumentExprs) eval(r *renderer, s *scope) (args arguments, err error) {
	r.work(1)
	if args.items, err = evalAll(r, s, a.items); err != nil {
		return args, err
	}
	if len(a.names)+len(a.unpackedNames) > 0 {
		args.named = map[string]any{}
	}
	for i, name := range a.names {
		v, err := a.named[i].eval(r, s)
		if err != nil {
			return args, err
		}
		args.names, args.named[name] = append(args.names, name), v
	}
	for _, x := range a.unpacked {
		v, err := x.eval(r, s)
		if err != nil {
			return args, err
		}
		items, err := iterate(v)
		if err != nil {
			return args, err
		}
		args.items = append(args.items, items...)
	}
	for _, x := range a.unpackedNames {
		v, err := x.eval(r, s)
		if err != nil {
			return args, err
		}
		d, ok := v.(*Dict)
		if !ok {
			return args, fmt.Errorf("** expects a dict, got %s", typeName(v))
		}
		for _, key := range d.Keys {
			name, ok := key.(string)
			if _, twice := args.named[name]; !ok || twice {
				return args, fmt.Errorf("** has the key %s, expected the name of another argument", r.repr(key))
			}
			args.names, args.named[name] = append(args.names, name), d.Values[key]
		}
	}
	return args, nil
}

func (c *callExpr) eval(r *renderer, s *scope) (any, error) {
	f, err := c.function.eval(r, s)
	if err != nil {
		return nil, err
	}
	args, err := c.args.eval(r, s)
	if err != nil {
		return nil, at(c.line, err)
	}
	v, err := r.call(f, args)
	return v, at(c.line, err)
}

// call calls what can be called.
func (r *renderer) call(f any, args arguments) (any, error) {
	r.work(1)
	switch f := f.(type) {
	case *function:
		return f.call(r, args)
	case *loop:
		if f.again == nil {
			return nil, fmt.Errorf("the loop must have the recursive marker to be called")
		}
		if err := args.check("loop", 1, 1); err != nil {
			return nil, err
		}
		return f.again(args.items[0], f.depth+1)
	case undefined:
		return nil, fmt.Errorf("%s", f.what)
	}
	return nil, fmt.Errorf("%s can't be called", describe(f))
}

func (f *filterExpr) eval(r *renderer, s *scope) (any, error) {
	v, err := f.value.eval(r, s)
	if err != nil {
		return nil, err
	}
	return f.apply(r, s, v)
}

func (f *filterExpr) apply(r *renderer, s *scope, v any) (any, error) {
	args, err := f.args.eval(r, s)
	if err == nil {
		v, err = r.filter(f.name, v, args)
	}
	return v, at(f.line, err)
}

// filter applies the filter of a name.
func (r *renderer) filter(name string, v any, args arguments) (any, error) {
	f, ok := filters[name]
	if !ok {
		return nil, fmt.Errorf("no filter named %q", name)
	}
	r.work(1)
	if name != "escape" && name != "e" && name != "safe" {
		v = unmarked(v)
	}
	for i, a := range args.items {
		args.items[i] = unmarked(a)
	}
	v, err := f(r, v, args)
	if err != nil {
		return nil, fmt.Errorf("filter %s: %w", name, err)
	}
	return v, nil
}

func (t *testExpr) eval(r *renderer, s *scope) (any, error) {
	v, err := t.value.eval(r, s)
	if err != nil {
		return nil, err
	}
	args, err := t.args.eval(r, s)
	if err != nil {
		return nil, at(t.line, err)
	}
	holds, err := r.test(t.name, v, args)
	return holds, at(t.line, err)
}

// describe tells what a value is, for errors.
func describe(v any) string {
	if u, ok := v.(undefined); ok {
		return u.what + "; it"
	}
	return typeName(v)
}
