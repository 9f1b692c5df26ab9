package data

import (
	"bytes"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/seahorse-ml/seahorse/internal/orderedjson"
)

// record is a JSON object, or a row of a table, whose keys are the names of its columns.
type record struct {
	line   int // or number of the row, from 1
	object *orderedjson.Object
	table  bool            // a row of CSV or TSV: all values are text
	twice  map[string]bool // columns that the header names twice
	at     place
	fault  *Fault // what is wrong with it, which has no object then; nil for nothing
}

func newObject(keys int) *orderedjson.Object {
	return &orderedjson.Object{Keys: make([]string, 0, keys), Values: make(map[string]any, keys)}
}

// records yields the records of a block that isn't plain text, with their columns' own names. Blank lines are passed over. Behind an
// error come the records that can still be told from each other.
func (b *block) records() iter.Seq2[record, error] {
	switch b.format {
	case jsonLines:
		return b.jsonRecords()
	case jsonList:
		return b.listRecords()
	case jsonValues:
		return b.valueRecords()
	case tsvTable:
		return b.tsvRecords()
	case csvTable:
		return b.csvRecords()
	}
	return func(yield func(record, error) bool) {
		for _, r := range b.rows {
			var err error
			if r.fault != nil {
				err = r.fault
			}
			if !yield(r, err) {
				return
			}
		}
	}
}

// each yields what parse makes of the records of a block, whose columns it renames before. What it can't make anything of is an
// error with file and line, or is left out and noted where the source skips it.
func each[T any](b *block, parse func(r record) (T, error)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var none T
		read := uint64(0)
		for r, err := range b.records() {
			var x T
			if err == nil {
				at := place{b.key, read}
				if read++; !b.draws(at.number) || !b.choice.has(at) {
					continue
				}
				if r, err = b.columnNames.rename(r); err == nil {
					r.at = at
					x, err = parse(r)
				}
				if err != nil {
					err = b.fail(r.line, err)
				}
			}
			if err != nil && b.skipped.take(b, err) {
				continue
			}
			if err != nil {
				x = none
			}
			var others []*orderedjson.Object
			if err == nil && b.vary != nil { // before somebody changes the record
				others = b.vary(r.object, r.at.seed())
			}
			if !yield(x, err) || !varied(b, r, others, parse, yield) {
				return
			}
		}
	}
}

// varied yields what parse makes of the variations of a record, until no more are wanted.
func varied[T any](b *block, r record, variations []*orderedjson.Object, parse func(r record) (T, error), yield func(T, error) bool) bool {
	for _, o := range variations {
		r.object = o
		x, err := parse(r)
		if err != nil {
			err = b.fail(r.line, fmt.Errorf("a variation: %w", err))
		}
		if !yield(x, err) {
			return false
		}
	}
	return true
}

// fail returns an error about a line, or of files that have no lines about a row.
func (b *block) fail(line int, err error) error {
	return &Fault{Name: b.name, Line: line, Row: b.byRow, Guess: b.guess, Err: err}
}

func (b *block) jsonRecords() iter.Seq2[record, error] {
	return func(yield func(record, error) bool) {
		line := b.line
		for text := range bytes.Lines(b.text) {
			if text = bytes.TrimSpace(text); len(text) > 0 {
				r, err := b.object(line, text)
				if !yield(r, err) {
					return
				}
			}
			line++
		}
	}
}

// object reads the JSON object that a text is, which begins in a line.
func (b *block) object(line int, text []byte) (record, error) {
	o, err := orderedjson.DecodeObject(text)
	if err == nil {
		return record{line: line, object: o}, nil
	}
	var fault *orderedjson.Error
	if errors.As(err, &fault) {
		line += bytes.Count(text[:min(fault.Offset, len(text))], newline)
	}
	return record{line: line}, b.fail(line, fmt.Errorf("expected a JSON object: %w", err))
}

// has reports whether the record has all of the keys.
func (r record) has(keys ...string) bool {
	return !slices.ContainsFunc(keys, func(key string) bool { _, ok := r.object.Get(key); return !ok })
}

// found lists the record's keys, for errors.
func (r record) found() string {
	var keys []string
	for _, key := range r.object.Keys[:min(len(r.object.Keys), 20)] {
		keys = append(keys, fmt.Sprintf("%.60q", key))
	}
	slices.Sort(keys)
	more := ""
	if n := len(r.object.Keys) - len(keys); n > 0 {
		more = fmt.Sprintf(" and %d more", n)
	}
	return "got the keys {" + strings.Join(keys, ", ") + "}" + more
}

// get returns the value of a key that the record has.
func (r record) get(key string) (any, error) {
	if r.twice[key] {
		return nil, fmt.Errorf("the header has two columns %q, expected one to read", key)
	}
	value, _ := r.object.Get(key)
	return value, nil
}

// text returns the text under a key.
func (r record) text(key string) ([]byte, error) {
	value, err := r.get(key)
	if err != nil {
		return nil, err
	}
	s, ok := value.(string)
	if !ok {
		return nil, fmt.Errorf("%q must be a string, got %s", key, shown(value))
	}
	if err := checkNUL(key, s); err != nil {
		return nil, err
	}
	return []byte(s), nil
}

// checkNUL returns an error for a NUL character in the value of a key, or within it: what holds one is no text, and tokenizers written in C end there.
func checkNUL(key string, value any) error {
	switch v := value.(type) {
	case string:
		if i := strings.IndexByte(v, 0); i >= 0 {
			return fmt.Errorf("%q has a NUL character behind %d bytes, expected text", key, i)
		}
	case []any:
		for _, item := range v {
			if err := checkNUL(key, item); err != nil {
				return err
			}
		}
	case *orderedjson.Object:
		for _, inner := range v.Keys {
			if err := checkNUL(key, v.Values[inner]); err != nil {
				return err
			}
		}
	}
	return nil
}

// checkKeys is checkNUL for the keys of a shape.
func (r record) checkKeys(s Shape) error {
	for _, key := range s.Keys() {
		if value, ok := r.object.Get(key); ok {
			if err := checkNUL(key, value); err != nil {
				return err
			}
		}
	}
	return nil
}

// shown returns the start of a value as JSON, for errors.
func shown(value any) string {
	return fmt.Sprintf("%.40s", orderedjson.Append(nil, value, orderedjson.Format{Between: &[2]string{",", ":"}}))
}
