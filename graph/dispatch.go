package graph

import (
	"fmt"

	"github.com/chewxy/hm"
	"github.com/seahorse-ml/seahorse/internal/kernels"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// Slots are the places in which the rows of a mixture of experts are computed: one for each
// row and each of the k experts that it chose, those of an expert side by side. There are always
// rows·k of them, however the rows are spread over the experts.
type Slots struct {
	Rows  *Node // [rows·k] int32: the row in each slot
	Cells *Node // [rows·k] int32: the place of the row's gate in gates [rows, E], row·E + expert
}

// Dispatch gives slots to the rows of logits [..., E], each to its k best experts, as Route
// chooses them: by expert, and of one expert in the order of the rows.
func (g *Graph) Dispatch(logits *Node, k int) Slots {
	if err := g.checkRoute(logits, k); err != nil {
		g.Fail(err)
	}
	if g.err != nil {
		return Slots{g.broken, g.broken}
	}
	rows, cols := rowsOf(logits.Shape())
	slots := func(name string, cells bool) *Node {
		op := &dispatchOp{route: routeOp{rows: rows, cols: cols, k: k}, dims: logits.Dims(), cells: cells}
		return g.apply(name, op, tensor.Shape{rows * k}, logits)
	}
	return Slots{slots("dispatch rows", false), slots("dispatch cells", true)}
}

type dispatchOp struct {
	base
	route routeOp // what is chosen; no node of its own
	dims  int     // of the logits
	cells bool
}

func (o *dispatchOp) Type() hm.Type {
	return hm.NewFnType(gorgonia.TensorType{Dims: o.dims, Of: o.g.dtype}, gorgonia.TensorType{Dims: 1, Of: tensor.Int32})
}

// Do computes the integers that base's Do, which returns the trace's type, can't.
func (o *dispatchOp) Do(values ...gorgonia.Value) (gorgonia.Value, error) {
	logits, err := bufferOf(values[0])
	if err != nil {
		return nil, fmt.Errorf("graph: dispatch: %w", err)
	}
	result := make([]int32, o.shape()[0])
	c := &call{dtype: o.g.dtype, ins: []buffer{logits}, outs: []target{{buffer: buffer{i32: result}}}}
	if err := o.lower(c)(); err != nil {
		return nil, err
	}
	return tensor.New(tensor.WithShape(o.shape()...), tensor.WithBacking(result)), nil
}

func (o *dispatchOp) lower(c *call) func() error {
	return pick(c, lowerDispatch[float32], lowerDispatch[float64])(o, c)
}

func lowerDispatch[T kernels.Float](o *dispatchOp, c *call) func() error {
	dst, logits, e := c.outs[0].i32, in[T](c, 0), o.route.cols
	chosen, next := make([]bool, o.route.rows*e), make([]int, e)
	return func() error {
		clear(next)
		for r := range o.route.rows {
			row := chosen[r*e : (r+1)*e]
			choose(row, logits[r*e:(r+1)*e], o.route.k)
			for i, is := range row {
				if is {
					next[i]++
				}
			}
		}
		begin := 0
		for i, n := range next {
			next[i], begin = begin, begin+n
		}
		for cell, is := range chosen {
			if !is {
				continue
			}
			slot := &next[cell%e]
			dst[*slot] = int32(cell / e)
			if o.cells {
				dst[*slot] = int32(cell)
			}
			*slot++
		}
		return nil
	}
}

// Collect adds the slots' results x [rows·k, D] up by row, to [rows, D].
func (g *Graph) Collect(x *Node, s Slots, rows int) *Node {
	if g.err != nil {
		return g.broken
	}
	n, cols := rowsOf(x.Shape())
	if rows <= 0 || n != s.Rows.Shape()[0] || n%rows != 0 {
		return g.Fail(fmt.Errorf("graph: collect: %v for %v slots of %d rows", x.Shape(), s.Rows.Shape(), rows))
	}
	return g.apply("collect", &collectOp{embeddingGradOp{cols: cols, padding: -1}}, tensor.Shape{rows, cols}, s.Rows, x)
}

// collectOp is what an embedding's gradient is: rows are added to those that ids name.
type collectOp struct{ embeddingGradOp }

func (o *collectOp) accumulates(int) bool { return false }
func (o *collectOp) DiffWRT(int) []bool   { return []bool{false, true} }

func (o *collectOp) SymDiff(in gorgonia.Nodes, _, grad *Node) (gorgonia.Nodes, error) {
	return gorgonia.Nodes{nil, o.g.Embedding(grad, in[0])}, o.g.err
}

func (o *collectOp) lower(c *call) func() error { return o.embeddingGradOp.lower(c) }
