package data

import (
	"errors"
	"fmt"
	"io"
	"os"
	"sort"
)

// Origins tell where the tokens of a token file come from. They are safe for concurrent use.
type Origins struct {
	entries []byte
	marks   []originMark // of each 256th entry
}

// originMark is where reading can begin.
type originMark struct {
	before originEntry // the entry before it
	token  uint64      // of its first entry
	at     int         // in entries
}

// originsBetween is how many entries lie between two marks.
const originsBetween = 256

// ReadOrigins reads where the tokens of a file come from, which lies at a path now. One that has no origins beside it, as those that other programs make, is an
// fs.ErrNotExist. They take as much memory as their file does: some bytes a document.
func ReadOrigins(path string, f *TokenFile) (*Origins, error) {
	path += originsSuffix
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("data: %w", err)
	}
	o, err := parseOrigins(raw, f.checksum)
	if err != nil {
		return nil, fmt.Errorf("data: %s: %w", path, err)
	}
	return o, nil
}

// parseOrigins reads all entries once.
func parseOrigins(raw []byte, checksum uint32) (*Origins, error) {
	entries, err := checkOrigins(raw, checksum)
	if err != nil {
		return nil, err
	}
	o := &Origins{entries: entries}
	var e originEntry
	for n, rest := 0, entries; ; n++ {
		at, before := len(entries)-len(rest), e
		rest, err = e.next(rest)
		if errors.Is(err, io.EOF) {
			return o, nil
		}
		if err != nil {
			return nil, fmt.Errorf("%w: entry %d", err, n)
		}
		if n%originsBetween == 0 {
			o.marks = append(o.marks, originMark{before, e.token, at})
		}
	}
}

// At returns where a token comes from, and the first token of the same document or part. Ok is false where that isn't known.
func (o *Origins) At(token int) (origin Origin, first int, ok bool) {
	i := sort.Search(len(o.marks), func(i int) bool { return o.marks[i].token > uint64(token) })
	if token < 0 || i == 0 {
		return origin, 0, false
	}
	m := o.marks[i-1]
	e, rest := m.before, o.entries[m.at:]
	for {
		now := e
		var err error
		if rest, err = now.next(rest); err != nil || now.token > uint64(token) {
			return e.Origin, int(e.token), true
		}
		e = now
	}
}

// Stretches returns the stretches of tokens [from, to) that row i of a dataset is made of, as numbers of tokens in the whole that the dataset's tokens are a view
// of; nil where the dataset doesn't know. Jitter is that of Dataset.Fill.
func Stretches(d Dataset, i int, jitter uint64) [][2]int {
	switch d := d.(type) {
	case *Subset:
		return Stretches(d.dataset, d.rows[i], jitter)
	case *Prefixed:
		return Stretches(d.rows, i, jitter)
	case *Taught:
		return Stretches(d.Dataset, i, jitter)
	case *Masked:
		return d.tokens.whole(d.parts(i)...)
	case *Labelled:
		return d.tokens.documentOf(i)
	case *Pairs:
		return d.tokens.documentOf(i)
	case stretched:
		var all [][2]int
		d.stretches(i, jitter, func(_, start, n int) { all = append(all, [2]int{start, start + n}) })
		return d.of().whole(all...)
	}
	return nil
}

// parts returns the stretches of the text that row i hides tokens of.
func (m *Masked) parts(i int) (all [][2]int) {
	if m.pieces == nil {
		start := i * m.text()
		return [][2]int{{start, min(start+m.text(), m.tokens.Len())}}
	}
	for _, q := range m.pieces[m.rows[i]:m.rows[i+1]] {
		all = append(all, [2]int{q.start, q.start + int(q.n) - len(m.config.Frame)})
	}
	return all
}

// documentOf returns the stretch of the whole that a document is.
func (t *Tokens) documentOf(d int) [][2]int {
	lo, hi := t.Document(d)
	return t.whole([2]int{lo, hi})
}

// whole returns stretches of the view as such of the whole.
func (t *Tokens) whole(stretches ...[2]int) [][2]int {
	for i := range stretches {
		stretches[i][0] += t.lo
		stretches[i][1] += t.lo
	}
	return stretches
}
