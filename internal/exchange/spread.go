package exchange

import (
	"sync"

	"github.com/seahorse-ml/seahorse/graph"
)

// spreading is how far the spread of new values is.
type spreading struct {
	orders [2]spreadOrder // with lookups whole, and in two parts

	lock    sync.Mutex
	changed *sync.Cond
	order   *spreadOrder // of this spread
	rows    []Rows       // of lookups that come at first in it
	there   int          // tasks that are complete
	failed  error
}

// A spreadOrder is the exchanges of a spread, the same on all ranks, and how many of them each parameter waits for.
type spreadOrder struct {
	tasks []task
	whole []int // by parameter
	rows  []int // where only the rows of a lookup are wanted
}

// newSpreading puts exchanges into the order in which the next pass is going to read their parameters.
func newSpreading(params int, pieces []stretch, list []bucket, lookups []int) *spreading {
	s := &spreading{}
	s.changed = sync.NewCond(&s.lock)
	for i := range s.orders {
		s.orders[i] = newSpreadOrder(params, pieces, list, lookups, i == 1)
	}
	s.order = &s.orders[0]
	s.there = len(s.order.tasks)
	return s
}

// newSpreadOrder begins with tables that are looked up, or with their rows only. Then come the parameters whose gradients were found last, and at the end
// the other rows of the tables, which the model's head reads.
func newSpreadOrder(params int, pieces []stretch, list []bucket, lookups []int, parts bool) spreadOrder {
	o := spreadOrder{whole: make([]int, params), rows: make([]int, params)}
	tables := func() {
		for i := len(list) - 1; i >= 0; i-- {
			l := lookupOf(pieces, list[i], lookups)
			if l < 0 {
				continue
			}
			t := task{i, -1}
			if parts {
				t.lookup = l
			}
			o.tasks = append(o.tasks, t)
			o.whole[lookups[l]] = len(o.tasks)
			if !parts {
				o.rows[lookups[l]] = len(o.tasks)
			}
		}
	}
	if !parts {
		tables()
	} else {
		for l, param := range lookups {
			o.tasks = append(o.tasks, task{-1, l})
			o.rows[param] = len(o.tasks)
		}
	}
	for i := len(list) - 1; i >= 0; i-- {
		if lookupOf(pieces, list[i], lookups) >= 0 {
			continue
		}
		o.tasks = append(o.tasks, task{i, -1})
		for _, p := range pieces[list[i].lo:list[i].hi] {
			o.whole[p.param], o.rows[p.param] = len(o.tasks), len(o.tasks)
		}
	}
	if parts {
		tables()
	}
	return o
}

// begin says that a spread begins.
func (s *spreading) begin(rows []Rows) {
	s.lock.Lock()
	s.order, s.rows, s.there = &s.orders[0], rows, 0
	if rows != nil {
		s.order = &s.orders[1]
	}
	s.lock.Unlock()
}

// set says how many tasks are complete.
func (s *spreading) set(n int, failed error) {
	s.lock.Lock()
	s.there, s.failed = n, failed
	s.lock.Unlock()
	s.changed.Broadcast()
}

// await returns when as many tasks are complete as are needed, or there is an error.
func (s *spreading) await(needed func(o *spreadOrder) int) error {
	s.lock.Lock()
	defer s.lock.Unlock()
	for s.there < needed(s.order) && s.failed == nil {
		s.changed.Wait()
	}
	return s.failed
}

// Spread is described at Reducer.
func (r *reducer[T]) Spread(rows []Rows) {
	r.idle.Store(false)
	r.news.begin(rows)
	r.spreads <- struct{}{}
}

// Await is described at Reducer.
func (r *reducer[T]) Await(p *graph.Param, rows bool) {
	i, ok := r.index[p]
	if !ok {
		return
	}
	_ = r.news.await(func(o *spreadOrder) int {
		if rows {
			return o.rows[i]
		}
		return o.whole[i]
	})
}

// Settle is described at Reducer.
func (r *reducer[T]) Settle() error {
	return r.news.await(func(o *spreadOrder) int { return len(o.tasks) })
}

// spreadAll spreads all values.
func (r *reducer[T]) spreadAll() error {
	var last *flight[T]
	begin := func() error {
		f, err := r.board()
		if err == nil {
			send, recv := r.outward(f, r.values, false)
			f.wait, last = r.Peers.Start(send, recv, nil), f
		}
		return err
	}
	for i, t := range r.news.order.tasks {
		if err := r.visit(t, r.news.rows, begin); err != nil {
			return err
		}
		last.ends = i + 1
	}
	return r.land()
}
