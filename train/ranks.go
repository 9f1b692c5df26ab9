package train

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math"
)

// Ranks connect the processes that make a run together, by what one of them does with the others. A run on n ranks makes, to the bit, what one
// process makes with n times the accumulation. All ranks make the same calls in the same order, but for Abort; what a Trainer, a Stepper or
// Evaluate does with Ranks is such a call. An error is the end of the run.
type Ranks interface {
	// Rank returns which one this process is, from 0.
	Rank() int
	// Size returns how many there are, at least 1.
	Size() int
	// Exchange sends send[r] to rank r and fills recv[r] with what that one sends here, which must be as long. Empty slices are neither sent
	// nor waited for, nor is what this rank has for itself.
	Exchange(send, recv [][]byte) error
	// Start begins an exchange that goes on while this process does something else, other exchanges too, and returns what waits for its end; until then, the
	// slices' elements are left alone. Then, if it isn't nil, is called when all is sent and received, by any goroutine but for one exchange after the
	// other, and what it returns is exchanged next, as a part of this exchange. Exchanges that were begun by Start are matched with one another, in
	// their order, and apart from those of Exchange. One goroutine of a rank begins them.
	Start(send, recv [][]byte, then func() (send, recv [][]byte)) (wait func() error)
	// Abort ends the run on all ranks, for a cause that the others get to know of. It may be called from any goroutine.
	Abort(cause error)
	// Close leaves the ranks in good order, when all of them do.
	Close() error
}

// errAgreed marks errors that all ranks know of.
var errAgreed = errors.New("")

// agreed is an error that all ranks have.
type agreed struct{ error }

func (agreed) Is(target error) bool { return target == errAgreed }

func (e agreed) Unwrap() error { return e.error }

// rankInterrupted is the error of a rank's context on the others.
type rankInterrupted struct{ rank int }

func (e *rankInterrupted) Error() string {
	return fmt.Sprintf("train: rank %d was interrupted", e.rank)
}

// Is makes it a context's error, as it is on the rank itself.
func (e *rankInterrupted) Is(target error) bool { return target == context.Canceled }

// several tells whether there are ranks to talk to.
func several(r Ranks) bool { return r != nil && r.Size() > 1 }

// leads tells whether a process writes what belongs to a run: rank 0, or the only one.
func leads(r Ranks) bool { return r == nil || r.Rank() == 0 }

// gatherEqual returns what each rank has, in their order; it is as long on all.
func gatherEqual(r Ranks, mine []byte) ([][]byte, error) {
	return gatherOf(r, mine, func(int) int { return len(mine) })
}

// Gather returns what each rank has, in their order.
func Gather(r Ranks, mine []byte) ([][]byte, error) {
	if r.Size() == 1 {
		return [][]byte{mine}, nil
	}
	lengths, err := gatherEqual(r, binary.LittleEndian.AppendUint64(nil, uint64(len(mine))))
	if err != nil {
		return nil, err
	}
	return gatherOf(r, mine, func(q int) int { return int(binary.LittleEndian.Uint64(lengths[q])) })
}

// gatherOf returns what each rank has, of so many bytes.
func gatherOf(r Ranks, mine []byte, bytes func(rank int) int) ([][]byte, error) {
	all, send, recv := make([][]byte, r.Size()), make([][]byte, r.Size()), make([][]byte, r.Size())
	for q := range all {
		if q == r.Rank() {
			all[q] = mine
			continue
		}
		all[q] = make([]byte, bytes(q))
		send[q], recv[q] = mine, all[q]
	}
	return all, r.Exchange(send, recv)
}

// Part returns which of n things a rank does: as many as the others, those before it first. Without ranks, nil, all of them are.
func Part(r Ranks, n int) (lo, hi int) {
	if !several(r) {
		return 0, n
	}
	at := func(rank int) int { return (rank*n + r.Size() - 1) / r.Size() }
	return at(r.Rank()), at(r.Rank() + 1)
}

// Collect gives rank 0 what each rank has made of its part, in their order, as JSON; others get their own only.
func Collect[T any](r Ranks, mine T) ([]T, error) {
	if !several(r) {
		return []T{mine}, nil
	}
	var send []byte
	if r.Rank() > 0 {
		var err error
		if send, err = json.Marshal(mine); err != nil {
			return nil, fmt.Errorf("train: ranks: %w", err)
		}
	}
	all, err := Gather(r, send)
	if err != nil || r.Rank() > 0 {
		return []T{mine}, err
	}
	list := []T{mine}
	for rank, told := range all[1:] {
		var one T
		if err := json.Unmarshal(told, &one); err != nil {
			return nil, fmt.Errorf("train: what rank %d has sent: %w", rank+1, err)
		}
		list = append(list, one)
	}
	return list, nil
}

// agree returns an error on all ranks if one has one: its own, or that of the first that has.
func agree(r Ranks, err error) error {
	if !several(r) {
		return err
	}
	text := ""
	if err != nil {
		text = err.Error()
	}
	all, failed := Gather(r, []byte(text))
	if failed != nil {
		return errors.Join(err, failed)
	}
	if err != nil {
		return agreed{err}
	}
	for q, text := range all {
		if len(text) > 0 {
			return agreed{fmt.Errorf("train: rank %d: %s", q, text)}
		}
	}
	return nil
}

// appendFloats appends numbers as bytes.
func appendFloats(dst []byte, values ...float64) []byte {
	for _, v := range values {
		dst = binary.LittleEndian.AppendUint64(dst, math.Float64bits(v))
	}
	return dst
}

// takeFloats fills values from the beginning of bytes, and returns the rest.
func takeFloats(src []byte, values []float64) []byte {
	for i := range values {
		values[i] = math.Float64frombits(binary.LittleEndian.Uint64(src[8*i:]))
	}
	return src[8*len(values):]
}
