package graph

import (
	"fmt"

	"github.com/seahorse-ml/seahorse/internal/kernels"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// isAddition tells whether n is Gorgonia's own elementwise sum of two values of
// one shape. Residual connections and gorgonia.Grad make them, so the machine
// runs them on kernels. Gorgonia doesn't export the operation's type.
func isAddition(n *Node) bool {
	if fmt.Sprintf("%T", n.Op()) != "gorgonia.elemBinOp" || n.Op().(fmt.Stringer).String() != "+ false" {
		return false
	}
	kids := children(n.Graph(), n)
	return len(kids) == 2 && kids[0].Shape().Eq(n.Shape()) && kids[1].Shape().Eq(n.Shape())
}

// lowerAddition computes dst = a + b.
func lowerAddition[T kernels.Float](c *call) func() error {
	dst, a, b := out[T](c, 0).data, in[T](c, 0), in[T](c, 1)
	run := spread(len(dst), elementGrain, func(lo, hi int) { kernels.Add(dst[lo:hi], a[lo:hi], b[lo:hi]) })
	return func() error { run(); return nil }
}

// lowerStock runs a stock Gorgonia operation by its Do on views of the planned
// memory, and copies the result to its place. It is correct rather than fast.
func lowerStock(n *Node, kids []*Node, c *call) func() error {
	op := n.Op()
	args := make([]gorgonia.Value, len(kids))
	for i, kid := range kids {
		args[i] = valueOf(c.ins[i], kid)
	}
	dst := c.outs[0].buffer
	return func() error {
		for i, kid := range kids {
			if kid.IsScalar() {
				setScalar(args[i], c.ins[i])
			}
		}
		result, err := op.Do(args...)
		if err != nil {
			return err
		}
		return copyValue(dst, result)
	}
}

// valueOf returns a Gorgonia value over b: a view, or for a scalar a copy.
func valueOf(b buffer, n *Node) gorgonia.Value {
	if n.IsScalar() {
		if b.i32 != nil {
			return gorgonia.NewI32(b.i32[0])
		}
		return scalarValue(b)
	}
	return b.dense(n.Shape())
}

// dense returns the buffer as a tensor.
func (b buffer) dense(shape tensor.Shape) *tensor.Dense {
	switch {
	case b.f64 != nil:
		return tensor.New(tensor.WithShape(shape...), tensor.WithBacking(b.f64))
	case b.i32 != nil:
		return tensor.New(tensor.WithShape(shape...), tensor.WithBacking(b.i32))
	}
	return tensor.New(tensor.WithShape(shape...), tensor.WithBacking(b.f32))
}

func setScalar(v gorgonia.Value, b buffer) {
	switch s := v.(type) {
	case *gorgonia.F32:
		*s = gorgonia.F32(b.f32[0])
	case *gorgonia.F64:
		*s = gorgonia.F64(b.f64[0])
	case *gorgonia.I32:
		*s = gorgonia.I32(b.i32[0])
	}
}

// copyValue copies a value in row-major order, whatever its strides are.
func copyValue(dst buffer, v gorgonia.Value) error {
	t, ok := v.(*tensor.Dense)
	if !ok || !t.RequiresIterator() && !t.DataOrder().IsColMajor() {
		src, err := bufferOf(v)
		if err != nil {
			return err
		}
		copy(dst.f32, src.f32)
		copy(dst.f64, src.f64)
		copy(dst.i32, src.i32)
		return nil
	}
	it := t.Iterator()
	src, err := bufferOf(t)
	if err != nil {
		return err
	}
	for k := 0; ; k++ {
		i, err := it.Next()
		if err != nil { // the iterator's way to say that it is through
			return nil
		}
		switch {
		case dst.f64 != nil:
			dst.f64[k] = src.f64[i]
		case dst.i32 != nil:
			dst.i32[k] = src.i32[i]
		default:
			dst.f32[k] = src.f32[i]
		}
	}
}
