package data

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/seahorse-ml/seahorse/internal/orderedjson"
)

// format is how a file holds its documents.
type format uint8

const (
	plainText   format = iota // one document
	jsonLines                 // a JSON object a line
	csvTable                  // a header and rows of RFC 4180
	tsvTable                  // a header and lines of cells between tabs, which have no quotes
	jsonFile                  // any JSON: which of the next two, or lines, the content says
	jsonList                  // one list of objects
	jsonValues                // objects one behind another, over lines as they like, or one that holds them all
	parquetFile               // rows of a Parquet file
)

// Format names how the data of a Source are held. The empty one leaves it to the ends of the files' names and to their content.
type Format string

// The formats that a Source documents.
const (
	PlainText Format = "text"
	JSONLines Format = "jsonl"
	JSON      Format = "json"
	CSV       Format = "csv"
	TSV       Format = "tsv"
	Parquet   Format = "parquet"
)

// format returns what a name stands for.
func (f Format) format() (format, error) {
	known := map[Format]format{"": plainText, PlainText: plainText, JSONLines: jsonLines, JSON: jsonFile, CSV: csvTable, TSV: tsvTable, Parquet: parquetFile}
	as, ok := known[f]
	if !ok {
		return 0, fmt.Errorf("format %q, expected text, jsonl, json, csv, tsv or parquet", string(f))
	}
	return as, nil
}

// compressions are the ends of compressed files' names.
var compressions = []string{".gz", ".gzip", ".zst", ".zstd"}

// formatOf tells the format by a file's name, before .gz or .zst.
func formatOf(name string) format {
	name = strings.ToLower(name)
	for _, suffix := range compressions {
		name = strings.TrimSuffix(name, suffix)
	}
	for suffix, f := range map[string]format{".jsonl": jsonLines, ".ndjson": jsonLines, ".json": jsonFile, ".csv": csvTable, ".tsv": tsvTable, ".parquet": parquetFile, ".pq": parquetFile} {
		if strings.HasSuffix(name, suffix) {
			return f
		}
	}
	return plainText
}

// String names a format as errors call it.
func (f format) String() string {
	return map[format]string{plainText: "plain text", jsonLines: "JSON lines", csvTable: "CSV", tsvTable: "TSV", jsonFile: "JSON", jsonList: "a JSON list", jsonValues: "JSON objects", parquetFile: "Parquet"}[f]
}

// ErrFormat says that a text may be plain text or records.
var ErrFormat = errors.New("plain text by its name, but it begins like records: say what it is (--data-format text, jsonl, json, csv or tsv)")

// byContent returns the format of a file whose name says f, by the start of its text; whole tells that it is all of it. A name that
// says nothing leaves it to the content; so does one that promises records of JSON or of a table. ErrFormat comes where a text might be
// learned as text although it holds records.
func (f format) byContent(text []byte, whole bool) (format, error) {
	start := bytes.TrimLeft(text, " \t\r\n")
	if len(start) == 0 {
		if f == jsonFile {
			f = jsonLines
		}
		return f, nil
	}
	switch f {
	case jsonLines, jsonFile:
		switch {
		case start[0] == '[' && (f == jsonFile || !isLine(start) || whole && onlyLine(start)):
			return jsonList, nil
		case start[0] != '{' || f == jsonLines || linesOfObjects(text, whole) && !(whole && onlyLine(start)):
			return jsonLines, nil
		}
		return jsonValues, nil
	case csvTable, tsvTable:
		if linesOfObjects(text, whole) && decodes(start) {
			return jsonLines, nil
		}
		return f, nil
	case plainText:
		return textByContent(text, start, whole)
	}
	return f, nil
}

// textByContent tells whether what is plain text by its name holds records.
func textByContent(text, start []byte, whole bool) (format, error) {
	switch start[0] {
	case '{':
		if linesOfObjects(text, whole) && decodes(start) && !(whole && onlyLine(start)) {
			return jsonLines, nil
		}
		if begun := bytes.TrimLeft(start[1:], " \t\r\n"); !whole && lastValue(start) == 0 && bytes.HasPrefix(begun, []byte(`"`)) {
			return plainText, ErrFormat // an object without an end as far as one can see
		}
		first := start[:firstValue(start)]
		if o, err := orderedjson.DecodeObject(first); err != nil || o.Len() == 0 {
			return plainText, nil
		}
		if rest := bytes.TrimSpace(start[len(first):]); whole && len(rest) == 0 || bytes.HasPrefix(rest, []byte("{")) {
			return jsonValues, nil
		}
		return plainText, ErrFormat
	case '[':
		inside := bytes.TrimLeft(start[1:], " \t\r\n")
		if !bytes.HasPrefix(inside, []byte("{")) {
			return plainText, nil
		}
		if !whole && lastValue(inside) == 0 {
			return plainText, ErrFormat
		}
		first := inside[:firstValue(inside)]
		if o, err := orderedjson.DecodeObject(first); err != nil || o.Len() == 0 {
			return plainText, nil
		}
		if rest := bytes.TrimSpace(inside[len(first):]); len(rest) == 0 || rest[0] != ',' && rest[0] != ']' {
			return plainText, ErrFormat
		}
		return jsonList, nil
	}
	line, _, _ := bytes.Cut(start, newline)
	for _, separator := range []string{"\t", ",", ";"} {
		if cells := strings.Split(strings.TrimSpace(string(line)), separator); len(cells) > 1 && len(cells) < 40 && allKnown(cells) {
			return plainText, ErrFormat
		}
	}
	return plainText, nil
}

// allKnown tells whether words are names of columns as a table of records would have them, and nothing else.
func allKnown(cells []string) bool {
	return !slices.ContainsFunc(cells, func(cell string) bool {
		return !slices.Contains(knownKeys, strings.ToLower(strings.Trim(cell, ` "`)))
	})
}

// linesLooked is how many lines of a file are looked at to know whether it holds a JSON object in each.
const linesLooked = 50

// linesOfObjects tells whether the lines of a text that aren't blank are JSON objects, each of them whole. The last one doesn't
// count where the text goes on.
func linesOfObjects(text []byte, whole bool) bool {
	objects := 0
	for line := range bytes.Lines(text) {
		if !whole && !bytes.HasSuffix(line, newline) || objects == linesLooked {
			break
		}
		if line = bytes.TrimSpace(line); len(line) == 0 {
			continue
		}
		if line[0] != '{' || !isLine(line) {
			return false
		}
		objects++
	}
	return objects > 0
}

// onlyLine tells whether nothing but white space comes behind the first line.
func onlyLine(text []byte) bool {
	_, rest, _ := bytes.Cut(text, newline)
	return len(bytes.TrimSpace(rest)) == 0
}

// decodes tells whether the first line of a text is a JSON object that isn't empty.
func decodes(text []byte) bool {
	line, _, _ := bytes.Cut(text, newline)
	o, err := orderedjson.DecodeObject(line)
	return err == nil && o.Len() > 0
}

// isLine tells whether the first line of a text is one whole JSON value by its brackets.
func isLine(text []byte) bool {
	line, _, _ := bytes.Cut(text, newline)
	line = bytes.TrimSpace(line)
	return len(line) > 0 && lastValue(line) == len(line) && firstValue(line) == len(line)
}
