package graph

import "github.com/seahorse-ml/seahorse/internal/parallel"

// elementGrain is how many elements of cheap work are worth handing to a worker.
const elementGrain = 16 << 10

// spread returns a function that calls body on pieces of [0, n) of size grain,
// on all cores. The pieces don't depend on the number of cores.
func spread(n, grain int, body func(lo, hi int)) func() {
	count := pieceCount(n, grain)
	if count <= 1 {
		return func() { body(0, n) }
	}
	item := func(_, i int) { body(i*grain, min((i+1)*grain, n)) }
	return func() { parallel.Run(count, item) }
}

// pieceCount returns how many pieces of size grain [0, n) has.
func pieceCount(n, grain int) int { return (n + grain - 1) / grain }

// rowGrain returns how many rows of a width make a piece of work of elementGrain elements.
func rowGrain(cols int) int { return max(1, elementGrain/cols) }
