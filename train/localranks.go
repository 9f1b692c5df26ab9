package train

import (
	"fmt"
	"sync"
)

// LocalRanks returns n ranks within this process, each for a goroutine of its own with a model of its own: to try what a program does
// on several.
func LocalRanks(n int) []Ranks {
	hub := &localHub{size: n, ended: make(chan struct{}), lines: make([]chan []byte, n*n), taken: make([]chan struct{}, n*n)}
	all := make([]Ranks, n)
	for r := range all {
		all[r] = &localRank{hub, r}
	}
	for i := range hub.lines {
		hub.lines[i], hub.taken[i] = make(chan []byte, 1), make(chan struct{}, 1)
	}
	return all
}

// localHub is what local ranks share.
type localHub struct {
	size  int
	lines []chan []byte   // from r to q at r·size + q
	taken []chan struct{} // what was sent there was copied
	once  sync.Once
	ended chan struct{} // closed by Abort
	cause error         // of that
}

type localRank struct {
	*localHub
	rank int
}

func (l *localRank) Rank() int { return l.rank }
func (l *localRank) Size() int { return l.size }

func (l *localRank) Exchange(send, recv [][]byte) error {
	if len(send) != l.size || len(recv) != l.size {
		return fmt.Errorf("train: ranks: %d slices to send and %d to receive, expected %d", len(send), len(recv), l.size)
	}
	for q, data := range send {
		if q != l.rank && len(data) > 0 {
			select {
			case l.lines[l.rank*l.size+q] <- data:
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
		case data := <-l.lines[q*l.size+l.rank]:
			if len(data) != len(into) {
				return fmt.Errorf("train: ranks: rank %d sent %d bytes to rank %d, which expected %d", q, len(data), l.rank, len(into))
			}
			copy(into, data)
			l.taken[q*l.size+l.rank] <- struct{}{}
		case <-l.ended:
			return l.cause
		}
	}
	for q, data := range send {
		if q != l.rank && len(data) > 0 {
			select {
			case <-l.taken[l.rank*l.size+q]:
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
