package exchange

import (
	"unsafe"

	"github.com/seahorse-ml/seahorse/internal/kernels"
	"github.com/seahorse-ml/seahorse/internal/parallel"
)

// reduce adds up a bucket of which the rank's last micro-batch has found the gradients.
func (r *reducer[T]) reduce(b *bucket) error {
	rank := r.Peers.Rank()
	r.now = b
	r.sums.find()
	if r.adds[len(r.adds)-1] > 0 {
		r.each(b.hi-b.lo, r.merging)
	}
	mine := &b.shards[rank]
	for q := range b.shards {
		r.send[q], r.recv[q] = nil, nil
		if q != rank {
			r.send[q] = Bytes(r.branches(q, &b.shards[q]))
			r.recv[q] = Bytes(r.coming[q][:r.counts[q]*mine.size])
		}
	}
	if err := r.Peers.Exchange(r.send, r.recv); err != nil {
		return err
	}
	r.each(mine.hi-mine.lo, r.summing)
	if !r.Gather {
		return nil
	}
	return r.spread(b, r.sums.grads)
}

// each does n items: alone while the pass needs the workers, which would have to wait otherwise.
func (r *reducer[T]) each(n int, do func(worker, i int)) {
	if r.idle.Load() {
		parallel.Run(n, do)
		return
	}
	for i := range n {
		do(0, i)
	}
}

// merge adds to the gradient of a stretch what was put aside and belongs to its branch.
func (r *reducer[T]) merge(s *stretch) {
	g := r.sums.grads[s.param][s.lo:s.hi]
	for i := range r.adds[len(r.adds)-1] {
		kernels.Accumulate(g, r.sums.levels[r.sums.height-1-i][s.at:s.end()])
	}
}

// branches returns the elements of a shard in all branches of this rank, one after the other: those that were put aside, and the
// gradients.
func (r *reducer[T]) branches(q int, s *shard) []T {
	n := r.counts[r.Peers.Rank()]
	if n == 1 {
		return r.flat(q, s, r.sums.grads)
	}
	all := r.staging[q][:n*s.size]
	for k := range n - 1 {
		copy(all[k*s.size:(k+1)*s.size], r.sums.levels[k][s.at:])
	}
	r.copyFlat(all[(n-1)*s.size:], s, r.sums.grads)
	return all
}

// flat returns the elements of a shard in a row, of tensors by parameter: where they are if that is in one of them, or copied for rank q.
func (r *reducer[T]) flat(q int, s *shard, tensors [][]T) []T {
	if s.lo == s.hi {
		return nil
	}
	if at := r.within(s, tensors); at != nil {
		return at
	}
	r.copyFlat(r.staging[q][:s.size], s, tensors)
	return r.staging[q][:s.size]
}

// within returns the elements of a shard where they lie in a row, or nil.
func (r *reducer[T]) within(s *shard, tensors [][]T) []T {
	first, last := r.sums.pieces[s.lo], r.sums.pieces[s.hi-1]
	if first.param != last.param {
		return nil
	}
	return tensors[first.param][first.lo:last.hi]
}

func (r *reducer[T]) copyFlat(dst []T, s *shard, tensors [][]T) {
	for _, p := range r.sums.pieces[s.lo:s.hi] {
		copy(dst[p.at-s.at:], tensors[p.param][p.lo:p.hi])
	}
}

// addUp makes the sum of all branches of one stretch of the own shard, where this rank has its gradient.
func (r *reducer[T]) addUp(i int) {
	rank := r.Peers.Rank()
	s := &r.now.shards[rank]
	p := r.sums.pieces[s.lo+i]
	at := func(branch int) []T {
		q := rank
		for q = range r.firsts {
			if branch < r.firsts[q]+r.counts[q] {
				break
			}
		}
		k := branch - r.firsts[q]
		switch {
		case q != rank:
			from := k*s.size + p.at - s.at
			return r.coming[q][from : from+p.hi-p.lo]
		case k < r.counts[q]-1:
			return r.sums.levels[k][p.at:p.end()]
		}
		return r.sums.grads[p.param][p.lo:p.hi]
	}
	for _, t := range r.tree {
		kernels.Accumulate(at(t.a), at(t.b))
	}
}

// Spread is described at Reducer.
func (r *reducer[T]) Spread() error {
	for i := range r.buckets {
		if err := r.spread(&r.buckets[i], r.values); err != nil {
			return err
		}
	}
	return nil
}

// spread sends the own shard of a bucket to all ranks, and takes theirs.
func (r *reducer[T]) spread(b *bucket, tensors [][]T) error {
	rank := r.Peers.Rank()
	own := Bytes(r.flat(rank, &b.shards[rank], tensors))
	for q := range b.shards {
		r.send[q], r.recv[q] = nil, nil
		if q == rank {
			continue
		}
		s := &b.shards[q]
		r.send[q] = own
		if s.lo < s.hi {
			to := r.within(s, tensors)
			if to == nil {
				to = r.coming[q][:s.size]
			}
			r.recv[q] = Bytes(to)
		}
	}
	if err := r.Peers.Exchange(r.send, r.recv); err != nil {
		return err
	}
	for q := range b.shards {
		s := &b.shards[q]
		if q == rank || s.lo == s.hi || r.within(s, tensors) != nil {
			continue
		}
		for _, p := range r.sums.pieces[s.lo:s.hi] {
			copy(tensors[p.param][p.lo:p.hi], r.coming[q][p.at-s.at:])
		}
	}
	return nil
}

// Bytes views elements as bytes.
func Bytes[T float32 | float64](data []T) []byte {
	if len(data) == 0 {
		return nil
	}
	return unsafe.Slice((*byte)(unsafe.Pointer(&data[0])), len(data)*int(unsafe.Sizeof(data[0])))
}
