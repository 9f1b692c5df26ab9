package main

import (
	"bufio"
	"fmt"
	"io"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
)

// word is a spelling with all its pronunciations, each a list of phonemes with their stress such as AH0.
type word struct {
	spelling string
	variants [][]string
}

// ordinary matches the spellings that are learned: letters, with apostrophes, hyphens and points behind the first.
var ordinary = regexp.MustCompile(`^[A-Z][A-Z'.-]*$`)

// readDictionary reads lines of the form "SPELLING  PH0 PH1 …". Further pronunciations of a word have a number in brackets behind
// the spelling. Lines of other characters than letters, such as those that say how signs are read out, are counted and left out.
func readDictionary(r io.Reader, name string) (words []word, leftOut int, err error) {
	places := map[string]int{}
	lines := bufio.NewScanner(r)
	for n := 1; lines.Scan(); n++ {
		fields := strings.Fields(lines.Text())
		if len(fields) == 0 {
			continue
		}
		if len(fields) == 1 {
			return nil, 0, fmt.Errorf("%s:%d: %q has no phonemes", name, n, fields[0])
		}
		spelling, _, _ := strings.Cut(fields[0], "(")
		if !ordinary.MatchString(spelling) {
			leftOut++
			continue
		}
		place, known := places[spelling]
		if !known {
			place = len(words)
			places[spelling] = place
			words = append(words, word{spelling: spelling})
		}
		words[place].variants = append(words[place].variants, fields[1:])
	}
	if err := lines.Err(); err != nil {
		return nil, 0, fmt.Errorf("%s: %w", name, err)
	}
	if len(words) == 0 {
		return nil, 0, fmt.Errorf("%s: no words", name)
	}
	return words, leftOut, nil
}

// split keeps a twentieth of the words apart for the test, and of the others a hundredth, at most 500, to watch the training by.
// All pronunciations of a word are in the same part.
func split(words []word, seed uint64) (training, watched, test []word) {
	shuffled := slices.Clone(words)
	rand.New(rand.NewPCG(seed, 0)).Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
	tests := max(1, len(words)/20)
	watches := min(500, max(1, len(words)/100))
	return shuffled[tests+watches:], shuffled[tests : tests+watches], shuffled[:tests]
}

// Ids of the tokens that stand for no letter or phoneme.
const (
	padding = iota
	start
	end
	firstSymbol
)

// symbols are the tokens: letters and phonemes, which share one table of embeddings.
type symbols struct {
	names []string // from firstSymbol on
	ids   map[string]int32
}

// newSymbols gives names their ids.
func newSymbols(names []string) *symbols {
	s := &symbols{names: names, ids: map[string]int32{}}
	for i, name := range names {
		s.ids[name] = int32(firstSymbol + i)
	}
	return s
}

// symbolsOf returns all letters and phonemes of words. A letter and a phoneme of one name, as B, are different tokens.
func symbolsOf(words []word) *symbols {
	set := map[string]bool{}
	for _, w := range words {
		for _, letter := range w.spelling {
			set[letterName(letter)] = true
		}
		for _, v := range w.variants {
			for _, phoneme := range v {
				set[phoneme] = true
			}
		}
	}
	var names []string
	for name := range set {
		names = append(names, name)
	}
	slices.Sort(names)
	return newSymbols(names)
}

func letterName(letter rune) string { return "letter " + string(letter) }

// size returns the number of tokens.
func (s *symbols) size() int { return firstSymbol + len(s.names) }

// spell returns the tokens of a spelling.
func (s *symbols) spell(spelling string) ([]int32, error) {
	var ids []int32
	for _, letter := range spelling {
		id, ok := s.ids[letterName(letter)]
		if !ok {
			return nil, fmt.Errorf("%q: the letter %q is in no word of the dictionary", spelling, letter)
		}
		ids = append(ids, id)
	}
	return ids, nil
}

// phonemes returns the tokens of a pronunciation, and the one that ends it.
func (s *symbols) phonemes(variant []string) []int32 {
	var ids []int32
	for _, p := range variant {
		ids = append(ids, s.ids[p])
	}
	return append(ids, end)
}

// names returns the phonemes up to the end.
func (s *symbols) pronunciation(ids []int32) []string {
	var out []string
	for _, id := range ids {
		if id == end {
			break
		}
		if id >= firstSymbol {
			out = append(out, s.names[id-firstSymbol])
		}
	}
	return out
}
