package graph

import (
	"fmt"
	"slices"
	"strings"

	"github.com/seahorse-ml/seahorse/internal/memory"
	"gorgonia.org/tensor"
)

// A Param is a trained tensor. It lives outside of any trace; its value is read
// by every machine that runs a trace which binds it, and its gradient is where
// their backward passes put what they find.
type Param struct {
	Name   string
	Shape  tensor.Shape
	Frozen bool // no gradient is derived; default false

	dtype       tensor.Dtype
	value, grad *tensor.Dense // nil in a sketch
	packed      *Packed       // nil for values as floats
}

// DType returns the type of the parameter's elements.
func (p *Param) DType() tensor.Dtype { return p.dtype }

// Value returns the parameter's values; a sketch has none, and neither has a parameter that is stored as blocks, see Floats.
func (p *Param) Value() *tensor.Dense { return p.value }

// Grad returns the parameter's gradient, that which the last run of a machine has found: zeros before the first, and a tensor in
// the machine's memory where its trace was told to OverlapGradients.
func (p *Param) Grad() *tensor.Dense {
	if p.grad == nil {
		p.grad = newDense(p.dtype, p.Shape)
	}
	return p.grad
}

// Outline returns a parameter of the same name, shape and type that has no values, as those of a sketch.
func (p *Param) Outline() *Param {
	return &Param{Name: p.Name, Shape: p.Shape, Frozen: p.Frozen, dtype: p.dtype}
}

// Len returns the number of elements.
func (p *Param) Len() int { return p.Shape.TotalSize() }

// Data returns the values of p as a slice. It panics if p holds another type.
func Data[T float32 | float64](p *Param) []T { return p.value.Data().([]T) }

// GradData returns the gradient of p as a slice. It panics if p holds another type.
func GradData[T float32 | float64](p *Param) []T { return p.Grad().Data().([]T) }

// newDense returns zeros.
func newDense(dt tensor.Dtype, shape tensor.Shape) *tensor.Dense {
	n := shape.TotalSize()
	if dt == tensor.Float64 {
		return tensor.New(tensor.WithShape(shape...), tensor.WithBacking(memory.Make[float64](n)))
	}
	return tensor.New(tensor.WithShape(shape...), tensor.WithBacking(memory.Make[float32](n)))
}

// A Source gives parameters their stored values.
type Source interface {
	// Shape returns the stored shape of a tensor, or false if there is none of that name.
	Shape(name string) ([]int, bool)
	// Readable tells why a tensor's elements are none that parameters can have, or nil, without reading it.
	Readable(name string) error
	// Read fills dst with the tensor's values, converted from whatever type they are stored in.
	Read(name string, dst *tensor.Dense) error
	// Names returns the names of all stored tensors.
	Names() []string
}

// Params is a folder in a tree of named parameters. Sub enters a folder inside
// it; New makes a parameter, initialised at random or loaded from a Source: the
// same calls do both, so that the names in a file and in a model cannot drift apart.
type Params struct {
	tree   *tree
	prefix string
}

type tree struct {
	dtype  tensor.Dtype
	seed   uint64
	source Source
	sketch bool // parameters have no values
	all    []*Param
	byName map[string]*Param
	known  map[string]bool                        // stored names that are no parameters, and may be left unread
	pack   func(name string, shape []int) Storage // of matrices; nil leaves floats
	errs   []error
	failed error // a configuration that no parameters can be made for
}

// NewParams starts a tree whose parameters are initialised at random. What a
// parameter gets depends on the seed and its name only.
func NewParams(dt tensor.Dtype, seed uint64) *Params {
	return &Params{tree: &tree{dtype: dt, seed: seed, byName: map[string]*Param{}, known: map[string]bool{}}}
}

// LoadParams starts a tree whose parameters are read from a source. Loading is
// strict: Err names every missing, extra and misshapen tensor.
func LoadParams(dt tensor.Dtype, source Source) *Params {
	p := NewParams(dt, 0)
	p.tree.source = source
	return p
}

// SketchParams starts a tree whose parameters have names and shapes and no values, so that a model of any size can be counted and
// its memory be planned. They are held to the names, shapes and types that a source stores, none of which is read; nil stands for
// no source. Traces of them can be measured by EstimateMemory, not compiled.
func SketchParams(dt tensor.Dtype, source Source) *Params {
	p := LoadParams(dt, source)
	p.tree.sketch = true
	return p
}

// Sub enters the folder name, as cd does; "." is this folder.
func (p *Params) Sub(name string) *Params {
	if name == "." {
		return p
	}
	return &Params{tree: p.tree, prefix: p.prefix + name + "."}
}

// Path returns the folder's name from the root, such as model.layers.0; the root's is empty.
func (p *Params) Path() string { return strings.TrimSuffix(p.prefix, ".") }

// New makes the parameter name in this folder. The shape is never empty and its
// dimensions are positive; a name can be used once. Problems are kept for Err.
func (p *Params) New(name string, init Init, shape ...int) *Param {
	t := p.tree
	param := &Param{Name: p.prefix + name, Shape: slices.Clone(tensor.Shape(shape)), dtype: t.dtype}
	fail := func(format string, args ...any) *Param {
		t.errs = append(t.errs, fmt.Errorf("parameter %q: "+format, append([]any{param.Name}, args...)...))
		return param
	}
	if t.byName[param.Name] != nil {
		return fail("the name is used twice")
	}
	t.byName[param.Name] = param
	t.all = append(t.all, param)
	if len(shape) == 0 || slices.Min(shape) <= 0 {
		return fail("shape %v: expected positive dimensions", shape)
	}
	if t.source == nil {
		if !t.sketch {
			param.value = newDense(t.dtype, param.Shape)
			init.fill(param, t.seed)
		}
		return param
	}
	stored, ok := t.source.Shape(param.Name)
	switch {
	case !ok:
		return fail("missing")
	case !slices.Equal(stored, shape):
		return fail("stored with shape %v, expected %v", stored, shape)
	}
	if t.sketch {
		if err := t.source.Readable(param.Name); err != nil {
			return fail("%w", err)
		}
		return param
	}
	param.value = newDense(t.dtype, param.Shape)
	if err := t.source.Read(param.Name, param.value); err != nil {
		return fail("%w", err)
	}
	return param
}

// Has tells whether the tree's source stores a tensor of this name; a tree that
// initialises has none.
func (p *Params) Has(name string) bool {
	if p.tree.source == nil {
		return false
	}
	_, ok := p.tree.source.Shape(p.prefix + name)
	return ok
}

// Sketch tells whether the tree's parameters have no values.
func (p *Params) Sketch() bool { return p.tree.sketch }

// Loading tells whether the tree reads its parameters from a source.
func (p *Params) Loading() bool { return p.tree.source != nil }

// Ignore names a stored tensor that is no parameter, such as a mask that old
// files carry, so that it isn't reported as extra.
func (p *Params) Ignore(name string) { p.tree.known[p.prefix+name] = true }

// Fail records that a layer's configuration is wrong. The first such error is
// what Err returns, because what follows from it would only hide it.
func (p *Params) Fail(err error) {
	if p.tree.failed == nil {
		p.tree.failed = err
	}
}

// All returns the tree's parameters in the order in which they were made.
func (p *Params) All() []*Param { return p.tree.all }

// Err returns what went wrong in the tree, all of it, or nil. A tree that loads
// is complete only when its model was built, so call it then: tensors that
// nothing asked for are errors too.
func (p *Params) Err() error {
	if p.tree.failed != nil {
		return p.tree.failed
	}
	errs := slices.Clone(p.tree.errs)
	if p.tree.source != nil {
		names := slices.Sorted(slices.Values(p.tree.source.Names()))
		for _, name := range names {
			if p.tree.byName[name] == nil && !p.tree.known[name] {
				errs = append(errs, fmt.Errorf("parameter %q: stored, but the model has none of that name", name))
			}
		}
	}
	if len(errs) == 0 {
		return nil
	}
	if len(errs) == 1 {
		return fmt.Errorf("graph: %w", errs[0])
	}
	const most = 20
	var list strings.Builder
	for i, err := range errs {
		if i == most {
			fmt.Fprintf(&list, "\n  and %d more", len(errs)-most)
			break
		}
		fmt.Fprintf(&list, "\n  %v", err)
	}
	return fmt.Errorf("graph: %d parameters don't fit:%s", len(errs), list.String())
}
