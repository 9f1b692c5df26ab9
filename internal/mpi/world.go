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

	underWay  []*transfer
	waiting   patience      // for what is under way
	sent      int64         // bytes
	busy      time.Duration // in which something was under way, until busySince
	busySince time.Time

	// What the library writes to lies here, so that it doesn't move.
	flag     int32
	number   int32
	statuses []byte
}

// call is something for the thread to do: a function, or to begin an exchange.
type call struct {
	do       func() error
	exchange *transfer
	done     chan error
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

// run is the thread's work: calls, exchanges, and a sign of life now and then.
func (w *World) run(l Launcher, started chan<- error) {
	runtime.LockOSThread()
	preferPromptness()
	if err := w.start(l); err != nil {
		started <- err
		return
	}
	w.beats.begin(w)
	started <- nil
	ticker := time.NewTicker(w.beats.every / 4)
	defer ticker.Stop()
	for {
		if len(w.underWay) > 0 {
			select {
			case c := <-w.calls:
				if c == nil {
					return
				}
				w.take(c)
			default:
				w.advance()
			}
			continue
		}
		select {
		case c := <-w.calls:
			if c == nil {
				return
			}
			w.take(c)
		case <-ticker.C:
			w.look()
		}
	}
}

// take does what is called for, or begins it.
func (w *World) take(c *call) {
	if c.exchange == nil {
		c.done <- c.do()
		return
	}
	if err := w.post(c.exchange); err != nil {
		c.exchange.done <- err
		return
	}
	if len(w.underWay) == 0 {
		w.busySince = time.Now()
	}
	w.underWay = append(w.underWay, c.exchange)
	w.waiting.begin()
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
	c := &call{do: do, done: make(chan error, 1)}
	w.calls <- c
	return <-c.done
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
