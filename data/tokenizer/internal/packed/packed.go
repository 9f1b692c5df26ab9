// Package packed keeps short words in two machine words, so that hash tables
// hold and compare them without following a pointer.
package packed

import (
	"encoding/binary"
	"math/bits"
)

// MaxLen is the length of the longest word that can be packed.
const MaxLen = 15

// Word is a word of 1 to MaxLen bytes, padded with zeros, with its length in
// the last byte. The zero Word stands for none.
type Word struct{ Lo, Hi uint64 }

// Pack packs the first n bytes of b. It may read, but does not keep, the bytes after them.
func Pack(b []byte, n int) Word {
	var w Word
	if len(b) >= 16 {
		w.Lo, w.Hi = binary.LittleEndian.Uint64(b), binary.LittleEndian.Uint64(b[8:])
	} else {
		var t [16]byte
		copy(t[:], b[:n])
		w.Lo, w.Hi = binary.LittleEndian.Uint64(t[:]), binary.LittleEndian.Uint64(t[8:])
	}
	if n < 8 {
		w.Lo, w.Hi = w.Lo&(1<<(8*uint(n))-1), 0
	} else {
		w.Hi &= 1<<(8*uint(n-8)) - 1
	}
	w.Hi |= uint64(n) << 56
	return w
}

// Len returns the length of the word in bytes.
func (w Word) Len() int { return int(w.Hi >> 56) }

// Append appends the bytes of the word to dst.
func (w Word) Append(dst []byte) []byte {
	var t [16]byte
	binary.LittleEndian.PutUint64(t[:], w.Lo)
	binary.LittleEndian.PutUint64(t[8:], w.Hi)
	return append(dst, t[:w.Len()]...)
}

// Hash returns 64 well mixed bits, the best of them first.
func (w Word) Hash() uint64 {
	hi, lo := bits.Mul64(w.Lo^0x9e3779b97f4a7c15, w.Hi^0xc2b2ae3d27d4eb4f)
	return (hi ^ lo) * 0x9e3779b97f4a7c15
}
