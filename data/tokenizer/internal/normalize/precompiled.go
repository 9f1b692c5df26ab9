package normalize

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/rivo/uniseg"

	"github.com/seahorse-ml/seahorse/data/tokenizer/internal/charclass"
)

// Precompiled rewrites text by the table that a SentencePiece model carries: a
// double-array trie of byte strings, and what replaces them.
type Precompiled struct {
	Charsmap []byte // as the model has it
	trie     []uint32
	text     string // the replacements, each ended by a zero
}

// NewPrecompiled reads a table: the size of the trie in bytes, the trie and the replacements.
func NewPrecompiled(charsmap []byte) (*Precompiled, error) {
	if len(charsmap) < 4 {
		return nil, fmt.Errorf("normalize: Precompiled: the table has %d bytes, expected at least 4", len(charsmap))
	}
	size := binary.LittleEndian.Uint32(charsmap)
	rest := charsmap[4:]
	if int64(size) > int64(len(rest)) || size%4 != 0 || size == 0 {
		return nil, fmt.Errorf("normalize: Precompiled: a trie of %d bytes in a table of %d", size, len(charsmap))
	}
	p := &Precompiled{Charsmap: charsmap, trie: make([]uint32, size/4), text: string(rest[size:])}
	for i := range p.trie {
		p.trie[i] = binary.LittleEndian.Uint32(rest[4*i:])
	}
	if !utf8.ValidString(p.text) {
		return nil, fmt.Errorf("normalize: Precompiled: the replacements are not UTF-8")
	}
	return p, nil
}

// UnmarshalJSON implements json.Unmarshaler.
func (p *Precompiled) UnmarshalJSON(b []byte) error {
	var f struct {
		Charsmap []byte `json:"precompiled_charsmap"`
	}
	if err := json.Unmarshal(b, &f); err != nil {
		return fmt.Errorf("normalize: Precompiled: %w", err)
	}
	n, err := NewPrecompiled(f.Charsmap)
	if err == nil {
		*p = *n
	}
	return err
}

// MarshalJSON implements json.Marshaler.
func (p *Precompiled) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Charsmap []byte `json:"precompiled_charsmap"`
	}{p.Charsmap})
}

// replacement returns what replaces the shortest string of the table that key begins with.
func (p *Precompiled) replacement(key []byte) (string, bool) {
	at := func(i uint32) uint32 {
		if int64(i) < int64(len(p.trie)) {
			return p.trie[i]
		}
		return 0
	}
	offset := func(unit uint32) uint32 { return unit >> 10 << (unit & (1 << 9) >> 6) }
	pos := offset(at(0))
	for _, c := range key {
		if c == 0 {
			return "", false
		}
		pos ^= uint32(c)
		unit := at(pos)
		if unit&(1<<31|0xff) != uint32(c) {
			return "", false
		}
		pos ^= offset(unit)
		if unit>>8&1 == 0 {
			continue
		}
		start := at(pos) & (1<<31 - 1)
		if int64(start) > int64(len(p.text)) {
			return "", false
		}
		s, _, _ := strings.Cut(p.text[start:], "\x00")
		return s, true
	}
	return "", false
}

// KeepsBlanks reports whether spaces stay spaces, newlines become spaces or
// stay, and printable ASCII characters neither vanish nor turn into white space.
func (p *Precompiled) KeepsBlanks() bool {
	space, ok := p.replacement([]byte(" "))
	line, changed := p.replacement([]byte("\n"))
	if ok && space != " " || changed && line != " " {
		return false
	}
	for c := byte('!'); c <= '~'; c++ {
		if s, ok := p.replacement([]byte{c}); ok && (s == "" || strings.ContainsFunc(s, isSpace)) {
			return false
		}
	}
	return true
}

func isSpace(r rune) bool { return charclass.Is(r, charclass.Space) }

// maxCluster is the length of the longest grapheme cluster that is looked up as a whole.
const maxCluster = 5

// lateMarks returns the length of the marks that b begins with and that are too young for uniseg.
func lateMarks(b []byte) int {
	n := 0
	for n < len(b) {
		r, w := utf8.DecodeRune(b[n:])
		late := charclass.Is(r, charclass.Mark) && !unicode.IsMark(r)
		if !late && (r < 0x1acf || r > 0x1aeb) {
			break
		}
		n += w
	}
	return n
}

// Normalize implements Normalizer.
func (p *Precompiled) Normalize(t *Text) error {
	var full error
	t.eachValid(func(valid []byte) []change {
		out, err := p.changes(valid, t)
		if err != nil {
			full = err
		}
		return out
	})
	return full
}

// changes returns what becomes of b, or an error if t would grow too long by it.
func (p *Precompiled) changes(b []byte, t *Text) ([]change, error) {
	var out []change
	replace := func(old []byte, s string) {
		from := len(out)
		for _, r := range s {
			out = append(out, change{r: r})
		}
		more := utf8.RuneCountInString(s) - utf8.RuneCount(old)
		for i := len(out) - 1; more > 0 && i >= from; i-- {
			out[i].by = 1
			more--
		}
		if more < 0 && len(out) > 0 {
			out[len(out)-1].by += more
		}
	}
	for len(b) > 0 {
		if err := t.MayGrow(len(out)); err != nil {
			return nil, err
		}
		cluster := b[:1]
		if b[0] >= utf8.RuneSelf || len(b) > 1 && (b[1] >= utf8.RuneSelf || b[0] == '\r') {
			cluster, _, _, _ = uniseg.FirstGraphemeCluster(b, -1)
			if r, _ := utf8.DecodeRune(cluster); !unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp) {
				cluster = b[:len(cluster)+lateMarks(b[len(cluster):])]
			}
		}
		b = b[len(cluster):]
		if len(cluster) <= maxCluster {
			if s, ok := p.replacement(cluster); ok {
				replace(cluster, s)
				continue
			}
		}
		for len(cluster) > 0 {
			r, w := utf8.DecodeRune(cluster)
			if s, ok := p.replacement(cluster[:w]); ok {
				replace(cluster[:w], s)
			} else {
				out = append(out, change{r: r})
			}
			cluster = cluster[w:]
		}
	}
	return out, nil
}
