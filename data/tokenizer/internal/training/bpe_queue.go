package training

import "math/bits"

// entry is a pair that waits to be merged, with its count when it was put here
// and the words that it stands in.
type entry struct {
	count  uint64
	key    uint64
	pair   int32
	places int32
}

func (e *entry) before(f *entry) bool {
	return e.count > f.count || e.count == f.count && e.key < f.key
}

// entryHeap is a heap with four children a node.
type entryHeap []entry

func (h *entryHeap) push(e entry) {
	*h = append(*h, e)
	q := *h
	i := len(q) - 1
	for i > 0 {
		up := (i - 1) / 4
		if !e.before(&q[up]) {
			break
		}
		q[i] = q[up]
		i = up
	}
	q[i] = e
}

func (h *entryHeap) pop() entry {
	q := *h
	top, last := q[0], q[len(q)-1]
	q = q[:len(q)-1]
	*h = q
	i := 0
	for {
		best := 4*i + 1
		if best >= len(q) {
			break
		}
		for k := best + 1; k < min(best+4, len(q)); k++ {
			if q[k].before(&q[best]) {
				best = k
			}
		}
		if !q[best].before(&last) {
			break
		}
		q[i] = q[best]
		i = best
	}
	if len(q) > 0 {
		q[i] = last
	}
	return top
}

// pairIndex finds pairs by their key: a hash table of their numbers, filled at most to the half.
type pairIndex struct {
	slots []int32 // number + 1; 0 is empty
	shift uint
	used  int
}

func (x *pairIndex) init(size int) {
	x.slots = make([]int32, size)
	x.shift = uint(64 - bits.TrailingZeros(uint(size)))
	x.used = 0
}

// find returns the number of the pair with the given key, -1 if there is none.
func (x *pairIndex) find(key uint64, pairs []bpePair) int32 {
	mask := uint64(len(x.slots) - 1)
	for i := key * 0x9e3779b97f4a7c15 >> x.shift; ; i++ {
		n := x.slots[i&mask]
		if n == 0 {
			return -1
		}
		if pairs[n-1].key == key {
			return n - 1
		}
	}
}

func (x *pairIndex) put(key uint64, n int32, pairs []bpePair) {
	if 2*x.used >= len(x.slots) {
		x.init(4 * len(x.slots))
		for i := range pairs[:n] {
			x.insert(pairs[i].key, int32(i))
		}
	}
	x.insert(key, n)
}

func (x *pairIndex) insert(key uint64, n int32) {
	mask := uint64(len(x.slots) - 1)
	i := key * 0x9e3779b97f4a7c15 >> x.shift
	for x.slots[i&mask] != 0 {
		i++
	}
	x.slots[i&mask] = n + 1
	x.used++
}
