package kernels

import (
	"sync"
	"unsafe"

	"github.com/seahorse-ml/seahorse/internal/memory"
)

// productSpace is the memory that a run packs its matrices in, on huge pages
// where there are any. Products that run one after the other share one.
type productSpace[T Float] struct {
	block  *memory.Block
	shared []T       // panels of B for all workers, or panels of A that each keeps
	own    [][]T     // by worker: panels of A, one of B, or a strip of B
	held   []columns // by worker: those of the strip in own
	raw    [][]T     // by worker: rows of a packed B
	kept   [][]bool  // by worker and panel: whether the worker keeps the panel of A
	thin   [][]T     // by worker: the sums of a few columns
}

// columns are those in [n0, n1).
type columns struct{ n0, n1 int }

// has reports whether the columns of an item are among c.
func (c columns) has(item productItem) bool { return c.n0 <= item.n0 && item.n1 <= c.n1 }

// forget makes every worker pack the strips and the panels of A that it needs.
func (s *productSpace[T]) forget() {
	for w := range s.held {
		s.held[w] = columns{}
		clear(s.kept[w])
	}
}

// reserve sees to it that the space holds what plan needs.
func (s *productSpace[T]) reserve(plan *productPlan) {
	shared, own, kept, workers := len(s.shared), 0, 0, len(s.own)
	if workers > 0 {
		own, kept = len(s.own[0]), len(s.kept[0])
	}
	if shared >= plan.shared && own >= plan.own && kept >= plan.kept && workers >= plan.workers {
		return
	}
	const line = 16 // elements, so that every part begins a cache line
	shared = max(shared, ceilDiv(plan.shared, line)*line)
	own = max(own, ceilDiv(plan.own, line)*line)
	kept, workers = max(kept, plan.kept), max(workers, plan.workers)
	if s.block != nil {
		s.block.Free()
	}
	var element T
	size, least := int(unsafe.Sizeof(element)), 2<<20
	s.block = memory.Alloc(max(least, (shared+workers*own)*size))
	s.shared = memory.Slice[T](s.block, 0, shared)
	s.own, s.held, s.kept = make([][]T, workers), make([]columns, workers), make([][]bool, workers)
	s.thin = make([][]T, workers)
	for w := range s.own {
		s.thin[w] = make([]T, thinSums)
		s.kept[w] = make([]bool, kept)
		s.own[w] = memory.Slice[T](s.block, (shared+w*own)*size, own)
	}
}

// productSpaces holds the spaces that no run uses.
type productSpaces[T Float] struct {
	mu   sync.Mutex
	free []*productSpace[T]
}

var (
	productSpaces32 productSpaces[float32]
	productSpaces64 productSpaces[float64]
)

func productSpacesOf[T Float]() *productSpaces[T] {
	if s, ok := any(&productSpaces32).(*productSpaces[T]); ok {
		return s
	}
	return any(&productSpaces64).(*productSpaces[T])
}

func takeProductSpace[T Float]() *productSpace[T] {
	s := productSpacesOf[T]()
	s.mu.Lock()
	defer s.mu.Unlock()
	last := len(s.free) - 1
	if last < 0 {
		return new(productSpace[T])
	}
	space := s.free[last]
	s.free = s.free[:last]
	return space
}

func giveProductSpace[T Float](space *productSpace[T]) {
	s := productSpacesOf[T]()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.free = append(s.free, space)
}
