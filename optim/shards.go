package optim

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"unsafe"

	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/internal/memory"
	"gorgonia.org/tensor"
)

// Shards divide the pieces of parameters among the ranks of a run, PieceSize elements each but for the last of a parameter, so that each
// rank keeps the optimizer's state of its own only (Rajbhandari et al., 2020: the first stage of ZeRO).
type Shards struct {
	Rank, Size int
	// Owner returns the rank that updates the piece of a parameter that begins with an element.
	Owner func(p *graph.Param, lo int) int
	// Exchange sends send[r] to rank r and fills recv[r] with what it sends here, for all ranks but the own one.
	Exchange func(send, recv [][]byte) error
}

// A Sharder is an Optimizer that can be divided among ranks. Its updates are, to the bit, those that it makes whole.
type Sharder interface {
	Optimizer
	// Shard drops the state but of the pieces that are the rank's own. It is called before the first step and before Load, on all ranks. The
	// gradients of other pieces are then neither read nor those parameters written in a Step, and all ranks step at one time.
	Shard(s Shards) error
	// Gather brings the state of all ranks to rank 0, whose next Save writes it whole, as a Sharder does that isn't divided. All
	// ranks call it. Until then, rank 0 takes as much memory as if it weren't divided.
	Gather() error
}

// A stretch is a piece of a parameter.
type stretch struct{ lo, hi int }

// complete fills in the values that other ranks have found, one for each piece.
func (s *Shards) complete(values []float64, owners []int) error {
	send, recv := make([][]byte, s.Size), make([][]byte, s.Size)
	counts := make([]int, s.Size)
	var own []byte
	for i, owner := range owners {
		counts[owner]++
		if owner == s.Rank {
			own = binary.LittleEndian.AppendUint64(own, math.Float64bits(values[i]))
		}
	}
	for r := range send {
		if r != s.Rank {
			send[r], recv[r] = own, make([]byte, 8*counts[r])
		}
	}
	if err := s.Exchange(send, recv); err != nil {
		return err
	}
	for i, owner := range owners {
		if owner != s.Rank {
			values[i] = math.Float64frombits(binary.LittleEndian.Uint64(recv[owner]))
			recv[owner] = recv[owner][8:]
		}
	}
	return nil
}

// pieces returns those of a parameter that a rank owns, and how many elements they have.
func (s *Shards) pieces(p *graph.Param, rank int) (own []stretch, elements int) {
	for lo := 0; lo < p.Len(); lo += PieceSize {
		if s.Owner(p, lo) == rank {
			own = append(own, stretch{lo, min(lo+PieceSize, p.Len())})
			elements += own[len(own)-1].hi - lo
		}
	}
	return own, elements
}

// addShare cuts a parameter as pieces.add does, and keeps moments of the pieces that are this rank's.
func addShare[T float32 | float64](u *pieces[T], p *graph.Param, g Group) moments {
	own, n := u.shards.pieces(p, u.shards.Rank)
	first := len(u.all)
	u.add(p, nil, nil, g)
	kept := moments{whole: own}
	if n == 0 {
		return kept
	}
	m, v := memory.Make[T](n), memory.Make[T](n)
	kept.first, kept.second = dense(m, tensor.Shape{n}), dense(v, tensor.Shape{n})
	for _, s := range own {
		q := &u.all[first+s.lo/PieceSize]
		size := s.hi - s.lo
		q.m, q.v = m[:size], v[:size]
		m, v = m[size:], v[size:]
	}
	return kept
}

// Shard is described at Sharder.
func (a *Adam) Shard(s Shards) error {
	if a.steps > 0 || a.shards != nil {
		return errors.New("optim: adam: it has made steps or is divided already, so that it can't be divided")
	}
	a.shards = &s
	a.build(a.params[0].DType())
	return nil
}

// storedShares calls visit with whole tensors, and keeps of what they have then the pieces that are the rank's own.
func (a *Adam) storedShares(visit func(name string, t *tensor.Dense)) {
	for i, p := range a.params {
		m := a.moments[i]
		for k, name := range []string{firstName, secondName} {
			whole := emptyLike(p)
			visit(name+p.Name, whole)
			if m.first == nil {
				continue
			}
			to := []*tensor.Dense{m.first, m.second}[k]
			at := 0
			for _, s := range m.whole {
				at += copyElements(to, at, whole, s.lo, s.hi-s.lo)
			}
		}
	}
}

// emptyLike returns zeros in the shape of a parameter.
func emptyLike(p *graph.Param) *tensor.Dense {
	if p.DType() == tensor.Float64 {
		return dense(memory.Make[float64](p.Len()), p.Shape)
	}
	return dense(memory.Make[float32](p.Len()), p.Shape)
}

// copyElements copies n elements between tensors of one type, from places in them.
func copyElements(dst *tensor.Dense, to int, src *tensor.Dense, from, n int) int {
	if d, ok := dst.Data().([]float64); ok {
		return copy(d[to:to+n], src.Data().([]float64)[from:])
	}
	return copy(dst.Data().([]float32)[to:to+n], src.Data().([]float32)[from:])
}

// gathered is the whole state at rank 0, between Gather and Save.
type gathered struct {
	name  string
	value *tensor.Dense
}

// Gather is described at Sharder.
func (a *Adam) Gather() error {
	if a.shards == nil {
		return nil
	}
	a.gathered = nil
	for i, p := range a.params {
		m := a.moments[i]
		for k, name := range []string{firstName, secondName} {
			whole, err := a.shards.gather(p, []*tensor.Dense{m.first, m.second}[k])
			if err != nil {
				return fmt.Errorf("optim: gathering the state: %w", err)
			}
			a.gathered = append(a.gathered, gathered{name + p.Name, whole})
		}
	}
	return nil
}

// gather returns a tensor of which each rank has its own pieces in a row, at rank 0; at others nil.
func (s *Shards) gather(p *graph.Param, own *tensor.Dense) (*tensor.Dense, error) {
	send, recv := make([][]byte, s.Size), make([][]byte, s.Size)
	if s.Rank != 0 {
		if own != nil {
			send[0] = bytesOf(own)
		}
		return nil, s.Exchange(send, recv)
	}
	parts := make([]*tensor.Dense, s.Size)
	parts[0] = own
	for r := 1; r < s.Size; r++ {
		if _, n := s.pieces(p, r); n > 0 {
			parts[r] = tensor.New(tensor.Of(p.DType()), tensor.WithShape(n))
			recv[r] = bytesOf(parts[r])
		}
	}
	if err := s.Exchange(send, recv); err != nil {
		return nil, err
	}
	whole := emptyLike(p)
	for r, part := range parts {
		at := 0
		pieces, _ := s.pieces(p, r)
		for _, piece := range pieces {
			copyElements(whole, piece.lo, part, at, piece.hi-piece.lo)
			at += piece.hi - piece.lo
		}
	}
	return whole, nil
}

// bytesOf views a tensor's elements.
func bytesOf(t *tensor.Dense) []byte {
	if d, ok := t.Data().([]float64); ok {
		return unsafe.Slice((*byte)(unsafe.Pointer(&d[0])), 8*len(d))
	}
	d := t.Data().([]float32)
	return unsafe.Slice((*byte)(unsafe.Pointer(&d[0])), 4*len(d))
}

// saveGathered writes what Gather has brought together, and forgets it.
func (a *Adam) saveGathered(path string) error {
	if a.shards.Rank != 0 || a.gathered == nil {
		return errors.New("optim: adam: it is divided among ranks, and its state isn't gathered here")
	}
	state := a.gathered
	a.gathered = nil
	return saveState(path, a.steps, func(visit func(name string, t *tensor.Dense)) {
		for _, t := range state {
			visit(t.name, t.value)
		}
	})
}
