package graph

import (
	"fmt"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// Node is a value in a trace.
type Node = gorgonia.Node

// Config configures New.
type Config struct {
	DType tensor.Dtype // tensor.Float32 or tensor.Float64; the zero value is Float32
	Train bool         // dropout is active; default false
	// Checkpointing computes the values in blocks again in the backward pass, rather than to keep them; see Graph.Checkpoint. It saves
	// memory and takes time. Default false.
	Checkpointing bool
	// BFloat16 rounds what linear operations, experts and the head multiply to bfloat16, and adds the products in float32, in the backward pass too:
	// up to some times as fast on processors with HasBFloat16, slow on others. Those with AVX512_BF16 and no AMX, and those of arm64, come to other bits. All else stays in
	// float32, as parameters do. Default false; not for float64.
	BFloat16 bool
}

// A Graph is one trace of a model: an expression graph, the parameters that it
// reads, and the first error. Methods that build nodes never return nil; after
// an error they return a placeholder, and Err tells what happened.
type Graph struct {
	*trace
	prefix string // of the names of inputs, constants and parameters
	still  bool   // dropout is off here
}

// trace is what a Graph shares with those that Sub made of it.
type trace struct {
	expr    *gorgonia.ExprGraph
	dtype   tensor.Dtype
	train   bool
	err     error
	lastID  uint64
	before  int64    // the nodes of the forward pass have smaller numbers; set by Grad
	params  []*Param // in the order in which they were bound
	bound   map[*Param]*Node
	grads   map[*Param]*Node // set by Grad
	overlap bool             // set by OverlapGradients
	consts  map[*Node]bool   // inputs whose content is part of the trace
	once    map[any]*Node    // what Once made
	broken  *Node            // the placeholder that stands for nodes after an error

	checkpointing bool
	bfloat16      bool   // what linear operations multiply
	inBlock       bool   // a Block is built, in which there are no others
	spans         []span // of blocks that are checkpointed
	blocks        []TracedBlock
}

// New starts an empty trace.
func New(c Config) *Graph {
	if c.DType.Type == nil {
		c.DType = tensor.Float32
	}
	g := &Graph{trace: &trace{
		expr:  gorgonia.NewGraph(),
		dtype: c.DType,
		train: c.Train,

		checkpointing: c.Checkpointing,
		bfloat16:      c.BFloat16,

		bound:  map[*Param]*Node{},
		consts: map[*Node]bool{},
	}}
	if c.DType != tensor.Float32 && c.DType != tensor.Float64 {
		g.dtype = tensor.Float32
		g.Fail(fmt.Errorf("graph: dtype %v: expected float32 or float64", c.DType))
	}
	if c.BFloat16 && c.DType != tensor.Float32 {
		g.Fail(fmt.Errorf("graph: products of bfloat16 in a trace of %v: expected float32", c.DType))
	}
	return g
}

// Sub returns the same trace for a model beside others: the names of the parameters, inputs and constants that are made through it
// begin with name and a dot. So a trace can hold several models whose parameters have the same names, a policy and its reference
// say, or one model several times, which then shares its parameters.
func (g *Graph) Sub(name string) *Graph {
	return &Graph{trace: g.trace, prefix: g.prefix + name + ".", still: g.still}
}

// Still returns the same trace for a model that is evaluated while others are trained, as a reference is: dropout is off in what is made
// through it.
func (g *Graph) Still() *Graph { return &Graph{trace: g.trace, prefix: g.prefix, still: true} }

// Expr returns the expression graph, for stock Gorgonia constructors that ask for one.
func (g *Graph) Expr() *gorgonia.ExprGraph { return g.expr }

// DType returns the element type of the trace's parameters and activations.
func (g *Graph) DType() tensor.Dtype { return g.dtype }

// Training tells whether dropout is active in this trace.
func (g *Graph) Training() bool { return g.train && !g.still }

// Params returns the parameters that the trace reads, in the order of first use.
func (g *Graph) Params() []*Param { return g.params }

// Err returns the first error of the trace, or nil.
func (g *Graph) Err() error { return g.err }

// Fail records err as the trace's error unless there is one already, and
// returns the placeholder node that stands for the value that could not be built. The error tells the parameter that the trace
// bound last before it, so that one knows which layer it was.
func (g *Graph) Fail(err error) *Node {
	if g.err == nil {
		g.err = err
		if n := len(g.params); n > 0 && g.grads == nil {
			last := g.params[n-1]
			g.err = fmt.Errorf("%w (the last parameter before it is %q)", err, g.bound[last].Name())
		}
	}
	if g.broken == nil {
		g.broken = gorgonia.NewScalar(g.expr, g.dtype, gorgonia.WithName("the value that could not be built"))
	}
	return g.broken
}

// Check takes what a stock Gorgonia constructor returns, so that it can be used
// inside an expression: y := g.Check(gorgonia.Tanh(x)).
func (g *Graph) Check(n *Node, err error) *Node {
	if err != nil {
		return g.Fail(err)
	}
	return n
}

// Input makes an input node with a value of zeros, which Ints, Floats or
// gorgonia.Let fill before a run. The type is the trace's, Float32 or Float64,
// or Int32 for token ids and targets. A name must be unique in a trace.
func (g *Graph) Input(name string, dt tensor.Dtype, shape ...int) *Node {
	if g.err != nil {
		return g.broken
	}
	name = g.prefix + name
	if dt != g.dtype && dt != tensor.Int32 {
		return g.Fail(fmt.Errorf("graph: input %q: type %v, expected %v or int32", name, dt, g.dtype))
	}
	for _, n := range shape {
		if n <= 0 {
			return g.Fail(fmt.Errorf("graph: input %q: shape %v has a dimension that is not positive", name, shape))
		}
	}
	if len(g.expr.ByName(name)) > 0 {
		return g.Fail(fmt.Errorf("graph: input %q: the name is taken; Sub gives each of several models names of their own", name))
	}
	value := tensor.New(tensor.Of(dt), tensor.WithShape(shape...))
	return gorgonia.NewTensor(g.expr, dt, len(shape), gorgonia.WithShape(shape...), gorgonia.WithName(name), gorgonia.WithValue(value))
}

// Const makes a node with a fixed content, such as a table of sinusoids. The
// values are given in float64 and rounded to the trace's type.
func (g *Graph) Const(name string, data []float64, shape ...int) *Node {
	if g.err == nil && len(g.expr.ByName(g.prefix+name)) > 0 {
		return g.Fail(fmt.Errorf("graph: constant %q: the name is taken; Shared returns the one that is there", g.prefix+name))
	}
	n := g.Input(name, g.dtype, shape...)
	if g.err != nil {
		return n
	}
	if len(data) != n.Shape().TotalSize() {
		return g.Fail(fmt.Errorf("graph: constant %q: %d values for shape %v", name, len(data), shape))
	}
	switch d := n.Value().Data().(type) {
	case []float32:
		for i, v := range data {
			d[i] = float32(v)
		}
	case []float64:
		copy(d, data)
	}
	g.consts[n] = true
	return n
}

// Ints returns the content of an Int32 input, to be filled before a run.
func Ints(n *Node) []int32 { return n.Value().Data().([]int32) }

// Floats returns the content of a floating point input or output of type T.
func Floats[T float32 | float64](n *Node) []T {
	switch v := n.Value().Data().(type) {
	case []T:
		return v
	case T:
		return []T{v}
	}
	return nil
}

// Scalar returns the value of a scalar output such as a loss.
func Scalar(n *Node) float64 {
	switch v := n.Value().(type) { // Data would allocate
	case *gorgonia.F32:
		return float64(*v)
	case *gorgonia.F64:
		return float64(*v)
	}
	switch v := n.Value().Data().(type) {
	case []float32:
		return float64(v[0])
	case []float64:
		return v[0]
	}
	return 0
}

// Param binds p to the trace and returns its node; a second call returns the same node.
func (g *Graph) Param(p *Param) *Node {
	if n, ok := g.bound[p]; ok {
		return n
	}
	if g.err != nil {
		return g.broken
	}
	if p.dtype != g.dtype {
		return g.Fail(fmt.Errorf("graph: parameter %q is %v in a trace of %v", p.Name, p.dtype, g.dtype))
	}
	if p.packed != nil && !p.Frozen {
		return g.Fail(fmt.Errorf("graph: parameter %q is stored as %v, which can't be trained; freeze it, or load it as floats", p.Name, p.packed.Format))
	}
	name := g.prefix + p.Name
	if len(g.expr.ByName(name)) > 0 {
		return g.Fail(fmt.Errorf("graph: parameter %q: the name is taken; Sub gives each of several models names of their own", name))
	}
	n := gorgonia.NewTensor(g.expr, g.dtype, p.Shape.Dims(), gorgonia.WithShape(p.Shape...), gorgonia.WithName(name))
	if p.value != nil {
		gorgonia.WithValue(p.value)(n)
	}
	g.bound[p] = n
	g.params = append(g.params, p)
	return n
}

// Grad derives the gradient of a scalar loss with respect to every bound
// parameter that is not frozen. A trace can be differentiated once, because
// Gorgonia marks its nodes as differentiated for good.
func (g *Graph) Grad(loss *Node) error {
	if g.err != nil {
		return g.err
	}
	if g.grads != nil {
		g.Fail(fmt.Errorf("graph: Grad: the trace was differentiated before; trace the model again"))
		return g.err
	}
	if err := checkStock(needed(g.expr, []*Node{loss}), true); err != nil {
		g.Fail(err)
		return g.err
	}
	g.grads = map[*Param]*Node{}
	var trained []*Param
	var nodes gorgonia.Nodes
	for _, p := range g.params {
		if !p.Frozen {
			trained = append(trained, p)
			nodes = append(nodes, g.bound[p])
		}
	}
	if len(nodes) == 0 {
		g.Fail(fmt.Errorf("graph: Grad: the trace has no parameter to train"))
		return g.err
	}
	for _, n := range g.expr.AllNodes() {
		g.before = max(g.before, n.ID()+1)
	}
	grads, err := gorgonia.Grad(loss, nodes...)
	if g.err != nil {
		return g.err
	}
	if err != nil {
		g.Fail(fmt.Errorf("graph: Grad: %w", err))
		return g.err
	}
	for i, p := range trained {
		g.grads[p] = grads[i]
	}
	return nil
}

// OverlapGradients lets the parameters' gradients share memory with the trace's other values, most of which aren't needed any more
// when gradients are found. Param.Grad is what the last run of a machine of the trace has found, until the next one begins, and runs
// can't be accumulated. The default is memory for the gradients alone, which all traces that bind a parameter add to.
func (g *Graph) OverlapGradients() { g.overlap = true }
