package train

import (
	"fmt"
	"slices"
	"sync"
)

// LocalRanks returns n ranks within this process, each for a goroutine of its own with a model of its own: to try what a program does
// on several.
func LocalRanks(n int) []Ranks {
	hub := &localHub{size: n, ended: make(chan struct{}), lines: make([]chan []byte, 2*n*n), taken: make([]chan struct{}, 2*n*n)}
	all := make([]Ranks, n)
	for r := range all {
		all[r] = &localRank{localHub: hub, rank: r}
	}
	for i := range hub.lines {
		hub.lines[i], hub.taken[i] = make(chan []byte, 1), make(chan struct{}, 1)
	}
	return all
}

// localHub is what local ranks share.
type localHub struct {
	size  int
	lines []chan []byte   // from r to q at r·size + q, and behind them all those of Start
	taken []chan struct{} // what was sent there was copied
	once  sync.Once
	ended chan struct{} // closed by Abort
	cause error         // of that
}

type localRank struct {
	*localHub
	rank int
	last chan struct{} // closed behind what Start has begun last
}

func (l *localRank) Rank() int { return l.rank }
func (l *localRank) Size() int { return l.size }

func (l *localRank) Exchange(send, recv [][]byte) error {
	return l.exchange(send, recv, l.lines[:l.size*l.size], l.taken[:l.size*l.size])
}

func (l *localRank) Start(send, recv [][]byte, then func() (send, recv [][]byte)) func() error {
	send, recv = slices.Clone(send), slices.Clone(recv)
	before, done := l.last, make(chan struct{})
	l.last = done
	var err error
	go func() {
		if before != nil {
			<-before
		}
		err = l.exchange(send, recv, l.lines[l.size*l.size:], l.taken[l.size*l.size:])
		if err == nil && then != nil {
			if send, recv = then(); len(send) > 0 {
				err = l.exchange(send, recv, l.lines[l.size*l.size:], l.taken[l.size*l.size:])
			}
		}
		close(done)
	}()
	return func() error {
		<-done
		return err
	}
}

// exchange is Exchange over some lines.
func (l *localRank) exchange(send, recv [][]byte, lines []chan []byte, taken []chan struct{}) error {
	if len(send) != l.size || len(recv) != l.size {
		return fmt.Errorf("train: ranks: %d slices to send and %d to receive, expected %d", len(send), len(recv), l.size)
	}
	for q, data := range send {
		if q != l.rank && len(data) > 0 {
			select {
			case lines[l.rank*l.size+q] <- data:
			case <-l.ended:
				return l.cause
			}
		}
	}
	for q, into := range recv {
		if q == l.rank || len(into) == 0 {
			continue
		}
		select {
		case data := <-lines[q*l.size+l.rank]:
			if len(data) != len(into) {
				return fmt.Errorf("train: ranks: rank %d sent %d bytes to rank %d, which expected %d", q, len(data), l.rank, len(into))
			}
			copy(into, data)
			taken[q*l.size+l.rank] <- struct{}{}
		case <-l.ended:
			return l.cause
		}
	}
	for q, data := range send {
		if q != l.rank && len(data) > 0 {
			select {
			case <-taken[l.rank*l.size+q]:
			case <-l.ended:
				return l.cause
			}
		}
	}
	return nil
}

func (l *localRank) Close() error { return nil }

func (l *localRank) Abort(cause error) {
	l.once.Do(func() {
		l.cause = fmt.Errorf("train: rank %d ended the run: %w", l.rank, cause)
		close(l.ended)
	})
}
