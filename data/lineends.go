package data

import (
	"bytes"
	"io"
)

// lineEnds reads a text whose lines end in \r\n, as Windows writes them, as one whose lines end in \n.
type lineEnds struct {
	r     io.Reader
	raw   []byte
	size  int    // of raw, at least 4 KiB
	out   []byte // converted and not given out yet
	carry []byte // read, but what it means depends on what follows
	err   error  // of r, to be told when all is given out
	mark  bool   // a byte order mark may come: it is dropped, and UTF-16 refused
}

// NewTextReader returns a reader of the UTF-8 text that r has: without a byte order mark, its lines ending in \n where they end in
// \r\n. UTF-16 is an error. It never waits for more than r gives at a time.
func NewTextReader(r io.Reader) io.Reader { return &lineEnds{r: r, size: 64 << 10, mark: true} }

// Read reads some of the text.
func (l *lineEnds) Read(p []byte) (int, error) {
	for len(l.out) == 0 && len(p) > 0 {
		if l.err != nil {
			if l.out, l.carry = l.carry, nil; len(l.out) == 0 {
				return 0, l.err
			}
			break
		}
		l.next()
	}
	n := copy(p, l.out)
	l.out = l.out[n:]
	return n, nil
}

// next reads once.
func (l *lineEnds) next() {
	if l.raw == nil {
		l.raw = make([]byte, max(l.size, 4<<10))
	}
	n, err := l.r.Read(l.raw[copy(l.raw, l.carry):])
	got := l.raw[:len(l.carry)+n]
	l.carry, l.err = nil, err
	if l.mark && len(got) > 0 {
		const utf8Mark = "\xef\xbb\xbf"
		switch {
		case bytes.HasPrefix(got, []byte("\xff\xfe")), bytes.HasPrefix(got, []byte("\xfe\xff")):
			l.err = errUTF16
			return
		case err == nil && len(got) < len(utf8Mark) && (bytes.HasPrefix([]byte(utf8Mark), got) || got[0] >= 0xfe):
			l.carry = bytes.Clone(got)
			return
		}
		l.mark = false
		got = bytes.TrimPrefix(got, []byte(utf8Mark))
	}
	if err == nil && bytes.HasSuffix(got, []byte("\r")) {
		got = got[:len(got)-1]
		l.carry = []byte("\r")
	}
	if bytes.Contains(got, []byte("\r\n")) {
		got = bytes.ReplaceAll(got, []byte("\r\n"), newline)
	}
	l.out = got
}
