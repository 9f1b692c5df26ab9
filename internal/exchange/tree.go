package exchange

import "math/bits"

// A Branch is the sum of the gradients of some of a step's micro-batches.
type Branch struct{ First, Count int }

// split returns how many of n micro-batches, at least two, are in the left branch of their sum: the largest power of two below n.
func split(n int) int { return 1 << (bits.Len(uint(n-1)) - 1) }

// Branches returns the largest branches of the tree over n micro-batches that have none but those in [lo, hi), in their order.
func Branches(n, lo, hi int) []Branch {
	var all []Branch
	var walk func(first, n int)
	walk = func(first, n int) {
		switch {
		case first >= hi || first+n <= lo:
		case first >= lo && first+n <= hi:
			all = append(all, Branch{first, n})
		default:
			walk(first, split(n))
			walk(first+split(n), n-split(n))
		}
	}
	walk(0, n)
	return all
}

// Additions returns for each micro-batch of the branches how many sums are added to its gradient, the last one that was put aside first.
// What comes of it is put aside itself, but for the last; depth is how many are put aside at most.
func Additions(of []Branch) (adds []int, depth int) {
	var walk func(n int)
	walk = func(n int) {
		if n == 1 {
			adds = append(adds, 0)
			return
		}
		walk(split(n))
		walk(n - split(n))
		adds[len(adds)-1]++
	}
	for _, b := range of {
		walk(b.Count)
	}
	aside := 0
	for _, n := range adds[:len(adds)-1] {
		aside += 1 - n
		depth = max(depth, aside)
	}
	return adds, depth
}
