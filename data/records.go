package data

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"
)

// format is how a file holds its documents.
type format uint8

const (
	plainText format = iota // one document
	jsonLines               // a JSON object a line
	csvTable                // a header and rows of RFC 4180
	tsvTable                // a header and lines of cells between tabs, which have no quotes
)

// Format names how the data of a Source are held. The empty one leaves it to the ends of the files' names.
type Format string

// The formats that a Source documents.
const (
	PlainText Format = "text"
	JSONLines Format = "jsonl"
	CSV       Format = "csv"
	TSV       Format = "tsv"
)

// format returns what a name stands for.
func (f Format) format() (format, error) {
	known := map[Format]format{"": plainText, PlainText: plainText, JSONLines: jsonLines, CSV: csvTable, TSV: tsvTable}
	as, ok := known[f]
	if !ok {
		return 0, fmt.Errorf("format %q, expected text, jsonl, csv or tsv", string(f))
	}
	return as, nil
}

// formatOf tells the format by a file's name, before .gz or .zst.
func formatOf(name string) format {
	name = strings.ToLower(name)
	for _, suffix := range []string{".gz", ".zst", ".zstd"} {
		name = strings.TrimSuffix(name, suffix)
	}
	switch {
	case strings.HasSuffix(name, ".jsonl"), strings.HasSuffix(name, ".ndjson"):
		return jsonLines
	case strings.HasSuffix(name, ".csv"):
		return csvTable
	case strings.HasSuffix(name, ".tsv"):
		return tsvTable
	}
	return plainText
}

// lastRecord returns where the last whole record of text ends, or 0 where there is none. Line ends within quotes of CSV end
// no record; an escaped quote is two, so counting them is enough.
func (f format) lastRecord(text []byte) int {
	if f != csvTable {
		return bytes.LastIndexByte(text, '\n') + 1
	}
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

// readHeader returns the names of a table's columns.
func (f format) readHeader(line []byte) ([]string, error) {
	var columns []string
	if f == tsvTable {
		columns = strings.Split(strings.TrimRight(string(line), "\r\n"), "\t")
	} else {
		var err error
		if columns, err = csv.NewReader(bytes.NewReader(line)).Read(); err != nil {
			return nil, fmt.Errorf("the header: %w", plainCSV(err))
		}
	}
	for i, name := range columns {
		columns[i] = strings.TrimSpace(name)
		if columns[i] == "" || slices.Contains(columns[:i], columns[i]) {
			return nil, fmt.Errorf("the header names column %d %q, expected distinct names", i+1, columns[i])
		}
	}
	return columns, nil
}

// record is an object of a JSON line or a row of a table.
type record struct {
	line   int
	object map[string]json.RawMessage // of JSON, else nil
	cells  map[string]string          // of a table, else nil
}

// records yields the records of a block that isn't plain text. Blank lines are passed over. A record is valid until the next one.
func (b *block) records() iter.Seq2[record, error] {
	switch b.format {
	case jsonLines:
		return b.jsonRecords()
	case tsvTable:
		return b.tsvRecords()
	}
	return b.csvRecords()
}

// fail returns an error about a line.
func (b *block) fail(line int, err error) error {
	return fmt.Errorf("data: %s:%d: %w", b.name, line, err)
}

func (b *block) jsonRecords() iter.Seq2[record, error] {
	return func(yield func(record, error) bool) {
		line := b.line
		for text := range bytes.Lines(b.text) {
			if text = bytes.TrimSpace(text); len(text) > 0 {
				r := record{line: line}
				var err error
				if err = json.Unmarshal(text, &r.object); err != nil { // a struct would match keys in any case
					err = b.fail(line, fmt.Errorf("expected a JSON object: %w", err))
				} else if r.object == nil {
					err = b.fail(line, errors.New("expected a JSON object, got null"))
				}
				if !yield(r, err) || err != nil {
					return
				}
			}
			line++
		}
	}
}

func (b *block) tsvRecords() iter.Seq2[record, error] {
	return func(yield func(record, error) bool) {
		line := b.line
		for text := range bytes.Lines(b.text) {
			if text = bytes.TrimRight(text, "\r\n"); len(text) > 0 {
				r, err := b.row(line, strings.Split(string(text), "\t"))
				if !yield(r, err) || err != nil {
					return
				}
			}
			line++
		}
	}
}

func (b *block) csvRecords() iter.Seq2[record, error] {
	return func(yield func(record, error) bool) {
		table := csv.NewReader(bytes.NewReader(b.text))
		table.FieldsPerRecord = -1 // b.row counts
		table.ReuseRecord = true
		for {
			cells, err := table.Read()
			if errors.Is(err, io.EOF) {
				return
			}
			var parse *csv.ParseError
			switch {
			case errors.As(err, &parse):
				err = b.fail(b.line+parse.Line-1, plainCSV(err))
			case err != nil:
				err = b.fail(b.line, err)
			}
			var r record
			if err == nil {
				line, _ := table.FieldPos(0)
				r, err = b.row(b.line+line-1, cells)
			}
			if !yield(r, err) || err != nil {
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
	if len(cells) != len(b.columns) {
		return record{}, b.fail(line, fmt.Errorf("%d cells, expected %d as the header has: %s", len(cells), len(b.columns), strings.Join(b.columns, ", ")))
	}
	r := record{line: line, cells: make(map[string]string, len(cells))}
	for i, cell := range cells {
		r.cells[b.columns[i]] = cell
	}
	return r, nil
}

// has reports whether the record has all of the keys.
func (r record) has(keys ...string) bool {
	for _, key := range keys {
		_, inObject := r.object[key]
		_, inCells := r.cells[key]
		if !inObject && !inCells {
			return false
		}
	}
	return true
}

// hasAny reports whether the record has one of the keys.
func (r record) hasAny(keys ...string) bool {
	return slices.ContainsFunc(keys, func(key string) bool { return r.has(key) })
}

// keys lists the record's keys, for errors.
func (r record) keys() string {
	var keys []string
	for key := range r.object {
		keys = append(keys, fmt.Sprintf("%q", key))
	}
	for key := range r.cells {
		keys = append(keys, fmt.Sprintf("%q", key))
	}
	slices.Sort(keys)
	return "{" + strings.Join(keys, ", ") + "}"
}

// text returns the text under a key.
func (r record) text(key string) ([]byte, error) {
	if r.cells != nil {
		return []byte(r.cells[key]), nil
	}
	var s *string
	if err := json.Unmarshal(r.object[key], &s); err != nil || s == nil {
		return nil, fmt.Errorf("%q must be a string, got %.40s", key, r.object[key])
	}
	return []byte(*s), nil
}
