// Package parallel runs loops on all cores with one pool of workers for the
// process. Handing a loop to it costs about a microsecond and no allocation.
package parallel

import (
	"math"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/seahorse-ml/seahorse/internal/cpu"
)

// pool holds the state of the loop that is running.
type pool struct {
	gate    sync.Mutex // held by the loop that runs
	helpers []*helper  // the workers but the caller, who is worker 0
	body    func(worker, i int)
	workers int          // that the loop has items for
	shares  []share      // by worker
	state   atomic.Int64 // open, plus the helpers that are at work
	caller  sleeper
	failed  atomic.Pointer[failure]
}

// open is set in a pool's state while helpers may begin to work on the loop. A helper that the system doesn't
// let run in time so holds up nobody: the caller closes the loop when no items are left.
const open = 1 << 32

// helper is a worker with a goroutine of its own.
type helper struct {
	sleeper
	loops atomic.Uint64 // loops that it was called to
	quit  atomic.Bool
}

type failure struct{ value any }

var shared = newPool(min(runtime.GOMAXPROCS(0), cpu.Usable()))

func newPool(workers int) *pool {
	p := &pool{caller: newSleeper(), shares: make([]share, workers)}
	for w := 1; w < workers; w++ {
		h := &helper{sleeper: newSleeper()}
		p.helpers = append(p.helpers, h)
		go p.help(h, w)
	}
	return p
}

// help works on each loop that h is called to, unless it comes too late.
func (p *pool) help(h *helper, worker int) {
	var seen uint64
	called := func() bool { return h.loops.Load() != seen }
	t := &p.shares[worker].turn
	for {
		if h.wait(called, t) {
			t.begin()
		}
		if h.quit.Load() {
			return
		}
		seen = h.loops.Load()
		for p.enter() {
			done := worker >= p.workers || p.work(worker) // it may have been called to an earlier loop
			p.leave(t)
			if done {
				break
			}
			if t.contended() {
				h.sleep(called)
				t.begin()
				break
			}
			t.yield()
		}
	}
}

// enter counts a helper in, if the loop is open.
func (p *pool) enter() bool {
	for {
		s := p.state.Load()
		if s < open {
			return false
		}
		if p.state.CompareAndSwap(s, s+1) {
			return true
		}
	}
}

// leave counts a helper out again, whose turn is t. If it wakes the caller, which waits for nobody else then, it leaves its processor to it: the caller goes
// on where there is one, and not where it would have to wait for one.
func (p *pool) leave(t *turn) {
	if s := p.state.Add(-1); s != 0 && s != open || !p.caller.asleep.Load() {
		return
	}
	p.shares[0].began.Store(t.began.Load())
	if p.caller.wake() {
		runtime.Gosched()
	}
}

// Workers returns the number of workers: as many as there are processors that the process may use, and at most GOMAXPROCS at start, unless SetWorkers changed it.
func Workers() int { return len(shared.helpers) + 1 }

// SetWorkers sets the number of workers to n, at least 1. It must not be
// called while a loop runs.
func SetWorkers(n int) {
	if n = max(n, 1); n == Workers() {
		return
	}
	for _, h := range shared.helpers {
		h.quit.Store(true)
		h.loops.Add(1)
		h.wake()
	}
	shared = newPool(n)
}

// Run calls body(worker, i) once for every i in [0, n), with worker in
// [0, Workers()), and less than n. Each worker has a stretch of the items, the same in each loop of n items, which it does
// from the first on, so that it finds in its caches what it left there in the loop before; then it helps
// others from their last on. So which worker gets which item is not determined, and a result must
// not depend on it. A Run inside of a Run, or beside one in another goroutine, does
// its items itself, as worker 0 of a loop of its own: bodies that use memory by worker must
// not nest. A panic in body is raised again by Run, after the others have stopped.
func Run(n int, body func(worker, i int)) {
	p := shared
	if n <= 1 || len(p.helpers) == 0 || n > math.MaxInt32 || !p.gate.TryLock() {
		for i := range n {
			body(0, i)
		}
		return
	}
	p.body = body
	helpers := p.helpers[:min(len(p.helpers), n-1)]
	p.workers = len(helpers) + 1
	for w := range p.shares {
		p.shares[w].set(n*min(w, p.workers)/p.workers, n*min(w+1, p.workers)/p.workers)
	}
	p.state.Store(open)
	for _, h := range helpers {
		h.loops.Add(1)
		h.wake()
	}
	t := &p.shares[0].turn
	for !p.work(0) {
		if p.left() || !t.contended() {
			t.yield()
		} else {
			p.caller.sleep(p.left) // and let the others go on, on the processors that they have
		}
	}
	p.state.Add(-open)
	p.caller.wait(p.finished, t)
	p.body = nil
	f := p.failed.Swap(nil)
	p.gate.Unlock()
	if f != nil {
		panic(f.value)
	}
}

func (p *pool) finished() bool { return p.state.Load() == 0 }

// left reports whether no helper is at work on the open loop.
func (p *pool) left() bool { return p.state.Load() == open }

// work does the worker's items, and then what others have left. It returns false where there may be more to do, but the worker has had its processor for
// long enough and had better let go of it while it holds up nobody.
func (p *pool) work(worker int) (done bool) {
	defer func() {
		if v := recover(); v != nil {
			p.failed.Store(&failure{v})
			for w := range p.shares {
				p.shares[w].set(0, 0)
			}
			done = true
		}
	}()
	own := &p.shares[worker]
	for {
		if own.over() {
			return false
		}
		i, ok := own.first()
		if !ok {
			break
		}
		p.body(worker, i)
	}
	for w := range p.shares {
		victim := &p.shares[(worker+w)%len(p.shares)]
		for {
			if own.over() {
				return false
			}
			i, ok := victim.last()
			if !ok {
				break
			}
			p.body(worker, i)
		}
	}
	return true
}
