package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/seahorse-ml/seahorse/generate"
	"github.com/seahorse-ml/seahorse/models"
)

// score counts the errors in pronunciations.
type score struct {
	words, wrong            int // pronunciations, and those with an error
	phonemes, errors        int // phonemes to be found, and those that must be inserted, deleted or replaced
	plainErrors, plainWrong int // what is left of both if stress does not count
}

// PER returns the phoneme error rate: errors for each phoneme of the dictionary.
func (s score) PER() float64 { return float64(s.errors) / float64(s.phonemes) }

// WER returns the word error rate: the part of the words whose pronunciation isn't one of the dictionary's.
func (s score) WER() float64 { return float64(s.wrong) / float64(s.words) }

// String tells the rates.
func (s score) String() string {
	return fmt.Sprintf("%d words: phoneme error rate %.2f%%, word error rate %.2f%%; without stress %.2f%% and %.2f%%", s.words, 100*s.PER(), 100*s.WER(),
		100*float64(s.plainErrors)/float64(s.phonemes), 100*float64(s.plainWrong)/float64(s.words))
}

// add counts a pronunciation. Of several in the dictionary the nearest counts.
func (s *score) add(got []string, variants [][]string) {
	errors, phonemes := nearest(got, variants)
	s.words++
	s.errors += errors
	s.phonemes += phonemes
	if errors > 0 {
		s.wrong++
	}
	var plain [][]string
	for _, v := range variants {
		plain = append(plain, withoutStress(v))
	}
	if errors, _ = nearest(withoutStress(got), plain); errors > 0 {
		s.plainWrong++
		s.plainErrors += errors
	}
}

// nearest returns the edit distance to the nearest variant and the length of that variant.
func nearest(got []string, variants [][]string) (distance, length int) {
	for i, v := range variants {
		if d := editDistance(got, v); i == 0 || d < distance {
			distance, length = d, len(v)
		}
	}
	return distance, length
}

// withoutStress drops the digits that tell how vowels are stressed.
func withoutStress(phonemes []string) []string {
	plain := make([]string, len(phonemes))
	for i, p := range phonemes {
		plain[i] = strings.TrimRight(p, "012")
	}
	return plain
}

// editDistance returns the least number of insertions, deletions and replacements that turn a into b (Levenshtein, 1966).
func editDistance(a, b []string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range a {
		diagonal := row[0]
		row[0] = i + 1
		for j := range b {
			replaced := diagonal
			if a[i] != b[j] {
				replaced++
			}
			diagonal = row[j+1]
			row[j+1] = min(replaced, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}

// decodeBatch is how many words are pronounced at once.
const decodeBatch = 125

// pronounce returns what the model takes to be the pronunciations of spellings, by the likeliest phoneme each time.
func pronounce(ctx context.Context, m models.Seq2Seq, s *symbols, spellings []string) ([][]string, error) {
	var all [][]string
	for len(spellings) > 0 {
		n := min(decodeBatch, len(spellings))
		var sources [][]int32
		for _, spelling := range spellings[:n] {
			ids, err := s.spell(spelling)
			if err != nil {
				return nil, err
			}
			sources = append(sources, ids)
		}
		texts, err := generate.Batch(ctx, m, sources, generate.Config{MaxNewTokens: maxPositions - 1, Stop: []int32{end}})
		if err != nil {
			return nil, err
		}
		for _, ids := range texts {
			all = append(all, s.pronunciation(ids))
		}
		spellings = spellings[n:]
	}
	return all, nil
}

// measure pronounces words and counts the errors.
func measure(ctx context.Context, m models.Seq2Seq, s *symbols, words []word) (score, error) {
	spellings := make([]string, len(words))
	for i, w := range words {
		spellings[i] = w.spelling
	}
	got, err := pronounce(ctx, m, s, spellings)
	if err != nil {
		return score{}, err
	}
	var total score
	for i, w := range words {
		total.add(got[i], w.variants)
	}
	return total, nil
}
