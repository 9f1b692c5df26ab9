package search

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/kljensen/snowball"
	"github.com/kljensen/snowball/english"
	"github.com/kljensen/snowball/french"
	"github.com/kljensen/snowball/hungarian"
	"github.com/kljensen/snowball/norwegian"
	"github.com/kljensen/snowball/russian"
	"github.com/kljensen/snowball/spanish"
	"github.com/kljensen/snowball/swedish"
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
	return termsBut(text, language, func(string) bool { return false })
}

// stopWords tells of a language's words whether they are in so many texts that a query means little by them.
var stopWords = map[string]func(word string) bool{
	"english": english.IsStopWord, "french": french.IsStopWord, "spanish": spanish.IsStopWord, "russian": russian.IsStopWord,
	"swedish": swedish.IsStopWord, "norwegian": norwegian.IsStopWord, "hungarian": hungarian.IsStopWord,
}

// queryTerms returns the terms of a query without the language's stop words, unless it has no others.
func queryTerms(text, language string) []string {
	if stop := stopWords[language]; stop != nil {
		if some := termsBut(text, language, stop); len(some) > 0 {
			return some
		}
	}
	return terms(text, language)
}

// termsBut returns terms without those of words that are left out.
func termsBut(text, language string, leaveOut func(word string) bool) []string {
	var out []string
	var word []rune
	var run []rune // of ideographs
	flush := func() {
		if len(word) > 0 {
			if w := string(word); !leaveOut(w) {
				out = append(out, stem(w, language))
			}
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

// Support tells of each passage which share of an answer's distinct words, its language's stop words aside, the passage has too. It finds what an answer was
// made from that doesn't say so.
func Support(answer, language string, passages []string) []float64 {
	words := queryTerms(answer, language)
	slices.Sort(words)
	words = slices.Compact(words)
	shares := make([]float64, len(passages))
	for i, p := range passages {
		there := terms(p, language)
		slices.Sort(there)
		for _, w := range words {
			if _, ok := slices.BinarySearch(there, w); ok {
				shares[i] += 1 / float64(len(words))
			}
		}
	}
	return shares
}
