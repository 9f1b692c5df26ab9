//go:build mpi && linux

package mpi

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"testing"

	"github.com/seahorse-ml/seahorse/internal/mpi/mpitest"
)

// asRank is the environment variable by which the test's binary is one of several processes.
const asRank = "SEAHORSE_TEST_MPI_RANK"

func TestMain(m *testing.M) {
	if os.Getenv(asRank) == "" {
		os.Exit(m.Run())
	}
	if err := beRank(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// beRank exchanges slices of all sizes with the others.
func beRank() error {
	l, ok, err := Launched()
	if err != nil || !ok {
		return fmt.Errorf("launched: %v, %v", ok, err)
	}
	w, err := Start(l)
	if err != nil {
		return err
	}
	if os.Getenv(asRank) == "speed" {
		return errors.Join(beFast(w), w.Close())
	}
	for _, size := range []int{0, 1, 1000, 100_000, 3_000_000} {
		send, recv, want := make([][]byte, w.Size()), make([][]byte, w.Size()), make([][]byte, w.Size())
		for q := range send {
			if q == w.Rank() {
				continue
			}
			send[q] = bytes.Repeat([]byte{byte(1 + w.Rank()*16 + q)}, size+q)
			want[q] = bytes.Repeat([]byte{byte(1 + q*16 + w.Rank())}, size+w.Rank())
			recv[q] = make([]byte, len(want[q]))
		}
		if err := w.Exchange(send, recv); err != nil {
			return err
		}
		for q := range recv {
			if !bytes.Equal(recv[q], want[q]) {
				return fmt.Errorf("rank %d got other bytes from rank %d", w.Rank(), q)
			}
		}
	}
	if err := relay(w); err != nil {
		return err
	}
	fmt.Println(w.Rank(), "of", w.Size(), "by", w.Library())
	return w.Close()
}

// relay has several exchanges under way, of which each has a second part: what came in the first, and one more byte. The middle one is empty.
func relay(w *World) error {
	const flights = 5
	var waits []func() error
	var second [flights][][]byte
	next := 0
	for k := range flights {
		size := (flights - k) * 200_000 // so that those behind could overtake
		if k == flights/2 {
			size = 0
		}
		send, recv := make([][]byte, w.Size()), make([][]byte, w.Size())
		second[k] = make([][]byte, w.Size())
		for q := range send {
			send[q], recv[q], second[k][q] = bytes.Repeat([]byte{byte(16*w.Rank() + k)}, size), make([]byte, size), make([]byte, size+1)
		}
		waits = append(waits, w.Start(send, recv, func() ([][]byte, [][]byte) {
			if next != k {
				next = -flights
			}
			next++
			for q := range recv {
				if q != w.Rank() && !bytes.Equal(recv[q], bytes.Repeat([]byte{byte(16*q + k)}, size)) {
					next = -flights
				}
				recv[q] = append(recv[q], byte(k))
			}
			return recv, second[k]
		}))
	}
	for k, wait := range waits {
		if err := wait(); err != nil {
			return err
		}
		for q, got := range second[k] {
			if q != w.Rank() && (got[len(got)-1] != byte(k) || len(got) > 1 && got[0] != byte(16*w.Rank()+k)) {
				return fmt.Errorf("rank %d got other bytes from rank %d in the second part of exchange %d", w.Rank(), q, k)
			}
		}
	}
	if next != flights {
		return fmt.Errorf("rank %d: the first parts of exchanges didn't end in their order", w.Rank())
	}
	return nil
}

// TestExchange lets each launcher of this machine start processes that exchange bytes.
func TestExchange(t *testing.T) {
	for _, l := range mpitest.Launchers(t) {
		for _, n := range []int{2, 4} {
			command := l.Command(n, os.Args[0])
			command.Env = append(os.Environ(), asRank+"=1")
			out, err := command.CombinedOutput()
			if err != nil {
				t.Errorf("%s -n %d: %v\n%s", l.Name, n, err, out)
			}
			t.Logf("%s", out)
		}
	}
}

// TestPatience refuses a time without signs of life that is none.
func TestPatience(t *testing.T) {
	for text, ok := range map[string]bool{"30": false, "0s": false, "-1m": false, "25h": false, "": false, "1s": true, "10m": true} {
		t.Setenv(LostVariable, text)
		if b, err := newBeats(); (err == nil) != ok || ok && (b.every <= 0 || b.every > mostBeat) {
			t.Errorf("%q: %+v, error %v", text, b, err)
		}
	}
}
