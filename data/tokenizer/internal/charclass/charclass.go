// Package charclass says what kind of character a code point is, in the eyes of
// the Hugging Face tokenizers library.
//
// That library asks several dependencies, which know different versions of
// Unicode: its regular expressions 16.0, Rust's standard library 17.0, and its
// crate of general categories one from 2016. Go knows 15.0. The differences are
// listed in delta.go, which probe.py makes, so that a text splits here exactly as it does there.
package charclass

import (
	"sync"
	"unicode"
)

// Class is a set of properties of a character.
type Class uint16

const (
	Letter      Class = 1 << iota // \p{L} in a regular expression
	Number                        // \p{N} in a regular expression
	Space                         // \s, and White_Space anywhere
	Upper                         // \p{Lu} or \p{Lt} in a regular expression
	Lower                         // \p{Ll} in a regular expression
	Mark                          // \p{M} in a regular expression
	Word                          // \w in Rust's regular expressions
	Numeric                       // char::is_numeric
	Punctuation                   // what BERT isolates: ASCII symbols and category P
	Control                       // what BERT removes: category C but for tab, newline, return
	Accent                        // what BERT strips: category Mn
	Combining                     // what StripAccents removes: category M
)

// size covers every code point.
const size = unicode.MaxRune + 1

// Table returns the classes of all code points, indexed by code point. It is
// made on the first call and must not be changed.
var Table = sync.OnceValue(func() []Class {
	t := GoTable()
	for _, d := range deltas {
		for _, r := range d.extra {
			for c := r[0]; c <= r[1]; c++ {
				t[c] |= d.class
			}
		}
		for _, r := range d.missing {
			for c := r[0]; c <= r[1]; c++ {
				t[c] &^= d.class
			}
		}
	}
	return t
})

// GoTable makes the table that follows from Go's unicode package alone.
func GoTable() []Class {
	t := make([]Class, size)
	for _, c := range []struct {
		class Class
		from  []*unicode.RangeTable
	}{
		{Letter, []*unicode.RangeTable{unicode.L}},
		{Number | Numeric, []*unicode.RangeTable{unicode.N}},
		{Space, []*unicode.RangeTable{unicode.White_Space}},
		{Upper, []*unicode.RangeTable{unicode.Lu, unicode.Lt}},
		{Lower, []*unicode.RangeTable{unicode.Ll}},
		{Mark | Combining, []*unicode.RangeTable{unicode.M}},
		{Word, []*unicode.RangeTable{unicode.L, unicode.M, unicode.Nd, unicode.Nl, unicode.Pc, unicode.Other_Alphabetic, unicode.Join_Control}},
		{Punctuation, []*unicode.RangeTable{unicode.P}},
		{Control, []*unicode.RangeTable{unicode.Cc, unicode.Cf, unicode.Co}},
		{Accent, []*unicode.RangeTable{unicode.Mn}},
	} {
		for _, table := range c.from {
			add(t, table, c.class)
		}
	}
	for r := rune(0); r < 0x80; r++ {
		if unicode.IsSymbol(r) {
			t[r] |= Punctuation
		}
	}
	for _, r := range "\t\n\r" {
		t[r] &^= Control
	}
	return t
}

func add(t []Class, table *unicode.RangeTable, class Class) {
	for _, r := range table.R16 {
		for c := int(r.Lo); c <= int(r.Hi); c += int(r.Stride) {
			t[c] |= class
		}
	}
	for _, r := range table.R32 {
		for c := int(r.Lo); c <= int(r.Hi); c += int(r.Stride) {
			t[c] |= class
		}
	}
}

// Of returns the classes of r.
func Of(r rune) Class {
	if uint32(r) >= size {
		return 0
	}
	return Table()[r]
}

// Is reports whether r has one of the properties in c.
func Is(r rune, c Class) bool { return Of(r)&c != 0 }

// ToLower returns the lower case of r, as Rust's standard library has it. It is
// one character but for U+0130, which becomes two.
func ToLower(r rune) (first, second rune) {
	switch {
	case r < 0x80:
		if 'A' <= r && r <= 'Z' {
			r += 'a' - 'A'
		}
		return r, 0
	case r == 0x130:
		return 'i', 0x307
	}
	for _, c := range lowerDeltas {
		if c.lo <= r && r <= c.hi {
			return r + c.shift, 0
		}
	}
	return unicode.ToLower(r), 0
}
