package exchange

import (
	"unsafe"

	"github.com/seahorse-ml/seahorse/internal/memory"
)

// A flight is an exchange that is under way: of a bucket, of some of its rows, or of the values in it.
type flight[T float32 | float64] struct {
	parts  [][]stretch // of each rank: what it adds up
	behind []int       // elements of the own parts before each
	sizes  []int       // elements of each rank's parts

	staging [][]T // what goes to each rank where it doesn't lie in a row; of the own one what it spreads
	coming  [][]T // what comes from each rank where it has no place of its own
	narrow  *narrow
	send    [][]byte
	recv    [][]byte
	wait    func() error
	tensors [][]T // by parameter: what is spread; nil for sums that stay where they are made
	rounded bool  // as bfloat16
	ends    int   // tasks of a spread that are complete when it lands; 0 where more of its task follows

	sum    func() (send, recv [][]byte) // what is done when the parts of others are there
	adding func(worker, i int)          // adds up one of the own parts
}

// inFlight is how many exchanges are under way at a time. A network that is as fast as the machine needs two: the bytes of one are on their way while the
// sums of another are made. More of them keep it busy where a rank takes a while to notice that one has ended, since others compute on its cores, and
// where a message waits for word from the other side, which comes behind the bytes that are on their way already.
const inFlight = 4

// makeFlights makes room for the largest buckets.
func (r *reducer[T]) makeFlights() {
	n, rank := r.Peers.Size(), r.Peers.Rank()
	out, in := staging(r.buckets, r.counts, rank)
	for range inFlight {
		f := &flight[T]{
			parts: make([][]stretch, n), sizes: make([]int, n), staging: make([][]T, n), coming: make([][]T, n), send: make([][]byte, n), recv: make([][]byte, n),
		}
		f.sum = func() (send, recv [][]byte) { return r.sum(f) }
		f.adding = func(_, i int) { r.addUp(f, i) }
		for q := range n {
			f.staging[q] = memory.Make[T](out[q])
			if q != rank {
				f.coming[q] = memory.Make[T](in[q])
			}
		}
		if r.Round {
			f.narrow = newNarrow(out, in)
		}
		r.flights = append(r.flights, f)
	}
}

func (f *flight[T]) bytes() (total int) {
	for q := range f.staging {
		total += (len(f.staging[q]) + len(f.coming[q])) * int(unsafe.Sizeof(T(0)))
	}
	if f.narrow != nil {
		total += f.narrow.bytes()
	}
	return total
}

// load says what a flight exchanges: the parts of each rank.
func (r *reducer[T]) load(f *flight[T], parts [][]stretch) {
	for q := range parts {
		f.parts[q] = append(f.parts[q][:0], parts[q]...)
		f.sizes[q] = length(parts[q])
	}
	f.behind, f.tensors, f.ends = f.behind[:0], nil, 0
	at := 0
	for _, p := range f.parts[r.Peers.Rank()] {
		f.behind = append(f.behind, at)
		at += p.hi - p.lo
	}
}

// row returns parts of tensors in a row: where they are if that is in one of them, or nil.
func row[T float32 | float64](parts []stretch, tensors [][]T) []T {
	if len(parts) == 0 {
		return nil
	}
	first, last := parts[0], parts[len(parts)-1]
	if first.param != last.param || last.hi-first.lo != length(parts) {
		return nil
	}
	return tensors[first.param][first.lo:last.hi]
}

// collect returns parts of tensors in a row, copied to a place where they aren't.
func collect[T float32 | float64](to []T, parts []stretch, tensors [][]T) []T {
	if at := row(parts, tensors); at != nil {
		return at
	}
	n := 0
	for _, p := range parts {
		n += copy(to[n:], tensors[p.param][p.lo:p.hi])
	}
	return to[:n]
}

// length returns how many elements stretches have.
func length(parts []stretch) (n int) {
	for _, p := range parts {
		n += p.hi - p.lo
	}
	return n
}

// outgoing returns elements for rank q as they are sent.
func (f *flight[T]) outgoing(q int, data []T) []byte {
	if f.narrow == nil {
		return Bytes(data)
	}
	return narrowed(f.narrow.out[q], data)
}

// incoming returns the memory for n elements from rank q, as they come.
func (f *flight[T]) incoming(q, n int) []byte {
	if f.narrow == nil {
		return Bytes(f.coming[q][:n])
	}
	return brainBytes(f.narrow.in[q][:n])
}

// arrived makes n elements that have come from rank q what they are.
func (f *flight[T]) arrived(q, n int) {
	if f.narrow != nil {
		widened(f.coming[q][:n], f.narrow.in[q])
	}
}
