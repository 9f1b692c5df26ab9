package exchange

import "github.com/seahorse-ml/seahorse/graph"

// Cost is what a Reducer takes, on the rank that takes most.
type Cost struct {
	Elements int // of memory: sums that are put aside, and what goes to other ranks and comes from them
	Staged   int // of those, what goes and comes
	Sums     int // elements that go out in a step for the sums
	Spread   int // elements that go out in a step to spread what a rank has
	Buckets  int // exchanges of each kind
	Flights  int // of them, that are under way at a time
	Last     int // elements of all that go out when the last gradient is found
	First    int // elements of all that a pass waits for before it begins, where values are spread
	Whole    int // elements of the tables of which the rest is waited for at the end of the forward pass
}

// Estimate returns what a Reducer would take for parameters in the order in which their gradients are found. Late gives for Config.Lookups how many of
// their rows are found late, and how many are read first. Gather is Config's.
func Estimate(params []*graph.Param, ranks, accumulation int, gather bool, late map[*graph.Param]int) Cost {
	all, elements := stretches(params)
	var alone []int
	last := 0 // of the parameters that are exchanged whole
	for i, p := range params {
		if _, ok := late[p]; ok {
			alone = append(alone, i)
		} else {
			last = i
		}
	}
	list := buckets(all, ranks, alone)
	c := Cost{Buckets: len(list), Flights: inFlight}
	for _, b := range list {
		if all[b.hi-1].param == last {
			c.Last += all[b.hi-1].end() - all[b.lo].at
		}
	}
	c.First = all[list[len(list)-1].hi-1].end() - all[list[len(list)-1].lo].at
	for p, rows := range late {
		if float64(rows) > mostLate*float64(p.Shape[0]) {
			rows = p.Shape[0]
		}
		c.Last += rows * p.Shape[1]
		c.First += rows * p.Shape[1]
		c.Whole += p.Len() - rows*p.Shape[1]
	}
	counts := make([]int, ranks) // branches of each rank
	for q := range counts {
		counts[q] = len(Branches(ranks*accumulation, q*accumulation, (q+1)*accumulation))
	}
	for rank := range counts {
		_, depth := Additions(Branches(ranks*accumulation, rank*accumulation, (rank+1)*accumulation))
		staged, sums, spread := 0, 0, 0
		out, in := staging(list, counts, rank)
		for q := range counts {
			staged += inFlight * (out[q] + in[q])
		}
		for _, b := range list {
			for q, s := range b.shards {
				if q != rank {
					sums += counts[rank] * s.size
					spread += b.shards[rank].size
				}
			}
		}
		c.Elements, c.Staged = max(c.Elements, depth*elements+staged), max(c.Staged, staged)
		c.Sums, c.Spread = max(c.Sums, sums), max(c.Spread, spread)
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
