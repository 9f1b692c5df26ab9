package graph

import (
	"fmt"
	"hash"
	"hash/fnv"

	"github.com/chewxy/hm"
	"github.com/seahorse-ml/seahorse/internal/kernels"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// fused is an operation of this package: a gorgonia.SDOp that the machine
// lowers to kernel calls on planned buffers. An implementation embeds base,
// which supplies everything but lower.
type fused interface {
	gorgonia.SDOp
	header() *base
	// lower returns the function that computes the outputs from the inputs. It is
	// called once, when a machine is compiled; the function then runs every step
	// and must not allocate.
	lower(c *call) func() error
}

// Optional properties of a fused operation.
type (
	// accumulator tells that lower adds into output i where call.out(i).add() says so.
	accumulator interface{ accumulates(i int) bool }
	// adder tells that lower adds call.addend to output 0, where there is one, to the bits that an addition apart would give.
	adder interface{ adds() }
	// inPlacer tells that an output may be computed in the memory of an input: of another input than the other outputs.
	inPlacer interface{ inPlace(out, in int) bool }
	// scratcher asks for elements of scratch memory while the operation runs, given which of its outputs are wanted.
	scratcher interface{ scratch(wanted []bool) int }
	// recomputer tells whether the operation is cheap enough to be computed again in the
	// backward pass, so that its first output needn't be kept from the forward pass. In a lean trace more is.
	recomputer interface{ recompute(lean bool) bool }
	// recomputing tells of which recomputer the operation is the derivative, whose output it can
	// compute on its way, into one more output than it has.
	recomputing interface{ recomputes() fused }
	// unpacker tells that input i may be a parameter that is stored as blocks.
	unpacker interface{ unpacks(i int) bool }
	// viewer tells that the operation's output is its input's memory.
	viewer interface{ view() }
	// coster counts the floating point operations of one run, for profiles.
	coster interface{ flops() float64 }
)

// base is what all fused operations share. An operation with several outputs
// makes a tuple node, which has no memory of its own; part nodes stand for its
// outputs.
type base struct {
	g    *Graph
	self fused
	name string
	id   uint64 // unique in the trace: Gorgonia merges nodes of equal hash
	ins  []hm.Type
	outs []tensor.Shape
}

func (b *base) header() *base         { return b }
func (b *base) Arity() int            { return len(b.ins) }
func (b *base) ReturnsPtr() bool      { return true }
func (b *base) CallsExtern() bool     { return false }
func (b *base) OverwritesInput() int  { return -1 }
func (b *base) String() string        { return b.name }
func (b *base) WriteHash(h hash.Hash) { fmt.Fprintf(h, "%s#%d", b.name, b.id) }

func (b *base) Hashcode() uint32 {
	h := fnv.New32a()
	b.WriteHash(h)
	return h.Sum32()
}

func (b *base) Type() hm.Type {
	types := append(append([]hm.Type{}, b.ins...), typeOf(b.g.dtype, b.shape()))
	return hm.NewFnType(types...)
}

// shape is the shape of the operation's node: that of its output, or for a
// tuple one dimension with the outputs' sizes added up.
func (b *base) shape() tensor.Shape {
	if len(b.outs) == 1 {
		return b.outs[0]
	}
	n := 0
	for _, s := range b.outs {
		n += s.TotalSize()
	}
	return tensor.Shape{n}
}

func (b *base) InferShape(...gorgonia.DimSizer) (tensor.Shape, error) {
	return b.shape().Clone(), nil
}

// DiffWRT says that an operation has no derivative; those that have one override it.
func (b *base) DiffWRT(inputs int) []bool { return make([]bool, inputs) }

// SymDiff is never called where DiffWRT is false throughout.
func (b *base) SymDiff(gorgonia.Nodes, *Node, *Node) (gorgonia.Nodes, error) {
	return nil, fmt.Errorf("graph: %s has no derivative", b.name)
}

// Do runs the operation on values of its own, for other machines than this package's.
func (b *base) Do(values ...gorgonia.Value) (gorgonia.Value, error) { return do(b.self, values) }

// typeOf returns Gorgonia's type of a tensor: an element type for a scalar.
func typeOf(dt tensor.Dtype, shape tensor.Shape) hm.Type {
	if shape.Dims() == 0 {
		return dt
	}
	return gorgonia.TensorType{Dims: shape.Dims(), Of: dt}
}

// apply adds an operation with one output to the trace.
func (g *Graph) apply(name string, op fused, out tensor.Shape, inputs ...*Node) *Node {
	return g.node(name, op, []tensor.Shape{out}, inputs)
}

// applyTuple adds an operation with several outputs and returns a node for each.
// Only the first may be differentiated further.
func (g *Graph) applyTuple(name string, op fused, outs []tensor.Shape, inputs ...*Node) []*Node {
	tuple := g.node(name, op, outs, inputs)
	parts := make([]*Node, len(outs))
	offset := 0
	for i, shape := range outs {
		parts[i] = g.node(fmt.Sprintf("%s[%d]", name, i), &partOp{tuple: op, index: i, offset: offset}, []tensor.Shape{shape}, []*Node{tuple})
		offset += shape.TotalSize()
	}
	return parts
}

func (g *Graph) node(name string, op fused, outs []tensor.Shape, inputs []*Node) *Node {
	if g.err != nil {
		return g.broken
	}
	g.lastID++
	b := op.header()
	*b = base{g: g, self: op, name: name, id: g.lastID, outs: outs}
	for _, in := range inputs {
		b.ins = append(b.ins, in.Type())
	}
	n, err := gorgonia.ApplyOp(op, inputs...)
	if err != nil {
		return g.Fail(fmt.Errorf("graph: %s: %w", name, err))
	}
	if n.Op() != gorgonia.Op(op) {
		return g.Fail(fmt.Errorf("graph: %s: its hash is that of %v", name, n.Op()))
	}
	return n
}

// partOp stands for output index of the tuple that is its input. A gradient
// passes through unchanged: the tuple's SymDiff takes the gradient of its part 0.
type partOp struct {
	base
	tuple         fused
	index, offset int
}

func (o *partOp) DiffWRT(int) []bool { return []bool{o.index == 0} }

func (o *partOp) SymDiff(_ gorgonia.Nodes, _, grad *Node) (gorgonia.Nodes, error) {
	return gorgonia.Nodes{grad}, nil
}

// lower copies the part out of a packed tuple. Only other machines pack tuples:
// in this package's, a part is the place that the tuple's operation writes to.
func (o *partOp) lower(c *call) func() error {
	return pick(c, lowerPart[float32], lowerPart[float64])(o, c)
}

func lowerPart[T kernels.Float](o *partOp, c *call) func() error {
	dst, src := out[T](c, 0).data, in[T](c, 0)
	return func() error {
		copy(dst, src[o.offset:])
		return nil
	}
}
