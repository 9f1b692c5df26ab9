package tool

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/seahorse-ml/seahorse/internal/orderedjson"
)

// Spec is what a model is told of a tool.
type Spec struct {
	Name        string          // letters, digits, '_' and '-', at most 64
	Description string          // what it does, in a sentence
	Parameters  json.RawMessage // a JSON schema of an object
}

// Tool is something that a model may call. Several goroutines may call it at once.
type Tool interface {
	Spec() Spec
	// Call returns a text for the model. Arguments are an object by the schema. An error is told to the model, too.
	Call(ctx context.Context, arguments json.RawMessage) (string, error)
}

// Limits bound each call. Zeros mean the defaults.
type Limits struct {
	Time  time.Duration // default 30 s
	Bytes int           // of a result, beyond which it is cut; default 8,192
}

// Set is the tools of an agent, by their names.
type Set struct {
	limits  Limits
	tools   map[string]Tool
	checks  map[string]*jsonschema.Schema
	order   []string
	schemas []any
}

var validName = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)

// NewSet puts tools together. Two of one name, and a schema that is none, are errors.
func NewSet(l Limits, tools ...Tool) (*Set, error) {
	const due, most = 30 * time.Second, 8192
	if l.Time < 0 || l.Bytes < 0 {
		return nil, fmt.Errorf("tool: results of %d bytes within %v, expected more than 0", l.Bytes, l.Time)
	}
	if l.Time == 0 {
		l.Time = due
	}
	if l.Bytes == 0 {
		l.Bytes = most
	}
	s := &Set{limits: l, tools: map[string]Tool{}, checks: map[string]*jsonschema.Schema{}}
	for _, t := range tools {
		if err := s.add(t); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// noLoader refuses schemas that refer to others: a server's schema must not make this machine read its files.
type noLoader struct{}

func (noLoader) Load(url string) (any, error) {
	return nil, fmt.Errorf("%.100s: a schema of a tool can't refer to others", url)
}

func (s *Set) add(t Tool) error {
	spec := t.Spec()
	switch {
	case !validName.MatchString(spec.Name):
		return fmt.Errorf("tool: the name %.80q, expected 1 to 64 letters, digits, _ and -", spec.Name)
	case s.tools[spec.Name] != nil:
		return fmt.Errorf("tool: two tools of the name %s", spec.Name)
	}
	parameters, err := orderedjson.DecodeObject(spec.Parameters)
	if err != nil {
		return fmt.Errorf("tool: the schema of %s: %w", spec.Name, err)
	}
	value, err := jsonschema.UnmarshalJSON(strings.NewReader(string(spec.Parameters)))
	if err != nil {
		return fmt.Errorf("tool: the schema of %s: %w", spec.Name, err)
	}
	c := jsonschema.NewCompiler()
	c.UseLoader(noLoader{})
	const name = "mem:///parameters"
	if err := c.AddResource(name, value); err != nil {
		return fmt.Errorf("tool: the schema of %s: %w", spec.Name, err)
	}
	check, err := c.Compile(name)
	if err != nil {
		return fmt.Errorf("tool: the schema of %s: %w", spec.Name, err)
	}
	function := orderedjson.NewObject()
	function.Set("name", spec.Name)
	function.Set("description", clean(spec.Description))
	function.Set("parameters", parameters)
	whole := orderedjson.NewObject()
	whole.Set("type", "function")
	whole.Set("function", function)
	s.tools[spec.Name], s.checks[spec.Name] = t, check
	s.order, s.schemas = append(s.order, spec.Name), append(s.schemas, whole)
	return nil
}

// Names returns the tools' names in their order.
func (s *Set) Names() []string { return slices.Clone(s.order) }

// Schemas returns what chat templates are given of the tools, nil without any.
func (s *Set) Schemas() []any { return s.schemas }

// Result is what came of a call.
type Result struct {
	Text  string // for the model; of a fault "error: " and what it was
	Fault error  // nil where the tool has done what it was asked for
}

// Call calls a tool by its name. A tool that fails, panics, takes too long or returns what is no text gives a Result that says so; too much is cut. An error
// is that of a context that has ended. A tool that doesn't heed its context is left behind.
func (s *Set) Call(ctx context.Context, name, arguments string) (Result, error) {
	if err := context.Cause(ctx); err != nil {
		return Result{}, err
	}
	t := s.tools[name]
	if t == nil {
		return fault(fmt.Errorf("there is no tool %.80q; there are %s", name, orNone(s.order))), nil
	}
	if err := s.check(name, arguments); err != nil {
		return fault(err), nil
	}
	limited, cancel := context.WithTimeout(ctx, s.limits.Time)
	defer cancel()
	type outcome struct {
		text string
		err  error
	}
	done := make(chan outcome, 1)
	go func() {
		defer func() {
			if v := recover(); v != nil {
				done <- outcome{err: fmt.Errorf("%s failed: %v", name, v)}
			}
		}()
		text, err := t.Call(limited, json.RawMessage(arguments))
		done <- outcome{text, err}
	}()
	select {
	case o := <-done:
		if err := context.Cause(ctx); err != nil {
			return Result{}, err
		}
		switch {
		case errors.Is(o.err, context.DeadlineExceeded) && limited.Err() != nil:
			return fault(s.late(name)), nil
		case o.err != nil:
			return fault(errors.New(s.cut(o.err.Error()))), nil
		}
		return Result{Text: s.cut(o.text)}, nil
	case <-limited.Done():
		if err := context.Cause(ctx); err != nil {
			return Result{}, err
		}
		return fault(s.late(name)), nil
	}
}

func (s *Set) late(name string) error {
	return fmt.Errorf("%s isn't done after %v", name, s.limits.Time)
}

func fault(err error) Result { return Result{"error: " + clean(err.Error()), err} }

func orNone(names []string) string {
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, ", ")
}

// check compares arguments with a tool's schema.
func (s *Set) check(name, arguments string) error {
	value, err := jsonschema.UnmarshalJSON(strings.NewReader(arguments))
	if err != nil {
		return fmt.Errorf("the arguments of %s aren't JSON: %w", name, err)
	}
	err = s.checks[name].Validate(value)
	var invalid *jsonschema.ValidationError
	if !errors.As(err, &invalid) {
		return err
	}
	for len(invalid.Causes) > 0 {
		invalid = invalid.Causes[0]
	}
	text := invalid.Error()
	if _, said, ok := strings.Cut(text, "\n- "); ok { // behind the schema's address
		text = said
	}
	return fmt.Errorf("the arguments of %s: %s", name, text)
}

// cut bounds a text and cleans it.
func (s *Set) cut(text string) string {
	if len(text) <= s.limits.Bytes {
		return clean(text)
	}
	n := s.limits.Bytes
	for n > 0 && !utf8.RuneStart(text[n]) {
		n--
	}
	return fmt.Sprintf("%s… (cut: %d bytes in all)", clean(text[:n]), len(text))
}

// clean replaces what no text holds: bytes that aren't UTF-8, control characters but tabs and line ends, and the private use planes 15 and 16.
func clean(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' && r != '\n' && r != '\t' || r >= 0x7f && r < 0xa0 || r >= 0xf0000 {
			return utf8.RuneError
		}
		return r
	}, strings.ToValidUTF8(strings.ReplaceAll(text, "\r\n", "\n"), string(utf8.RuneError)))
}

// Func is a Tool of a Go function.
type Func struct {
	About Spec
	Do    func(ctx context.Context, arguments json.RawMessage) (string, error)
}

// Spec returns what the function is about.
func (f Func) Spec() Spec { return f.About }

// Call calls the function.
func (f Func) Call(ctx context.Context, arguments json.RawMessage) (string, error) {
	return f.Do(ctx, arguments)
}
