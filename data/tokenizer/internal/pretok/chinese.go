package pretok

import (
	"fmt"
	"sync"
	"unicode"
	"unicode/utf8"

	"github.com/go-ego/gse"

	"github.com/seahorse-ml/seahorse/data/tokenizer/internal/normalize"
)

// Chinese splits runs of Han characters into words, by the dictionary of
// go-ego/gse. It is not a component of Hugging Face's library.
type Chinese struct{}

// segmenter is loaded when it is first needed: that takes about a second.
var segmenter = sync.OnceValues(func() (*gse.Segmenter, error) {
	s := &gse.Segmenter{SkipLog: true}
	if err := s.LoadDictEmbed("zh"); err != nil {
		return nil, fmt.Errorf("pretok: the Chinese dictionary: %w", err)
	}
	return s, nil
})

// PreTokenize implements PreTokenizer.
func (Chinese) PreTokenize(pieces []Piece) ([]Piece, error) {
	return each(pieces, func(dst []Piece, t *normalize.Text) ([]Piece, error) {
		for i := 0; i < len(t.Bytes); {
			end, han := hanRun(t.Bytes, i)
			if !han {
				dst = append(dst, Piece{t.Slice(i, end), -1})
				i = end
				continue
			}
			s, err := segmenter()
			if err != nil {
				return nil, err
			}
			for _, word := range s.Cut(string(t.Bytes[i:end])) {
				next := i + len(word)
				if next > end || string(t.Bytes[i:next]) != word {
					return nil, fmt.Errorf("pretok: the Chinese segmenter returned %q for a text that goes on as %q", word, t.Bytes[i:end])
				}
				dst = append(dst, Piece{t.Slice(i, next), -1})
				i = next
			}
			if i < end {
				return nil, fmt.Errorf("pretok: the Chinese segmenter left out %q", t.Bytes[i:end])
			}
		}
		return dst, nil
	})
}

// hanRun returns the end of the run of Han characters, or of others, that begins at i.
func hanRun(b []byte, i int) (end int, han bool) {
	r, w := utf8.DecodeRune(b[i:])
	han = unicode.Is(unicode.Han, r)
	for end = i + w; end < len(b); end += w {
		if r, w = utf8.DecodeRune(b[end:]); unicode.Is(unicode.Han, r) != han {
			break
		}
	}
	return end, han
}
