package data

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"
	"unicode/utf8"
)

// table is what the header of a table says.
type table struct {
	columns []string // "" for columns without a name, which are passed over
	twice   map[string]bool
	comma   rune // between cells
}

// lastRecord returns where the last whole record of text ends, or 0 where there is none. Line ends within quotes of CSV end
// no record; an escaped quote is two, so counting them is enough.
func (f format) lastRecord(text []byte) int {
	switch f {
	case jsonList:
		return lastItem(text)
	case jsonValues:
		return lastValue(text)
	case csvTable:
		return lastRow(text)
	}
	return bytes.LastIndexByte(text, '\n') + 1
}

func lastRow(text []byte) int {
	end, quoted := 0, false
	for i, c := range text {
		switch {
		case c == '"':
			quoted = !quoted
		case c == '\n' && !quoted:
			end = i + 1
		}
	}
	return end
}

// firstRecord returns where the first record of text ends.
func (f format) firstRecord(text []byte) int {
	quoted := false
	for i, c := range text {
		switch {
		case c == '"' && f == csvTable:
			quoted = !quoted
		case c == '\n' && !quoted:
			return i + 1
		}
	}
	return len(text)
}

// readHeader returns what the first line of a table says. A table whose header has no comma, or no tab, but separates names in
// another way is separated so throughout.
func (f format) readHeader(line []byte) (table, format, error) {
	t := table{comma: ',', twice: map[string]bool{}}
	has := func(c string) bool { return bytes.Contains(line, []byte(c)) }
	switch {
	case f == csvTable && !has(",") && has("\t"):
		t.comma = '\t'
	case f == csvTable && !has(",") && has(";"):
		t.comma = ';'
	case f == tsvTable && !has("\t") && has(","):
		f = csvTable
	}
	if f == tsvTable {
		t.columns = strings.Split(strings.TrimRight(string(line), "\r\n"), "\t")
	} else {
		var err error
		r := csv.NewReader(bytes.NewReader(line))
		r.Comma = t.comma
		if t.columns, err = r.Read(); err != nil {
			return t, f, fmt.Errorf("the header: %w", plainCSV(err))
		}
	}
	named := false
	for i, name := range t.columns {
		name = strings.TrimSpace(name)
		if name != "" && slices.Contains(t.columns[:i], name) {
			t.twice[name] = true
		}
		t.columns[i] = name
		named = named || name != ""
	}
	if !named {
		return t, f, errors.New("the header names no column")
	}
	return t, f, nil
}

func (b *block) tsvRecords() iter.Seq2[record, error] {
	return func(yield func(record, error) bool) {
		line := b.line
		for text := range bytes.Lines(b.text) {
			if text = bytes.TrimRight(text, "\r\n"); len(text) > 0 {
				r, err := b.row(line, strings.Split(string(text), "\t"))
				if !yield(r, err) {
					return
				}
			}
			line++
		}
	}
}

func (b *block) csvRecords() iter.Seq2[record, error] {
	return func(yield func(record, error) bool) {
		rows := csv.NewReader(bytes.NewReader(b.text))
		rows.FieldsPerRecord = -1 // b.row counts
		rows.ReuseRecord = true
		rows.Comma = b.table.comma
		for {
			cells, err := rows.Read()
			if errors.Is(err, io.EOF) {
				return
			}
			if err != nil {
				line := b.line
				var parse *csv.ParseError
				if errors.As(err, &parse) {
					line += parse.StartLine - 1
				}
				yield(record{}, b.fail(line, structural("%w", plainCSV(err)))) // where the next row begins is anybody's guess
				return
			}
			line, _ := rows.FieldPos(0)
			r, err := b.row(b.line+line-1, cells)
			if !yield(r, err) {
				return
			}
		}
	}
}

// plainCSV drops the line from an error of a CSV reader, which counts it from the start of the block.
func plainCSV(err error) error {
	var parse *csv.ParseError
	if errors.As(err, &parse) {
		return fmt.Errorf("CSV: column %d: %w", parse.Column, parse.Err)
	}
	return err
}

// row returns the record of a table's row.
func (b *block) row(line int, cells []string) (record, error) {
	if len(cells) != len(b.table.columns) {
		return record{}, b.fail(line, fmt.Errorf("%d cells, expected %d as the header has: %s", len(cells), len(b.table.columns), strings.Join(b.table.columns, ", ")))
	}
	r := record{line: line, object: newObject(len(cells)), table: true, twice: b.table.twice}
	for i, cell := range cells {
		name := b.table.columns[i]
		if name == "" {
			continue
		}
		if !utf8.ValidString(cell) {
			return record{}, b.fail(line, fmt.Errorf("column %q: %w", name, invalidUTF8([]byte(cell), 0)))
		}
		r.object.Set(name, cell)
	}
	return r, nil
}
