package jinja

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// Bounds of one rendering, far beyond what a conversation needs.
const (
	maxSource = 1 << 20  // bytes of a template
	maxText   = 64 << 20 // bytes of a text
	maxItems  = 1 << 20  // items of a list that a template makes
	maxCalls  = 150      // calls of macros in each other
	maxWork   = 1 << 22  // steps
)

// Error is a fault of a template, or one that it raised.
type Error struct {
	Line   int // of the template, from 1
	Msg    string
	Raised bool // by raise_exception
}

// Error tells the fault and where in the template it is.
func (e *Error) Error() string { return fmt.Sprintf("template line %d: %s", e.Line, e.Msg) }

// at gives an error its line, unless it has one.
func at(line int, err error) error {
	var known *Error
	if err == nil || errors.As(err, &known) {
		return err
	}
	var r *raised
	return &Error{Line: line, Msg: err.Error(), Raised: errors.As(err, &r)}
}

// Template is a parsed template. It may be rendered by several goroutines at once.
type Template struct{ body []stmt }

// Parse reads a template.
func Parse(source string) (*Template, error) {
	if len(source) > maxSource {
		return nil, fmt.Errorf("template of %d bytes, expected at most %d", len(source), maxSource)
	}
	body, err := parse(source)
	if err != nil {
		return nil, err
	}
	return &Template{body}, nil
}

// Options say how Render works.
type Options struct {
	Now             time.Time // what strftime_now shows; default the time of the call
	GenerationBegin string    // written where a {% generation %} block begins; default nothing
	GenerationEnd   string    // and where it ends
}

// Generates tells whether the template has a {% generation %} block.
func (t *Template) Generates() bool { return contains(t.body) }

// Render renders the template with variables: values of package orderedjson, *List or *Dict. They are not changed.
func (t *Template) Render(variables map[string]any, o Options) (text string, err error) {
	r := &renderer{options: o, out: &strings.Builder{}}
	if o.Now.IsZero() {
		r.options.Now = time.Now()
	}
	s := &scope{}
	for name, v := range variables {
		value, err := Value(v)
		if err != nil {
			return "", fmt.Errorf("%s: %w", name, err)
		}
		s.set(name, value)
	}
	defer func() {
		if l, ok := recover().(limit); ok {
			text, err = "", errors.New("template gives up: "+string(l))
		}
	}()
	if _, err := r.run(t.body, s); err != nil {
		return "", err
	}
	return r.out.String(), nil
}

// limit is what a rendering panics with where it goes beyond a bound; Render makes an error of it.
type limit string

// renderer is one rendering.
type renderer struct {
	options Options
	out     *strings.Builder
	steps   int
	calls   int
}

// work counts n steps.
func (r *renderer) work(n int) {
	if r.steps += n; r.steps > maxWork {
		panic(limit(fmt.Sprintf("more than %d steps", maxWork)))
	}
}

// size checks the length of a text that is to be made.
func (r *renderer) size(n int) {
	if n < 0 || n > maxText {
		panic(limit(fmt.Sprintf("text of more than %d bytes", maxText)))
	}
	r.work(n / 64)
}

// write writes to the output.
func (r *renderer) write(s string) {
	if r.work(len(s) / 64); r.out.Len()+len(s) > maxText {
		panic(limit(fmt.Sprintf("text of more than %d bytes", maxText)))
	}
	r.out.WriteString(s)
}

// list returns a new list, unless it is too long.
func (r *renderer) list(items []any) *List {
	if r.work(len(items) / 16); len(items) > maxItems {
		panic(limit(fmt.Sprintf("list of more than %d items", maxItems)))
	}
	return &List{Items: items}
}

// capture returns what run writes.
func (r *renderer) capture(run func() error) (string, error) {
	outer := r.out
	r.out = &strings.Builder{}
	defer func() { r.out = outer }()
	err := run()
	return r.out.String(), err
}

// scope holds the names that are set at a place, and those around it.
type scope struct {
	names  []string
	values []any
	outer  *scope
}

func (s *scope) set(name string, value any) {
	for i, n := range s.names {
		if n == name {
			s.values[i] = value
			return
		}
	}
	s.names, s.values = append(s.names, name), append(s.values, value)
}

// get returns the value of a name: the nearest, a global one, or an undefined value.
func (s *scope) get(name string) any {
	for ; s != nil; s = s.outer {
		for i, n := range s.names {
			if n == name {
				return s.values[i]
			}
		}
	}
	if f, ok := globals[name]; ok {
		return f
	}
	return undefined{fmt.Sprintf("%q is undefined", name)}
}
