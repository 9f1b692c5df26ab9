package parquetfile

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"

	"github.com/parquet-go/parquet-go"
	"github.com/seahorse-ml/seahorse/internal/orderedjson"
)

// rowsOfGroup is how many rows a group of a written file has.
const rowsOfGroup = 20_000

// Write writes rows as a Parquet file, compressed by zstd. It goes through them twice: first for the columns, which are all keys that come, in
// the order in which they come first. A column whose values are of several kinds is written as text, those that are none as JSON.
func Write(w io.Writer, rows iter.Seq2[*orderedjson.Object, error]) (err error) {
	defer guard(&err)
	root := &field{name: "schema", kind: group}
	for o, err := range rows {
		if err != nil {
			return err
		}
		root.seeFields(o)
	}
	columns := root.number(0, 0)
	if root.kind != group {
		return errors.New("parquet: rows without a column")
	}
	out := parquet.NewGenericWriter[any](w, parquet.NewSchema("schema", root.group()), parquet.Compression(&parquet.Zstd), parquet.MaxRowsPerRowGroup(rowsOfGroup))
	values := make([][]parquet.Value, columns)
	for o, err := range rows {
		if err != nil {
			return err
		}
		for i := range values {
			values[i] = values[i][:0]
		}
		for _, f := range root.fields {
			value, _ := o.Get(f.name)
			f.put(values, value, 0, 0)
		}
		var row parquet.Row
		for _, v := range values {
			row = append(row, v...)
		}
		if _, err := out.WriteRows([]parquet.Row{row}); err != nil {
			return fmt.Errorf("parquet: %w", err)
		}
	}
	if err := out.Close(); err != nil {
		return fmt.Errorf("parquet: %w", err)
	}
	return nil
}

// put appends a value to the columns of its leaves, at levels of repetition and definition.
func (f *field) put(columns [][]parquet.Value, value any, repetition, definition int) {
	null := func(definition int) {
		for c := f.first; c < f.end; c++ {
			columns[c] = append(columns[c], parquet.NullValue().Level(repetition, definition, c))
		}
	}
	if value == nil {
		null(definition)
		return
	}
	definition++ // it is there
	switch f.kind {
	case list:
		items := value.([]any)
		if len(items) == 0 {
			null(definition)
		}
		for i, x := range items {
			if i > 0 {
				repetition = f.repetition
			}
			f.item.put(columns, x, repetition, definition+1)
		}
	case group:
		o := value.(*orderedjson.Object)
		for _, x := range f.fields {
			v, _ := o.Get(x.name)
			x.put(columns, v, repetition, definition)
		}
	default:
		columns[f.first] = append(columns[f.first], f.leaf(value).Level(repetition, definition, f.first))
	}
}

// leaf returns the value of a leaf.
func (f *field) leaf(value any) parquet.Value {
	switch v := value.(type) {
	case bool:
		if f.kind == truth {
			return parquet.BooleanValue(v)
		}
	case int64:
		switch f.kind {
		case whole:
			return parquet.Int64Value(v)
		case real:
			return parquet.DoubleValue(float64(v))
		}
	case float64:
		if f.kind == real {
			return parquet.DoubleValue(v)
		}
	case json.Number:
		if f.kind == real {
			x, _ := v.Float64()
			return parquet.DoubleValue(x)
		}
	case string:
		return parquet.ByteArrayValue([]byte(v))
	}
	return parquet.ByteArrayValue(orderedjson.Append(nil, value, orderedjson.Format{}))
}
