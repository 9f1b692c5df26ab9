package runlog

import (
	"bytes"
	"encoding/json"
	"math"
	"strconv"
)

// entry is a number of a line.
type entry struct {
	key   []byte
	value float64
}

// lineParser reads lines that are objects of numbers. What trainers write is read without allocation, and all else by encoding/json.
type lineParser struct{ entries []entry }

// parse returns the numbers of a line; they hold until the next call. What isn't a number is left out.
func (p *lineParser) parse(line []byte) ([]entry, bool) {
	p.entries = p.entries[:0]
	if p.plain(line) {
		return p.entries, true
	}
	p.entries = p.entries[:0]
	return p.entries, p.any(line)
}

// plain reads an object of plain keys and numbers.
func (p *lineParser) plain(line []byte) bool {
	rest := bytes.TrimSpace(line)
	if len(rest) < 2 || rest[0] != '{' {
		return false
	}
	for rest[0] != '}' { // of which the first is '{', and then ','
		rest = skipSpace(rest[1:])
		if len(rest) < 2 || rest[0] != '"' {
			return false
		}
		end := bytes.IndexByte(rest[1:], '"')
		if end < 0 || bytes.IndexByte(rest[1:1+end], '\\') >= 0 {
			return false
		}
		key := rest[1 : 1+end]
		rest = skipSpace(rest[end+2:])
		if len(rest) == 0 || rest[0] != ':' {
			return false
		}
		rest = skipSpace(rest[1:])
		end = bytes.IndexAny(rest, ",}")
		if end < 1 {
			return false
		}
		number := bytes.TrimSpace(rest[:end])
		if !isNumber(number) {
			return false
		}
		value, err := strconv.ParseFloat(string(number), 64)
		if err != nil {
			return false
		}
		p.entries = append(p.entries, entry{key, value})
		rest = rest[end:]
	}
	return len(rest) == 1
}

// isNumber tells JSON's numbers from what ParseFloat takes besides: it need only tell those apart that both know.
func isNumber(b []byte) bool {
	if len(b) == 0 || b[0] != '-' && (b[0] < '0' || b[0] > '9') {
		return false
	}
	for _, c := range b {
		if (c < '0' || c > '9') && c != '-' && c != '+' && c != '.' && c != 'e' && c != 'E' {
			return false
		}
	}
	return true
}

func skipSpace(b []byte) []byte {
	for len(b) > 0 && (b[0] == ' ' || b[0] == '\t') {
		b = b[1:]
	}
	return b
}

// any reads an object of whatever.
func (p *lineParser) any(line []byte) bool {
	d := json.NewDecoder(bytes.NewReader(line))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return false
	}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return false
		}
		var value json.RawMessage
		if d.Decode(&value) != nil {
			return false
		}
		var number *float64
		if json.Unmarshal(value, &number) == nil && number != nil && !math.IsInf(*number, 0) {
			p.entries = append(p.entries, entry{[]byte(key.(string)), *number})
		}
	}
	if _, err := d.Token(); err != nil {
		return false
	}
	return !d.More()
}
