package exchange

import (
	"sync/atomic"
	"unsafe"

	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/internal/memory"
	"gorgonia.org/tensor"
)

// Peers are the ranks of a run, as one of them sees the others; see train.Ranks.
type Peers interface {
	Rank() int
	Size() int
	Exchange(send, recv [][]byte) error
}

// Config says what a Reducer adds up.
type Config struct {
	Peers        Peers
	Params       []*graph.Param // that are trained, in the order in which a pass finds their gradients; of one element type
	Accumulation int            // micro-batches of a step on each rank
	// Gather gives each rank all sums. Default: only those of the stretches that it owns.
	Gather bool
}

// A Reducer adds up the gradients of a step over its micro-batches on all ranks, in the order of the tree over them. Each rank gets a
// part of each bucket of parameters from all others, and adds that up. Buckets are exchanged in a goroutine of its own while the pass that
// finds the gradients goes on.
type Reducer interface {
	// Put is called behind each micro-batch of the rank but the last.
	Put()
	// Begin is called before the last micro-batch.
	Begin()
	// Final is called in the last micro-batch when a parameter's gradient is found.
	Final(p *graph.Param)
	// Wait returns when all sums are where the gradients were: all of them, or those of the stretches that the rank owns. Where the pass
	// failed it isn't called, and the Reducer can't be used any more.
	Wait() error
	// Spread gives each rank the parameters' values in the stretches that others own.
	Spread() error
	// Owner returns the rank that owns the stretch of a parameter that begins with an element.
	Owner(p *graph.Param, lo int) int
	// Bytes returns the memory that it takes.
	Bytes() int
	// Close ends the goroutine.
	Close()
}

// NewReducer makes a Reducer.
func NewReducer(c Config) Reducer {
	if c.Params[0].DType() == tensor.Float64 {
		return newReducer[float64](c)
	}
	return newReducer[float32](c)
}

// reducer is a Reducer of one element type.
type reducer[T float32 | float64] struct {
	Config
	sums    *stack[T] // of the micro-batches of this rank
	adds    []int     // what is added to each one's gradient
	tree    []sum     // of the branches of all ranks
	counts  []int     // branches of each rank
	firsts  []int     // which branch is the first of a rank
	done    int       // micro-batches of this step
	index   map[*graph.Param]int
	values  [][]T // of the parameters
	buckets []bucket
	of      [][]int // buckets of each parameter
	left    []int   // gradients that a bucket still waits for
	next    int     // the first bucket that isn't complete
	staging [][]T   // what goes to each rank, and of the own one what it spreads
	coming  [][]T   // what comes from each rank
	send    [][]byte
	recv    [][]byte
	parts   [][][]T // of a bucket by branch: the elements in the own shard, by stretch
	now     *bucket
	idle    atomic.Bool // the pass is over, so that the workers are free
	ready   chan int    // how many buckets are complete
	ended   chan error
	merging func(worker, i int)
	summing func(worker, i int)
}

// A sum adds branch b of a list to a, or where b is the gradient a to it.
type sum struct{ a, b int }

func newReducer[T float32 | float64](c Config) *reducer[T] {
	n, rank := c.Peers.Size(), c.Peers.Rank()
	total := n * c.Accumulation
	r := &reducer[T]{Config: c, index: map[*graph.Param]int{}, ready: make(chan int, 1), ended: make(chan error, 1)}
	places := map[Branch]int{}
	var own []Branch
	for q := range n {
		of := Branches(total, q*c.Accumulation, (q+1)*c.Accumulation)
		r.firsts, r.counts = append(r.firsts, len(places)), append(r.counts, len(of))
		for _, b := range of {
			places[b] = len(places)
		}
		if q == rank {
			own = of
		}
	}
	r.plan(Branch{0, total}, places)
	var depth int
	r.adds, depth = Additions(own)
	r.sums = newStack[T](c.Params, depth)
	r.buckets = buckets(r.sums.pieces, n)
	r.of, r.left = make([][]int, len(c.Params)), make([]int, len(r.buckets))
	for i, p := range c.Params {
		r.index[p] = i
		r.values = append(r.values, graph.Data[T](p))
	}
	for i, b := range r.buckets {
		last := -1
		for _, s := range r.sums.pieces[b.lo:b.hi] {
			if s.param != last {
				last = s.param
				r.of[last] = append(r.of[last], i)
			}
		}
	}
	r.parts = make([][][]T, len(places))
	r.makeStaging(rank)
	r.merging = func(_, i int) { r.merge(&r.sums.pieces[r.now.lo+i]) }
	r.summing = func(_, i int) { r.addUp(i) }
	go r.work()
	return r
}

// plan lists the sums that make a branch, in their order, and returns the place of the first of those of which it is the sum.
func (r *reducer[T]) plan(b Branch, places map[Branch]int) int {
	if at, ok := places[b]; ok {
		return at
	}
	p := split(b.Count)
	left := r.plan(Branch{b.First, p}, places)
	right := r.plan(Branch{b.First + p, b.Count - p}, places)
	mine := r.firsts[r.Peers.Rank()] + r.counts[r.Peers.Rank()] - 1 // the gradient, in which all is to end
	if right == mine {
		left, right = right, left
	}
	r.tree = append(r.tree, sum{left, right})
	return left
}

// makeStaging makes room for the largest bucket.
func (r *reducer[T]) makeStaging(rank int) {
	n := r.Peers.Size()
	r.staging, r.coming, r.send, r.recv = make([][]T, n), make([][]T, n), make([][]byte, n), make([][]byte, n)
	out, in := staging(r.buckets, r.counts, rank)
	for q := range n {
		r.staging[q] = memory.Make[T](out[q])
		if q != rank {
			r.coming[q] = memory.Make[T](in[q])
		}
	}
}

func (r *reducer[T]) Bytes() int {
	total := r.sums.Bytes()
	for q := range r.staging {
		total += (len(r.staging[q]) + len(r.coming[q])) * int(unsafe.Sizeof(T(0)))
	}
	return total
}

func (r *reducer[T]) Owner(p *graph.Param, lo int) int {
	i := r.index[p]
	for _, k := range r.of[i] {
		b := &r.buckets[k]
		for q, s := range b.shards {
			for _, piece := range r.sums.pieces[s.lo:s.hi] {
				if piece.param == i && piece.lo == lo {
					return q
				}
			}
		}
	}
	return -1
}

func (r *reducer[T]) Put() {
	for range r.adds[r.done] {
		r.sums.Add()
	}
	r.sums.Put()
	r.done++
}

func (r *reducer[T]) Begin() {
	r.next = 0
	r.idle.Store(false)
	clear(r.left)
	for _, of := range r.of {
		for _, b := range of {
			r.left[b]++
		}
	}
}

func (r *reducer[T]) Final(p *graph.Param) {
	for _, b := range r.of[r.index[p]] {
		r.left[b]--
	}
	before := r.next
	for r.next < len(r.left) && r.left[r.next] == 0 {
		r.next++
	}
	if r.next > before {
		select {
		case <-r.ready: // which nobody has taken
		default:
		}
		r.ready <- r.next
	}
}

func (r *reducer[T]) Wait() error {
	r.idle.Store(true)
	err := <-r.ended
	r.sums.Reset()
	r.done = 0
	return err
}

func (r *reducer[T]) Close() { close(r.ready) }

// work exchanges the buckets of one step after the other.
func (r *reducer[T]) work() {
	at := 0
	var failed error
	for complete := range r.ready {
		for ; at < complete; at++ {
			if failed == nil {
				failed = r.reduce(&r.buckets[at])
			}
		}
		if at == len(r.buckets) {
			r.ended <- failed
			at = 0
		}
	}
}
