package embed

import (
	"errors"
	"fmt"
	"math"

	"github.com/seahorse-ml/seahorse/internal/nearest"
)

// MineConfig says which texts are hard negatives. The names are those of sentence-transformers' mine_hard_negatives.
type MineConfig struct {
	Negatives int // of each anchor, > 0
	// RangeMin leaves out so many of the nearest texts, which may belong to the anchor unknown to the data. Default 0.
	RangeMin int
	// Margin is by how much an anchor's cosine with a negative must be below that with its own text; nil sets no bound.
	Margin *float64
	// MaxScore is the most cosine that a negative may have with its anchor; nil sets no bound.
	MaxScore *float64
}

// Mine returns for each anchor the places of texts that are near to it and aren't its own, the nearest first; fewer than asked for where there are no more. Own
// is the place among texts of that which belongs to each anchor; anchors of equal vectors have all of theirs left out.
func Mine(anchors, texts [][]float32, own []int, c MineConfig) ([][]int, error) {
	if c.Negatives < 1 || c.RangeMin < 0 {
		return nil, fmt.Errorf("embed: mine: %d negatives behind the nearest %d, expected at least 1 and 0", c.Negatives, c.RangeMin)
	}
	for _, bound := range []*float64{c.Margin, c.MaxScore} {
		if bound != nil && (math.IsNaN(*bound) || math.IsInf(*bound, 0)) {
			return nil, fmt.Errorf("embed: mine: a bound of %g, expected a number", *bound)
		}
	}
	if len(anchors) != len(own) {
		return nil, fmt.Errorf("embed: mine: %d anchors and %d texts of theirs", len(anchors), len(own))
	}
	for i, o := range own {
		if o < 0 || o >= len(texts) {
			return nil, fmt.Errorf("embed: mine: anchor %d has text %d of %d", i, o, len(texts))
		}
	}
	if len(texts) < 2 {
		return nil, errors.New("embed: mine: fewer than two texts, so that none is left as a negative")
	}
	width := len(texts[0])
	same := map[string][]int{} // anchors of equal vectors
	for i, a := range anchors {
		same[vectorKey(a)] = append(same[vectorKey(a)], own[i])
	}
	rows := units(texts, width)
	found := make([][]int, len(anchors))
	const atOnce = 256
	for lo := 0; lo < len(anchors); lo += atOnce {
		hi := min(lo+atOnce, len(anchors))
		queries := units(anchors[lo:hi], width)
		mine := make([]map[int]bool, hi-lo)
		limit := make([]float64, hi-lo)
		for i := range mine {
			mine[i] = map[int]bool{}
			for _, o := range same[vectorKey(anchors[lo+i])] {
				mine[i][o] = true
			}
			limit[i] = 2
			if c.Margin != nil {
				limit[i] = Cosine(anchors[lo+i], texts[own[lo+i]]) - *c.Margin
			}
			if c.MaxScore != nil {
				limit[i] = min(limit[i], *c.MaxScore)
			}
		}
		skip := func(query, row int) bool {
			return mine[query][row] || limit[query] < 2 && float64(dot(queries[query*width:][:width], rows[row*width:][:width])) > limit[query]
		}
		for i, hits := range nearest.Search(queries, rows, width, c.Negatives+c.RangeMin, skip) {
			for _, h := range hits[min(len(hits), c.RangeMin):] {
				found[lo+i] = append(found[lo+i], h.Row)
			}
		}
	}
	return found, nil
}

func dot(a, b []float32) float32 { return float32(Dot(a, b)) }

// vectorKey is equal for equal vectors.
func vectorKey(v []float32) string { return fmt.Sprint(v) }

// units returns vectors of length 1, one behind the other.
func units(vectors [][]float32, width int) []float32 {
	flat := make([]float32, 0, len(vectors)*width)
	for _, v := range vectors {
		flat = append(flat, v...)
		Normalize(flat[len(flat)-width:])
	}
	return flat
}
