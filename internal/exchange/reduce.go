package exchange

import (
	"unsafe"

	"github.com/seahorse-ml/seahorse/internal/parallel"
)

// choose puts all of a bucket into r.chunk.
func (r *reducer[T]) choose(b *bucket) {
	for q, s := range b.shards {
		r.chunk[q] = append(r.chunk[q][:0], r.sums.pieces[s.lo:s.hi]...)
	}
}

// board returns a flight that is loaded with what is in r.chunk. Where as many are under way as there is room for, the first of them lands before.
func (r *reducer[T]) board() (*flight[T], error) {
	f := r.flights[r.begun%len(r.flights)]
	if r.begun >= len(r.flights) {
		if err := r.arrive(f); err != nil {
			return nil, err
		}
	}
	r.begun++
	r.load(f, r.chunk)
	return f, nil
}

// land ends all flights that are under way.
func (r *reducer[T]) land() error {
	k := r.begun
	r.begun = 0
	for i := max(0, k-len(r.flights)); i < k; i++ {
		if err := r.arrive(r.flights[i%len(r.flights)]); err != nil {
			return err
		}
	}
	return nil
}

// reduce begins to add up what is in r.chunk, whose gradients the rank's last micro-batch has found.
func (r *reducer[T]) reduce() error {
	if r.begun == 0 {
		r.sums.find()
	}
	f, err := r.board()
	if err == nil {
		r.depart(f)
	}
	return err
}

// depart sends the ranks' parts in all branches of this one. They are added up as soon as those of the others are there, by the thread that has brought them.
func (r *reducer[T]) depart(f *flight[T]) {
	rank := r.Peers.Rank()
	for q, parts := range f.parts {
		if r.merges() {
			r.now = parts
			r.each(len(parts), r.merging)
		}
		f.send[q], f.recv[q] = nil, nil
		if q != rank {
			f.send[q] = f.outgoing(q, r.branches(f, q))
			f.recv[q] = f.incoming(q, r.counts[q]*f.sizes[rank])
		}
	}
	f.wait = r.Peers.Start(f.send, f.recv, f.sum)
}

// sum adds up the own parts, when those of the others are there, and returns what is exchanged then: the sums, if all ranks get them.
func (r *reducer[T]) sum(f *flight[T]) (send, recv [][]byte) {
	rank := r.Peers.Rank()
	for q := range f.parts {
		if q != rank {
			f.arrived(q, r.counts[q]*f.sizes[rank])
		}
	}
	r.each(len(f.parts[rank]), f.adding)
	if !r.Gather {
		return nil, nil
	}
	return r.outward(f, r.sums.grads, f.narrow != nil)
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

// outward returns what goes to all ranks and comes from them where each spreads its own parts of tensors; rounded sums go in few bytes.
func (r *reducer[T]) outward(f *flight[T], tensors [][]T, rounded bool) (send, recv [][]byte) {
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
	f.tensors, f.rounded = tensors, rounded
	return f.send, f.recv
}

// arrive waits for the end of a flight, and puts what others have spread where it belongs.
func (r *reducer[T]) arrive(f *flight[T]) error {
	if err := f.wait(); err != nil || f.tensors == nil {
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
	if f.ends > 0 {
		r.news.set(f.ends, nil)
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
