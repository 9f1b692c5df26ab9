package model

import "fmt"

// WordLevelConfig describes a model of whole words.
type WordLevelConfig struct {
	Vocab   *Vocab
	Unknown string // stands for words that the vocabulary lacks; without it they are errors
}

// WordLevel looks words up.
type WordLevel struct{ config WordLevelConfig }

// NewWordLevel makes the model that c describes.
func NewWordLevel(c WordLevelConfig) *WordLevel { return &WordLevel{c} }

// Vocab returns the vocabulary.
func (m *WordLevel) Vocab() *Vocab { return m.config.Vocab }

// Tokenize appends the token of word to dst.
func (m *WordLevel) Tokenize(dst []Token, word []byte) ([]Token, error) {
	if len(word) == 0 {
		return dst, nil
	}
	id, ok := m.config.Vocab.idOf(word)
	if !ok {
		if id, ok = m.config.Vocab.ID(m.config.Unknown); !ok {
			return dst, fmt.Errorf("model: WordLevel: %.80q is not in the vocabulary, nor is an unknown token", word)
		}
	}
	return append(dst, Token{id, 0, len(word)}), nil
}
