// Package parallel runs loops on all cores with one pool of workers for the
// process. Handing a loop to it costs a few microseconds and no allocation.
package parallel

import (
	"runtime"
	"sync"
	"sync/atomic"
)

// pool holds the state of the loop that is running. Items are handed out one
// at a time by a counter, so that uneven ones balance.
type pool struct {
	gate    sync.Mutex // held by the loop that runs
	workers int
	wake    []chan struct{} // one for each worker but the caller
	body    func(worker, i int)
	n       int64
	next    atomic.Int64
	busy    sync.WaitGroup
	failed  atomic.Pointer[failure]
}

type failure struct{ value any }

var shared = newPool(runtime.GOMAXPROCS(0))

func newPool(n int) *pool {
	p := &pool{workers: n}
	for w := 1; w < n; w++ {
		wake := make(chan struct{}, 1)
		p.wake = append(p.wake, wake)
		go func() {
			for range wake {
				p.work(w)
				p.busy.Done()
			}
		}()
	}
	return p
}

// Workers returns the number of workers, GOMAXPROCS at start unless SetWorkers changed it.
func Workers() int { return shared.workers }

// SetWorkers sets the number of workers to n, at least 1. It must not be
// called while a loop runs.
func SetWorkers(n int) {
	n = max(n, 1)
	if n == shared.workers {
		return
	}
	for _, wake := range shared.wake {
		close(wake)
	}
	shared = newPool(n)
}

// Run calls body(worker, i) once for every i in [0, n), with worker in
// [0, Workers()). Which worker gets which item is not determined, so a result must
// not depend on it. A Run inside of a Run, or beside one in another goroutine, does
// its items itself, as worker 0 of a loop of its own: bodies that use memory by worker must
// not nest. A panic in body is raised again by Run, after the others have stopped.
func Run(n int, body func(worker, i int)) {
	p := shared
	if n <= 1 || p.workers == 1 || !p.gate.TryLock() {
		for i := range n {
			body(0, i)
		}
		return
	}
	p.body, p.n = body, int64(n)
	p.next.Store(0)
	helpers := min(len(p.wake), n-1)
	p.busy.Add(helpers)
	for _, wake := range p.wake[:helpers] {
		wake <- struct{}{}
	}
	p.work(0)
	p.busy.Wait()
	p.body = nil
	f := p.failed.Swap(nil)
	p.gate.Unlock()
	if f != nil {
		panic(f.value)
	}
}

// work takes items until there are none.
func (p *pool) work(worker int) {
	defer func() {
		if v := recover(); v != nil {
			p.failed.Store(&failure{v})
			p.next.Store(p.n)
		}
	}()
	for {
		i := p.next.Add(1) - 1
		if i >= p.n {
			return
		}
		p.body(worker, int(i))
	}
}
