package parallel

import "sync/atomic"

const (
	// spins is how often a waiting worker looks before it goes to sleep: some
	// hundred microseconds, which bridges the gaps between the loops of a training step, among
	// them the loops that are too short to share. Waking a sleeping worker takes the system some forty.
	spins = 200_000

	// busySpins is that on a processor that others use too, whose time is better given to them: some forty microseconds.
	busySpins = 20_000

	looks = 256 // spins between two looks at the clock
)

// A sleeper waits for a condition that another goroutine makes true, first
// awake and then asleep.
type sleeper struct {
	asleep atomic.Bool
	bell   chan struct{}
}

func newSleeper() sleeper { return sleeper{bell: make(chan struct{}, 1)} }

// wait returns when ready does, and tells whether it slept; whoever makes it true must call wake afterwards.
func (s *sleeper) wait(ready func() bool, t *turn) (slept bool) {
	n := spins
	if t.contended() {
		n = busySpins
	}
	for i := range n {
		if ready() {
			return false
		}
		if i%looks == looks-1 {
			t.look()
		}
	}
	s.sleep(ready)
	return true
}

// sleep is wait without spinning.
func (s *sleeper) sleep(ready func() bool) {
	s.asleep.Store(true)
	if ready() && s.asleep.CompareAndSwap(true, false) {
		return
	}
	<-s.bell
}

// wake tells whether it woke a sleeper.
func (s *sleeper) wake() bool {
	if !s.asleep.CompareAndSwap(true, false) {
		return false
	}
	s.bell <- struct{}{}
	return true
}
