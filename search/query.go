package search

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/seahorse-ml/seahorse/internal/nearest"
	"github.com/seahorse-ml/seahorse/internal/parallel"
)

// Mode says how passages are ranked.
type Mode string

const (
	Hybrid Mode = "hybrid" // by both, fused by their ranks
	Vector Mode = "vector" // by the cosine with the query
	BM25   Mode = "bm25"   // by the words of the query
)

// Query says what is looked for. DefaultQuery has what is usual.
type Query struct {
	Text   string
	Vector []float32 // of length 1; needed unless Mode is BM25
	Mode   Mode
	Top    int // hits, > 0
	// Candidates is how many passages of each ranking are fused, or reranked; 0 means 10·Top, at least 100.
	Candidates int
	// Exact scans all vectors where there are cells; default false.
	Exact bool
	// Probes is how many cells are looked into; 0 means a fifth of them, at least 16.
	Probes int
	// K1 and B are those of BM25.
	K1, B float64
	// Whole is how much BM25 of a passage's whole document counts beside its own.
	Whole float64
	// Rank is what is added to ranks before they are fused: Σ 1/(Rank + rank).
	Rank float64
	// Overlapping keeps hits that share text with a better one of the same document; default false, which leaves them out.
	Overlapping bool
	// Rerank scores texts by a model that reads them with the query, the better the higher; nil leaves the order.
	Rerank func(ctx context.Context, query string, texts []string) ([]float64, error)
}

// DefaultQuery returns a query for ten passages by both rankings, with BM25's k1 1.2 and b 0.75, documents that count as much as their passages, and ranks fused
// with 60.
func DefaultQuery(text string, vector []float32) Query {
	q := Query{Text: text, Vector: vector, Mode: Hybrid, Top: 10, K1: 1.2, B: 0.75, Whole: 1, Rank: 60}
	if vector == nil {
		q.Mode = BM25
	}
	return q
}

// Validate tells what is wrong with the query, or nil.
func (q Query) Validate() error {
	switch {
	case q.Mode != Hybrid && q.Mode != Vector && q.Mode != BM25:
		return fmt.Errorf("search: mode %q is not known; known are %s, %s and %s", q.Mode, Hybrid, Vector, BM25)
	case q.Top < 1 || q.Candidates < 0 || q.Probes < 0:
		return fmt.Errorf("search: %d hits of %d candidates in %d cells, expected at least 1, 0 and 0", q.Top, q.Candidates, q.Probes)
	case !(q.K1 >= 0) || !(q.B >= 0 && q.B <= 1) || math.IsInf(q.K1, 0):
		return fmt.Errorf("search: BM25 with k1 %g and b %g, expected 0 or more and [0, 1]", q.K1, q.B)
	case !(q.Whole >= 0) || math.IsInf(q.Whole, 0):
		return fmt.Errorf("search: documents that count %g, expected 0 or more", q.Whole)
	case !(q.Rank >= 0) || math.IsInf(q.Rank, 0):
		return fmt.Errorf("search: ranks fused with %g, expected 0 or more", q.Rank)
	}
	return nil
}

// Hit is a passage that was found.
type Hit struct {
	Number int // of the passage in the index
	Passage
	Score  float64  // by which hits are ranked: of the reranker, of both rankings fused, or of the only one
	Cosine *float64 // with the query; nil where its vector isn't known, or in a search by words
	BM25   *float64 // likewise, by words
}

// Search returns the passages that fit best, the best first. What comes is the same on any number of threads.
func (x *Index) Search(ctx context.Context, q Query) ([]Hit, error) {
	if err := q.Validate(); err != nil {
		return nil, err
	}
	if q.Candidates == 0 {
		q.Candidates = max(100, 10*q.Top)
	}
	q.Candidates = max(q.Candidates, q.Top)
	var vectors, words []nearest.Hit
	var err error
	if q.Mode != BM25 {
		if vectors, err = x.byVector(q); err != nil {
			return nil, err
		}
	}
	if q.Mode != Vector {
		if words, err = x.byWords(q); err != nil {
			return nil, err
		}
	}
	found := map[int]*Hit{}
	at := func(row int) *Hit {
		if found[row] == nil {
			found[row] = &Hit{Number: row}
		}
		return found[row]
	}
	for rank, h := range vectors {
		hit, score := at(h.Row), float64(h.Score)
		hit.Cosine = &score
		hit.Score += q.share(score, rank)
	}
	for rank, h := range words {
		hit, score := at(h.Row), float64(h.Score)
		hit.BM25 = &score
		hit.Score += q.share(score, rank)
	}
	hits := make([]Hit, 0, len(found))
	for _, h := range found {
		hits = append(hits, *h)
	}
	sortHits(hits)
	if q.Rerank != nil {
		hits = hits[:min(q.Candidates, len(hits))]
		for i := range hits {
			if hits[i].Passage, err = x.Passage(hits[i].Number); err != nil {
				return nil, err
			}
		}
		if len(hits) > 0 {
			if err := q.rerank(ctx, hits); err != nil {
				return nil, err
			}
		}
	}
	return x.best(hits, q)
}

// best returns the first hits with their passages, without those that share text with a better one.
func (x *Index) best(hits []Hit, q Query) (kept []Hit, err error) {
	for _, h := range hits {
		if len(kept) == q.Top {
			break
		}
		if q.Rerank == nil { // else it was read
			if h.Passage, err = x.Passage(h.Number); err != nil {
				return nil, err
			}
		}
		if h.Cosine == nil && q.Mode == Hybrid { // found by its words alone
			s, local, _ := x.place(h.Number)
			width := x.manifest.Settings.Width
			cosine := float64(nearest.Dot(q.Vector, x.segments[s].vectors[local*width:(local+1)*width]))
			h.Cosine = &cosine
		}
		if q.Overlapping || !slices.ContainsFunc(kept, h.overlaps) {
			kept = append(kept, h)
		}
	}
	return kept, nil
}

// overlaps tells whether two passages of a document share text.
func (p Passage) overlaps(other Hit) bool {
	return p.Source == other.Source && p.Start < other.End && other.Start < p.End
}

// share is what a ranking adds to a passage's score.
func (q Query) share(score float64, rank int) float64 {
	if q.Mode == Hybrid {
		return 1 / (q.Rank + float64(rank+1))
	}
	return score
}

// sortHits sorts by falling score, and equal ones by their number.
func sortHits(hits []Hit) {
	slices.SortFunc(hits, func(a, b Hit) int {
		switch {
		case a.Score != b.Score && a.Score > b.Score:
			return -1
		case a.Score != b.Score:
			return 1
		}
		return a.Number - b.Number
	})
}

// rerank sorts hits by what a model makes of them.
func (q Query) rerank(ctx context.Context, hits []Hit) error {
	texts := make([]string, len(hits))
	for i, h := range hits {
		texts[i] = h.Whole()
	}
	scores, err := q.Rerank(ctx, q.Text, texts)
	if err != nil {
		return err
	}
	if len(scores) != len(hits) {
		return fmt.Errorf("search: rerank: %d scores of %d passages", len(scores), len(hits))
	}
	for i := range hits {
		hits[i].Score = scores[i]
	}
	sortHits(hits)
	return nil
}

// byVector ranks passages by their cosine with the query.
func (x *Index) byVector(q Query) ([]nearest.Hit, error) {
	width := x.manifest.Settings.Width
	if width == 0 {
		return nil, errors.New("search: the index has no vectors; search by words (bm25)")
	}
	if len(q.Vector) != width {
		return nil, fmt.Errorf("search: a query of %d dimensions, and the vectors of the index have %d", len(q.Vector), width)
	}
	if x.cells != nil && !q.Exact {
		return x.inCells(q), nil
	}
	top := nearest.Top{K: q.Candidates}
	for i, s := range x.segments {
		var skip func(_, row int) bool
		if len(x.deleted[i]) > 0 {
			skip = func(_, row int) bool { return x.gone(i, row) }
		}
		for _, h := range nearest.Search(q.Vector, s.vectors, width, q.Candidates, skip)[0] {
			top.Put(nearest.Hit{Row: x.first[i] + h.Row, Score: h.Score})
		}
	}
	return top.Sorted(), nil
}

// inCells looks at the passages of the nearest cells.
func (x *Index) inCells(q Query) []nearest.Hit {
	width, probes := x.cells.width, q.Probes
	if probes == 0 {
		probes = max(16, len(x.cells.ends)/5)
	}
	rows := x.cells.near(q.Vector, probes)
	const atOnce = 256
	tops := make([]nearest.Top, parallel.Workers())
	for i := range tops {
		tops[i].K = q.Candidates
	}
	parallel.Run((len(rows)+atOnce-1)/atOnce, func(worker, part int) {
		for _, row := range rows[part*atOnce : min(len(rows), (part+1)*atOnce)] {
			s, local, _ := x.place(int(row))
			if !x.gone(s, local) {
				tops[worker].Put(nearest.Hit{Row: int(row), Score: nearest.Dot(q.Vector, x.segments[s].vectors[local*width:(local+1)*width])})
			}
		}
	})
	all := nearest.Top{K: q.Candidates}
	for i := range tops {
		for _, h := range tops[i].Sorted() {
			all.Put(h)
		}
	}
	return all.Sorted()
}
