package tokenizer

import (
	"strings"
	"unicode/utf8"

	"github.com/seahorse-ml/seahorse/data/tokenizer/internal/charclass"
	"github.com/seahorse-ml/seahorse/data/tokenizer/internal/model"
)

// trimOffsets takes the white space at the ends of tokens out of their offsets
// in text. The space that was put before a text stays, since it is not there.
func trimOffsets(text []byte, tokens []placed, addedPrefix bool) {
	for i := range tokens {
		k := &tokens[i]
		inner := strings.TrimLeftFunc(k.name, standsForSpace)
		leading := utf8.RuneCountInString(k.name[:len(k.name)-len(inner)])
		if (i == 0 || k.at[0] == 0) && addedPrefix && leading == 1 {
			leading = 0
		}
		trailing := utf8.RuneCountInString(k.name[len(strings.TrimRightFunc(k.name, standsForSpace)):])
		for ; leading > 0 && k.at[0] < k.at[1]; leading-- {
			_, w := utf8.DecodeRune(text[k.at[0]:k.at[1]])
			k.at[0] += w
		}
		for ; trailing > 0 && k.at[0] < k.at[1]; trailing-- {
			_, w := utf8.DecodeLastRune(text[k.at[0]:k.at[1]])
			k.at[1] -= w
		}
	}
}

// standsForSpace reports whether a character of a token is white space or spells it.
func standsForSpace(r rune) bool {
	return r == model.ByteRune(' ') || charclass.Is(r, charclass.Space)
}
