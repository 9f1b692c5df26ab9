//go:build mpi && linux

package mpi

import (
	"fmt"
	"os"
	"runtime"
	"sync/atomic"
	"time"
	"unsafe"
)

// World is the processes of a job. It has the methods of train.Ranks.
type World struct {
	lib        *library
	rank, size int
	calls      chan *call
	aborting   atomic.Pointer[string] // why
	beats      beats

	// What the library writes to lies here, so that it doesn't move.
	flag     int32
	number   int32
	requests []byte
	statuses []byte
	pending  int
}

// call is something for the thread to do.
type call struct {
	do   func() error
	done chan error
}

// Start loads the library and becomes one of the job's processes.
func Start(l Launcher) (*World, error) {
	w := &World{calls: make(chan *call)}
	started := make(chan error)
	go w.run(l, started)
	if err := <-started; err != nil {
		return nil, err
	}
	return w, nil
}

// Rank returns which process this is.
func (w *World) Rank() int { return w.rank }

// Size returns how many there are.
func (w *World) Size() int { return w.size }

// Library tells what is loaded, as it says of itself.
func (w *World) Library() string { return w.lib.version }

// run is the thread's work: calls, and a sign of life now and then.
func (w *World) run(l Launcher, started chan<- error) {
	runtime.LockOSThread()
	if err := w.start(l); err != nil {
		started <- err
		return
	}
	w.beats.begin(w)
	started <- nil
	ticker := time.NewTicker(w.beats.every / 4)
	defer ticker.Stop()
	for {
		select {
		case c := <-w.calls:
			if c == nil {
				return
			}
			c.done <- c.do()
		case <-ticker.C:
			w.look()
		}
	}
}

func (w *World) start(l Launcher) error {
	var err error
	if w.beats, err = newBeats(); err != nil {
		return err
	}
	if w.lib, err = load(l); err != nil {
		return err
	}
	if err := w.lib.call("MPI_Init_thread", w.lib.initThread, 0, 0, w.lib.funneled, address(&w.number)); err != nil {
		return err
	}
	if uintptr(w.number) < w.lib.funneled {
		return fmt.Errorf("mpi: %s allows no thread beside the one that calls it", w.lib.version)
	}
	if err := w.lib.call("MPI_Comm_rank", w.lib.commRank, w.lib.world, address(&w.number)); err != nil {
		return err
	}
	w.rank = int(w.number)
	if err := w.lib.call("MPI_Comm_size", w.lib.commSize, w.lib.world, address(&w.number)); err != nil {
		return err
	}
	if w.size = int(w.number); l.Ranks > 0 && l.Ranks != w.size {
		return fmt.Errorf("mpi: %s was started as one of %d processes, and %s (%s) knows of %d; it isn't the launcher's library, which can be named by %s",
			os.Args[0], l.Ranks, w.lib.path, w.lib.version, w.size, LibraryVariable)
	}
	return nil
}

func address[T any](p *T) uintptr { return uintptr(unsafe.Pointer(p)) }

// inThread lets the thread do something.
func (w *World) inThread(do func() error) error {
	c := &call{do, make(chan error, 1)}
	w.calls <- c
	return <-c.done
}

// Exchange is described at train.Ranks.
func (w *World) Exchange(send, recv [][]byte) error {
	if len(send) != w.size || len(recv) != w.size {
		return fmt.Errorf("mpi: %d slices to send and %d to receive, expected %d of each", len(send), len(recv), w.size)
	}
	err := w.inThread(func() error { return w.exchange(send, recv) })
	runtime.KeepAlive(send)
	runtime.KeepAlive(recv)
	return err
}

// Tags of messages.
const (
	dataTag = 7001
	beatTag = 7002
)

// largest is the most bytes of one message: the library counts in 32 bits.
const largest = 1 << 30

func (w *World) exchange(send, recv [][]byte) error {
	w.pending = 0
	// Each begins with the rank behind its own, so that not all talk to the same one at first.
	for i := 1; i < w.size; i++ {
		from := (w.rank - i + w.size) % w.size
		for data := recv[from]; len(data) > 0; data = data[min(largest, len(data)):] {
			if err := w.post("MPI_Irecv", w.lib.irecv, data, from, dataTag); err != nil {
				return err
			}
		}
	}
	for i := 1; i < w.size; i++ {
		to := (w.rank + i) % w.size
		for data := send[to]; len(data) > 0; data = data[min(largest, len(data)):] {
			if err := w.post("MPI_Isend", w.lib.isend, data, to, dataTag); err != nil {
				return err
			}
		}
	}
	if w.pending == 0 {
		return nil
	}
	if n := 64 * w.pending; len(w.statuses) < n { // more than a status has in any library
		w.statuses = make([]byte, n)
	}
	return w.wait(func() (bool, error) {
		err := w.lib.call("MPI_Testall", w.lib.testall, uintptr(w.pending), address(&w.requests[0]), address(&w.flag), address(&w.statuses[0]))
		return w.flag != 0, err
	})
}

// post begins to send or receive the first bytes of data.
func (w *World) post(name string, f uintptr, data []byte, peer, tag int) error {
	at := w.pending * w.lib.handleSize
	for len(w.requests) < at+w.lib.handleSize {
		w.requests = append(w.requests, make([]byte, 64*w.lib.handleSize)...)
	}
	w.pending++
	return w.lib.call(name, f, address(&data[0]), uintptr(min(largest, len(data))), w.lib.bytes, uintptr(peer), uintptr(tag), w.lib.world, address(&w.requests[at]))
}

// How a thread waits: it looks again and again for a while, and then sleeps in between, so that others have the core.
const (
	awake = 300 * time.Microsecond
	nap   = 20 * time.Microsecond
)

// wait returns when ready does, and gives signs of life meanwhile.
func (w *World) wait(ready func() (bool, error)) error {
	begin := time.Now()
	for looks := 0; ; looks++ {
		ok, err := ready()
		if ok || err != nil {
			return err
		}
		if looks%16 != 15 {
			yield()
			continue
		}
		now := time.Now()
		w.beats.tend(w, now)
		w.obey()
		if now.Sub(begin) > awake {
			sleep(nap)
		}
	}
}

// look gives a sign of life while there is nothing to do.
func (w *World) look() {
	w.beats.tend(w, time.Now())
	w.obey()
}

// Abort ends all processes of the job. It doesn't return.
func (w *World) Abort(cause error) {
	text := cause.Error()
	w.aborting.CompareAndSwap(nil, &text)
	time.Sleep(10 * time.Second) // the thread looks more often
	os.Exit(1)
}

// obey does what Abort wants, in the thread.
func (w *World) obey() {
	if why := w.aborting.Load(); why != nil {
		w.end(*why)
	}
}

// end ends all processes.
func (w *World) end(why string) {
	host, _ := os.Hostname()
	fmt.Fprintf(os.Stderr, "rank %d of %d (process %d on %s) ends the run on all ranks: %s\n", w.rank, w.size, os.Getpid(), host, why)
	sleep(200 * time.Millisecond) // the launcher passes the message on before it ends all
	w.lib.call("MPI_Abort", w.lib.abort, w.lib.world, 1)
	os.Exit(1)
}

// Close leaves the job in good order, when all processes do.
func (w *World) Close() error {
	err := w.inThread(func() error {
		if err := w.beats.stop(w); err != nil {
			return err
		}
		if err := w.lib.call("MPI_Finalize", w.lib.finalize); err != nil {
			return err
		}
		atExit()
		return nil
	})
	close(w.calls)
	return err
}
