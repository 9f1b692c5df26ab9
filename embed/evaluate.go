package embed

import (
	"math"
	"slices"

	"github.com/seahorse-ml/seahorse/internal/nearest"
)

// Retrieval tells how well the texts that belong to anchors are found.
type Retrieval struct {
	Anchors int
	Texts   int             // that are searched
	Recall  map[int]float64 // by k: the share of anchors with one of theirs among the first k
	MRR     float64         // at 10: the mean of 1/rank of the first of theirs
	NDCG    float64         // at 10
}

// ranks of Retrieval.
const rankedTo = 10

// RecallAt are the k of a Retrieval's Recall.
var RecallAt = []int{1, 5, 10}

// EvaluateRetrieval searches for each anchor among the texts; own are the places of those that belong to each.
func EvaluateRetrieval(anchors, texts [][]float32, own [][]int) Retrieval {
	width := 0
	if len(texts) > 0 {
		width = len(texts[0])
	}
	found := nearest.Search(units(anchors, width), units(texts, width), width, rankedTo, nil)
	ranked := make([][]int, len(found))
	for i, hits := range found {
		for _, h := range hits {
			ranked[i] = append(ranked[i], h.Row)
		}
	}
	return RankedRetrieval(ranked, own, len(texts))
}

// RankedRetrieval is EvaluateRetrieval of what another search has found for each anchor, the best first.
func RankedRetrieval(ranked, own [][]int, texts int) Retrieval {
	r := Retrieval{Anchors: len(ranked), Texts: texts, Recall: map[int]float64{}}
	n := float64(max(1, len(ranked)))
	for i, rows := range ranked {
		first, gain, ideal := math.MaxInt, 0.0, 0.0
		for k, row := range rows[:min(len(rows), rankedTo)] {
			if slices.Contains(own[i], row) {
				first = min(first, k)
				gain += 1 / math.Log2(float64(k)+2)
			}
		}
		for k := range min(len(own[i]), rankedTo) {
			ideal += 1 / math.Log2(float64(k)+2)
		}
		for _, k := range RecallAt {
			if first < k {
				r.Recall[k]++
			}
		}
		if first < rankedTo {
			r.MRR += 1 / float64(first+1)
			r.NDCG += gain / ideal
		}
	}
	for k := range r.Recall {
		r.Recall[k] /= n
	}
	r.MRR, r.NDCG = r.MRR/n, r.NDCG/n
	return r
}
