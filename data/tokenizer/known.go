package tokenizer

import (
	"unicode"
	"unicode/utf8"

	"github.com/seahorse-ml/seahorse/data/tokenizer/internal/model"
)

// Unknown returns how many characters of a text, white space aside, the vocabulary doesn't know: no token stands for them, or the
// unknown one; and how many there are.
func (t *Tokenizer) Unknown(text []byte) (unknown, all int) {
	tokens, err := t.tokenize(text, nil)
	if err != nil {
		tokens = nil
	}
	id := t.unknownID()
	known := make([]bool, len(text))
	for _, of := range []bool{true, false} { // a mark before a word stands where the word begins, known or not
		for _, k := range tokens {
			for i := k.at[0]; i < k.at[1] && (k.id != id) == of; i++ {
				known[i] = of
			}
		}
	}
	for i := 0; i < len(text); {
		r, w := utf8.DecodeRune(text[i:])
		if !unicode.IsSpace(r) {
			all++
			if !known[i] {
				unknown++
			}
		}
		i += w
	}
	return unknown, all
}

// unknownID returns the id of the token that stands for what the vocabulary lacks, -1 if there is none.
func (t *Tokenizer) unknownID() int32 {
	name := ""
	switch m := t.file.Model.(type) {
	case model.UnigramConfig:
		return m.Unknown
	case model.BPEConfig:
		name = m.Unknown
	case model.WordPieceConfig:
		name = m.Unknown
	case model.WordLevelConfig:
		name = m.Unknown
	}
	if id, ok := t.model.Vocab().ID(name); ok && name != "" {
		return id
	}
	return -1
}
