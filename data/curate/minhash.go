package curate

import (
	"math"
	"unicode"
)

const (
	shingle = 5   // words in a row
	hashes  = 128 // of a signature
)

// near finds texts that are nearly the same as one before. Each has a signature of 128 numbers, the least of as many hashes over all its runs of
// five words (Broder, 1997): two texts share as many of them as their sets have runs in common, but for chance. Signatures that share a band of
// numbers are compared.
type near struct {
	similarity float64
	rows       int                // numbers in a band
	bands      []map[uint64]int32 // by the hash of a band, the first text that has it
	signatures [][hashes]uint32
	mix        [hashes][2]uint64
}

// newNear returns an index for texts that have at least a share of their runs in common.
func newNear(similarity float64) *near {
	n := &near{similarity: similarity, rows: rowsOf(similarity)}
	n.bands = make([]map[uint64]int32, hashes/n.rows)
	for i := range n.bands {
		n.bands[i] = map[uint64]int32{}
	}
	state := uint64(0x5ea_0001)
	for i := range n.mix {
		for k := range n.mix[i] {
			state += 0x9e3779b97f4a7c15
			n.mix[i][k] = scramble(state) | 1
		}
	}
	return n
}

// rowsOf returns how many numbers a band has so that texts as alike as is asked share one almost for certain: 1 − (1 − sʳ)^(128/r) of them do.
func rowsOf(similarity float64) int {
	rows := 1
	for r := 2; r <= 16; r++ {
		if miss := math.Pow(1-math.Pow(similarity, float64(r)), float64(hashes/r)); miss < 0.01 {
			rows = r
		}
	}
	return rows
}

// seen tells whether a text nearly like this one was there; if none was, it is from now on.
func (n *near) seen(s [hashes]uint32) (first int, ok bool) {
	keys := make([]uint64, len(n.bands))
	for b := range n.bands {
		h := uint64(b) + 1
		for _, v := range s[b*n.rows : (b+1)*n.rows] {
			h = scramble(h ^ uint64(v))
		}
		keys[b] = h
		if i, found := n.bands[b][h]; found && alike(&n.signatures[i], &s) >= n.similarity {
			return int(i), true
		}
	}
	n.signatures = append(n.signatures, s)
	for b, h := range keys {
		if _, taken := n.bands[b][h]; !taken {
			n.bands[b][h] = int32(len(n.signatures) - 1)
		}
	}
	return 0, false
}

// alike returns the share of the numbers that two signatures have in common.
func alike(a, b *[hashes]uint32) float64 {
	same := 0
	for i := range a {
		if a[i] == b[i] {
			same++
		}
	}
	return float64(same) / hashes
}

// signature returns the signature of a text; ok is false for one without words.
func (n *near) signature(text string) (s [hashes]uint32, ok bool) {
	words := wordsOf(text)
	if len(words) == 0 {
		return s, false
	}
	for i := range s {
		s[i] = math.MaxUint32
	}
	for i := range max(1, len(words)-shingle+1) {
		h := uint64(1)
		for _, w := range words[i:min(i+shingle, len(words))] {
			h = scramble(h*31 + w)
		}
		for k := range s {
			if v := uint32((h*n.mix[k][0] + n.mix[k][1]) >> 32); v < s[k] {
				s[k] = v
			}
		}
	}
	return s, true
}

// wordsOf returns hashes of the words of a text, in lower case: of letters and digits in a row, and of each character by itself of writings that
// have no spaces.
func wordsOf(text string) []uint64 {
	var words []uint64
	h, inside := uint64(0), false
	end := func() {
		if inside {
			words = append(words, h)
		}
		h, inside = 14695981039346656037, false
	}
	end()
	for _, r := range text {
		switch {
		case unspaced(r):
			end()
			words = append(words, scramble(uint64(r)))
		case unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r):
			h = (h ^ uint64(unicode.ToLower(r))) * 1099511628211
			inside = true
		default:
			end()
		}
	}
	end()
	return words
}

// unspaced tells whether a character is of a writing that has no spaces between words.
func unspaced(r rune) bool {
	return unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai)
}

// scramble spreads the bits of a number (splitmix64).
func scramble(x uint64) uint64 {
	x ^= x >> 30
	x *= 0xbf58476d1ce4e5b9
	x ^= x >> 27
	x *= 0x94d049bb133111eb
	return x ^ x>>31
}
