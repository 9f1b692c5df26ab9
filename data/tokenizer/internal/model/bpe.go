package model

import (
	"fmt"
	"math"
	"strings"
	"unicode/utf8"
)

// BPEConfig describes a byte-pair encoding (Sennrich et al. 2016).
type BPEConfig struct {
	// Vocab numbers the tokens.
	Vocab *Vocab
	// Merges lists the pairs that merge, the first before the second and so on.
	Merges [][2]string
	// Dropout is the chance that a merge is passed over (Provilkov et al. 2020); default 0.
	Dropout float64
	// Unknown is the token for a character that the vocabulary lacks. Where it is empty such a character is left out.
	Unknown string
	// Prefix begins every symbol that does not begin a word; Suffix ends the last one of a word.
	Prefix, Suffix string
	// FuseUnknown makes one unknown token out of several in a row.
	FuseUnknown bool
	// ByteFallback spells a character that the vocabulary lacks as <0x..> tokens.
	ByteFallback bool
	// IgnoreMerges takes a word that is in the vocabulary whole, whatever the merges make of it.
	IgnoreMerges bool
	// Bytes makes the symbols of a word its bytes, which the vocabulary spells
	// in the byte-level alphabet, instead of its characters.
	Bytes bool
}

// BPE merges the symbols of a word, pair by pair, in the order of its merges.
type BPE struct {
	config  BPEConfig
	pairs   *pairTable
	unknown int32 // -1: none
	bytes   [256]int32
	ascii   [utf8.RuneSelf]int32
	// whole maps words, in raw bytes, to tokens where IgnoreMerges asks for it.
	whole map[string]int32
}

// NewBPE makes the model that c describes.
func NewBPE(c BPEConfig) (*BPE, error) {
	m := &BPE{config: c, unknown: -1, pairs: newPairTable(len(c.Merges))}
	if c.Dropout < 0 || c.Dropout > 1 {
		return nil, fmt.Errorf("model: BPE: dropout must be between 0 and 1, got %g", c.Dropout)
	}
	if c.Unknown != "" {
		id, ok := c.Vocab.ID(c.Unknown)
		if !ok {
			return nil, fmt.Errorf("model: BPE: the unknown token %.80q is not in the vocabulary", c.Unknown)
		}
		m.unknown = id
	}
	var merged []byte
	for rank, merge := range c.Merges {
		left, ok := c.Vocab.ID(merge[0])
		if !ok {
			return nil, fmt.Errorf("model: BPE: merge %d: %.80q is not in the vocabulary", rank, merge[0])
		}
		right, ok := c.Vocab.ID(merge[1])
		if !ok {
			return nil, fmt.Errorf("model: BPE: merge %d: %.80q is not in the vocabulary", rank, merge[1])
		}
		merged = append(append(merged[:0], merge[0]...), strings.TrimPrefix(merge[1], c.Prefix)...)
		id, ok := c.Vocab.idOf(merged)
		if !ok {
			return nil, fmt.Errorf("model: BPE: merge %d: %.80q is not in the vocabulary", rank, merged)
		}
		m.pairs.put(left, right, uint32(rank), id)
	}
	for b := range m.bytes {
		m.bytes[b] = m.lookup(EncodeBytes([]byte{byte(b)}))
	}
	for b := range m.ascii {
		m.ascii[b] = m.lookup(string(rune(b)))
	}
	if c.IgnoreMerges {
		m.whole = wholeWords(c)
	}
	return m, nil
}

// wholeWords returns the ids of words, in raw bytes, that are tokens.
func wholeWords(c BPEConfig) map[string]int32 {
	if !c.Bytes {
		return c.Vocab.ids
	}
	whole := make(map[string]int32, c.Vocab.Count())
	size := 0
	for token := range c.Vocab.ids {
		size += len(token)
	}
	var raw strings.Builder // holds all words in one piece of memory
	raw.Grow(size)
	for token, id := range c.Vocab.ids {
		if word, ok := DecodeBytes(token); ok {
			from := raw.Len()
			raw.Write(word)
			whole[raw.String()[from:]] = id
		}
	}
	return whole
}

// Vocab returns the vocabulary.
func (m *BPE) Vocab() *Vocab { return m.config.Vocab }

// Config returns what the model was made of. It must not be changed.
func (m *BPE) Config() BPEConfig { return m.config }

// JoinsSpace reports whether some token has mark, which stands for a space,
// after a printable ASCII character: only then do words depend on each other
// where a model sees a whole text at once.
func (m *BPE) JoinsSpace(mark string) bool {
	if m.config.IgnoreMerges || m.config.Prefix != "" || m.config.Suffix != "" || m.config.Vocab.shared {
		return true
	}
	if _, ok := m.config.Vocab.ID(mark); !ok {
		return true
	}
	for _, token := range m.config.Vocab.tokens {
		for i := strings.Index(token, mark); i >= 0; {
			if i > 0 && '!' <= token[i-1] && token[i-1] <= '~' {
				return true
			}
			next := strings.Index(token[i+len(mark):], mark)
			if next < 0 {
				break
			}
			i += len(mark) + next
		}
	}
	return false
}

func (m *BPE) lookup(s string) int32 {
	if id, ok := m.config.Vocab.ID(s); ok {
		return id
	}
	return -1
}

// Tokenize appends the tokens of word to dst.
func (m *BPE) Tokenize(dst []Token, word []byte) ([]Token, error) {
	if len(word) > math.MaxInt32 {
		return dst, fmt.Errorf("model: BPE: a word has %d bytes, expected at most %d", len(word), math.MaxInt32)
	}
	return m.tokenize(dst, word), nil
}

// Sample is Tokenize, but passes over each merge by the chance of dropout;
// random returns numbers in [0, 1).
func (m *BPE) Sample(dst []Token, word []byte, dropout float64, random func() float64) ([]Token, error) {
	if len(word) > math.MaxInt32 {
		return dst, fmt.Errorf("model: BPE: a word has %d bytes, expected at most %d", len(word), math.MaxInt32)
	}
	from := len(dst)
	dst = m.symbols(dst, word)
	kept := m.mergeHeap(dst[from:], func() bool { return random() < dropout })
	return dst[:from+len(kept)], nil
}

func (m *BPE) tokenize(dst []Token, word []byte) []Token {
	if len(word) == 0 {
		return dst
	}
	if m.whole != nil {
		if id, ok := m.whole[string(word)]; ok {
			return append(dst, Token{id, 0, len(word)})
		}
	}
	from := len(dst)
	dst = m.symbols(dst, word)
	if len(m.config.Merges) == 0 {
		return dst
	}
	if len(dst)-from <= shortWord {
		return dst[:from+len(m.mergeShort(dst[from:]))]
	}
	return dst[:from+len(m.mergeHeap(dst[from:], nil))]
}

// symbols appends what word consists of before any merge.
func (m *BPE) symbols(dst []Token, word []byte) []Token {
	fuse := false // the last symbol is an unknown one, which the next may join
	if m.config.Bytes {
		for i, b := range word {
			if id := m.bytes[b]; id >= 0 {
				dst, fuse = append(dst, Token{id, i, i + 1}), false
			} else {
				dst, fuse = m.unknownSymbol(dst, i, i+1, fuse)
			}
		}
		return dst
	}
	plain := m.config.Prefix == "" && m.config.Suffix == ""
	for i := 0; i < len(word); {
		if b := word[i]; plain && b < utf8.RuneSelf && m.ascii[b] >= 0 {
			dst, fuse = append(dst, Token{m.ascii[b], i, i + 1}), false
			i++
			continue
		}
		_, w := utf8.DecodeRune(word[i:])
		c := word[i : i+w]
		if !plain {
			c = m.affix(c, i > 0, i+w == len(word))
		}
		if id, ok := m.config.Vocab.idOf(c); ok {
			dst, fuse = append(dst, Token{id, i, i + w}), false
		} else if n := len(dst); m.config.ByteFallback {
			if dst = m.fallback(dst, c, i, i+w); len(dst) == n {
				dst, fuse = m.unknownSymbol(dst, i, i+w, fuse)
			}
		} else {
			dst, fuse = m.unknownSymbol(dst, i, i+w, fuse)
		}
		i += w
	}
	return dst
}

// affix gives a character the prefix and suffix that its place in the word calls for.
func (m *BPE) affix(c []byte, inside, last bool) []byte {
	s := string(c)
	if inside {
		s = m.config.Prefix + s
	}
	if last {
		s += m.config.Suffix
	}
	return []byte(s)
}

// fallback appends the byte tokens of c, which stands at i to j; nothing if one of them is missing.
func (m *BPE) fallback(dst []Token, c []byte, i, j int) []Token {
	n := len(dst)
	for k, b := range c {
		id, ok := m.config.Vocab.ID(FallbackToken(b))
		if !ok {
			return dst[:n]
		}
		at := min(i+k, j-1)
		dst = append(dst, Token{id, at, at + 1})
	}
	return dst
}

// unknownSymbol appends the unknown token for bytes i to j, if there is one, and reports whether there is.
func (m *BPE) unknownSymbol(dst []Token, i, j int, fuse bool) ([]Token, bool) {
	if m.unknown < 0 {
		return dst, fuse
	}
	if fuse && m.config.FuseUnknown {
		dst[len(dst)-1].End = j
		return dst, true
	}
	return append(dst, Token{m.unknown, i, j}), true
}

const hexDigits = "0123456789ABCDEF"

// FallbackToken returns the token that stands for b under byte fallback.
func FallbackToken(b byte) string {
	return string([]byte{'<', '0', 'x', hexDigits[b>>4], hexDigits[b&15], '>'})
}
