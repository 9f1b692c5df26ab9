package data

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"sync/atomic"
)

const (
	// blockSize is how much text is read, and handed to one core, at a time. It is part of what Encode computes (a long
	// document is cut where a block ends), so it doesn't depend on the machine.
	blockSize = 256 << 10
	// maxRecord bounds a line of JSON, the row of a table and an object of a list.
	maxRecord = 64 << 20
	// maxObject bounds a file that is one JSON object.
	maxObject = 256 << 20
)

var newline = []byte{'\n'}

// block is a part of one input: either a part of its one document, or whole records.
type block struct {
	name        string // of the file
	line        int    // number of the first line, from 1
	text        []byte
	format      format
	table       table // of tables
	rows        []record
	byRow       bool // rows are numbered, not lines
	guess       string
	first, last bool // whether the input starts and ends with this block

	columnNames Columns
	key         blockKey
	drawn       *draw   // where not all records are drawn, else nil
	before      uint64  // records of its path that come before it, where not all are drawn
	choice      *Choice // of the source
	vary        Variation
	unweighted  bool
	skipped     *skipped // where faults of records are left out; nil: they are errors

	counted struct{ at, lines int } // of lineAt
}

// blocks yields the text of all inputs. Buffers for it come from take; a block's text belongs to whoever receives the
// block. The bytes that are read of the files are added to read. An error of one file is told together with those of all others.
func (s *Source) blocks(read *atomic.Int64, take func() []byte) iter.Seq2[*block, error] {
	return func(yield func(*block, error) bool) {
		for _, in := range s.files {
			if in.size == 0 {
				continue
			}
			more := true
			err := s.readFile(in, read, take, func(b *block) bool {
				if b.format == plainText && !b.choice.has(place{block: blockKey{file: b.key.file}}) {
					return true
				}
				more = yield(b, nil)
				return more
			})
			if err != nil {
				if len(s.files) > 1 {
					err = s.gather(err, nil)
				}
				yield(nil, err)
				return
			}
			if !more {
				return
			}
		}
	}
}

// readFile yields the blocks of one file until no more are wanted.
func (s *Source) readFile(in input, read *atomic.Int64, take func() []byte, yield func(*block) bool) error {
	if read == nil {
		read = new(atomic.Int64)
	}
	c := cutter{in: in, format: in.format, take: take, size: blockSize, line: 1, source: s}
	if in.format == parquetFile {
		return c.fault(0, c.parquet(read, yield))
	}
	r, err := in.open(read)
	if err != nil {
		return err
	}
	defer r.Close()
	if string(r.magic) == "PAR1" && !in.given {
		return c.fault(0, c.parquet(read, yield))
	}
	c.r = r
	if !r.packed && in.size < blockSize {
		c.size = int(in.size) + 1 // one byte more than there are, so that the end shows
		c.take = func() []byte { return make([]byte, 0, c.size) }
	}
	return c.run(yield)
}

// cutter cuts one input into blocks.
type cutter struct {
	in     input
	r      io.Reader
	take   func() []byte
	size   int   // how much is read at a time
	line   int   // number of the next block's first line
	done   int64 // bytes in the blocks so far
	source *Source
	blocks int // so far

	format format
	table  table
}

// fault returns an error about a line of the input, or about all of it, unless it is one already.
func (c *cutter) fault(line int, err error) error {
	var f *Fault
	if err == nil || errors.As(err, &f) {
		return err
	}
	return &Fault{Name: c.in.name, Line: line, Err: err}
}

// run yields the blocks of the input.
func (c *cutter) run(yield func(*block) bool) error {
	rest := c.take()[:0]
	for first := true; ; first = false {
		text, eof, err := c.next(rest, first)
		if err == nil && first && c.format == jsonValues {
			var only bool
			if text, eof, only, err = c.onlyObject(text, eof); err == nil && only {
				return c.whole(text, yield)
			}
		}
		if err != nil {
			return c.fault(0, err)
		}
		end := len(text)
		if !eof {
			end = c.end(text)
		}
		if err := c.validate(text[:end]); err != nil {
			return err
		}
		if !eof {
			rest = append(c.take()[:0], text[end:]...)
		}
		b := c.block(text[:end], first, eof)
		c.line += bytes.Count(b.text, newline)
		c.done += int64(end)
		if (end > 0 || eof && c.format == jsonList) && !yield(b) || eof {
			return nil
		}
	}
}

// next reads on. At the start of an input it is known only then what a record is.
func (c *cutter) next(rest []byte, first bool) (text []byte, eof bool, err error) {
	if !first {
		return c.fill(rest)
	}
	if text, eof, err = c.readTo(rest, c.size); err != nil {
		return text, eof, err
	}
	return c.begin(text, eof)
}

// block returns a block of text, or of rows that are added to it.
func (c *cutter) block(text []byte, first, last bool) *block {
	guess := ""
	if !c.in.given && c.in.format == plainText && c.format != plainText {
		guess = c.format.String()
	}
	b := &block{
		guess: guess,
		name:  c.in.name, line: c.line, text: text, format: c.format, table: c.table, first: first, last: last,
		columnNames: c.source.columns, skipped: c.source.skipped, key: blockKey{c.in.index, c.blocks},
		choice: c.source.choice, vary: c.source.vary, unweighted: c.source.unweighted,
	}
	c.blocks++
	if c.source.draws != nil {
		b.drawn, b.before = &c.source.draws[c.in.root], c.source.before[b.key]
	}
	return b
}

// fill reads on until text holds blockSize bytes and, of records, a whole one.
func (c *cutter) fill(text []byte) (filled []byte, eof bool, err error) {
	for size := c.size; ; size *= 2 {
		if text, eof, err = c.readTo(text, size); eof || err != nil {
			return text, eof, err
		}
		if c.format == plainText || c.format.lastRecord(text) > 0 {
			return text, false, nil
		}
		most, what := maxRecord, "line"
		switch c.format {
		case jsonList:
			what = "object"
		case jsonValues:
			most, what = maxObject, "object"
		}
		if len(text) >= most {
			return text, false, c.fault(c.line+bytes.Count(text[:blankAt(text)], newline), fmt.Errorf("the %s is longer than %d MiB, expected records below it", what, most>>20))
		}
	}
}

// readTo reads on until text holds size bytes.
func (c *cutter) readTo(text []byte, size int) (filled []byte, eof bool, err error) {
	text = slices.Grow(text, max(0, size-len(text)))
	for len(text) < size {
		n, err := c.r.Read(text[len(text):size])
		text = text[:len(text)+n]
		if err == io.EOF {
			return text, true, nil
		}
		if err != nil {
			return text, false, cutShort(err)
		}
	}
	return text, false, nil
}

// cutShort says what an unexpected end of a compressed file means.
func cutShort(err error) error {
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("%w: the compressed file is cut short", err)
	}
	return err
}

// end returns where to cut text that goes on: behind the last record, or where a tokenizer cuts as well.
func (c *cutter) end(text []byte) int {
	if c.format != plainText {
		return c.format.lastRecord(text)
	}
	return cutText(text)
}

// onlyObject tells whether a file is one JSON object, for which it reads on to something behind the first.
func (c *cutter) onlyObject(text []byte, eof bool) ([]byte, bool, bool, error) {
	start := blankAt(text)
	for {
		end := start + firstValue(text[start:])
		if rest := text[end:]; len(bytes.TrimSpace(rest)) > 0 || eof {
			return text, eof, len(bytes.TrimSpace(rest)) == 0, nil
		}
		var err error
		if text, eof, err = c.readTo(text, len(text)+blockSize); err != nil {
			return text, eof, false, err
		}
	}
}

// whole yields the records of a file that is one JSON object, which are few or many.
func (c *cutter) whole(text []byte, yield func(*block) bool) error {
	line := 1 + bytes.Count(text[:blankAt(text)], newline)
	b := c.block(bytes.TrimSpace(text), true, true)
	r, err := b.object(line, b.text)
	if err != nil {
		return err
	}
	rows, byRow, err := wholeObject(r.object)
	if err != nil {
		return c.fault(line, structuralError{err})
	}
	if !byRow {
		rows[0].line = line
	}
	const atOnce = 256
	for i := 0; i < len(rows); i += atOnce {
		end := min(i+atOnce, len(rows))
		part := c.block(nil, i == 0, end == len(rows))
		part.format, part.rows, part.byRow = parquetFile, rows[i:end], byRow
		if !yield(part) {
			return nil
		}
	}
	return nil
}
