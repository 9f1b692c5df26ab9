package task

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"iter"
	"math"

	"github.com/seahorse-ml/seahorse/models"
	"github.com/seahorse-ml/seahorse/train"
)

// What ranks tell each other of a piece of text is of one size: from rank 0 its number of tokens (negative at the end) and the tokens, and to it behind
// each token the most probable ones with their logarithms.
const topBytes = 4 // of each number

// sameTeacher returns an error where ranks have different teachers.
func (c TopsConfig) sameTeacher(m models.Model) error {
	if c.Ranks == nil || c.Ranks.Size() == 1 {
		return nil
	}
	told, err := train.Describe(m.Params())
	if err != nil {
		return err
	}
	return train.Same(c.Ranks, map[string]string{"teacher": told})
}

// readAll reads pieces, some on each rank, and tells rank 0 what was found, in their order.
func (c TopsConfig) readAll(ctx context.Context, r *topsReader, all iter.Seq[[]int32], tell func(piece, ids []int32, logs []float32) error) error {
	n := 1
	if c.Ranks != nil {
		n = c.Ranks.Size()
	}
	var turn [][]int32 // one piece for each rank
	flush := func() error {
		if err := context.Cause(ctx); err != nil {
			return err
		}
		if len(turn) == 0 {
			return nil
		}
		answers, err := c.readTurn(r, turn)
		for i := range answers {
			if err != nil {
				break
			}
			err = tell(turn[i], answers[i].ids, answers[i].logs)
		}
		turn = turn[:0]
		return err
	}
	for piece := range all {
		if turn = append(turn, piece); len(turn) == n {
			if err := flush(); err != nil {
				return err
			}
		}
	}
	if err := flush(); err != nil || n == 1 {
		return err
	}
	return c.order(nil, -1)
}

// topAnswer is what a rank has found for a piece.
type topAnswer struct {
	ids  []int32
	logs []float32
}

// readTurn lets each rank read one of the pieces, this one the first.
func (c TopsConfig) readTurn(r *topsReader, turn [][]int32) ([]topAnswer, error) {
	several := c.Ranks != nil && c.Ranks.Size() > 1
	if several {
		if err := c.order(turn, 0); err != nil {
			return nil, err
		}
	}
	ids, logs, err := r.read(turn[0])
	if err != nil || !several {
		return []topAnswer{{ids, logs}}, err
	}
	n := c.Ranks.Size()
	send, recv := make([][]byte, n), make([][]byte, n)
	for q := 1; q < n; q++ {
		recv[q] = make([]byte, 2*topBytes*c.Top*c.Length)
	}
	if err := c.Ranks.Exchange(send, recv); err != nil {
		return nil, err
	}
	all := []topAnswer{{ids, logs}}
	for q := 1; q < len(turn); q++ {
		a := topAnswer{make([]int32, len(turn[q])*c.Top), make([]float32, len(turn[q])*c.Top)}
		for i := range a.ids {
			a.ids[i] = int32(binary.LittleEndian.Uint32(recv[q][2*topBytes*i:]))
			a.logs[i] = math.Float32frombits(binary.LittleEndian.Uint32(recv[q][2*topBytes*i+topBytes:]))
		}
		all = append(all, a)
	}
	return all, nil
}

// order sends each other rank its piece, where it has one, or a number of tokens that says that there are none.
func (c TopsConfig) order(turn [][]int32, none int) error {
	n := c.Ranks.Size()
	send, recv := make([][]byte, n), make([][]byte, n)
	for q := 1; q < n; q++ {
		send[q] = make([]byte, topBytes*(1+c.Length))
		count := none
		if q < len(turn) {
			count = len(turn[q])
			for i, id := range turn[q] {
				binary.LittleEndian.PutUint32(send[q][topBytes*(1+i):], uint32(id))
			}
		}
		binary.LittleEndian.PutUint32(send[q], uint32(int32(count)))
	}
	return c.Ranks.Exchange(send, recv)
}

// ServeTops reads for rank 0, on the other ranks, while that one is in WriteTops. An error on one rank is to end all of them.
func ServeTops(ctx context.Context, c TopsConfig) error {
	r, err := openTopsReader(c)
	if err != nil {
		return err
	}
	return errors.Join(c.serve(ctx, r), r.machine.Close())
}

func (c TopsConfig) serve(ctx context.Context, r *topsReader) error {
	n := c.Ranks.Size()
	for {
		if err := context.Cause(ctx); err != nil {
			return err
		}
		send, recv := make([][]byte, n), make([][]byte, n)
		recv[0] = make([]byte, topBytes*(1+c.Length))
		if err := c.Ranks.Exchange(send, recv); err != nil {
			return err
		}
		count := int(int32(binary.LittleEndian.Uint32(recv[0])))
		if count < 0 {
			return nil
		}
		if count > c.Length {
			return fmt.Errorf("task: teacher: rank 0 sends %d tokens, expected at most %d", count, c.Length)
		}
		answer := make([]byte, 2*topBytes*c.Top*c.Length)
		if count > 0 {
			piece := make([]int32, count)
			for i := range piece {
				piece[i] = int32(binary.LittleEndian.Uint32(recv[0][topBytes*(1+i):]))
			}
			ids, logs, err := r.read(piece)
			if err != nil {
				return err
			}
			for i := range ids {
				binary.LittleEndian.PutUint32(answer[2*topBytes*i:], uint32(ids[i]))
				binary.LittleEndian.PutUint32(answer[2*topBytes*i+topBytes:], math.Float32bits(logs[i]))
			}
		}
		send[0], recv[0] = answer, nil
		if err := c.Ranks.Exchange(send, recv); err != nil {
			return err
		}
	}
}
