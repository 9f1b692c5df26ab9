package parquetfile

import (
	"cmp"
	"encoding/json"
	"slices"

	"github.com/parquet-go/parquet-go"
	"github.com/seahorse-ml/seahorse/internal/orderedjson"
)

// kind is what a column that is to be written holds.
type kind uint8

const (
	unknown kind = iota // only null so far
	truth
	whole
	real
	text
	list
	group
	anything // values of several kinds, which are written as JSON
)

// field is a column that is to be written, or a part of one.
type field struct {
	name   string
	kind   kind
	item   *field   // of a list
	fields []*field // of a group

	repetition int // level of a list's further items
	first, end int // columns of its leaves
}

// see takes a value into account.
func (f *field) see(value any) {
	k := unknown
	switch v := value.(type) {
	case nil:
		return
	case bool:
		k = truth
	case int64:
		k = whole
	case float64, json.Number:
		k = real
	case string:
		k = text
	case []any:
		k = list
		if f.item == nil {
			f.item = &field{name: "element"}
		}
		for _, x := range v {
			f.item.see(x)
		}
	case *orderedjson.Object:
		k = group
		f.seeFields(v)
	}
	switch {
	case f.kind == unknown || f.kind == k:
		f.kind = k
	case min(f.kind, k) == whole && max(f.kind, k) == real:
		f.kind = real
	default:
		f.kind = anything
	}
}

func (f *field) seeFields(o *orderedjson.Object) {
	for _, key := range o.Keys {
		i := slices.IndexFunc(f.fields, func(x *field) bool { return x.name == key })
		if i < 0 {
			i = len(f.fields)
			f.fields = append(f.fields, &field{name: key})
		}
		f.fields[i].see(o.Values[key])
	}
}

// number gives the leaves below a field their columns, from column at on, and returns the next.
func (f *field) number(at, repetition int) int {
	if f.kind == group && len(f.fields) == 0 {
		f.kind = anything
	}
	f.first, f.repetition = at, repetition
	switch f.kind {
	case list:
		f.repetition++
		at = f.item.number(at, f.repetition)
	case group:
		for _, x := range f.fields {
			at = x.number(at, repetition)
		}
	default:
		at++
	}
	f.end = at
	return at
}

// node returns the field as parquet-go has it. Each may be null.
func (f *field) node() parquet.Node {
	var n parquet.Node
	switch f.kind {
	case truth:
		n = parquet.Leaf(parquet.BooleanType)
	case whole:
		n = parquet.Int(64)
	case real:
		n = parquet.Leaf(parquet.DoubleType)
	case list:
		n = parquet.List(f.item.node())
	case group:
		n = f.group()
	default:
		n = parquet.String()
	}
	return parquet.Optional(n)
}

func (f *field) group() parquet.Node {
	g := ordered{Group: parquet.Group{}, place: map[string]int{}}
	for i, x := range f.fields {
		g.Group[x.name], g.place[x.name] = x.node(), i
	}
	return g
}

// ordered is a group whose fields keep their order; a parquet.Group sorts them.
type ordered struct {
	parquet.Group
	place map[string]int
}

func (g ordered) Fields() []parquet.Field {
	fields := g.Group.Fields()
	slices.SortFunc(fields, func(a, b parquet.Field) int { return cmp.Compare(g.place[a.Name()], g.place[b.Name()]) })
	return fields
}
