package graph

import (
	"fmt"

	"github.com/seahorse-ml/seahorse/internal/kernels"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// Embedding looks up the rows of table [V, D] for ids [B, T] int32, to
// [B, T, D]. A run fails on an id outside of [0, V).
func (g *Graph) Embedding(table, ids *Node) *Node {
	const none = -1
	return g.EmbeddingPadded(table, ids, none)
}

// EmbeddingPadded is Embedding with an id, that of padding, whose row gets no gradient
// from being looked up.
func (g *Graph) EmbeddingPadded(table, ids *Node, padding int) *Node {
	if g.err != nil {
		return g.broken
	}
	ts, is := table.Shape(), ids.Shape()
	if ts.Dims() != 2 || ids.Dtype() != tensor.Int32 {
		return g.Fail(fmt.Errorf("graph: embedding: table %v and ids %v of %v, expected [V, D] and int32 ids", ts, is, ids.Dtype()))
	}
	shape := append(is.Clone(), ts[1])
	return g.apply("embedding", &embeddingOp{vocab: ts[0], cols: ts[1], padding: padding}, shape, table, ids)
}

type embeddingOp struct {
	base
	vocab, cols, padding int
}

func (o *embeddingOp) unpacks(i int) bool { return i == 0 }
func (o *embeddingOp) DiffWRT(int) []bool { return []bool{true, false} }

func (o *embeddingOp) SymDiff(in gorgonia.Nodes, _, grad *Node) (gorgonia.Nodes, error) {
	op := &embeddingGradOp{cols: o.cols, padding: o.padding}
	return gorgonia.Nodes{o.g.apply("embedding backward", op, in[0].Shape().Clone(), in[1], grad), nil}, o.g.err
}

func (o *embeddingOp) lower(c *call) func() error {
	return pick(c, lowerEmbedding[float32], lowerEmbedding[float64])(o, c)
}

func lowerEmbedding[T kernels.Float](o *embeddingOp, c *call) func() error {
	dst, table, ids := out[T](c, 0).data, in[T](c, 0), c.ins[1].i32
	d, packed := o.cols, c.ins[0].packed
	run := spread(len(ids), rowGrain(d), func(lo, hi int) {
		if packed.Data != nil {
			kernels.GatherPacked(dst[lo*d:hi*d], packed, ids[lo:hi])
			return
		}
		kernels.Gather(dst[lo*d:hi*d], table, ids[lo:hi], d)
	})
	return func() error {
		for i, id := range ids {
			if id < 0 || int(id) >= o.vocab {
				return fmt.Errorf("id %d at position %d is outside of the vocabulary of %d", id, i, o.vocab)
			}
		}
		run()
		return nil
	}
}

// embeddingGradOp adds the rows of dy [B, T, D] to the rows of [V, D] that ids name,
// but for the padding's.
type embeddingGradOp struct {
	base
	cols, padding int
}

func (o *embeddingGradOp) accumulates(int) bool { return true }

func (o *embeddingGradOp) lower(c *call) func() error {
	return pick(c, lowerEmbeddingGrad[float32], lowerEmbeddingGrad[float64])(o, c)
}

func lowerEmbeddingGrad[T kernels.Float](o *embeddingGradOp, c *call) func() error {
	const grain = 64 // columns: each is summed by one worker, in the order of the ids
	dst, ids, dy := out[T](c, 0), c.ins[0].i32, in[T](c, 1)
	rows := ids
	if o.padding >= 0 {
		rows = make([]int32, len(ids))
	}
	zero := spread(len(dst.data), 1<<20, func(lo, hi int) { clear(dst.data[lo:hi]) })
	run := spread(o.cols, grain, func(lo, hi int) { kernels.ScatterAdd(dst.data, dy, rows, o.cols, lo, hi) })
	return func() error {
		if !dst.add() {
			zero()
		}
		if o.padding >= 0 {
			for i, id := range ids {
				rows[i] = id
				if int(id) == o.padding {
					rows[i] = -1
				}
			}
		}
		run()
		return nil
	}
}
