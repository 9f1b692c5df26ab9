package jinja

import (
	"fmt"
	"strings"
)

// stmt is what a template does at a place.
type stmt interface {
	run(r *renderer, s *scope) (jump, error)
}

// jump says how a body was left.
type jump uint8

const (
	goingOn jump = iota
	breaking
	continuing
)

type (
	textStmt   struct{ text string }
	outputStmt struct {
		value expr
		line  int
	}
	branch struct {
		test expr
		body []stmt
		line int
	}
	ifStmt struct {
		tests     []branch
		otherwise []stmt
	}
	// target is a name, an attribute of a namespace, or several of them.
	target struct {
		name, attribute string
		parts           []target
	}
	setStmt struct {
		target target
		value  expr
		line   int
	}
	captureStmt struct {
		target target
		filter expr // over a literal that stands for the text; nil without
		body   []stmt
		line   int
	}
	filterStmt struct {
		body   []stmt
		filter expr
		line   int
	}
	withStmt struct {
		targets []target
		values  []expr
		body    []stmt
	}
	generationStmt struct{ body []stmt }
	jumpStmt       jump
)

// run runs a body.
func (r *renderer) run(body []stmt, s *scope) (jump, error) {
	for _, one := range body {
		r.work(1)
		if j, err := one.run(r, s); err != nil || j != goingOn {
			return j, err
		}
	}
	return goingOn, nil
}

func (t *textStmt) run(r *renderer, _ *scope) (jump, error) {
	r.write(t.text)
	return goingOn, nil
}

func (o *outputStmt) run(r *renderer, s *scope) (jump, error) {
	v, err := o.value.eval(r, s)
	if err != nil {
		return goingOn, at(o.line, err)
	}
	r.write(r.str(v))
	return goingOn, nil
}

func (i *ifStmt) run(r *renderer, s *scope) (jump, error) {
	for _, b := range i.tests {
		v, err := b.test.eval(r, s)
		if err != nil {
			return goingOn, at(b.line, err)
		}
		if truth(v) {
			return r.run(b.body, s)
		}
	}
	return r.run(i.otherwise, s)
}

func (j jumpStmt) run(*renderer, *scope) (jump, error) { return jump(j), nil }

// assign gives the target a value.
func (t target) assign(s *scope, v any) error {
	switch {
	case t.parts != nil:
		items, err := iterate(v)
		if err != nil {
			return err
		}
		if len(items) != len(t.parts) {
			return fmt.Errorf("expected %d values to unpack, got %d", len(t.parts), len(items))
		}
		for i, part := range t.parts {
			if err := part.assign(s, items[i]); err != nil {
				return err
			}
		}
	case t.attribute != "":
		n, ok := s.get(t.name).(*namespace)
		if !ok {
			return fmt.Errorf("can't set attribute %q of %s, which is no namespace", t.attribute, t.name)
		}
		if strings.HasPrefix(t.attribute, "_") {
			return fmt.Errorf("a namespace can't have an attribute that begins with an underscore, got %q", t.attribute)
		}
		n.values.Set(t.attribute, v)
	default:
		s.set(t.name, v)
	}
	return nil
}

func (a *setStmt) run(r *renderer, s *scope) (jump, error) {
	v, err := a.value.eval(r, s)
	if err == nil {
		err = a.target.assign(s, v)
	}
	return goingOn, at(a.line, err)
}

func (c *captureStmt) run(r *renderer, s *scope) (jump, error) {
	v, err := r.filtered(c.body, c.filter, s)
	if err == nil {
		err = c.target.assign(s, v)
	}
	return goingOn, at(c.line, err)
}

func (f *filterStmt) run(r *renderer, s *scope) (jump, error) {
	v, err := r.filtered(f.body, f.filter, s)
	if err != nil {
		return goingOn, at(f.line, err)
	}
	r.write(r.str(v))
	return goingOn, nil
}

// filtered returns what a body writes, after its filters.
func (r *renderer) filtered(body []stmt, filter expr, s *scope) (any, error) {
	text, err := r.capture(func() error {
		_, err := r.run(body, &scope{outer: s})
		return err
	})
	if err != nil || filter == nil {
		return text, err
	}
	return applyChain(r, s, filter, text)
}

// applyChain applies filters that were parsed over a literal to a text.
func applyChain(r *renderer, s *scope, x expr, text string) (any, error) {
	f, ok := x.(*filterExpr)
	if !ok {
		return text, nil
	}
	v, err := applyChain(r, s, f.value, text)
	if err != nil {
		return nil, err
	}
	return f.apply(r, s, v)
}

func (w *withStmt) run(r *renderer, s *scope) (jump, error) {
	inner := &scope{outer: s}
	for i, t := range w.targets {
		v, err := w.values[i].eval(r, s)
		if err != nil {
			return goingOn, err
		}
		inner.set(t.name, v)
	}
	return r.run(w.body, inner)
}

func (g *generationStmt) run(r *renderer, s *scope) (jump, error) {
	r.write(r.options.GenerationBegin)
	j, err := r.run(g.body, &scope{outer: s})
	r.write(r.options.GenerationEnd)
	return j, err
}

// contains tells whether there is a generation block in a body.
func contains(body []stmt) bool {
	for _, one := range body {
		var inner [][]stmt
		switch x := one.(type) {
		case *generationStmt:
			return true
		case *ifStmt:
			inner = append(inner, x.otherwise)
			for _, b := range x.tests {
				inner = append(inner, b.body)
			}
		case *forStmt:
			inner = [][]stmt{x.body, x.otherwise}
		case *captureStmt:
			inner = [][]stmt{x.body}
		case *filterStmt:
			inner = [][]stmt{x.body}
		case *withStmt:
			inner = [][]stmt{x.body}
		case *macroStmt:
			inner = [][]stmt{x.macro.body}
		case *callStmt:
			inner = [][]stmt{x.caller.body}
		}
		for _, b := range inner {
			if contains(b) {
				return true
			}
		}
	}
	return false
}
