package exchange

import (
	"slices"
	"sync"

	"github.com/seahorse-ml/seahorse/graph"
)

// spreading is how far the spread of new values is.
type spreading struct {
	order []int // buckets, as they are spread
	needs []int // of each parameter: how many of them are there when it is

	lock    sync.Mutex
	changed *sync.Cond
	there   int
	failed  error
}

// newSpreading puts buckets into the order in which the next pass is going to read their parameters: tables that are looked up, and then those
// whose gradients were found last.
func newSpreading(params int, pieces []stretch, list []bucket, lookups []int) *spreading {
	s := &spreading{needs: make([]int, params), there: len(list)}
	s.changed = sync.NewCond(&s.lock)
	for i := range list {
		s.order = append(s.order, len(list)-1-i)
	}
	slices.SortStableFunc(s.order, func(a, b int) int { return first(pieces, list[a], lookups) - first(pieces, list[b], lookups) })
	for at, i := range s.order {
		for _, p := range pieces[list[i].lo:list[i].hi] {
			s.needs[p.param] = at + 1
		}
	}
	return s
}

// first returns 0 for a bucket of a table that is looked up, and 1 for others.
func first(pieces []stretch, b bucket, lookups []int) int {
	if lookupOf(pieces, b, lookups) >= 0 {
		return 0
	}
	return 1
}

// set says how many buckets are there.
func (s *spreading) set(n int, failed error) {
	s.lock.Lock()
	s.there, s.failed = n, failed
	s.lock.Unlock()
	s.changed.Broadcast()
}

// await returns when so many buckets are there, or there is an error.
func (s *spreading) await(n int) error {
	s.lock.Lock()
	defer s.lock.Unlock()
	for s.there < n && s.failed == nil {
		s.changed.Wait()
	}
	return s.failed
}

// Spread is described at Reducer.
func (r *reducer[T]) Spread() {
	r.idle.Store(false)
	r.news.set(0, nil)
	r.spreads <- struct{}{}
}

// Await is described at Reducer.
func (r *reducer[T]) Await(p *graph.Param) {
	if i, ok := r.index[p]; ok {
		_ = r.news.await(r.news.needs[i])
	}
}

// Settle is described at Reducer.
func (r *reducer[T]) Settle() error { return r.news.await(len(r.buckets)) }

// spreadAll spreads all values, some buckets at a time.
func (r *reducer[T]) spreadAll() error {
	land := func(i int) error {
		err := r.arrive(r.flights[i%len(r.flights)])
		if err == nil {
			r.news.set(i+1, nil)
		}
		return err
	}
	for i, k := range r.news.order {
		f := r.flights[i%len(r.flights)]
		r.choose(&r.buckets[k])
		r.load(f, r.chunk)
		r.spread(f, r.values, false)
		if i > 0 {
			if err := land(i - 1); err != nil {
				return err
			}
		}
	}
	return land(len(r.news.order) - 1)
}
