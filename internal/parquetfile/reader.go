package parquetfile

import (
	"errors"
	"fmt"
	"io"
	"iter"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"
	"github.com/seahorse-ml/seahorse/internal/orderedjson"
)

// Reader reads the rows of a file.
type Reader struct {
	r      io.ReaderAt
	size   int64
	meta   *format.FileMetaData
	root   *node
	leaves []*node
}

// Open reads what a file of so many bytes says of itself, and holds all of it to what is there.
func Open(r io.ReaderAt, size int64) (f *Reader, err error) {
	defer guard(&err)
	m, err := readFooter(r, size)
	if err != nil {
		return nil, err
	}
	root, leaves, err := readSchema(m.Schema)
	if err != nil {
		return nil, err
	}
	if err := check(r, size, m, leaves); err != nil {
		return nil, err
	}
	return &Reader{r, size, m, root, leaves}, nil
}

// NumRows returns the number of rows.
func (f *Reader) NumRows() int64 { return f.meta.NumRows }

// guard makes an error of a panic: parquet-go panics on some files that are damaged.
func guard(err *error) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("damaged: %v", p)
	}
}

// rowsAtOnce is how many rows are read at a time.
const rowsAtOnce = 64

// A RowError is what is wrong with one row. Those behind it can still be read.
type RowError struct{ Err error }

// Error says what is wrong.
func (e *RowError) Error() string { return e.Err.Error() }

// Unwrap returns what is wrong.
func (e *RowError) Unwrap() error { return e.Err }

// Rows yields the rows in their order, as objects of their columns. An error stands in the place of the row that it is of; behind one that is no RowError comes nothing more. Bytes that are no
// text are null.
func (f *Reader) Rows() iter.Seq2[*orderedjson.Object, error] {
	return func(yield func(*orderedjson.Object, error) bool) {
		groups, err := f.groups()
		if err != nil {
			yield(nil, err)
			return
		}
		for i, g := range groups {
			more, err := f.group(g, &f.meta.RowGroups[i], yield)
			if err != nil {
				yield(nil, err)
				return
			}
			if !more {
				return
			}
		}
	}
}

// groups opens the file by parquet-go.
func (f *Reader) groups() (groups []parquet.RowGroup, err error) {
	defer guard(&err)
	file, err := parquet.OpenFile(f.r, f.size, parquet.SkipPageIndex(true), parquet.SkipBloomFilters(true))
	if err != nil {
		return nil, err
	}
	groups = file.RowGroups()
	if len(groups) != len(f.meta.RowGroups) {
		return nil, fmt.Errorf("damaged: %d row groups of %d", len(groups), len(f.meta.RowGroups))
	}
	return groups, nil
}

// group yields the rows of one group. What yield panics with isn't caught.
func (f *Reader) group(g parquet.RowGroup, m *format.RowGroup, yield func(*orderedjson.Object, error) bool) (more bool, err error) {
	rows, err := openRows(g)
	if err != nil {
		return false, err
	}
	defer rows.Close()
	buffer := make([]parquet.Row, rowsAtOnce)
	for got, want := int64(0), m.NumRows; got < want; {
		read, failed := f.read(rows, buffer, m)
		got += int64(len(read))
		if failed == nil && len(read) == 0 || got > want {
			return false, fmt.Errorf("damaged: %d rows in a group of %d", got, want)
		}
		for _, r := range read {
			if !yield(r.object, r.err) {
				return false, nil
			}
		}
		if failed != nil {
			return false, failed
		}
	}
	return true, nil
}

func openRows(g parquet.RowGroup) (rows parquet.Rows, err error) {
	defer guard(&err)
	return g.Rows(), nil
}

// readRow is a row, or its RowError.
type readRow struct {
	object *orderedjson.Object
	err    error
}

// read reads some rows, up to an error.
func (f *Reader) read(rows parquet.Rows, buffer []parquet.Row, m *format.RowGroup) (read []readRow, err error) {
	defer guard(&err)
	n, err := rows.ReadRows(buffer)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	for _, row := range buffer[:n] {
		o, err := f.object(row, m)
		var ofRow *RowError
		if err != nil && !errors.As(err, &ofRow) {
			return read, err
		}
		read = append(read, readRow{o, err})
	}
	return read, nil
}

// object puts the values of a row together.
func (f *Reader) object(row parquet.Row, m *format.RowGroup) (*orderedjson.Object, error) {
	columns := make([][]parquet.Value, len(f.leaves))
	var err error
	row.Range(func(i int, values []parquet.Value) bool {
		if i >= len(columns) || len(values) == 0 {
			err = fmt.Errorf("damaged: a row with values of column %d of %d", i, len(columns))
			return false
		}
		columns[i] = values
		return true
	})
	if err != nil {
		return nil, err
	}
	for i, values := range columns {
		if len(values) == 0 {
			return nil, fmt.Errorf("damaged: a row without a value of column %q", f.leaves[i].path)
		}
		for _, v := range values {
			if err := f.leaves[i].checkBounds(v, &m.Columns[i].MetaData.Statistics); err != nil {
				return nil, err
			}
		}
	}
	return f.root.object(columns)
}

// object puts together a group from the values of its leaves, by column.
func (n *node) object(columns [][]parquet.Value) (*orderedjson.Object, error) {
	o := &orderedjson.Object{Keys: make([]string, 0, len(n.children)), Values: make(map[string]any, len(n.children))}
	for _, child := range n.children {
		v, err := child.build(columns)
		if err != nil {
			return nil, err
		}
		if _, twice := o.Get(child.name); twice {
			return nil, fmt.Errorf("two columns %q", child.path)
		}
		o.Set(child.name, v)
	}
	return o, nil
}

// build puts together a field from the values of its leaves.
func (n *node) build(columns [][]parquet.Value) (any, error) {
	if len(columns[n.first]) == 0 {
		return nil, fmt.Errorf("damaged: column %q has fewer values than those beside it", n.path)
	}
	here := columns[n.first][0].DefinitionLevel() >= n.definition
	switch {
	case n.repeated:
		return n.items(n, columns, here)
	case n.optional && !here:
		return nil, nil
	case n.list:
		r := n.children[0]
		return r.items(n.item(), columns, columns[r.first][0].DefinitionLevel() >= r.definition)
	case n.dict:
		return n.mapping(columns)
	}
	return n.one(columns)
}

// one puts together a field that is there, once.
func (n *node) one(columns [][]parquet.Value) (any, error) {
	switch {
	case n.children != nil:
		return n.object(columns)
	case len(columns[n.first]) != 1:
		return nil, fmt.Errorf("damaged: %d values of column %q where one is", len(columns[n.first]), n.path)
	}
	return n.value(columns[n.first][0])
}

// items puts together the items of a repeated field.
func (n *node) items(item *node, columns [][]parquet.Value, some bool) (any, error) {
	list := []any{}
	if !some {
		return list, nil
	}
	rest := make([][]parquet.Value, len(columns))
	copy(rest, columns)
	for len(rest[n.first]) > 0 {
		part := make([][]parquet.Value, len(columns))
		for c := n.first; c < n.end; c++ {
			if len(rest[c]) == 0 {
				return nil, fmt.Errorf("damaged: column %d of %q has fewer values than those beside it", c, n.path)
			}
			end := 1
			for end < len(rest[c]) && rest[c][end].RepetitionLevel() > n.repetition {
				end++
			}
			part[c], rest[c] = rest[c][:end], rest[c][end:]
		}
		var v any
		var err error
		if item == n {
			v, err = n.one(part)
		} else {
			v, err = item.build(part)
		}
		if err != nil {
			return nil, err
		}
		list = append(list, v)
	}
	return list, nil
}

// mapping puts together a map as an object.
func (n *node) mapping(columns [][]parquet.Value) (any, error) {
	r := n.children[0]
	pairs, err := r.items(r, columns, columns[r.first][0].DefinitionLevel() >= r.definition)
	if err != nil {
		return nil, err
	}
	o := orderedjson.NewObject()
	for _, pair := range pairs.([]any) {
		p := pair.(*orderedjson.Object)
		key, ok := p.Values[p.Keys[0]].(string)
		if !ok {
			key = fmt.Sprint(p.Values[p.Keys[0]])
		}
		o.Set(key, p.Values[p.Keys[1]])
	}
	return o, nil
}
