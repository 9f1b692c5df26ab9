package words

import (
	"bufio"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/seahorse-ml/seahorse/internal/correlation"
)

// SimilarityResult is how far vectors agree with what people say of pairs of words.
type SimilarityResult struct {
	Spearman float64 // correlation of the ranks; no number where all are alike
	Pairs    int     // that both words of are known
	Unknown  int     // pairs that are left out
}

// SimilarityPair is a pair of words with the score that people gave it.
type SimilarityPair struct {
	A, B  string
	Score float64
}

// ReadSimilarities reads pairs of words with a score, a line each, with tabs, commas or spaces between them: WordSim-353's and SimLex-999's
// files, of which the first three columns, or with a header that names them word1, word2 and SimLex999 those, are read. Lines that begin
// with # are left out.
func ReadSimilarities(r io.Reader, name string) ([]SimilarityPair, error) {
	var pairs []SimilarityPair
	columns := [3]int{0, 1, 2}
	s := bufio.NewScanner(r)
	for line := 1; s.Scan(); line++ {
		text := strings.TrimSpace(strings.TrimPrefix(s.Text(), "\ufeff"))
		if text == "" || strings.HasPrefix(text, "#") {
			continue
		}
		fields := strings.FieldsFunc(text, func(r rune) bool { return r == '\t' || r == ',' || r == ' ' })
		if len(fields) < 3 {
			return nil, fmt.Errorf("words: %s:%d: %d columns, expected two words and a score", name, line, len(fields))
		}
		if at := slices.Index(fields, "SimLex999"); at >= 0 {
			columns[2] = at
			continue
		}
		if columns[2] >= len(fields) {
			return nil, fmt.Errorf("words: %s:%d: %d columns, expected the score in column %d", name, line, len(fields), columns[2]+1)
		}
		score, err := strconv.ParseFloat(fields[columns[2]], 64)
		if err != nil {
			if len(pairs) == 0 {
				continue // a header
			}
			return nil, fmt.Errorf("words: %s:%d: the score %q is no number", name, line, fields[columns[2]])
		}
		pairs = append(pairs, SimilarityPair{fields[columns[0]], fields[columns[1]], score})
	}
	if err := s.Err(); err != nil {
		return nil, fmt.Errorf("words: %s: %w", name, err)
	}
	if len(pairs) == 0 {
		return nil, fmt.Errorf("words: %s: no pairs of words with a score", name)
	}
	return pairs, nil
}

// EvaluateSimilarity compares cosines with scores. Words are looked up in lower case where they aren't known as they are; pairs with a word
// that isn't known are left out.
func (v *Vectors) EvaluateSimilarity(pairs []SimilarityPair) SimilarityResult {
	var cosines, scores []float64
	r := SimilarityResult{}
	for _, p := range pairs {
		a, okA := v.lookup(p.A)
		b, okB := v.lookup(p.B)
		if !okA || !okB {
			r.Unknown++
			continue
		}
		cosines, scores = append(cosines, cosine(v.At(a), v.At(b))), append(scores, p.Score)
	}
	r.Pairs, r.Spearman = len(cosines), correlation.Spearman(cosines, scores)
	return r
}

// lookup finds a word as it is, or in lower case.
func (v *Vectors) lookup(word string) (int, bool) {
	if i, ok := v.Vocabulary.ID(word); ok {
		return i, true
	}
	return v.Vocabulary.ID(strings.ToLower(word))
}
