package graph

import (
	"slices"

	"github.com/seahorse-ml/seahorse/internal/memory"
)

// layout gives every planned place its offset in the arena: largest first, at
// the lowest offset where nothing lies that is alive at the same time.
func (p *plan) layout() {
	type block struct {
		*place
		first, last, size int
	}
	var blocks []block
	for _, pl := range p.places {
		if pl.merged != nil || pl.kind != planned || pl.size == 0 {
			continue
		}
		first, last := pl.lifetime()
		size := (pl.bytes() + memory.Align - 1) / memory.Align * memory.Align
		blocks = append(blocks, block{pl, first, last, size})
	}
	slices.SortStableFunc(blocks, func(a, b block) int {
		if a.size != b.size {
			return b.size - a.size
		}
		return a.first - b.first
	})
	var placed []block // by offset
	for _, b := range blocks {
		offset := 0
		for _, other := range placed {
			if other.last < b.first || b.last < other.first {
				continue
			}
			if offset+b.size <= other.offset {
				break
			}
			offset = max(offset, other.offset+other.size)
		}
		b.offset = offset
		p.arena = max(p.arena, offset+b.size)
		at, _ := slices.BinarySearchFunc(placed, offset, func(o block, offset int) int {
			if o.offset <= offset {
				return -1
			}
			return 1
		})
		placed = slices.Insert(placed, at, b)
	}
}
