package nearest

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/seahorse-ml/seahorse/internal/kernels"
	"github.com/seahorse-ml/seahorse/internal/parallel"
	"pgregory.net/rapid"
)

// TestSearch holds what is found to a sort of all rows, with ties, on one thread and on several.
func TestSearch(t *testing.T) {
	defer parallel.SetWorkers(parallel.Workers())
	rapid.Check(t, func(t *rapid.T) {
		width := rapid.IntRange(1, 20).Draw(t, "width")
		n, q, k := rapid.IntRange(0, 300).Draw(t, "rows"), rapid.IntRange(0, 4).Draw(t, "queries"), rapid.IntRange(1, 12).Draw(t, "k")
		draw := func(n int, name string) []float32 {
			v := make([]float32, n*width)
			for i := range v {
				v[i] = float32((i*rapid.IntRange(1, 7).Draw(t, name)+i/3)%5 - 2)
				if i > 40 {
					v[i] = v[i%37]
				}
			}
			return v
		}
		rows, queries := draw(n, "row"), draw(q, "query")
		skip := func(query, row int) bool { return (query+row)%11 == 3 }
		var want [][]Hit
		for i := range q {
			var all []Hit
			for r := range n {
				if !skip(i, r) {
					all = append(all, Hit{r, kernels.Dot(queries[i*width:(i+1)*width], rows[r*width:(r+1)*width])})
				}
			}
			slices.SortStableFunc(all, func(a, b Hit) int {
				if a.Before(b) {
					return -1
				}
				return 1
			})
			want = append(want, all[:min(k, len(all))])
		}
		for _, workers := range []int{1, 3} {
			parallel.SetWorkers(workers)
			got := Search(queries, rows, width, k, skip)
			for i := range want {
				if d := cmp.Diff(want[i], got[i]); d != "" && len(want[i])+len(got[i]) > 0 {
					t.Fatal(d)
				}
			}
		}
	})
}

func BenchmarkSearch(b *testing.B) {
	const n, width = 100_000, 384
	rows := make([]float32, n*width)
	for i := range rows {
		rows[i] = float32(i%7919) / 7919
	}
	for b.Loop() {
		Search(rows[:width], rows, width, 10, nil)
	}
}
