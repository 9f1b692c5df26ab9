package exchange

import (
	"slices"

	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/optim"
)

// A stretch is a piece of a parameter, as optimizers cut them.
type stretch struct {
	param  int // its place among the parameters
	lo, hi int // elements of it
	at     int // of all parameters' elements, where it begins
}

// end returns where it ends among all elements.
func (s stretch) end() int { return s.at + s.hi - s.lo }

// stretches cuts parameters, and tells how many elements they have.
func stretches(params []*graph.Param) (all []stretch, elements int) {
	for i, p := range params {
		for lo := 0; lo < p.Len(); lo += optim.PieceSize {
			hi := min(lo+optim.PieceSize, p.Len())
			all = append(all, stretch{i, lo, hi, elements})
			elements += hi - lo
		}
	}
	return all, elements
}

// bucketElements is how many elements are exchanged at a time, at least: enough that a message takes longer than its beginning, and few
// enough that the first are on their way while the backward pass goes on.
const bucketElements = 1 << 20

// A bucket is a run of stretches that are exchanged together, when the gradients of all their parameters are found.
type bucket struct {
	lo, hi int     // its stretches
	shards []shard // by rank
}

// A shard is the part of a bucket that one rank adds up.
type shard struct {
	lo, hi   int // stretches; none where they are equal
	at, size int // elements
}

// buckets divides stretches into buckets, and those among ranks, each its part of every bucket. Some parameters have buckets of their own.
func buckets(all []stretch, ranks int, alone []int) []bucket {
	least := max(bucketElements, 4*ranks*optim.PieceSize)
	var list []bucket
	for lo := 0; lo < len(all); {
		hi := lo + 1
		for hi < len(all) && all[hi].at-all[lo].at < least && together(all[lo].param, all[hi].param, alone) {
			hi++
		}
		list = append(list, divide(all, lo, hi, ranks, len(list)))
		lo = hi
	}
	return list
}

// together tells whether two parameters may be in a bucket.
func together(a, b int, alone []int) bool {
	return a == b || !slices.Contains(alone, a) && !slices.Contains(alone, b)
}

// divide cuts a bucket where the elements are about even; the first part goes to another rank in each bucket, so that what is left over
// comes to all.
func divide(all []stretch, lo, hi, ranks, turn int) bucket {
	b := bucket{lo: lo, hi: hi, shards: make([]shard, ranks)}
	begin, size := all[lo].at, all[hi-1].end()-all[lo].at
	next := lo
	for part := range ranks {
		s := shard{lo: next, at: begin + size}
		if next < hi {
			s.at = all[next].at
		}
		for next < hi && (all[next].at+all[next].end()-2*begin)*ranks < 2*size*(part+1) {
			s.size += all[next].hi - all[next].lo
			next++
		}
		s.hi = next
		b.shards[(part+turn)%ranks] = s
	}
	return b
}
