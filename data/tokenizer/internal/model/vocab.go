// Package model holds the models of a tokenizer: what turns one word into tokens.
package model

import (
	"fmt"
	"slices"
)

// Token is one token of a word: its id, and the bytes of the word from Start to End.
type Token struct {
	ID         int32
	Start, End int
}

// Model turns a word, one piece of pre-tokenized text, into tokens. Its methods
// may be called from several goroutines at once.
type Model interface {
	// Tokenize appends the tokens of word to dst.
	Tokenize(dst []Token, word []byte) ([]Token, error)
	// Vocab returns the model's own vocabulary, without added tokens.
	Vocab() *Vocab
}

// Vocab numbers tokens. Ids may have gaps.
type Vocab struct {
	tokens []string
	ids    map[string]int32
	shared bool // several tokens have one id
}

// maxGaps bounds the ids that no token has, so that a file cannot claim memory
// that it does not fill.
const maxGaps = 1 << 20

// NewVocab makes a vocabulary of ids by token.
func NewVocab(ids map[string]int32) (*Vocab, error) {
	top := int32(-1)
	for token, id := range ids {
		if id < 0 {
			return nil, fmt.Errorf("model: vocabulary: token %.80q has the negative id %d", token, id)
		}
		top = max(top, id)
	}
	if int(top) >= len(ids)+maxGaps {
		return nil, fmt.Errorf("model: vocabulary: the largest id is %d for only %d tokens", top, len(ids))
	}
	v := &Vocab{tokens: make([]string, top+1), ids: ids}
	for token, id := range ids {
		// Two tokens may share an id in a hand-made file; the smaller name wins, on any run.
		if old := v.tokens[id]; old == "" || v.ids[old] != id || token < old {
			v.tokens[id] = token
		}
	}
	for token, id := range ids {
		v.shared = v.shared || v.tokens[id] != token
	}
	return v, nil
}

// NewVocabList numbers tokens by their place in the list; a repeated token keeps its last number.
func NewVocabList(tokens []string) *Vocab {
	v := &Vocab{tokens: slices.Clone(tokens), ids: make(map[string]int32, len(tokens))}
	for id, token := range tokens {
		v.ids[token] = int32(id)
	}
	return v
}

// Len returns one more than the largest id.
func (v *Vocab) Len() int { return len(v.tokens) }

// Count returns the number of distinct tokens.
func (v *Vocab) Count() int { return len(v.ids) }

// Token returns the token with the given id.
func (v *Vocab) Token(id int32) (string, bool) {
	if id < 0 || int(id) >= len(v.tokens) {
		return "", false
	}
	t := v.tokens[id]
	if t == "" {
		if _, ok := v.ids[""]; !ok {
			return "", false
		}
	}
	return t, true
}

// ID returns the id of token.
func (v *Vocab) ID(token string) (int32, bool) {
	id, ok := v.ids[token]
	return id, ok
}

// idOf is ID for bytes; it does not allocate.
func (v *Vocab) idOf(token []byte) (int32, bool) {
	id, ok := v.ids[string(token)]
	return id, ok
}

// Spell returns token as a string: the vocabulary's own, if it has the token, so that it takes no memory.
func (v *Vocab) Spell(token []byte) string {
	if id, ok := v.ids[string(token)]; ok && v.tokens[id] == string(token) {
		return v.tokens[id]
	}
	return string(token)
}
