package model

import "math/bits"

// pairTable maps a pair of ids to the rank of its merge and the merged id: a
// hash table with open addressing, filled at most to the half.
type pairTable struct {
	slots []pairSlot
	shift uint
}

type pairSlot struct {
	key uint64 // left<<32 | right, plus one so that 0 is empty
	// rank and id of the merged token
	rank uint32
	id   int32
}

const noRank = ^uint32(0)

func newPairTable(n int) *pairTable {
	size := 16
	for size < 2*n {
		size *= 2
	}
	return &pairTable{slots: make([]pairSlot, size), shift: uint(64 - bits.TrailingZeros(uint(size)))}
}

func (t *pairTable) slot(key uint64) *pairSlot {
	mask := len(t.slots) - 1
	for i := int(key * 0x9e3779b97f4a7c15 >> t.shift); ; i = (i + 1) & mask {
		s := &t.slots[i&mask]
		if s.key == key || s.key == 0 {
			return s
		}
	}
}

func pairKey(left, right int32) uint64 {
	return uint64(uint32(left))<<32 | uint64(uint32(right)) + 1
}

func (t *pairTable) put(left, right int32, rank uint32, id int32) {
	key := pairKey(left, right)
	*t.slot(key) = pairSlot{key, rank, id}
}

// get returns the rank of the merge of left and right, noRank if they don't merge.
func (t *pairTable) get(left, right int32) (rank uint32, id int32) {
	key := pairKey(left, right)
	if s := t.slot(key); s.key == key {
		return s.rank, s.id
	}
	return noRank, 0
}
