package model

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// WordPieceConfig describes a WordPiece model (Schuster & Nakajima 2012).
type WordPieceConfig struct {
	Vocab    *Vocab
	Unknown  string // stands for words that have no tokens; must be in the vocabulary
	Prefix   string // begins tokens that don't begin a word, such as ##
	MaxChars int    // longer words are unknown
}

// WordPiece takes the longest token that a word begins with, then the longest
// that the rest begins with, and so on.
type WordPiece struct {
	config      WordPieceConfig
	unknown     int32
	start, rest *trie // of tokens that begin a word, and of those that don't
}

// NewWordPiece makes the model that c describes.
func NewWordPiece(c WordPieceConfig) (*WordPiece, error) {
	m := &WordPiece{config: c}
	var ok bool
	if m.unknown, ok = c.Vocab.ID(c.Unknown); !ok {
		return nil, fmt.Errorf("model: WordPiece: the unknown token %.80q is not in the vocabulary", c.Unknown)
	}
	if c.MaxChars < 0 {
		return nil, fmt.Errorf("model: WordPiece: the longest word must not be negative, got %d", c.MaxChars)
	}
	var whole, inner []string
	var wholeIDs, innerIDs []int32
	for id, token := range c.Vocab.tokens {
		if _, ok := c.Vocab.Token(int32(id)); !ok {
			continue
		}
		whole, wholeIDs = append(whole, token), append(wholeIDs, int32(id))
		if s, ok := strings.CutPrefix(token, c.Prefix); ok {
			inner, innerIDs = append(inner, s), append(innerIDs, int32(id))
		}
	}
	m.start, m.rest = newTrie(whole, wholeIDs), newTrie(inner, innerIDs)
	return m, nil
}

// Vocab returns the vocabulary.
func (m *WordPiece) Vocab() *Vocab { return m.config.Vocab }

// Tokenize appends the tokens of word to dst.
func (m *WordPiece) Tokenize(dst []Token, word []byte) ([]Token, error) {
	if len(word) == 0 {
		return dst, nil
	}
	n := len(dst)
	if len(word) > m.config.MaxChars && utf8.RuneCount(word) > m.config.MaxChars {
		return append(dst, Token{m.unknown, 0, len(word)}), nil
	}
	t := m.start
	for i := 0; i < len(word); t = m.rest {
		node, end, id := int32(0), 0, int32(-1)
		for k := i; k < len(word); k++ {
			if node = t.child(node, word[k]); node < 0 {
				break
			}
			if v := t.value[node]; v >= 0 {
				end, id = k+1, v
			}
		}
		if id < 0 {
			return append(dst[:n], Token{m.unknown, 0, len(word)}), nil
		}
		dst = append(dst, Token{id, i, end})
		i = end
	}
	return dst, nil
}

// Reaches reports whether some word yields the token id; possible tells which
// texts can be words.
func (m *WordPiece) Reaches(id int32, possible func(text string) bool) bool {
	token, ok := m.config.Vocab.Token(id)
	if !ok {
		return false
	}
	if id == m.unknown || possible(token) {
		return true
	}
	inner, ok := strings.CutPrefix(token, m.config.Prefix)
	return ok && inner != "" && possible(inner)
}
