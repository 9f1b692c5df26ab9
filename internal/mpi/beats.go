//go:build mpi && linux

package mpi

import (
	"fmt"
	"os"
	"time"
)

// LostVariable is the environment variable that says after how long without a sign of life a process counts as lost: 30s by default, 1s to 24h.
const LostVariable = "SEAHORSE_MPI_LOST_AFTER"

const (
	usualLost = 30 * time.Second
	mostBeat  = 2 * time.Second // between signs of life
)

// beats are the signs of life: rank 0 hears all others, and they hear it.
type beats struct {
	lost  time.Duration // after which a process counts as lost
	every time.Duration // a sign of life is given
	peers []*peer
	last  time.Time // that this process looked
	sent  time.Time
	quiet bool // farewell is said, and nothing comes behind it
	ended bool // all have said it
}

// peer is a process that this one hears. What the library writes to lies here.
type peer struct {
	rank       int
	heard      time.Time
	gone       bool // it has said that it ends in good order
	word, ours [8]byte
	in, out    [8]byte // requests
	waiting    bool    // in is under way
	sending    bool    // out is
	status     [64]byte
}

// farewell is the sign of a process that ends in good order.
const farewell = 1

// newBeats reads how patient this process is to be.
func newBeats() (beats, error) {
	b := beats{lost: usualLost}
	if text, ok := os.LookupEnv(LostVariable); ok {
		var err error
		if b.lost, err = time.ParseDuration(text); err != nil || b.lost < time.Second || b.lost > 24*time.Hour {
			return b, fmt.Errorf("mpi: the environment's %s is %q, expected a time from 1s to 24h, such as 90s", LostVariable, text)
		}
	}
	b.every = min(mostBeat, b.lost/8)
	return b, nil
}

func (b *beats) begin(w *World) {
	now := time.Now()
	b.last = now
	add := func(rank int) { b.peers = append(b.peers, &peer{rank: rank, heard: now}) }
	if w.rank != 0 {
		add(0)
		return
	}
	for r := 1; r < w.size; r++ {
		add(r)
	}
}

// tend hears what has come, and gives a sign of life if it is time. It ends the run where a process is lost.
func (b *beats) tend(w *World, now time.Time) {
	if now.Sub(b.last) < b.every/8 || b.ended {
		return
	}
	stopped := now.Sub(b.last) > b.lost/3 // this process itself was, so that what it didn't hear says nothing
	b.last = now
	speak := now.Sub(b.sent) >= b.every && !b.quiet
	if speak {
		b.sent = now
	}
	for _, p := range b.peers {
		if err := p.hear(w, now); err != nil {
			w.end(err.Error())
		}
		if stopped {
			p.heard = now
		}
		if now.Sub(p.heard) > b.lost && !p.gone {
			w.end(fmt.Sprintf("rank %d has given no sign of life for %v: it was stopped, or its machine or the network is down", p.rank, b.lost))
		}
		if speak {
			if err := p.speak(w, 0); err != nil {
				w.end(err.Error())
			}
		}
	}
}

// hear takes in signs of life.
func (p *peer) hear(w *World, now time.Time) error {
	for !p.gone {
		if !p.waiting {
			if err := w.lib.call("MPI_Irecv", w.lib.irecv, address(&p.word), 8, w.lib.bytes, uintptr(p.rank), beatTag, w.lib.world, address(&p.in)); err != nil {
				return err
			}
			p.waiting = true
		}
		done, err := p.done(w, &p.in)
		if !done || err != nil {
			return err
		}
		p.waiting, p.heard = false, now
		p.gone = p.word[0] == farewell
	}
	return nil
}

// speak sends a sign of life, unless the last one is still under way.
func (p *peer) speak(w *World, what byte) error {
	if p.sending {
		done, err := p.done(w, &p.out)
		if !done || err != nil {
			return err
		}
	}
	p.ours[0] = what
	p.sending = true
	return w.lib.call("MPI_Isend", w.lib.isend, address(&p.ours), 8, w.lib.bytes, uintptr(p.rank), beatTag, w.lib.world, address(&p.out))
}

// done tells whether a request is done.
func (p *peer) done(w *World, request *[8]byte) (bool, error) {
	err := w.lib.call("MPI_Test", w.lib.test, address(request), address(&w.flag), address(&p.status))
	return w.flag != 0, err
}

// stop says farewell, and waits until all have.
func (b *beats) stop(w *World) error {
	b.quiet = true
	for _, p := range b.peers {
		if err := w.wait(func() (bool, error) {
			if !p.sending {
				return true, nil
			}
			return p.done(w, &p.out)
		}); err != nil {
			return err
		}
		p.sending = false
		if err := p.speak(w, farewell); err != nil {
			return err
		}
	}
	for _, p := range b.peers {
		if err := w.wait(func() (bool, error) {
			err := p.hear(w, time.Now())
			return p.gone, err
		}); err != nil {
			return err
		}
		if err := w.wait(func() (bool, error) { return p.done(w, &p.out) }); err != nil {
			return err
		}
	}
	b.ended = true
	return nil
}
