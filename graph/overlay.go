package graph

import (
	"fmt"

	"github.com/seahorse-ml/seahorse/internal/kernels"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// An Overlay gives some ids of a table rows of their own. Ids beyond the table can have some too.
type Overlay struct {
	Rows *Node // [N, D]
	IDs  []int // of the rows, each once
}

// of returns the row of each id, and what is wrong with the overlay of a table.
func (v Overlay) of(table tensor.Shape) (map[int32]int32, error) {
	if s := v.Rows.Shape(); table.Dims() != 2 || !s.Eq(tensor.Shape{len(v.IDs), table[1]}) {
		return nil, fmt.Errorf("graph: overlay: rows %v for %d ids of a table %v", s, len(v.IDs), table)
	}
	rows := make(map[int32]int32, len(v.IDs))
	for i, id := range v.IDs {
		if _, ok := rows[int32(id)]; ok || id < 0 {
			return nil, fmt.Errorf("graph: overlay: the id %d is negative or there twice", id)
		}
		rows[int32(id)] = int32(i)
	}
	return rows, nil
}

// EmbeddingOverlaid is EmbeddingPadded of a table some ids of which have other rows. A negative padding is none.
func (g *Graph) EmbeddingOverlaid(table, ids *Node, v Overlay, padding int) *Node {
	if g.err != nil {
		return g.broken
	}
	ts, is := table.Shape(), ids.Shape()
	rows, err := v.of(ts)
	if err != nil {
		return g.Fail(err)
	}
	if ids.Dtype() != tensor.Int32 {
		return g.Fail(fmt.Errorf("graph: embedding: ids of %v, expected int32", ids.Dtype()))
	}
	op := &overlaidOp{vocab: ts[0], cols: ts[1], padding: int32(padding), rows: rows}
	return g.apply("overlaid embedding", op, append(is.Clone(), ts[1]), table, ids, v.Rows)
}

// overlaidOp has the inputs table, ids and the overlay's rows.
type overlaidOp struct {
	base
	vocab, cols int
	padding     int32
	rows        map[int32]int32 // of the overlay, by id
}

func (o *overlaidOp) unpacks(i int) bool { return i == 0 }

func (o *overlaidOp) DiffWRT(int) []bool { return []bool{true, false, true} }

func (o *overlaidOp) SymDiff(in gorgonia.Nodes, _, grad *Node) (gorgonia.Nodes, error) {
	back := func(n *Node, over bool) *Node {
		return o.g.apply("overlaid embedding backward", &overlaidGradOp{forward: o, over: over}, n.Shape().Clone(), in[1], grad)
	}
	return gorgonia.Nodes{back(in[0], false), nil, back(in[2], true)}, o.g.err
}

func (o *overlaidOp) lower(c *call) func() error {
	return pick(c, lowerOverlaid[float32], lowerOverlaid[float64])(o, c)
}

func lowerOverlaid[T kernels.Float](o *overlaidOp, c *call) func() error {
	dst, table, ids, rows, d, packed := out[T](c, 0).data, in[T](c, 0), c.ins[1].i32, in[T](c, 2), o.cols, c.ins[0].packed
	run := spread(len(ids), rowGrain(d), func(lo, hi int) {
		for i := lo; i < hi; i++ {
			to := dst[i*d : (i+1)*d]
			if over, ok := o.rows[ids[i]]; ok {
				copy(to, rows[int(over)*d:])
			} else if packed.Data != nil {
				kernels.UnpackRow(to, packed, int(ids[i]))
			} else {
				copy(to, table[int(ids[i])*d:])
			}
		}
	})
	return func() error {
		for i, id := range ids {
			if _, ok := o.rows[id]; !ok && (id < 0 || int(id) >= o.vocab) {
				return fmt.Errorf("id %d at position %d is outside of the vocabulary of %d", id, i, o.vocab)
			}
		}
		run()
		return nil
	}
}

// overlaidGradOp adds up the rows of a gradient by their ids: those of the overlay, or the others for the table.
type overlaidGradOp struct {
	base
	forward *overlaidOp
	over    bool
}

func (o *overlaidGradOp) accumulates(int) bool { return true }

func (o *overlaidGradOp) lower(c *call) func() error {
	return pick(c, lowerOverlaidGrad[float32], lowerOverlaidGrad[float64])(o, c)
}

func lowerOverlaidGrad[T kernels.Float](o *overlaidGradOp, c *call) func() error {
	const grain = 64 // columns: each is summed by one worker, in the order of the ids
	f := o.forward
	dst, ids, dy := out[T](c, 0), c.ins[0].i32, in[T](c, 1)
	rows := make([]int32, len(ids))
	run := spread(f.cols, grain, func(lo, hi int) { kernels.ScatterAdd(dst.data, dy, rows, f.cols, lo, hi) })
	return func() error {
		if !dst.add() {
			clear(dst.data)
		}
		for i, id := range ids {
			over, ok := f.rows[id]
			rows[i] = -1
			switch {
			case o.over && ok:
				rows[i] = over
			case !o.over && !ok && id != f.padding:
				rows[i] = id
			}
		}
		run()
		return nil
	}
}

// OverlayRows returns a table [V, D] with the overlay's rows in the place of its own.
func (g *Graph) OverlayRows(table *Node, v Overlay) *Node {
	if g.err != nil {
		return g.broken
	}
	ts := table.Shape()
	rows, err := v.of(ts)
	if err != nil {
		return g.Fail(err)
	}
	op := &overlayRowsOp{vocab: ts[0], cols: ts[1], over: make([]int32, ts[0])}
	for i := range op.over {
		op.over[i] = -1
	}
	for id, row := range rows {
		if int(id) < ts[0] {
			op.over[id] = row
		}
	}
	return g.apply("overlay rows", op, ts.Clone(), table, v.Rows)
}

type overlayRowsOp struct {
	base
	vocab, cols int
	over        []int32 // the row of each id, -1 for the table's own
}

func (o *overlayRowsOp) unpacks(i int) bool { return i == 0 }

func (o *overlayRowsOp) DiffWRT(int) []bool { return []bool{true, true} }

func (o *overlayRowsOp) SymDiff(in gorgonia.Nodes, _, grad *Node) (gorgonia.Nodes, error) {
	part := func(n *Node, over bool) *Node {
		return o.g.apply("overlay rows backward", &overlayRowsGradOp{forward: o, rows: over}, n.Shape().Clone(), grad)
	}
	return gorgonia.Nodes{part(in[0], false), part(in[1], true)}, o.g.err
}

func (o *overlayRowsOp) lower(c *call) func() error {
	return pick(c, lowerOverlayRows[float32], lowerOverlayRows[float64])(o, c)
}

func lowerOverlayRows[T kernels.Float](o *overlayRowsOp, c *call) func() error {
	dst, table, rows, d, packed := out[T](c, 0).data, in[T](c, 0), in[T](c, 1), o.cols, c.ins[0].packed
	run := spread(o.vocab, rowGrain(d), func(lo, hi int) {
		for id := lo; id < hi; id++ {
			to := dst[id*d : (id+1)*d]
			if row := int(o.over[id]); row >= 0 {
				copy(to, rows[row*d:])
			} else if packed.Data != nil {
				kernels.UnpackRow(to, packed, id)
			} else {
				copy(to, table[id*d:])
			}
		}
	})
	return func() error { run(); return nil }
}

// overlayRowsGradOp divides the gradient of a table between the overlay's rows and the others.
type overlayRowsGradOp struct {
	base
	forward *overlayRowsOp
	rows    bool
}

func (o *overlayRowsGradOp) accumulates(int) bool { return true }

func (o *overlayRowsGradOp) lower(c *call) func() error {
	return pick(c, lowerOverlayRowsGrad[float32], lowerOverlayRowsGrad[float64])(o, c)
}

func lowerOverlayRowsGrad[T kernels.Float](o *overlayRowsGradOp, c *call) func() error {
	f, d := o.forward, o.forward.cols
	dst, dy := out[T](c, 0), in[T](c, 0)
	return func() error {
		if !dst.add() {
			clear(dst.data)
		}
		for id, row := range f.over {
			switch {
			case o.rows && row >= 0:
				kernels.Accumulate(dst.data[int(row)*d:int(row+1)*d], dy[id*d:(id+1)*d])
			case !o.rows && row < 0:
				kernels.Accumulate(dst.data[id*d:(id+1)*d], dy[id*d:(id+1)*d])
			}
		}
		return nil
	}
}
