package curate

import (
	"strings"

	"github.com/seahorse-ml/seahorse/data"
	"github.com/seahorse-ml/seahorse/internal/orderedjson"
)

// textOf returns the text of a record: all strings of the keys of its shape, a line each.
func textOf(r data.Record) string {
	var b strings.Builder
	for _, key := range r.Shape.Keys() {
		if value, ok := r.Object.Get(key); ok {
			addText(&b, value)
		}
	}
	return b.String()
}

func addText(b *strings.Builder, value any) {
	switch v := value.(type) {
	case string:
		if b.Len() > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(v)
	case []any:
		for _, item := range v {
			addText(b, item)
		}
	case *orderedjson.Object:
		for _, key := range v.Keys {
			if key != "role" && key != "from" {
				addText(b, v.Values[key])
			}
		}
	}
}

// identity returns what makes a record the same as another: the values of all keys of its shape.
func identity(r data.Record) []byte {
	o := orderedjson.NewObject()
	for _, key := range r.Shape.Keys() {
		if value, ok := r.Object.Get(key); ok {
			o.Set(key, value)
		}
	}
	return orderedjson.Append(nil, o, orderedjson.Format{SortKeys: true})
}
