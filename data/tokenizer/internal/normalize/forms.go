package normalize

import (
	"sync"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Form is a Unicode normalization form, in the version of Unicode 9.
type Form uint8

// The four forms.
const (
	NFC Form = iota
	NFD
	NFKC
	NFKD
)

// String returns the name of the form.
func (f Form) String() string { return [...]string{"NFC", "NFD", "NFKC", "NFKD"}[f] }

// newer lists characters that got a combining class or a decomposition after Unicode 9.
var newer = [][2]rune{
	{0x7fd, 0x7fd}, {0x898, 0x89f}, {0x8ca, 0x8d3}, {0x9fe, 0x9fe}, {0xc3c, 0xc3c}, {0xd3b, 0xd3c}, {0xeba, 0xeba},
	{0x1715, 0x1715}, {0x1abf, 0x1ace}, {0x1df6, 0x1dfa}, {0x32ff, 0x32ff}, {0xa7f2, 0xa7f4}, {0xa82c, 0xa82c},
	{0xab69, 0xab69}, {0x10781, 0x10785}, {0x10787, 0x107b0}, {0x107b2, 0x107ba}, {0x10d24, 0x10d27}, {0x10eab, 0x10eac},
	{0x10efd, 0x10eff}, {0x10f46, 0x10f50}, {0x10f82, 0x10f85}, {0x11070, 0x11070}, {0x1133b, 0x1133b}, {0x1145e, 0x1145e},
	{0x11839, 0x1183a}, {0x11938, 0x11938}, {0x1193d, 0x1193e}, {0x11943, 0x11943}, {0x119e0, 0x119e0}, {0x11a34, 0x11a34},
	{0x11a47, 0x11a47}, {0x11a99, 0x11a99}, {0x11d42, 0x11d42}, {0x11d44, 0x11d45}, {0x11d97, 0x11d97}, {0x11f41, 0x11f42},
	{0x16ff0, 0x16ff1}, {0x1e030, 0x1e06d}, {0x1e08f, 0x1e08f}, {0x1e130, 0x1e136}, {0x1e2ae, 0x1e2ae}, {0x1e2ec, 0x1e2ef},
	{0x1e4ec, 0x1e4ef}, {0x1f16c, 0x1f16c}, {0x1fbf0, 0x1fbf9},
	// Unicode 16 and 17, for when Go gets there.
	{0x897, 0x897}, {0x1acf, 0x1aff}, {0xa7f1, 0xa7f1}, {0x10d69, 0x10d6d}, {0x10efa, 0x10efc}, {0x105c9, 0x105e4},
	{0x11383, 0x11391}, {0x113b8, 0x113e2}, {0x11f5a, 0x11f5a}, {0x16121, 0x1612f}, {0x16d63, 0x16d6a}, {0x1ccd6, 0x1ccf9},
	{0x1e5ee, 0x1e5ef}, {0x1e6e3, 0x1e6f5},
}

// formTables hold what the forms need to know of characters.
type formTables struct {
	class       []uint8 // canonical combining classes, by code point
	composition map[[2]rune]rune
	// inert[f] tells of each code point below 0x10000 that form f leaves it and its neighbours alone.
	inert [4][]bool
	newer map[rune]bool
}

const (
	hangulBase, hangulCount            = 0xac00, 11172
	jamoL, jamoV, jamoT                = 0x1100, 0x1161, 0x11a7
	jamoLCount, jamoVCount, jamoTCount = 19, 21, 28
)

var tables = sync.OnceValue(func() *formTables {
	t := &formTables{class: make([]uint8, lastPlain), composition: map[[2]rune]rune{}, newer: map[rune]bool{}}
	for _, r := range newer {
		for c := r[0]; c <= r[1]; c++ {
			t.newer[c] = true
		}
	}
	for f := range t.inert {
		t.inert[f] = make([]bool, 0x10000)
	}
	var buf [utf8.UTFMax]byte
	for c := rune(0); c < lastPlain; c++ {
		if !utf8.ValidRune(c) {
			continue
		}
		if t.newer[c] {
			t.setInert(c, true, true, true, true)
			continue
		}
		b := buf[:utf8.EncodeRune(buf[:], c)]
		if isHangul(c) {
			t.setInert(c, true, false, true, false)
			continue
		}
		p := norm.NFD.Properties(b)
		t.class[c] = p.CCC()
		first := p.CCC() == 0 && norm.NFC.Properties(b).BoundaryBefore()
		canonical, compatible := p.Decomposition(), norm.NFKD.Properties(b).Decomposition()
		composed := len(canonical) == 0
		if !composed {
			composed = norm.NFC.IsNormal(b)
			t.compose(c, []rune(string(canonical)), composed)
		}
		same := string(canonical) == string(compatible)
		free := p.CCC() == 0
		t.setInert(c, first && composed, free && len(canonical) == 0, first && composed && same, free && len(compatible) == 0)
	}
	return t
})

// lastPlain is a code point from which on no character has a class or a decomposition.
const lastPlain = 0x30000

func isHangul(c rune) bool { return hangulBase <= c && c < hangulBase+hangulCount }

func (t *formTables) setInert(c rune, in ...bool) {
	if c < 0x10000 {
		for f := range t.inert {
			t.inert[f][c] = in[f]
		}
	}
}

func (t *formTables) classOf(c rune) uint8 {
	if c < lastPlain {
		return t.class[c]
	}
	return 0
}

// compose notes that the last step of composing c joins its last mark to the rest.
func (t *formTables) compose(c rune, d []rune, stable bool) {
	if len(d) < 2 || !stable {
		return
	}
	first := []rune(norm.NFC.String(string(d[:len(d)-1])))
	if len(first) == 1 {
		t.composition[[2]rune{first[0], d[len(d)-1]}] = c
	}
}

// pair returns what a and b compose to, 0 if nothing.
func (t *formTables) pair(a, b rune) rune {
	switch {
	case jamoL <= a && a < jamoL+jamoLCount && jamoV <= b && b < jamoV+jamoVCount:
		return hangulBase + ((a-jamoL)*jamoVCount+b-jamoV)*jamoTCount
	case hangulBase <= a && a < hangulBase+hangulCount && (a-hangulBase)%jamoTCount == 0 && jamoT < b && b < jamoT+jamoTCount:
		return a + b - jamoT
	}
	return t.composition[[2]rune{a, b}]
}

// Normalize implements Normalizer.
func (f Form) Normalize(t *Text) error {
	if f.settled(t.Bytes) {
		return nil
	}
	t.eachValid(f.changes)
	return nil
}

// settled reports whether no character of b changes in form f.
func (f Form) settled(b []byte) bool {
	for i := 0; i < len(b); {
		if b[i] < utf8.RuneSelf {
			i++
			continue
		}
		r, w := utf8.DecodeRune(b[i:])
		if r >= 0x10000 || !tables().inert[f][r] {
			return false
		}
		i += w
	}
	return true
}

// changes returns the characters of a text in form f.
func (f Form) changes(b []byte) []change {
	t := tables()
	form := norm.NFD
	if f == NFKC || f == NFKD {
		form = norm.NFKD
	}
	out := make([]change, 0, len(b))
	pending := 0 // where the marks begin that are still to be put in order
	push := func(r rune, by int) {
		c := t.classOf(r)
		if c == 0 {
			sortMarks(out[pending:])
			pending = len(out) + 1
		}
		out = append(out, change{r, by, c})
	}
	for i := 0; i < len(b); {
		r, w := utf8.DecodeRune(b[i:])
		if r < utf8.RuneSelf || t.newer[r] {
			push(r, 0)
			i += w
			continue
		}
		var d []byte
		if isHangul(r) {
			d = hangul(r)
		} else {
			d = form.Properties(b[i : i+w]).Decomposition()
		}
		if len(d) == 0 {
			push(r, 0)
		}
		for k := 0; k < len(d); {
			r, w := utf8.DecodeRune(d[k:])
			push(r, min(k, 1))
			k += w
		}
		i += w
	}
	sortMarks(out[min(pending, len(out)):])
	if f == NFC || f == NFKC {
		return t.recompose(out)
	}
	return out
}

// hangul takes a syllable apart.
func hangul(r rune) []byte {
	s := r - hangulBase
	b := utf8.AppendRune(nil, jamoL+s/(jamoVCount*jamoTCount))
	b = utf8.AppendRune(b, jamoV+s/jamoTCount%jamoVCount)
	if t := s % jamoTCount; t > 0 {
		b = utf8.AppendRune(b, jamoT+t)
	}
	return b
}

// sortMarks puts combining marks in canonical order.
func sortMarks(m []change) {
	for i := 1; i < len(m); i++ {
		for k := i; k > 0 && m[k-1].class > m[k].class; k-- {
			m[k-1], m[k] = m[k], m[k-1]
		}
	}
}

// recompose composes characters in place.
func (t *formTables) recompose(in []change) []change {
	n := 0
	base := -1 // the last starter that marks may join
	for _, c := range in {
		if base >= 0 {
			// A mark is blocked by one of its own or a higher class in between, a starter by any.
			blocked := base < n-1 && in[n-1].class >= c.class
			if !blocked {
				if r := t.pair(in[base].r, c.r); r != 0 {
					in[base].r = r
					in[base].by += c.by - 1
					continue
				}
			}
		}
		if c.class == 0 {
			base = n
		}
		in[n] = c
		n++
	}
	return in[:n]
}
