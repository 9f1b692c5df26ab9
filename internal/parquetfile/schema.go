package parquetfile

import (
	"errors"
	"fmt"
	"unicode/utf8"

	"github.com/parquet-go/parquet-go/deprecated"
	"github.com/parquet-go/parquet-go/format"
)

// node is a field of the schema.
type node struct {
	name, path string
	optional   bool
	repeated   bool
	definition int // level at which it is there, or has an item
	repetition int // level at which a further item begins
	children   []*node
	first, end int // columns of its leaves
	list, dict bool

	kind    format.Type           // of a leaf
	element *format.SchemaElement // of a leaf
	means   meaning
}

// meaning is what the values of a leaf stand for.
type meaning uint8

const (
	asStored meaning = iota
	asText
	asUnsigned
	asDecimal
	asDate
	asTime
	asTimestamp
	asUUID
	asFloat16
)

// readSchema makes the tree of the fields, which a file has as a list, and returns its leaves as well.
func readSchema(elements []format.SchemaElement) (*node, []*node, error) {
	s := schemaReader{elements: elements}
	if len(elements) == 0 {
		return nil, nil, errors.New("damaged: no schema")
	}
	root, err := s.next(nil, 0)
	switch {
	case err != nil:
		return nil, nil, err
	case s.at != len(elements):
		return nil, nil, fmt.Errorf("damaged: a schema of %d fields, of which %d are of no use", len(elements), len(elements)-s.at)
	case root.children == nil:
		return nil, nil, errors.New("damaged: a schema without columns")
	}
	return root, s.leaves, nil
}

type schemaReader struct {
	elements []format.SchemaElement
	at       int
	leaves   []*node
}

func (s *schemaReader) next(parent *node, depth int) (*node, error) {
	if s.at >= len(s.elements) || depth > maxDepth || len(s.leaves) > maxColumns {
		return nil, fmt.Errorf("damaged: a schema of %d fields, expected more, at most %d columns and %d levels", len(s.elements), maxColumns, maxDepth)
	}
	e := &s.elements[s.at]
	s.at++
	if !utf8.ValidString(e.Name) {
		return nil, fmt.Errorf("damaged: a field's name %q isn't UTF-8", e.Name)
	}
	n := &node{name: e.Name, path: e.Name, element: e, first: len(s.leaves)}
	if parent != nil {
		n.definition, n.repetition = parent.definition, parent.repetition
		if parent.path != "" {
			n.path = parent.path + "." + e.Name
		}
		switch {
		case !e.RepetitionType.Valid || e.RepetitionType.V == format.Required:
		case e.RepetitionType.V == format.Optional:
			n.optional = true
			n.definition++
		case e.RepetitionType.V == format.Repeated:
			n.repeated = true
			n.definition++
			n.repetition++
		default:
			return nil, fmt.Errorf("damaged: field %q is repeated in way %v", n.path, e.RepetitionType.V)
		}
	} else {
		n.path = ""
	}
	if !e.NumChildren.Valid || e.NumChildren.V == 0 && e.Type.Valid {
		if !e.Type.Valid || parent == nil {
			return nil, fmt.Errorf("damaged: field %q has neither a type nor fields", n.path)
		}
		n.kind = e.Type.V
		n.means = meaningOf(e)
		s.leaves = append(s.leaves, n)
		n.end = len(s.leaves)
		return n, nil
	}
	if e.NumChildren.V <= 0 || int(e.NumChildren.V) > len(s.elements)-s.at {
		return nil, fmt.Errorf("damaged: field %q of %d fields", n.path, e.NumChildren.V)
	}
	for range e.NumChildren.V {
		child, err := s.next(n, depth+1)
		if err != nil {
			return nil, err
		}
		n.children = append(n.children, child)
	}
	n.end = len(s.leaves)
	one := len(n.children) == 1 && n.children[0].repeated
	_, list := e.LogicalType.Value.(*format.ListType)
	_, dict := e.LogicalType.Value.(*format.MapType)
	old := e.ConvertedType
	n.list = one && (list || old.Valid && old.V == deprecated.List)
	n.dict = one && len(n.children[0].children) == 2 && (dict || old.Valid && (old.V == deprecated.Map || old.V == deprecated.MapKeyValue))
	return n, nil
}

// item returns the field of a list's items: that inside of its repeated group, or, as older files have it, the repeated field itself.
func (n *node) item() *node {
	repeated := n.children[0]
	if len(repeated.children) == 1 && repeated.name != "array" && repeated.name != n.name+"_tuple" {
		return repeated.children[0]
	}
	return repeated
}

func meaningOf(e *format.SchemaElement) meaning {
	switch t := e.LogicalType.Value.(type) {
	case *format.StringType, *format.EnumType, *format.JsonType:
		return asText
	case *format.IntType:
		if !t.IsSigned {
			return asUnsigned
		}
		return asStored
	case *format.DecimalType:
		return asDecimal
	case *format.DateType:
		return asDate
	case *format.TimeType:
		return asTime
	case *format.TimestampType:
		return asTimestamp
	case *format.UUIDType:
		return asUUID
	case *format.Float16Type:
		return asFloat16
	}
	if !e.ConvertedType.Valid {
		return asStored
	}
	switch e.ConvertedType.V {
	case deprecated.UTF8, deprecated.Enum, deprecated.Json:
		return asText
	case deprecated.Uint8, deprecated.Uint16, deprecated.Uint32, deprecated.Uint64:
		return asUnsigned
	case deprecated.Decimal:
		return asDecimal
	case deprecated.Date:
		return asDate
	case deprecated.TimeMillis, deprecated.TimeMicros:
		return asTime
	case deprecated.TimestampMillis, deprecated.TimestampMicros:
		return asTimestamp
	}
	return asStored
}
