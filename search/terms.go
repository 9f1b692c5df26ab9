package search

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/kljensen/snowball"
)

// Languages returns those whose words are reduced to their stems; "" reduces none.
func Languages() []string {
	return []string{"", "english", "french", "spanish", "russian", "swedish", "norwegian", "hungarian"}
}

// checkLanguage refuses a language that isn't known.
func checkLanguage(language string) error {
	if !slices.Contains(Languages(), language) {
		return fmt.Errorf("search: language %q is not known; known are %s", language, strings.Join(Languages()[1:], ", "))
	}
	return nil
}

// terms returns the words of a text by which it is found: runs of letters and digits in lower case, as their stems. Of Chinese and Japanese they are pairs of
// neighbouring characters, and single ones that stand alone.
func terms(text, language string) []string {
	var out []string
	var word []rune
	var run []rune // of ideographs
	flush := func() {
		if len(word) > 0 {
			out = append(out, stem(string(word), language))
			word = word[:0]
		}
		if len(run) == 1 {
			out = append(out, string(run))
		}
		for i := 0; i+1 < len(run); i++ {
			out = append(out, string(run[i:i+2]))
		}
		run = run[:0]
	}
	for _, r := range text {
		switch {
		case isIdeograph(r):
			if len(word) > 0 {
				flush()
			}
			run = append(run, r)
		case unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r):
			if len(run) > 0 {
				flush()
			}
			word = append(word, unicode.ToLower(r))
		case (r == '\'' || r == '’') && len(word) > 0: // which belongs to words such as "don't"
		default:
			flush()
		}
	}
	flush()
	return out
}

// mostTerm is the most bytes of a word; longer ones are cut.
const mostTerm = 100

// stem returns the stem of a word in a language.
func stem(word, language string) string {
	if len(word) > mostTerm {
		word = strings.ToValidUTF8(word[:mostTerm], "")
	}
	if language == "" {
		return word
	}
	s, err := snowball.Stem(word, language, false)
	if err != nil || s == "" {
		return word
	}
	return s
}
