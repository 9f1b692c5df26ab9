package jinja

import (
	"fmt"
	"slices"
)

type parameter struct {
	name      string
	otherwise expr // default; nil without
}

// macro is a macro as it is written.
type macro struct {
	name                    string
	parameters              []parameter
	body                    []stmt
	varargs, kwargs, caller bool // which of these names its body uses
}

type (
	macroStmt struct{ macro *macro }
	callStmt  struct {
		call   *callExpr
		caller *macro
		line   int
	}
)

func (m *macroStmt) run(_ *renderer, s *scope) (jump, error) {
	s.set(m.macro.name, m.macro.bind(s))
	return goingOn, nil
}

func (c *callStmt) run(r *renderer, s *scope) (jump, error) {
	args, err := c.call.args.eval(r, s)
	if err != nil {
		return goingOn, at(c.line, err)
	}
	if args.named == nil {
		args.named = map[string]any{}
	}
	args.names = append(args.names, "caller")
	args.named["caller"] = c.caller.bind(s)
	f, err := c.call.function.eval(r, s)
	if err == nil {
		var v any
		if v, err = r.call(f, args); err == nil {
			r.write(r.str(v))
		}
	}
	return goingOn, at(c.line, err)
}

// bind makes a function of a macro at the place where it is defined.
func (m *macro) bind(s *scope) *function {
	return &function{m.name, func(r *renderer, args arguments) (any, error) {
		return r.nested(func() (any, error) { return m.call(r, s, args) })
	}}
}

func (m *macro) call(r *renderer, outer *scope, args arguments) (any, error) {
	inner := &scope{outer: outer}
	used := 0
	for i, p := range m.parameters {
		v, named := args.named[p.name]
		switch {
		case i < len(args.items):
			if named {
				return nil, fmt.Errorf("macro %s got two values for argument %q", m.name, p.name)
			}
			v = args.items[i]
		case named:
			used++
		case p.otherwise != nil:
			var err error
			if v, err = p.otherwise.eval(r, inner); err != nil {
				return nil, err
			}
		default:
			v = undefined{fmt.Sprintf("parameter %q was not provided", p.name)}
		}
		inner.set(p.name, v)
	}
	if err := m.rest(inner, args, used); err != nil {
		return nil, err
	}
	return r.capture(func() error {
		_, err := r.run(m.body, inner)
		return err
	})
}

// rest sets the special names of a macro's body, and checks that nothing else was given; used are the arguments by name that were taken.
func (m *macro) rest(inner *scope, args arguments, used int) error {
	if m.caller {
		v, given := args.named["caller"]
		if !given {
			v = undefined{"no caller defined"}
		} else {
			used++
		}
		inner.set("caller", v)
	}
	more := args.items[min(len(m.parameters), len(args.items)):]
	if m.varargs {
		inner.set("varargs", &List{Items: more, tuple: true})
	} else if len(more) > 0 {
		return fmt.Errorf("macro %s takes not more than %d arguments", m.name, len(m.parameters))
	}
	if !m.kwargs {
		if used < len(args.names) {
			return fmt.Errorf("macro %s takes no argument that has another name, got %q", m.name, args.names)
		}
		return nil
	}
	others := NewDict()
	for _, name := range args.names {
		named := slices.ContainsFunc(m.parameters, func(p parameter) bool { return p.name == name })
		if !named && name != "caller" {
			others.Set(name, args.named[name])
		}
	}
	inner.set("kwargs", others)
	return nil
}
