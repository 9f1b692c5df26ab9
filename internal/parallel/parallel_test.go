package parallel

import (
	"sync/atomic"
	"testing"
	"time"
)

func withWorkers(t testing.TB, n int) {
	before := Workers()
	SetWorkers(n)
	t.Cleanup(func() { SetWorkers(before) })
}

func TestRunDoesEachItemOnce(t *testing.T) {
	for _, workers := range []int{1, 2, 3, 8} {
		withWorkers(t, workers)
		for _, n := range []int{0, 1, 2, 7, 1000} {
			done := make([]atomic.Int32, n)
			Run(n, func(worker, i int) {
				if worker < 0 || worker >= workers {
					t.Errorf("worker %d of %d", worker, workers)
				}
				done[i].Add(1)
			})
			for i := range done {
				if got := done[i].Load(); got != 1 {
					t.Errorf("%d workers, %d items: item %d was done %d times", workers, n, i, got)
				}
			}
		}
	}
}

// TestWorkersAreFewerThanItems lets helpers that were called to a loop of many items come late, to one of two.
func TestWorkersAreFewerThanItems(t *testing.T) {
	withWorkers(t, 8)
	var most atomic.Int64
	for range 20_000 {
		Run(8, func(int, int) {})
		Run(2, func(worker, _ int) {
			if int64(worker) > most.Load() {
				most.Store(int64(worker))
			}
			for begin := time.Now(); time.Since(begin) < 2*time.Microsecond; {
			}
		})
	}
	if most.Load() > 1 {
		t.Errorf("worker %d does one of two items", most.Load())
	}
}

func TestRunNests(t *testing.T) {
	withWorkers(t, 3)
	var sum atomic.Int64
	Run(10, func(_, i int) {
		Run(10, func(_, k int) { sum.Add(int64(10*i + k)) })
	})
	if got := sum.Load(); got != 4950 {
		t.Errorf("got %d, want 4950", got)
	}
}

// TestRunDoesNotWaitForLateHelpers has a helper that never gets to run, as on a processor that has other work.
func TestRunDoesNotWaitForLateHelpers(t *testing.T) {
	before := shared
	defer func() { shared = before }()
	shared = &pool{helpers: []*helper{{sleeper: newSleeper()}}, caller: newSleeper(), shares: make([]share, 2)}
	done := make([]int, 100)
	for range 3 {
		Run(len(done), func(_, i int) { done[i]++ })
	}
	for i, n := range done {
		if n != 3 {
			t.Errorf("item %d was done %d times in 3 loops", i, n)
		}
	}
	// The helper comes between two loops: it must find the last one closed.
	if shared.enter() {
		t.Error("a late helper can begin to work on a loop that is over")
	}
}

func TestPanicReachesTheCaller(t *testing.T) {
	withWorkers(t, 2)
	func() {
		defer func() {
			if v := recover(); v != "item 3" {
				t.Errorf("recovered %v, want the panic of item 3", v)
			}
		}()
		Run(100, func(_, i int) {
			if i == 3 {
				panic("item 3")
			}
		})
	}()
	var n atomic.Int32
	Run(10, func(_, _ int) { n.Add(1) })
	if n.Load() != 10 {
		t.Errorf("after a panic, %d of 10 items were done", n.Load())
	}
}

func TestRunAllocatesNothing(t *testing.T) {
	withWorkers(t, 2)
	body := func(_, _ int) {}
	if n := testing.AllocsPerRun(100, func() { Run(64, body) }); n > 0 {
		t.Errorf("Run allocates %g objects", n)
	}
}

// TestRunAfterSleep runs loops with pauses that let the workers fall asleep.
func TestRunAfterSleep(t *testing.T) {
	withWorkers(t, 4)
	for range 50 {
		var n atomic.Int32
		Run(8, func(_, _ int) { n.Add(1) })
		if n.Load() != 8 {
			t.Fatalf("%d of 8 items were done", n.Load())
		}
		time.Sleep(200 * time.Microsecond)
	}
}

// BenchmarkRun has items of about a microsecond, so that all workers take part.
func BenchmarkRun(b *testing.B) {
	var sink atomic.Uint64
	body := func(_, i int) {
		x := uint64(i)
		for range 1000 {
			x = x*6364136223846793005 + 1
		}
		sink.Add(x)
	}
	for b.Loop() {
		Run(2*Workers(), body)
	}
}

// TestTurns lets workers let go of their processors after each item, as on a busy machine, with and without other work on them.
func TestTurns(t *testing.T) {
	defer latelyContended.Store(0)
	for _, busy := range []bool{false, true} {
		for _, workers := range []int{2, 3, 8} {
			withWorkers(t, workers)
			var sum atomic.Int64
			body := func(worker, i int) {
				sum.Add(int64(i))
				shared.shares[worker].began.Store(-int64(2 * longestTurn)) // over at once
				if busy {
					n := int64(now())
					latelyContended.Store(n)
					contention[processor()%len(contention)].Store(n)
				}
			}
			for range 200 {
				sum.Store(0)
				Run(100, body)
				if got := sum.Load(); got != 4950 {
					t.Fatalf("%d workers, busy %v: items add up to %d, want 4950", workers, busy, got)
				}
			}
		}
	}
}

func TestContentionIsForgotten(t *testing.T) {
	defer latelyContended.Store(0)
	var turn turn
	n := int64(now())
	latelyContended.Store(n)
	for i := range contention {
		contention[i].Store(n)
	}
	if !turn.contended() {
		t.Error("other work of now isn't seen")
	}
	latelyContended.Store(n - int64(remembered) - int64(time.Second))
	if turn.contended() {
		t.Error("other work of long ago is seen")
	}
}
