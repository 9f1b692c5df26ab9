package words

import (
	"bufio"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/seahorse-ml/seahorse/internal/kernels"
)

// AnalogySection is a list of questions "a is to b as c is to d" of one kind.
type AnalogySection struct {
	Name      string
	Questions [][4]string
}

// ReadAnalogies reads Google's questions: lines of four words, and before each section a line of a colon and its name.
func ReadAnalogies(r io.Reader, name string) ([]AnalogySection, error) {
	var sections []AnalogySection
	s := bufio.NewScanner(r)
	for line := 1; s.Scan(); line++ {
		text := strings.TrimSpace(strings.TrimPrefix(s.Text(), "\ufeff"))
		if text == "" {
			continue
		}
		if section, ok := strings.CutPrefix(text, ":"); ok {
			sections = append(sections, AnalogySection{Name: strings.TrimSpace(section)})
			continue
		}
		fields := strings.Fields(text)
		if len(fields) != 4 {
			return nil, fmt.Errorf("words: %s:%d: %d words, expected four", name, line, len(fields))
		}
		if len(sections) == 0 {
			sections = append(sections, AnalogySection{Name: "all"})
		}
		last := &sections[len(sections)-1]
		last.Questions = append(last.Questions, [4]string(fields))
	}
	if err := s.Err(); err != nil {
		return nil, fmt.Errorf("words: %s: %w", name, err)
	}
	if len(sections) == 0 {
		return nil, fmt.Errorf("words: %s: no questions", name)
	}
	return sections, nil
}

// AnalogyResult counts the answers to the questions of a section.
type AnalogyResult struct {
	Section  string
	Right    int // by 3CosAdd, the word nearest to b - a + c (Mikolov et al., 2013)
	RightMul int // by 3CosMul, cos(d, b)·cos(d, c)/cos(d, a) (Levy and Goldberg, 2014)
	Asked    int
	Unknown  int // questions with a word that isn't known, left out
}

// EvaluateAnalogies answers the questions among the most frequent words (0 for all; gensim takes 300,000). The three words of a question are no
// answers. Words are compared in upper case, as gensim does.
func (v *Vectors) EvaluateAnalogies(sections []AnalogySection, most int) []AnalogyResult {
	n := v.Vocabulary.Len()
	if most > 0 {
		n = min(n, most)
	}
	upper := make(map[string]int32, n)
	for i := range n {
		if w := strings.ToUpper(v.Vocabulary.Word(i)); !has(upper, w) {
			upper[w] = int32(i)
		}
	}
	var results []AnalogyResult
	scores := make([][]float32, 3)
	for i := range scores {
		scores[i] = make([]float32, v.Vocabulary.Len())
	}
	for _, section := range sections {
		r := AnalogyResult{Section: section.Name}
		for _, q := range section.Questions {
			var ids [4]int32
			known := true
			for i, word := range q {
				id, ok := upper[strings.ToUpper(word)]
				ids[i], known = id, known && ok
			}
			if !known {
				r.Unknown++
				continue
			}
			r.Asked++
			unit := v.normalized()
			for i := range 3 {
				v.score(scores[i], unit[int(ids[i])*v.Dim:][:v.Dim])
			}
			add, mul := answer(scores, n, ids[:3])
			if add == ids[3] {
				r.Right++
			}
			if mul == ids[3] {
				r.RightMul++
			}
		}
		results = append(results, r)
	}
	return results
}

func has(m map[string]int32, key string) bool { _, ok := m[key]; return ok }

// answer returns the best of the first n words by 3CosAdd and by 3CosMul, given their cosines with a, b and c.
func answer(cosines [][]float32, n int, asked []int32) (add, mul int32) {
	const least = 1e-6 // keeps the quotient finite
	add, mul = -1, -1
	var bestAdd, bestMul float32
	for i := range n {
		i := int32(i)
		if slices.Contains(asked, i) {
			continue
		}
		a, b, c := cosines[0][i], cosines[1][i], cosines[2][i]
		if s := b - a + c; add < 0 || s > bestAdd {
			add, bestAdd = i, s
		}
		if s := (1 + b) / 2 * (1 + c) / 2 / ((1+a)/2 + least); mul < 0 || s > bestMul {
			mul, bestMul = i, s
		}
	}
	return add, mul
}

// Analogy returns the n words that are to c what b is to a, by 3CosAdd.
func (v *Vectors) Analogy(a, b, c string, n int) ([]Neighbor, error) {
	sum := make([]float32, v.Dim)
	for i, word := range []string{a, b, c} {
		x, err := v.Of(word)
		if err != nil {
			return nil, err
		}
		unit := make([]float32, v.Dim)
		normalize(unit, x)
		kernels.AXPY(sum, unit, []float32{-1, 1, 1}[i])
	}
	return v.Neighbors(sum, n, a, b, c)
}
