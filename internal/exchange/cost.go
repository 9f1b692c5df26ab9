package exchange

import "github.com/seahorse-ml/seahorse/graph"

// Cost is what a Reducer takes, on the rank that takes most.
type Cost struct {
	Elements int // of memory: sums that are put aside, and what goes to other ranks and comes from them
	Sums     int // elements that go out in a step for the sums
	Spread   int // elements that go out in a step to spread what a rank has
	Buckets  int // exchanges of each kind
	Last     int // elements of the buckets that wait for the last parameter
}

// Estimate returns what a Reducer would take for parameters in the order in which their gradients are found.
func Estimate(params []*graph.Param, ranks, accumulation int) Cost {
	all, elements := stretches(params)
	list := buckets(all, ranks)
	c := Cost{Buckets: len(list)}
	for _, b := range list {
		if all[b.hi-1].param == len(params)-1 {
			c.Last += all[b.hi-1].end() - all[b.lo].at
		}
	}
	counts := make([]int, ranks) // branches of each rank
	for q := range counts {
		counts[q] = len(Branches(ranks*accumulation, q*accumulation, (q+1)*accumulation))
	}
	for rank := range counts {
		_, depth := Additions(Branches(ranks*accumulation, rank*accumulation, (rank+1)*accumulation))
		room, sums, spread := depth*elements, 0, 0
		out, in := staging(list, counts, rank)
		for q := range counts {
			room += out[q] + in[q]
		}
		for _, b := range list {
			for q, s := range b.shards {
				if q != rank {
					sums += counts[rank] * s.size
					spread += b.shards[rank].size
				}
			}
		}
		c.Elements, c.Sums, c.Spread = max(c.Elements, room), max(c.Sums, sums), max(c.Spread, spread)
	}
	return c
}

// staging returns the elements of what goes from a rank to each one at a time, and of what comes from there.
func staging(all []bucket, counts []int, rank int) (out, in []int) {
	out, in = make([]int, len(counts)), make([]int, len(counts))
	for q := range counts {
		for _, b := range all {
			out[q] = max(out[q], counts[rank]*b.shards[q].size)
			if q != rank {
				in[q] = max(in[q], counts[q]*b.shards[rank].size, b.shards[q].size)
			}
		}
	}
	return out, in
}
