package data

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"
)

// begin looks at the start of an input: what is no text is refused, the content tells the format where that isn't given, a byte
// order mark and the header of a table are taken off, and the lines of a plain text end in \n alone from here on.
func (c *cutter) begin(text []byte, eof bool) ([]byte, bool, error) {
	text, err := c.sniff(text)
	if err != nil {
		return nil, eof, err
	}
	switch c.format {
	case jsonFile:
		if c.format, err = jsonFile.byContent(text, eof); err == nil && c.format == jsonLines && len(bytes.TrimSpace(text)) == 0 && eof {
			return text, eof, nil
		}
	default:
		if !c.in.given {
			c.format, err = c.format.byContent(text, eof)
		}
	}
	if err != nil {
		return nil, eof, err
	}
	switch c.format {
	case plainText:
		c.r = &lineEnds{size: min(c.size, 64<<10), r: io.MultiReader(bytes.NewReader(bytes.Clone(text)), c.r)}
		return c.fill(text[:0])
	case jsonList:
		i := blankAt(text)
		if i == len(text) || text[i] != '[' {
			return nil, eof, errors.New("expected a JSON list")
		}
		c.line += bytes.Count(text[:i], newline)
		text = text[i+1:]
	case csvTable, tsvTable:
		if !eof && c.format.lastRecord(text) == 0 {
			if text, eof, err = c.fill(text); err != nil {
				return nil, eof, err
			}
		}
		if text, err = c.header(text); err != nil {
			return nil, eof, err
		}
	}
	if eof || c.format.lastRecord(text) > 0 {
		return text, eof, nil
	}
	return c.fill(text)
}

// header takes the header off a table.
func (c *cutter) header(text []byte) ([]byte, error) {
	for blankLine(text) { // spreadsheets leave some out
		c.line++
		text = text[bytes.IndexByte(text, '\n')+1:]
	}
	end := c.format.firstRecord(text)
	if !utf8.Valid(text[:end]) {
		return nil, c.fault(c.line, invalidUTF8(text[:end], c.done))
	}
	var err error
	if c.table, c.format, err = c.format.readHeader(text[:end]); err != nil {
		return nil, c.fault(c.line, structuralError{err})
	}
	c.line += bytes.Count(text[:end], newline)
	c.done += int64(end)
	return text[end:], nil
}

// blankLine tells whether text begins with a line of white space.
func blankLine(text []byte) bool {
	line, _, ended := bytes.Cut(text, newline)
	return ended && len(bytes.TrimSpace(line)) == 0
}

// sniffed is how many bytes at the start of a file are searched for a NUL, which tells binary data from text.
const sniffed = 8000

// kindsOfBinary are the first bytes of files that people have among their texts. Those that are certain may go on like text.
var kindsOfBinary = []struct {
	magic, name string
	certain     bool
}{
	{"\x89PNG", "a PNG image", true}, {"\xff\xd8\xff", "a JPEG image", true}, {"GIF8", "a GIF image", false}, {"%PDF-", "a PDF document", true},
	{"PK\x03\x04", "a ZIP archive or an office document", true}, {"\x7fELF", "a program", true}, {"PAR1", "Parquet", false}, {"ARROW1", "Arrow", false},
	{"SQLite format 3", "a database of SQLite", false}, {"RIFF", "sound, video or an image", false}, {"ID3", "sound", false}, {"OggS", "sound", false},
	{"BZh", "bzip2", false}, {"\xfd7zXZ", "xz", true}, {"7z\xbc\xaf", "a 7-Zip archive", true}, {"\xd0\xcf\x11\xe0", "an office document", true}, {"{\\rtf", "Rich Text", true},
}

// sniff refuses what is no UTF-8 text and drops a byte order mark.
func (c *cutter) sniff(text []byte) ([]byte, error) {
	if bytes.HasPrefix(text, []byte("\xff\xfe")) || bytes.HasPrefix(text, []byte("\xfe\xff")) {
		return nil, errUTF16
	}
	start := text[:min(len(text), sniffed)]
	zero := bytes.IndexByte(start, 0)
	for _, k := range kindsOfBinary {
		if bytes.HasPrefix(text, []byte(k.magic)) && (k.certain || zero >= 0) {
			return nil, fmt.Errorf("binary data (%s), expected UTF-8 text", k.name)
		}
	}
	if zero >= 0 {
		return nil, fmt.Errorf("binary data (a zero byte at offset %d), expected UTF-8 text", zero)
	}
	if rest, marked := bytes.CutPrefix(text, []byte("\xef\xbb\xbf")); marked {
		c.done += int64(len(text) - len(rest))
		return rest, nil
	}
	return text, nil
}

var errUTF16 = errors.New("text is UTF-16, expected UTF-8; convert it first (iconv -f UTF-16 -t UTF-8)")

// validate refuses invalid UTF-8 and zero bytes in a plain text. Records are looked at one by one.
func (c *cutter) validate(text []byte) error {
	if c.format != plainText {
		return nil
	}
	at := bytes.IndexByte(text, 0)
	if at < 0 && utf8.Valid(text) {
		return nil
	}
	bad := firstInvalid(text)
	if at >= 0 && (bad < 0 || at < bad) {
		return c.fault(c.line+bytes.Count(text[:at], newline), structural("a zero byte at offset %d, expected text", c.done+int64(at)))
	}
	return c.fault(c.line+bytes.Count(text[:bad], newline), structuralError{invalidUTF8(text, c.done)})
}

// invalidUTF8 says which byte of a text that begins at an offset isn't UTF-8.
func invalidUTF8(text []byte, offset int64) error {
	i := firstInvalid(text)
	return fmt.Errorf("invalid UTF-8: byte %#02x at offset %d", text[i], offset+int64(i))
}

// firstInvalid returns where a text first isn't UTF-8, or -1.
func firstInvalid(text []byte) int {
	for i := 0; i < len(text); {
		r, n := utf8.DecodeRune(text[i:])
		if r == utf8.RuneError && n == 1 {
			return i
		}
		i += n
	}
	return -1
}
