//go:build mpi && linux

package mpi

import (
	"fmt"
	"slices"
	"time"
)

// Tags of messages: those of Exchange, signs of life, those of Start, and what follows them.
const (
	dataTag = 7001 + iota
	beatTag
	laneTag
	nextTag
	tags = iota
)

// largest is the most bytes of one message: the library counts in 32 bits.
const largest = 1 << 30

// transfer is an exchange that is under way.
type transfer struct {
	send, recv [][]byte
	then       func() (send, recv [][]byte) // what is exchanged next; nil for nothing more
	tag        int
	requests   []byte
	pending    int // requests
	done       chan error
}

// Exchange is described at train.Ranks.
func (w *World) Exchange(send, recv [][]byte) error { return w.begin(send, recv, nil, dataTag)() }

// Start is described at train.Ranks. Then is called in the thread that talks to other ranks, which doesn't look at other messages meanwhile, and begins what
// follows without a change of threads.
func (w *World) Start(send, recv [][]byte, then func() (send, recv [][]byte)) (wait func() error) {
	return w.begin(send, recv, then, laneTag)
}

// begin lets the thread begin an exchange.
func (w *World) begin(send, recv [][]byte, then func() (send, recv [][]byte), tag int) (wait func() error) {
	if len(send) != w.size || len(recv) != w.size {
		err := fmt.Errorf("mpi: %d slices to send and %d to receive, expected %d of each", len(send), len(recv), w.size)
		return func() error { return err }
	}
	e := &transfer{send: slices.Clone(send), recv: slices.Clone(recv), then: then, tag: tag, done: make(chan error, 1)}
	w.calls <- &call{exchange: e}
	return func() error { return <-e.done }
}

// post begins to send and to receive what belongs to an exchange.
func (w *World) post(e *transfer) error {
	n := w.requestBytes(e)
	e.requests, e.pending = slices.Grow(e.requests[:0], n)[:n], 0
	// Each begins with the rank behind its own, so that not all talk to the same one at first.
	for i := 1; i < w.size; i++ {
		from := (w.rank - i + w.size) % w.size
		for data := e.recv[from]; len(data) > 0; data = data[min(largest, len(data)):] {
			if err := w.request(e, "MPI_Irecv", w.lib.irecv, data, from); err != nil {
				return err
			}
		}
	}
	for i := 1; i < w.size; i++ {
		to := (w.rank + i) % w.size
		for data := e.send[to]; len(data) > 0; data = data[min(largest, len(data)):] {
			if err := w.request(e, "MPI_Isend", w.lib.isend, data, to); err != nil {
				return err
			}
		}
	}
	if n := 64 * e.pending; len(w.statuses) < n { // more than a status has in any library
		w.statuses = make([]byte, n)
	}
	return nil
}

// request begins to send or receive the first bytes of data.
func (w *World) request(e *transfer, name string, f uintptr, data []byte, peer int) error {
	at := e.pending * w.lib.handleSize
	e.pending++
	if f == w.lib.isend {
		w.sent += int64(min(largest, len(data)))
	}
	return w.lib.call(name, f, address(&data[0]), uintptr(min(largest, len(data))), w.lib.bytes, uintptr(peer), uintptr(e.tag), w.lib.world, address(&e.requests[at]))
}

// requestBytes returns what the requests of an exchange take, so that they don't move while the library writes to them.
func (w *World) requestBytes(e *transfer) (n int) {
	for q := range e.send {
		for _, data := range [][]byte{e.send[q], e.recv[q]} {
			n += (len(data) + largest - 1) / largest
		}
	}
	return n * w.lib.handleSize
}

// advance looks whether exchanges have ended, and rests if none has. Of those with one tag, each ends behind the one before it.
func (w *World) advance() {
	ended := false
	var blocked [tags]bool // what comes behind the first that hasn't ended
	w.underWay = slices.DeleteFunc(w.underWay, func(e *transfer) bool {
		for !blocked[e.tag-dataTag] {
			done, err := w.ended(e)
			if !done && err == nil {
				blocked[e.tag-dataTag] = true
				break
			}
			ended = true
			if err == nil && e.then != nil {
				e.send, e.recv = e.then()
				e.then, e.tag = nil, nextTag
				if len(e.send) > 0 {
					if err = w.post(e); err == nil {
						continue
					}
				}
			}
			e.done <- err
			return true
		}
		return false
	})
	if len(w.underWay) == 0 {
		w.busy += time.Since(w.busySince)
	}
	if ended {
		w.waiting.begin()
	}
	if ended || w.waiting.rest() {
		w.look()
	}
}

// ended tells whether all requests of an exchange are done.
func (w *World) ended(e *transfer) (bool, error) {
	if e.pending == 0 {
		return true, nil
	}
	err := w.lib.call("MPI_Testall", w.lib.testall, uintptr(e.pending), address(&e.requests[0]), address(&w.flag), address(&w.statuses[0]))
	return w.flag != 0, err
}

// Traffic returns the bytes that were sent to other ranks since the beginning, for how long an exchange was under way, and the time of a core that the thread
// has taken that talks to them, sums included.
func (w *World) Traffic() (sent int64, underWay, worked time.Duration) {
	_ = w.inThread(func() error {
		sent, underWay, worked = w.sent, w.busy, threadTime()
		if len(w.underWay) > 0 {
			underWay += time.Since(w.busySince)
		}
		return nil
	})
	return sent, underWay, worked
}

// How a thread waits: it looks again and again for a while, and then sleeps in between, so that others have the core: the longer, the longer it has
// waited already. Where the wait before was long, it sleeps from the beginning.
const (
	awake    = 300 * time.Microsecond
	longWait = 2 * time.Millisecond
	leastNap = 20 * time.Microsecond
	mostNap  = 500 * time.Microsecond
	napShare = 8 // of the time that it has waited
	glances  = 4 // looks between two naps, each of which may move a part of a message
)

// patience is a wait.
type patience struct {
	since time.Time
	looks int
	long  bool // it is likely to be
}

func (p *patience) begin() {
	now := time.Now()
	p.long = now.Sub(p.since) > longWait
	p.since, p.looks = now, 0
}

// rest lets others have the core behind a look that was in vain, and tells whether it is time to look at other things.
func (p *patience) rest() bool {
	p.looks++
	waited := time.Since(p.since)
	if !p.long && waited < awake {
		yield()
		return p.looks%16 == 0
	}
	if p.looks%glances != 0 {
		return false
	}
	sleep(min(max(waited/napShare, leastNap), mostNap))
	return true
}

// wait returns when ready does, and gives signs of life meanwhile.
func (w *World) wait(ready func() (bool, error)) error {
	var p patience
	for p.begin(); ; {
		ok, err := ready()
		if ok || err != nil {
			return err
		}
		if p.rest() {
			w.look()
		}
	}
}
