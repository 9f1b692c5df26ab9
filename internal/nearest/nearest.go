// Package nearest finds the vectors that have the greatest inner products with others, exactly.
package nearest

import (
	"slices"

	"github.com/seahorse-ml/seahorse/internal/kernels"
	"github.com/seahorse-ml/seahorse/internal/parallel"
)

// Hit is a vector that was found.
type Hit struct {
	Row   int
	Score float32 // its inner product with the query
}

// Before tells whether a comes before b: by the greater score, and of equal ones by the smaller row.
func (a Hit) Before(b Hit) bool { return a.Score > b.Score || a.Score == b.Score && a.Row < b.Row }

// Top keeps the best of the hits that are put into it, K > 0 at most. The zero value with a K is empty.
type Top struct {
	K    int
	hits []Hit // a heap with the worst one first
}

// Put takes a hit in, if it is among the best so far.
func (t *Top) Put(h Hit) {
	if len(t.hits) < t.K {
		t.hits = append(t.hits, h)
		for i := len(t.hits) - 1; i > 0 && t.hits[(i-1)/2].Before(t.hits[i]); i = (i - 1) / 2 {
			t.hits[i], t.hits[(i-1)/2] = t.hits[(i-1)/2], t.hits[i]
		}
		return
	}
	if !h.Before(t.hits[0]) {
		return
	}
	t.hits[0] = h
	for i := 0; ; {
		worst := i
		for child := 2*i + 1; child <= 2*i+2 && child < len(t.hits); child++ {
			if t.hits[worst].Before(t.hits[child]) {
				worst = child
			}
		}
		if worst == i {
			return
		}
		t.hits[i], t.hits[worst] = t.hits[worst], t.hits[i]
		i = worst
	}
}

// Sorted returns the hits, the best first.
func (t *Top) Sorted() []Hit {
	hits := slices.Clone(t.hits)
	slices.SortFunc(hits, func(a, b Hit) int {
		if a.Before(b) {
			return -1
		}
		return 1
	})
	return hits
}

// blockRows is how many rows are compared with all queries while they are in the cache.
const blockRows = 64

// Search returns for each of the queries, width elements each, the k rows that have the greatest inner products with it, the best first. What comes is the
// same on any number of threads. A row for which skip is true is left out; skip may be nil.
func Search(queries, rows []float32, width, k int, skip func(query, row int) bool) [][]Hit {
	if width < 1 || k < 1 {
		return make([][]Hit, len(queries)/max(1, width))
	}
	n, q := len(rows)/width, len(queries)/width
	blocks := (n + blockRows - 1) / blockRows
	tops := make([][]Top, parallel.Workers()) // of each worker
	for w := range tops {
		tops[w] = make([]Top, q)
		for i := range tops[w] {
			tops[w][i].K = k
		}
	}
	parallel.Run(blocks, func(worker, b int) {
		lo, hi := b*blockRows, min((b+1)*blockRows, n)
		for i := range q {
			query, top := queries[i*width:(i+1)*width], &tops[worker][i]
			for r := lo; r < hi; r++ {
				if skip == nil || !skip(i, r) {
					top.Put(Hit{r, kernels.Dot(query, rows[r*width:(r+1)*width])})
				}
			}
		}
	})
	found := make([][]Hit, q)
	for i := range found {
		all := Top{K: k}
		for w := range tops {
			for _, h := range tops[w][i].hits {
				all.Put(h)
			}
		}
		found[i] = all.Sorted()
	}
	return found
}

// Dot returns the inner product that Search compares by.
func Dot(a, b []float32) float32 { return kernels.Dot(a, b) }
