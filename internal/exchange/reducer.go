package exchange

import (
	"sort"
	"sync/atomic"

	"github.com/seahorse-ml/seahorse/graph"
	"gorgonia.org/tensor"
)

// Peers are the ranks of a run, as one of them sees the others; see train.Ranks.
type Peers interface {
	Rank() int
	Size() int
	Start(send, recv [][]byte, then func() (send, recv [][]byte)) (wait func() error)
}

// Config says what a Reducer adds up.
type Config struct {
	Peers        Peers
	Params       []*graph.Param // that are trained, in the order in which a pass finds their gradients; of one element type
	Accumulation int            // micro-batches of a step on each rank
	// Gather gives each rank all sums. Default: only those of the stretches that it owns.
	Gather bool
	// Round rounds the gradient of each micro-batch, and each sum of the tree, to bfloat16, and sends them so: half of the bytes. The sums are those of
	// a Stack that rounds, whatever the number of ranks.
	Round bool
	// Lookups are those of Params whose gradients a pass finds in two parts (graph.Lookup), so that most of them can be sent early; and which it reads in
	// two parts, so that most of them may come late.
	Lookups []*graph.Param
}

// A Reducer adds up the gradients of a step over its micro-batches on all ranks, in the order of the tree over them. Each rank gets a
// part of each bucket of parameters from all others, and adds that up. Buckets are exchanged in a goroutine of its own while the pass that
// finds the gradients goes on.
type Reducer interface {
	// Put is called behind each micro-batch of the rank but the last.
	Put()
	// Begin is called before the last micro-batch. Rows are those of each of Lookups that are found late in the last micro-batch of one of the ranks; nil
	// if their gradients are to be exchanged whole. All ranks give the same.
	Begin(rows []Rows)
	// Early is called in the last micro-batch when the gradient of one of Lookups is found but for its late rows.
	Early(p *graph.Param)
	// Final is called in the last micro-batch when a parameter's gradient is found.
	Final(p *graph.Param)
	// Wait returns when all sums are where the gradients were: all of them, or those of the stretches that the rank owns. Where the pass
	// failed it isn't called, and the Reducer can't be used any more.
	Wait() error
	// Spread begins to give each rank the parameters' values in the stretches that others own, and goes on while the process does something else: those
	// that a pass reads first come first. Rows are those of each of Lookups that the next pass of any rank looks up, which come at first, and the others
	// at last; nil if a pass reads them whole at once. All ranks give the same. Await and Settle wait for it, and the exchanges of the next step
	// come behind it.
	Spread(rows []Rows)
	// Await returns when a parameter's values are there, or never will be, as Settle tells; of Lookups those in the rows that Spread was given, where
	// only they are wanted.
	Await(p *graph.Param, rows bool)
	// Settle returns when all parameters' values are there.
	Settle() error
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
	begins  []int // of each parameter, among all elements
	buckets []bucket
	lookups []int        // places of Lookups among the parameters
	orders  [2]schedule  // of exchanges: with lookups whole, and in two parts
	order   *schedule    // of this step
	rows    []Rows       // of lookups that come late in this step
	flights []*flight[T] // as many as are under way at most
	begun   int          // flights since the last time that all had landed
	chunk   [][]stretch  // of each rank: what the next flight exchanges
	parts   []stretch    // of a shard
	room    []int        // elements of each rank that a flight has room for
	left    []int        // gradients that a task still waits for
	next    int          // the first task that isn't complete
	idle    atomic.Bool  // the pass is over, so that the workers are free
	ready   chan int     // how many tasks are complete
	ended   chan error
	spreads chan struct{} // one is to begin
	news    *spreading    // of it
	now     []stretch     // that are merged
	merging func(worker, i int)
}

// A sum adds branch b of a list to a, or where b is the gradient a to it.
type sum struct{ a, b int }

func newReducer[T float32 | float64](c Config) *reducer[T] {
	n, rank := c.Peers.Size(), c.Peers.Rank()
	total := n * c.Accumulation
	r := &reducer[T]{Config: c, index: map[*graph.Param]int{}, ready: make(chan int, 1), ended: make(chan error, 1), spreads: make(chan struct{}, 1)}
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
	r.sums = newStack[T](c.Params, depth, c.Round)
	r.lookups = indices(c.Lookups, c.Params)
	r.buckets = buckets(r.sums.pieces, n, r.lookups)
	at := 0
	for i, p := range c.Params {
		r.index[p] = i
		r.values = append(r.values, graph.Data[T](p))
		r.begins = append(r.begins, at)
		at += p.Len()
	}
	for i := range r.orders {
		r.orders[i] = newSchedule(len(c.Params), r.sums.pieces, r.buckets, r.lookups, i == 1)
	}
	r.chunk, r.room = make([][]stretch, n), make([]int, n)
	for _, b := range r.buckets {
		for q, s := range b.shards {
			r.room[q] = max(r.room[q], s.size)
		}
	}
	r.news = newSpreading(len(c.Params), r.sums.pieces, r.buckets, r.lookups)
	r.makeFlights()
	r.merging = func(_, i int) { r.merge(&r.now[i]) }
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

func (r *reducer[T]) Bytes() int {
	total := r.sums.Bytes()
	for _, f := range r.flights {
		total += f.bytes()
	}
	return total
}

func (r *reducer[T]) Owner(p *graph.Param, lo int) int {
	at := r.begins[r.index[p]] + lo
	next := sort.Search(len(r.buckets), func(i int) bool { return r.sums.pieces[r.buckets[i].lo].at > at }) // behind its bucket
	for q, s := range r.buckets[next-1].shards {
		if s.at <= at && at < s.at+s.size {
			return q
		}
	}
	return -1
}

func (r *reducer[T]) Put() {
	r.sums.Round()
	for range r.adds[r.done] {
		r.sums.Add()
	}
	r.sums.Put()
	r.done++
}

func (r *reducer[T]) Begin(rows []Rows) {
	r.next, r.rows = 0, rows
	r.order = &r.orders[0]
	if rows != nil {
		r.order = &r.orders[1]
	}
	r.left = r.order.waits(r.left)
	r.idle.Store(false)
}

func (r *reducer[T]) Early(p *graph.Param) { r.found(r.order.early[r.index[p]]) }

func (r *reducer[T]) Final(p *graph.Param) { r.found(r.order.final[r.index[p]]) }

// found lets the exchanges begin for which something that tasks waited for was the last.
func (r *reducer[T]) found(tasks []int) {
	for _, t := range tasks {
		r.left[t]--
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

// work makes the exchanges of one step after the other.
func (r *reducer[T]) work() {
	at := 0
	var failed error
	reduce := r.reduce
	spread := func() {
		if failed == nil {
			failed = r.spreadAll()
		}
		if failed != nil {
			r.news.set(0, failed)
		}
	}
	for {
		select {
		case <-r.spreads:
			spread()
			continue
		case complete, open := <-r.ready:
			if !open {
				return
			}
			select {
			case <-r.spreads: // which was wanted before
				spread()
			default:
			}
			for ; at < complete; at++ {
				if failed == nil {
					failed = r.visit(r.order.tasks[at], r.rows, reduce)
				}
			}
		}
		if at == len(r.order.tasks) {
			if failed == nil {
				failed = r.land()
			}
			at = 0
			r.ended <- failed
		}
	}
}

// visit puts into r.chunk what a task exchanges, as much at a time as a flight has room for, and calls begin each time. Rows are those of lookups that are
// exchanged apart from the others.
func (r *reducer[T]) visit(t task, rows []Rows, begin func() error) error {
	switch {
	case t.lookup < 0:
		r.choose(&r.buckets[t.bucket])
	case t.bucket < 0:
		return r.chooseRows(t.lookup, rows[t.lookup], begin)
	default:
		r.chooseOthers(&r.buckets[t.bucket], rows[t.lookup])
	}
	return begin()
}
