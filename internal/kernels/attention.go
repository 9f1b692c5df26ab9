package kernels

import (
	"math"

	"github.com/seahorse-ml/seahorse/internal/parallel"
)

// AttentionConfig configures NewAttention. Head h of a token starts h·HeadSize
// elements after the token's row; query head h reads key/value head h/(Heads/KVHeads).
type AttentionConfig struct {
	Batch, Queries, Keys     int // B, T, S; query i stands at position i + Keys - Queries
	Heads, KVHeads, HeadSize int // Heads is a multiple of KVHeads

	// Elements from one token's row to the next; a packed buffer of queries, keys
	// and values has the width of all three.
	QStride, KStride, VStride, OStride int

	Scale   float64   // multiplies the scores q·k
	Cross   bool      // queries are of another sequence than keys; so they are in any case where there are more of them
	Causal  bool      // a query sees keys up to its own position
	Window  int       // and only keys after its position less Window; 0 means all
	Prefix  int       // keys before Prefix are seen in spite of Causal
	SoftCap float64   // c > 0: scores s become c·tanh(s/c)
	Slopes  []float64 // ALiBi: slope of the head times (key's - query's position) is added; nil for none
	Dropout float64   // probability with which a weight becomes 0, in [0, 1); the others are divided by 1 less it
}

// AttentionMask has what differs from one call to the next.
type AttentionMask[T Float] struct {
	// Segments [B, Keys]: a query sees keys of the segment of its own position; -1 is
	// padding, which nobody sees and which sees nothing. With Cross, queries have no
	// segment and see all keys but the padding. Nil for one segment.
	Segments []int32
	// Bias [Heads, Queries, Keys] is added to the scores; nil for none.
	Bias []T
	// Seed and Stream choose the random numbers by which weights are dropped.
	Seed, Stream uint64
}

const (
	attentionLanes = 64 // queries that are worked on side by side, a panel
	panelPart      = 32 // queries that a panelKernel takes at one time
	maskedPart     = 16 // queries for which masks skip work, half of them
	attentionKeys  = 64 // keys in a block
	attentionGroup = 4  // panels that share a block of keys

	// attentionItems is the least number of items into which the backward pass is
	// split, a constant so that sums don't depend on the number of threads.
	attentionItems = 16
)

// Attention computes softmax(Scale·q·kᵀ + masks)·v and its gradients, block
// by block with a running maximum and sum (Dao et al., "FlashAttention", 2022), so that
// memory is linear in the number of tokens. A query that sees no key gives 0.
//
// Scores are kept transposed: a panel of them has the queries as its columns, side by
// side in vector registers, so that maxima and sums over keys need no sums across a
// register, and the products leave blocks of keys and values as they lie.
type Attention[T Float] struct {
	AttentionConfig
	Partial []T // working memory of Backward, PartialElements of them

	kernel       *productKernel[T]
	panel        *panelKernel[T]
	outside      *panelKernel[T] // panel, or what can do with the caller's rows, which are not padded
	width        int             // HeadSize rounded up to whole tiles
	queryBlocks  int             // items of a head going forward
	panels       int             // panels of a head
	chunks       int             // parts of the backward pass of one key/value head
	trained      bool            // Backward has been called, which takes memory of its own
	forwardBody  func(worker, i int)
	singleBody   func(worker, i int)
	backwardBody func(worker, i int)
	reduceBody   func(worker, i int)
	ones, scales [attentionKeys]T // factors of rows: 1 and Scale
	memory       [][]T            // of the workers, while a loop runs
	call         attentionCall[T]
}

// attentionCall has the arguments of the call that runs.
type attentionCall[T Float] struct {
	out, lse, q, k, v       []T
	dq, dk, dv, dbias, dout []T
	mask                    AttentionMask[T]
	past                    bool // whether results are written past the caches
}

// NewAttention prepares attention of the given shape.
func NewAttention[T Float](c AttentionConfig) *Attention[T] {
	a := &Attention[T]{AttentionConfig: c, kernel: productKernels[T]()[0], panel: panelKernels[T]()[0]}
	Fill(a.ones[:], 1)
	Fill(a.scales[:], T(c.Scale))
	a.outside = a.panel
	if c.HeadSize%tileWidth != 0 {
		a.outside = genericPanels[T]()
	}
	a.width, a.panels, a.queryBlocks, a.chunks = c.blocks()
	a.forwardBody = a.forwardItem
	a.singleBody = a.singleItem
	a.backwardBody = a.backwardItem
	a.reduceBody = a.reduceItem
	scratch := a.forwardScratch()
	if c.Queries == 1 {
		scratch = max(scratch, a.singleScratch())
	}
	scratchOf[T]().reserve(min(parallel.Workers(), max(1, c.Batch*c.Heads*a.queryBlocks)), scratch)
	return a
}

// blocks returns how the work is cut: what the fields of Attention of these names hold.
func (c *AttentionConfig) blocks() (width, panels, queryBlocks, chunks int) {
	width = roundUp(c.HeadSize, tileWidth)
	panels = ceilDiv(c.Queries, attentionLanes)
	queryBlocks = ceilDiv(panels, attentionGroup)
	chunks = 1
	if n := c.Batch * c.KVHeads; n > 0 {
		chunks = max(1, min(ceilDiv(attentionItems, n), queryBlocks*(c.Heads/c.KVHeads)))
	}
	return width, panels, queryBlocks, chunks
}

// PartialElements returns the number of elements that Backward needs as working memory.
func (c *AttentionConfig) PartialElements() int {
	_, _, _, chunks := c.blocks()
	if chunks == 1 {
		return 0
	}
	return c.Batch * c.KVHeads * chunks * c.partialSize()
}

func roundUp(n, multiple int) int { return ceilDiv(n, multiple) * multiple }

// Forward computes out [B, Queries, Heads·HeadSize] and, unless lse is nil, the
// logarithm of the sum of the exponentials of each query's scores, lse [B, Heads, Queries], which is
// -∞ where no key is seen. It runs on all cores.
func (a *Attention[T]) Forward(out, lse, q, k, v []T, m AttentionMask[T]) {
	a.call = attentionCall[T]{out: out, lse: lse, q: q, k: k, v: v, mask: m}
	a.call.past = a.streams(a.Heads*a.Queries, out, a.OStride)
	if a.single() {
		a.run(a.Batch*a.KVHeads, a.singleScratch(), a.singleBody)
	} else {
		a.run(a.Batch*a.Heads*a.queryBlocks, a.forwardScratch(), a.forwardBody)
	}
	a.call = attentionCall[T]{}
}

// Backward computes dq, dk, dv with the strides of q, k and v, and the bias's gradient
// dbias [Heads, Queries, Keys] unless it is nil, from the gradient dout of out. All of them are
// overwritten. It runs on all cores, and its sums have one order.
func (a *Attention[T]) Backward(dq, dk, dv, dbias, dout, out, lse, q, k, v []T, m AttentionMask[T]) {
	a.call = attentionCall[T]{
		out: out, lse: lse, q: q, k: k, v: v,
		dq: dq, dk: dk, dv: dv, dbias: dbias, dout: dout, mask: m,
	}
	size := a.Heads*a.Queries + 2*a.KVHeads*a.Keys
	a.call.past = a.streams(size, dq, a.QStride) && a.streams(size, dk, a.KStride) && a.streams(size, dv, a.VStride)
	heads := a.Batch * a.KVHeads
	if !a.trained {
		scratchOf[T]().reserve(min(parallel.Workers(), max(1, heads*a.chunks)), a.backwardScratch())
		a.trained = true
	}
	if dbias != nil {
		// The bias is shared by the batch: one item goes through all of it.
		clear(dbias)
		heads = a.KVHeads
	}
	a.run(heads*a.chunks, a.backwardScratch(), a.backwardBody)
	if a.chunks > 1 {
		parallel.Run(a.Batch*a.KVHeads*a.keyBlocks(), a.reduceBody)
	}
	a.call = attentionCall[T]{}
}

// run calls body for n items, with size elements of memory for each worker.
func (a *Attention[T]) run(n, size int, body func(worker, i int)) {
	stock := scratchOf[T]()
	a.memory = stock.borrow(a.memory[:0], min(parallel.Workers(), n), size)
	parallel.Run(n, body)
	stock.give(a.memory)
	clear(a.memory) // the stock may drop them
}

// streams reports whether rows of heads, ld apart, are written past the caches where so many are written for each sequence.
func (a *Attention[T]) streams(rows int, x []T, ld int) bool {
	return a.HeadSize%lineElements == 0 && streams(x, a.Batch*rows*a.HeadSize, ld)
}

func (a *Attention[T]) keyBlocks() int { return ceilDiv(a.Keys, attentionKeys) }

// query and key return the places where the head of a token starts.
func (a *Attention[T]) queryAt(b, i, h, stride int) int {
	return (b*a.Queries+i)*stride + h*a.HeadSize
}

func (a *Attention[T]) keyAt(b, j, h, stride int) int {
	return (b*a.Keys+j)*stride + h*a.HeadSize
}

// plain reports whether nothing but hiding is done to scores.
func (a *Attention[T]) plain() bool {
	return a.SoftCap == 0 && a.Slopes == nil && a.call.mask.Bias == nil
}

// scoreScale returns what queries are multiplied with before the product with
// the keys. Plain scores come in base 2 then.
func (a *Attention[T]) scoreScale() T {
	if a.plain() {
		return T(a.Scale * math.Log2E)
	}
	return T(a.Scale)
}
