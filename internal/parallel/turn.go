package parallel

import (
	"sync/atomic"
	"time"
)

const (
	// longestTurn is how long a worker keeps a processor before it lets others have it, between two items. Where a processor has other work,
	// the system takes it away at the end of a slice of some milliseconds (of a tick of 4, with Linux), and
	// whoever then is in the midst of an item holds up the loop until it gets the processor back.
	longestTurn = 3600 * time.Microsecond

	// absence is the time between two looks at the clock that tells that the worker was not run. It may have had a long item instead, and then
	// its turn seems to begin later than it did.
	absence = 1500 * time.Microsecond

	// Where a look at the clock comes less than shortItem after the one before, so many items are done until the next: it takes some thirty nanoseconds.
	shortItem  = 20 * time.Microsecond
	shortItems = 8

	// yielded is how long letting go of a processor takes at least where it has other work.
	yielded = 100 * time.Microsecond

	// remembered is how long a processor counts as contended.
	remembered = 100 * time.Millisecond
)

var start = time.Now()

// now is the time since the start of the process. It is never 0.
func now() time.Duration { return time.Since(start) + 1 }

// turn is a worker's time on a processor.
type turn struct {
	began atomic.Int64 // as by now
	seen  time.Duration
	skip  int // items to do before the next look
}

// look looks at the clock, to find out whether the worker was away.
func (t *turn) look() time.Duration {
	n := now()
	if n-t.seen > absence {
		t.began.Store(int64(n))
	}
	t.seen = n
	return n
}

// over reports whether the worker should let go.
func (t *turn) over() bool {
	if !canYield {
		return false
	}
	if t.skip > 0 {
		t.skip--
		return false
	}
	before := t.seen
	n := t.look()
	if n-before < shortItem {
		t.skip = shortItems - 1
	}
	return n-time.Duration(t.began.Load()) > longestTurn
}

// begin begins a turn.
func (t *turn) begin() {
	t.seen = now()
	t.began.Store(int64(t.seen))
}

// contention is when processors were last found to have other work, as by now; 0 where the last look found none.
var (
	contention      [1024]atomic.Int64
	latelyContended atomic.Int64 // on any
)

// contended reports whether the worker's processor had other work lately.
func (t *turn) contended() bool {
	last := latelyContended.Load()
	if last == 0 || t.look()-time.Duration(last) > remembered {
		return false
	}
	at := contention[processor()%len(contention)].Load()
	return at != 0 && t.seen-time.Duration(at) <= remembered
}

// yield lets others have the processor, which returns at once where there are none, and begins a new turn.
func (t *turn) yield() {
	p, before := processor()%len(contention), now()
	letGo()
	t.begin()
	if t.seen-before < yielded {
		contention[p].Store(0)
		return
	}
	contention[p].Store(int64(t.seen))
	latelyContended.Store(int64(t.seen))
}
