package tokenizer

import (
	"strings"

	"github.com/seahorse-ml/seahorse/data/tokenizer/internal/model"
	"github.com/seahorse-ml/seahorse/data/tokenizer/internal/normalize"
	"github.com/seahorse-ml/seahorse/data/tokenizer/internal/pretok"
)

// Unreachable returns the ids that no text yields: tokens that the normalizer
// changes or the pre-tokenizer splits, where words are looked up as they are, and
// tokens that the model takes apart even where they stand alone. Added tokens and the model's unknown and byte tokens count as reachable.
func (t *Tokenizer) Unreachable() []int32 {
	var out []int32
	v := t.model.Vocab()
	for id := range int32(v.Len()) {
		token, ok := v.Token(id)
		if !ok {
			continue
		}
		if _, added := t.added.byID[id]; !added && !t.reaches(id, token) {
			out = append(out, id)
		}
	}
	return out
}

func (t *Tokenizer) reaches(id int32, token string) bool {
	switch m := t.model.(type) {
	case *model.BPE:
		c := m.Config()
		if token == c.Unknown || c.ByteFallback && isByteToken(token) {
			return true
		}
		// A token that can only stand within a word cannot be tried alone.
		whole, last := strings.CutSuffix(token, c.Suffix)
		if c.Suffix != "" && !last || c.Prefix != "" && strings.HasPrefix(token, c.Prefix) {
			return true
		}
		word := []byte(whole)
		if c.Bytes {
			if word, ok := model.DecodeBytes(token); ok {
				return t.yields(word, id)
			}
			return false
		}
		return t.yields(word, id)
	case *model.WordPiece:
		return m.Reaches(id, func(word string) bool { return t.oneWord([]byte(word)) })
	case *model.Unigram:
		return id == m.Unknown() || isByteToken(token) || t.yields([]byte(token), id)
	}
	return t.oneWord([]byte(token)) || token == unknownToken
}

// isByteToken reports whether a token stands for a byte under byte fallback.
func isByteToken(token string) bool {
	return len(token) == 6 && strings.HasPrefix(token, "<0x") && token[5] == '>'
}

// yields reports whether the model makes the one token id of a word.
func (t *Tokenizer) yields(word []byte, id int32) bool {
	tokens, err := t.model.Tokenize(nil, word)
	return err == nil && len(tokens) == 1 && tokens[0].ID == id
}

// oneWord reports whether a text is a word as it stands.
func (t *Tokenizer) oneWord(text []byte) bool {
	n := normalize.NewText(text, false)
	if t.normalizer != nil && t.normalizer.Normalize(&n) != nil {
		return false
	}
	pieces := []pretok.Piece{{Text: n, ID: -1}}
	if t.splitter != nil {
		var err error
		if pieces, err = t.splitter.PreTokenize(pieces); err != nil {
			return false
		}
	}
	return len(pieces) == 1 && string(pieces[0].Text.Bytes) == string(text)
}
