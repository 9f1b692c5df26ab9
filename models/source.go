package models

import (
	"slices"
	"strings"

	"github.com/seahorse-ml/seahorse/graph"
	"gorgonia.org/tensor"
)

// origin is what a model's parameters are read from, or for a sketch only held to.
type origin struct {
	params  *graph.Params // the tree of a new model, to which the others don't apply; else nil
	dt      tensor.Dtype
	source  graph.Source // nil for a sketch of which nothing is stored
	sketch  bool
	newHead *uint64                                      // seed of an encoder's new head; nil for that which is stored
	pack    func(name string, shape []int) graph.Storage // see graph.Params.PackMatrices; nil leaves floats
}

// has tells whether a tensor is stored.
func (o origin) has(name string) bool {
	if o.source == nil {
		return false
	}
	_, ok := o.source.Shape(name)
	return ok
}

// holds tells whether a tensor is stored in a folder.
func (o origin) holds(folder string) bool {
	return o.source != nil && slices.ContainsFunc(o.source.Names(), func(name string) bool { return strings.HasPrefix(name, folder+".") })
}

// tree starts the tree of the parameters, or returns that of a new model.
func (o origin) tree() *graph.Params {
	if o.params != nil {
		return o.params
	}
	p := graph.LoadParams(o.dt, o.source)
	if o.sketch {
		p = graph.SketchParams(o.dt, o.source)
	}
	p.PackMatrices(o.pack)
	return p
}

// rename gives the tensors other names, see rename.
func (o origin) rename(translate func(stored string) string) origin {
	if o.source != nil {
		o.source = rename(o.source, translate)
	}
	return o
}

// renamed is a source whose tensors are known by other names.
type renamed struct {
	graph.Source
	stored map[string]string // from a name to the stored one
}

// rename gives each tensor of a source the name that translate makes of the stored one,
// and leaves out those that it makes an empty name of.
func rename(source graph.Source, translate func(stored string) string) graph.Source {
	r := renamed{Source: source, stored: map[string]string{}}
	for _, name := range source.Names() {
		if known := translate(name); known != "" {
			r.stored[known] = name
		}
	}
	return r
}

func (r renamed) Shape(name string) ([]int, bool) {
	stored, ok := r.stored[name]
	if !ok {
		return nil, false
	}
	return r.Source.Shape(stored)
}

func (r renamed) Readable(name string) error { return r.Source.Readable(r.stored[name]) }

func (r renamed) Read(name string, dst *tensor.Dense) error {
	return r.Source.Read(r.stored[name], dst)
}

// Stored tells how a matrix is stored as blocks, if it is.
func (r renamed) Stored(name string) (graph.Format, bool) {
	if source, ok := r.Source.(graph.PackedSource); ok {
		return source.Stored(r.stored[name])
	}
	return 0, false
}

// Packed returns a matrix as blocks.
func (r renamed) Packed(name string) (graph.Packed, error) {
	return r.Source.(graph.PackedSource).Packed(r.stored[name])
}

func (r renamed) Names() []string {
	var names []string
	for name := range r.stored {
		names = append(names, name)
	}
	return names
}

// equalTo tells whether a source stores under name the very values of p.
func equalTo(source graph.Source, name string, p *graph.Param) bool {
	shape, ok := source.Shape(name)
	if !ok || !p.Shape.Eq(tensor.Shape(shape)) {
		return false
	}
	stored := tensor.New(tensor.Of(p.DType()), tensor.WithShape(shape...))
	return source.Read(name, stored) == nil && stored.Eq(p.Floats())
}
