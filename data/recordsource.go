package data

import (
	"fmt"
	"iter"
	"sync/atomic"

	"github.com/seahorse-ml/seahorse/internal/orderedjson"
)

// Record is one record of a source, or a plain text as one: {"text"}.
type Record struct {
	Shape  Shape
	Object *orderedjson.Object // with the keys of shapes, whatever the columns are called
	Name   string              // of the file
	Line   int                 // of the file, or where there are no lines the number of the row, from 1

	row   bool
	table bool // all values are text
	plain bool
	at    place
}

// Plain tells whether the record is a plain text.
func (r Record) Plain() bool { return r.plain }

// Fail returns an error about the record: its file and line stand before err.
func (r Record) Fail(err error) error {
	return &Fault{Name: r.Name, Line: r.Line, Row: r.row, Err: err}
}

// Origin returns where the record comes from.
func (r Record) Origin() Origin { return Origin{Name: r.Name, Line: r.Line, Row: r.row, Text: r.plain} }

// Place returns the record's file and line.
func (r Record) Place() string { return r.Origin().String() }

// Records yields the records of a source that have one of some shapes, in their order. Others are errors, which are told all at once. A plain
// text is a record of one text where TextShape is asked for. Without any shapes all records are yielded, whatever their keys, as of NoShape.
func (s *Source) Records(shapes ...Shape) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		var read atomic.Int64
		var text []byte
		for b, err := range s.blocks(&read, newBuffer) {
			if err != nil {
				yield(Record{}, err)
				return
			}
			if b.format == plainText {
				if b.first {
					text = text[:0]
				}
				text = append(text, b.text...)
				var r Record
				switch {
				case len(text) > maxRecord:
					err = b.fail(0, fmt.Errorf("a text of more than %d MiB, expected less for one record", maxRecord>>20))
				case !b.last:
					continue
				default:
					r, err = b.textRecord(string(text), shapes)
				}
				if !yield(r, err) || err != nil {
					return
				}
				continue
			}
			for r, err := range b.shaped(shapes) {
				if err != nil {
					yield(Record{}, s.gather(err, checkOf(func(b *block) func(func(Record, error) bool) { return b.shaped(shapes) })))
					return
				}
				if !yield(r, nil) {
					return
				}
			}
		}
	}
}

// Rows yields the records of a source whatever their keys are, in their order; their Shape is NoShape. What can't be read is an error, told for all of them at once. A plain text has none,
// which is an error.
func (s *Source) Rows() iter.Seq2[Record, error] {
	rows := func(b *block) func(func(Record, error) bool) {
		return each(b, func(r record) (Record, error) {
			return Record{Object: r.object, Name: b.name, Line: r.line, row: b.byRow, table: r.table, at: r.at}, nil
		})
	}
	return func(yield func(Record, error) bool) {
		var read atomic.Int64
		for b, err := range s.blocks(&read, newBuffer) {
			if err == nil && b.format == plainText {
				err = b.fail(0, structural("plain text, expected records (.jsonl, .json, .csv, .tsv, .parquet), as the name, the content or the format says"))
			}
			if err != nil {
				yield(Record{}, err)
				return
			}
			for r, err := range rows(b) {
				if err != nil {
					yield(Record{}, s.gather(err, checkOf(rows)))
					return
				}
				if !yield(r, nil) {
					return
				}
			}
		}
	}
}

// textRecord makes a record of a plain text.
func (b *block) textRecord(text string, shapes []Shape) (Record, error) {
	if len(shapes) == 0 {
		return Record{}, b.fail(0, structural("plain text, expected records"))
	}
	o := orderedjson.NewObject()
	o.Set("text", text)
	if _, err := (Columns{}).shape(record{object: o}, shapes); err != nil {
		return Record{}, b.fail(0, structural("plain text, expected records of %s", listShapes(shapes)))
	}
	return Record{Shape: TextShape, Object: o, Name: b.name, Line: 1, plain: true, at: place{block: blockKey{file: b.key.file}}}, nil
}

// shaped yields the records of a block that have one of some shapes.
func (b *block) shaped(shapes []Shape) iter.Seq2[Record, error] {
	if b.format == plainText {
		return func(func(Record, error) bool) {}
	}
	return each(b, func(r record) (Record, error) {
		shape, err := NoShape, error(nil)
		if len(shapes) > 0 {
			shape, err = b.columnNames.shape(r, shapes)
		}
		if err == nil {
			for _, key := range r.object.Keys {
				if r.twice[key] && (shape == NoShape || shape.has(key)) {
					_, err = r.get(key)
				}
			}
		}
		if err == nil {
			err = r.checkKeys(shape)
		}
		return Record{Shape: shape, Object: r.object, Name: b.name, Line: r.line, row: b.byRow, table: r.table, at: r.at}, err
	})
}

// Pair returns the two texts of a record of the shape PairShape or InstructionShape, neither of them empty, as EncodeConfig.Pairs has them.
func (r Record) Pair() (prompt, completion []byte, err error) {
	p, err := (&block{unweighted: true}).piece(record{line: r.Line, object: r.Object, table: r.table})
	if err == nil {
		err = p.check(EncodeConfig{Pairs: true})
	}
	return p.Prompt, p.Text, err
}

// has tells whether a key belongs to the records of a shape.
func (s Shape) has(key string) bool {
	for _, k := range s.Keys() {
		if k == key {
			return true
		}
	}
	return false
}

// optionalKeys are keys that records of a shape may have beside those that make them one.
var optionalKeys = map[Shape][]string{
	InstructionShape: {"input"}, MessagesShape: {"tools", "system"}, PreferenceShape: {"prompt"}, TripletShape: {"negative"}, LabelledShape: {"text_pair"}, PromptShape: {"answer"},
}

// Keys returns all keys that belong to records of a shape: to the one form or the other, and those that may be absent.
func (s Shape) Keys() []string {
	var keys []string
	for _, k := range shapeKeys {
		if k.shape == s {
			keys = append(keys, k.keys...)
		}
	}
	return append(keys, optionalKeys[s]...)
}

// Shapes are all shapes that a record may have.
func Shapes() []Shape {
	return []Shape{TextShape, PairShape, InstructionShape, MessagesShape, PreferenceShape, TripletShape, LabelledShape, WordsShape, PromptShape}
}

// FirstShapes returns the shapes that the first record has of which there is a record; of a plain text TextShape, and none where nothing can be read.
func (s *Source) FirstShapes() []Shape {
	var read atomic.Int64
	for b, err := range s.blocks(&read, newBuffer) {
		if err != nil {
			return nil
		}
		if b.format == plainText {
			return []Shape{TextShape}
		}
		for r, err := range each(b, func(r record) (record, error) { return r, nil }) {
			if err == nil {
				found, _ := r.shapes(Shapes(), true)
				return found
			}
		}
	}
	return nil
}
