package exchange

import (
	"unsafe"

	"github.com/seahorse-ml/seahorse/internal/parallel"
)

// reduce exchanges a bucket of which the rank's last micro-batch has found the gradients.
func (r *reducer[T]) reduce(b *bucket) error {
	r.choose(b)
	return r.fly()
}

// choose puts all of a bucket into r.chunk.
func (r *reducer[T]) choose(b *bucket) {
	for q, s := range b.shards {
		r.chunk[q] = append(r.chunk[q][:0], r.sums.pieces[s.lo:s.hi]...)
	}
}

// fly begins to exchange what is in r.chunk, and goes on with what was begun before: the flight before this one is added up, and that before it, whose
// sums are on their way to all, lands. So it is in one order on all ranks.
func (r *reducer[T]) fly() error {
	k := r.begun
	f := r.flights[k%len(r.flights)]
	r.load(f, r.chunk)
	r.depart(f)
	r.begun++
	if k >= 1 {
		if err := r.sum(r.flights[(k-1)%len(r.flights)]); err != nil {
			return err
		}
	}
	if r.Gather && k >= 2 {
		return r.arrive(r.flights[(k-2)%len(r.flights)])
	}
	return nil
}

// land ends all flights that are under way.
func (r *reducer[T]) land() error {
	k := r.begun
	r.begun = 0
	if k == 0 {
		return nil
	}
	last := r.flights[(k-1)%len(r.flights)]
	if err := r.sum(last); err != nil || !r.Gather {
		return err
	}
	if k >= 2 {
		if err := r.arrive(r.flights[(k-2)%len(r.flights)]); err != nil {
			return err
		}
	}
	return r.arrive(last)
}

// depart sends the ranks' parts in all branches of this one.
func (r *reducer[T]) depart(f *flight[T]) {
	rank := r.Peers.Rank()
	r.sums.find()
	for q, parts := range f.parts {
		if r.merges() {
			r.now = work[T]{f, parts}
			r.each(len(parts), r.merging)
		}
		f.send[q], f.recv[q] = nil, nil
		if q != rank {
			f.send[q] = f.outgoing(q, r.branches(f, q))
			f.recv[q] = f.incoming(q, r.counts[q]*f.sizes[rank])
		}
	}
	f.wait = r.Peers.Start(f.send, f.recv)
}

// sum adds up the own parts, when those of the others are there.
func (r *reducer[T]) sum(f *flight[T]) error {
	rank := r.Peers.Rank()
	if err := f.wait(); err != nil {
		return err
	}
	for q := range f.parts {
		if q != rank {
			f.arrived(q, r.counts[q]*f.sizes[rank])
		}
	}
	r.now = work[T]{f, f.parts[rank]}
	r.each(len(r.now.parts), r.summing)
	if r.Gather {
		r.spread(f, r.sums.grads, f.narrow != nil)
	}
	return nil
}

// merges tells whether the gradients of the last micro-batch are changed before they are sent.
func (r *reducer[T]) merges() bool { return r.Round || r.adds[len(r.adds)-1] > 0 }

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
	if r.Round {
		round(g)
	}
	for i := range r.adds[len(r.adds)-1] {
		accumulate(g, r.sums.levels[r.sums.height-1-i][s.at:s.end()], r.Round)
	}
}

// branches returns a rank's parts in all branches of this one, one after the other: those that were put aside, and the gradients.
func (r *reducer[T]) branches(f *flight[T], q int) []T {
	n, all := r.counts[r.Peers.Rank()], f.staging[q]
	if n == 1 {
		return collect(all, f.parts[q], r.sums.grads)
	}
	at := 0
	for k := range n {
		for i := range f.parts[q] {
			at += copy(all[at:], r.branch(k, &f.parts[q][i]))
		}
	}
	return all[:at]
}

// branch returns the elements of a stretch in one of this rank's branches.
func (r *reducer[T]) branch(k int, p *stretch) []T {
	if k < r.counts[r.Peers.Rank()]-1 {
		return r.sums.levels[k][p.at:p.end()]
	}
	return r.sums.grads[p.param][p.lo:p.hi]
}

// addUp makes the sum of all branches of one of the own parts of a flight, where this rank has its gradient.
func (r *reducer[T]) addUp(f *flight[T], i int) {
	rank := r.Peers.Rank()
	p := &f.parts[rank][i]
	at := func(branch int) []T {
		q := rank
		for q = range r.firsts {
			if branch < r.firsts[q]+r.counts[q] {
				break
			}
		}
		k := branch - r.firsts[q]
		if q == rank {
			return r.branch(k, p)
		}
		from := k*f.sizes[rank] + f.behind[i]
		return f.coming[q][from : from+p.hi-p.lo]
	}
	for _, t := range r.tree {
		accumulate(at(t.a), at(t.b), r.Round)
	}
}

// spread sends the own parts of tensors to all ranks, which send theirs; of rounded sums in few bytes.
func (r *reducer[T]) spread(f *flight[T], tensors [][]T, rounded bool) {
	rank := r.Peers.Rank()
	flat := collect(f.staging[rank], f.parts[rank], tensors)
	own := Bytes(flat)
	if rounded {
		own = f.outgoing(rank, flat)
	}
	for q, parts := range f.parts {
		f.send[q], f.recv[q] = nil, nil
		if q == rank {
			continue
		}
		f.send[q] = own
		if rounded {
			f.recv[q] = f.incoming(q, f.sizes[q])
		} else if at := row(parts, tensors); at != nil {
			f.recv[q] = Bytes(at)
		} else {
			f.recv[q] = Bytes(f.coming[q][:f.sizes[q]])
		}
	}
	f.wait, f.tensors, f.rounded = r.Peers.Start(f.send, f.recv), tensors, rounded
}

// arrive puts what others have spread where it belongs, when it is there.
func (r *reducer[T]) arrive(f *flight[T]) error {
	if err := f.wait(); err != nil {
		return err
	}
	for q, parts := range f.parts {
		if q == r.Peers.Rank() || !f.rounded && row(parts, f.tensors) != nil {
			continue
		}
		if f.rounded {
			f.arrived(q, f.sizes[q])
		}
		from := f.coming[q]
		for _, p := range parts {
			from = from[copy(f.tensors[p.param][p.lo:p.hi], from):]
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
