package model

import "unicode/utf8"

// byteRune maps each byte to the printable character that stands for it in a
// byte-level vocabulary (Radford et al. 2019, GPT-2's encoder).
var byteRune = func() (t [256]rune) {
	next := rune(256)
	for b := range t {
		if r := rune(b); '!' <= r && r <= '~' || 0xa1 <= r && r <= 0xac || 0xae <= r {
			t[b] = r
			continue
		}
		t[b] = next
		next++
	}
	return t
}()

var runeByte = func() map[rune]byte {
	m := make(map[rune]byte, 256)
	for b, r := range byteRune {
		m[r] = byte(b)
	}
	return m
}()

// ByteRune returns the character that stands for b in a byte-level vocabulary.
func ByteRune(b byte) rune { return byteRune[b] }

// EncodeBytes writes b in the alphabet of byte-level vocabularies.
func EncodeBytes(b []byte) string {
	out := make([]byte, 0, 2*len(b))
	for _, c := range b {
		out = utf8.AppendRune(out, byteRune[c])
	}
	return string(out)
}

// DecodeBytes is the reverse of EncodeBytes; ok is false if s has a character that stands for no byte.
func DecodeBytes(s string) (b []byte, ok bool) {
	b = make([]byte, 0, len(s))
	for _, r := range s {
		c, ok := runeByte[r]
		if !ok {
			return nil, false
		}
		b = append(b, c)
	}
	return b, true
}
