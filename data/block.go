package data

import (
	"bytes"
	"fmt"
	"io"
	"iter"
	"slices"
	"sync/atomic"
	"unicode"
	"unicode/utf8"
)

const (
	// blockSize is how much text is read, and handed to one core, at a time. It is part of what Encode computes (a long
	// document is cut where a block ends), so it doesn't depend on the machine.
	blockSize = 256 << 10
	// maxLine bounds the line of a JSONL file and the row of a table.
	maxLine = 256 << 20
	// sniffed is how many bytes at the start of a file are searched for a NUL, which tells binary data from text.
	sniffed = 8000
)

var newline = []byte{'\n'}

// block is a part of one input: either a part of its one document, or whole records.
type block struct {
	name        string // of the file
	line        int    // number of the first line, from 1
	text        []byte
	format      format
	columns     []string // of a table
	first, last bool     // whether a document starts and ends with this block; for text only
}

// blocks yields the text of all inputs. Buffers for it come from take; a block's text belongs to whoever receives the
// block. The bytes that are read of the files are added to read.
func (s *Source) blocks(read *atomic.Int64, take func() []byte) iter.Seq2[*block, error] {
	return func(yield func(*block, error) bool) {
		for _, in := range s.files {
			if in.size == 0 {
				continue
			}
			r, err := in.open(read)
			if err != nil {
				yield(nil, err)
				return
			}
			c := cutter{in: in, r: r, take: take, line: 1}
			more := c.run(yield)
			r.Close()
			if !more {
				return
			}
		}
	}
}

// cutter cuts one input into blocks.
type cutter struct {
	in   input
	r    io.Reader
	take func() []byte
	line int   // number of the next block's first line
	done int64 // bytes in the blocks so far

	columns []string // of a table
}

// run yields the blocks of the input and reports whether the next input is wanted.
func (c *cutter) run(yield func(*block, error) bool) bool {
	rest := c.take()[:0]
	for first := true; ; first = false {
		text, eof, err := c.fill(rest)
		if err == nil && first {
			text, err = c.begin(text)
		}
		if err != nil {
			yield(nil, err)
			return false
		}
		end := len(text)
		if !eof {
			end = c.end(text)
		}
		if err := c.validate(text[:end]); err != nil {
			yield(nil, err)
			return false
		}
		if !eof {
			rest = append(c.take()[:0], text[end:]...)
		}
		b := &block{name: c.in.name, line: c.line, text: text[:end], format: c.in.format, columns: c.columns, first: first, last: eof}
		c.line += bytes.Count(b.text, newline)
		c.done += int64(end)
		if end > 0 && !yield(b, nil) {
			return false
		}
		if eof {
			return true
		}
	}
}

// fill reads on until text holds blockSize bytes and, of records, a whole one.
func (c *cutter) fill(text []byte) (filled []byte, eof bool, err error) {
	for size := blockSize; ; size *= 2 {
		text = slices.Grow(text, max(0, size-len(text)))
		for len(text) < size {
			n, err := c.r.Read(text[len(text):size])
			text = text[:len(text)+n]
			if err == io.EOF {
				return text, true, nil
			}
			if err != nil {
				return text, false, fmt.Errorf("data: %s: %w", c.in.name, err)
			}
		}
		if c.in.format == plainText || c.in.format.lastRecord(text) > 0 {
			return text, false, nil
		}
		if len(text) >= maxLine {
			return text, false, fmt.Errorf("data: %s:%d: line is longer than %d MiB", c.in.name, c.line, maxLine>>20)
		}
	}
}

// end returns where to cut text that goes on: behind the last record, or where a tokenizer cuts as well.
func (c *cutter) end(text []byte) int {
	if c.in.format != plainText {
		return c.in.format.lastRecord(text)
	}
	return cutText(text)
}

// cutText returns where to cut text that goes on, in its second half, so that the pieces have the tokens of the whole:
// between words, where the patterns of byte-level and word tokenizers cut too, and before the white space between them, which
// SentencePiece's tokenizers make part of the next word. A line end alone between a word and another is best, then a lone
// space. Behind other characters a line end may belong to them, so the cut is behind it. Text that has none of these is cut between two characters.
func cutText(text []byte) int {
	half := len(text) / 2
	for i := len(text) - 2; i > half; i-- {
		if text[i] == '\n' && lone(text, i) {
			if r, _ := utf8.DecodeLastRune(text[:i]); unicode.IsLetter(r) || unicode.IsNumber(r) {
				return i
			}
		}
	}
	for i := len(text) - 2; i > half; i-- {
		if text[i] == ' ' && lone(text, i) {
			return i
		}
	}
	for i := len(text) - 1; i > half; i-- {
		if text[i-1] == '\n' && lone(text, i-1) {
			return i
		}
	}
	end := len(text) - 1
	for i := end; i > half && i > end-utf8.UTFMax; i-- {
		if utf8.RuneStart(text[i]) {
			return i
		}
	}
	return end
}

// lone reports whether the byte at i stands between two characters that are not white space. An incomplete character, which
// might be, is taken for white space.
func lone(text []byte, i int) bool {
	before, _ := utf8.DecodeLastRune(text[:i])
	after, _ := utf8.DecodeRune(text[i+1:])
	return !blank(before) && !blank(after)
}

func blank(r rune) bool {
	return r <= ' ' || r == utf8.RuneError || unicode.IsSpace(r)
}

// begin looks at the start of an input, and takes the header off a table.
func (c *cutter) begin(text []byte) ([]byte, error) {
	text, err := c.sniff(text)
	if err != nil || c.in.format != csvTable && c.in.format != tsvTable {
		return text, err
	}
	end := c.in.format.firstRecord(text)
	if err := c.validate(text[:end]); err != nil {
		return nil, err
	}
	if c.columns, err = c.in.format.readHeader(text[:end]); err != nil {
		return nil, fmt.Errorf("data: %s:%d: %w", c.in.name, c.line, err)
	}
	c.line += bytes.Count(text[:end], newline)
	c.done += int64(end)
	return text[end:], nil
}

// sniff refuses what is no UTF-8 text and drops a byte order mark.
func (c *cutter) sniff(text []byte) ([]byte, error) {
	if bytes.HasPrefix(text, []byte("\xff\xfe")) || bytes.HasPrefix(text, []byte("\xfe\xff")) {
		return nil, fmt.Errorf("data: %s: text is UTF-16, expected UTF-8; convert it first", c.in.name)
	}
	if i := bytes.IndexByte(text[:min(len(text), sniffed)], 0); i >= 0 {
		return nil, fmt.Errorf("data: %s: binary data (a zero byte at offset %d), expected UTF-8 text", c.in.name, i)
	}
	if rest, marked := bytes.CutPrefix(text, []byte("\xef\xbb\xbf")); marked {
		c.done += int64(len(text) - len(rest))
		return rest, nil
	}
	return text, nil
}

// validate refuses invalid UTF-8.
func (c *cutter) validate(text []byte) error {
	if utf8.Valid(text) {
		return nil
	}
	i := 0
	for i < len(text) {
		r, n := utf8.DecodeRune(text[i:])
		if r == utf8.RuneError && n == 1 {
			break
		}
		i += n
	}
	line := c.line + bytes.Count(text[:i], newline)
	return fmt.Errorf("data: %s:%d: invalid UTF-8: byte %#02x at offset %d", c.in.name, line, text[i], c.done+int64(i))
}
