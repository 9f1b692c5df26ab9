package words

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/seahorse-ml/seahorse/internal/kernels"
	"github.com/seahorse-ml/seahorse/internal/parallel"
)

// ErrUnknown says that a word has no vector.
var ErrUnknown = errors.New("the word is unknown")

// Vectors are words with a vector each.
type Vectors struct {
	Vocabulary *Vocabulary
	Dim        int
	Values     []float32 // [V, D]

	unit []float32 // the same with length 1, made when it is needed
}

// At returns the vector of word i.
func (v *Vectors) At(i int) []float32 { return v.Values[i*v.Dim:][:v.Dim] }

// Of returns the vector of a word.
func (v *Vectors) Of(word string) ([]float32, error) {
	i, ok := v.Vocabulary.ID(word)
	if !ok {
		return nil, fmt.Errorf("words: %w: %q", ErrUnknown, word)
	}
	return v.At(i), nil
}

// normalized returns all vectors with length 1.
func (v *Vectors) normalized() []float32 {
	if v.unit == nil {
		v.unit = make([]float32, len(v.Values))
		for i := range v.Vocabulary.Len() {
			normalize(v.unit[i*v.Dim:][:v.Dim], v.At(i))
		}
	}
	return v.unit
}

// normalize sets dst to x with length 1; a vector of zeros stays one.
func normalize(dst, x []float32) {
	factor := float32(0)
	if squares := kernels.SumSquares(x); squares > 0 {
		factor = float32(1 / math.Sqrt(squares))
	}
	kernels.Scale(dst, x, factor)
}

// Similarity returns the cosine of two words' vectors.
func (v *Vectors) Similarity(a, b string) (float64, error) {
	x, err := v.Of(a)
	if err != nil {
		return 0, err
	}
	y, err := v.Of(b)
	if err != nil {
		return 0, err
	}
	return cosine(x, y), nil
}

func cosine(x, y []float32) float64 {
	squares := kernels.SumSquares(x) * kernels.SumSquares(y)
	if squares == 0 {
		return 0
	}
	return float64(kernels.Dot(x, y)) / math.Sqrt(squares)
}

// Units returns the vectors of words [n, D] with length 1.
func (v *Vectors) Units(words []string) ([]float32, error) {
	units := make([]float32, len(words)*v.Dim)
	for i, word := range words {
		x, err := v.Of(word)
		if err != nil {
			return nil, err
		}
		normalize(units[i*v.Dim:][:v.Dim], x)
	}
	return units, nil
}

// Neighbor is a word with its cosine.
type Neighbor struct {
	Word   string
	Cosine float64
}

// Neighbors returns the n words whose vectors have the highest cosine with a vector, those of leaveOut aside.
func (v *Vectors) Neighbors(vector []float32, n int, leaveOut ...string) ([]Neighbor, error) {
	if len(vector) != v.Dim {
		return nil, fmt.Errorf("words: a vector of %d dimensions, expected %d", len(vector), v.Dim)
	}
	query := make([]float32, v.Dim)
	normalize(query, vector)
	scores := make([]float32, v.Vocabulary.Len())
	v.score(scores, query)
	var found []Neighbor
	for _, i := range best(scores, n+len(leaveOut)) {
		if word := v.Vocabulary.Word(int(i)); !slices.Contains(leaveOut, word) && len(found) < n {
			found = append(found, Neighbor{word, float64(scores[i])})
		}
	}
	return found, nil
}

// score sets scores [V] to the products of all words' unit vectors and a query.
func (v *Vectors) score(scores, query []float32) {
	unit := v.normalized()
	const grain = 1024 // words
	parallel.Run((len(scores)+grain-1)/grain, func(_, piece int) {
		for i := piece * grain; i < min((piece+1)*grain, len(scores)); i++ {
			scores[i] = kernels.Dot(unit[i*v.Dim:][:v.Dim], query)
		}
	})
}

// best returns the places of the n highest scores, the highest first, and of equal ones the first.
func best(scores []float32, n int) []int32 {
	var top []int32
	order := func(a, b int32) int { return cmp.Or(cmp.Compare(scores[b], scores[a]), cmp.Compare(a, b)) }
	for i := range scores {
		i := int32(i)
		if len(top) == n && order(i, top[n-1]) >= 0 {
			continue
		}
		at, _ := slices.BinarySearchFunc(top, i, order)
		top = slices.Insert(top, at, i)
		top = top[:min(n, len(top))]
	}
	return top
}
