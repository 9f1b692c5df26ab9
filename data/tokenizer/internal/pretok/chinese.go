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

// segmenter is loaded when it is first needed: that takes about a second. Its type stays out of generic functions and interfaces, since the linker keeps all
// methods of a type that is in one, and with them the Japanese dictionary.
var segmenter struct {
	once sync.Once
	gse.Segmenter
	err error
}

// ChineseWords returns what splits a run of Han characters.
func ChineseWords() (func(run string) []string, error) {
	segmenter.once.Do(func() {
		segmenter.SkipLog = true
		words, err := dictionaries()
		if err == nil {
			err = segmenter.LoadDictStr(words)
		}
		if err != nil {
			segmenter.err = fmt.Errorf("pretok: the Chinese dictionary: %w", err)
		}
	})
	if segmenter.err != nil {
		return nil, segmenter.err
	}
	return func(run string) []string { return segmenter.Cut(run) }, nil
}

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
			cut, err := ChineseWords()
			if err != nil {
				return nil, err
			}
			for _, word := range cut(string(t.Bytes[i:end])) {
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
