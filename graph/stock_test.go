package graph

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// stockCase is a stock operation of Gorgonia on leaves of some shapes.
type stockCase struct {
	name   string
	shapes [][]int
	// low and high bound the leaves' elements; default -2 to 2.
	low, high float64
	build     func(g *Graph, x []*Node) (*Node, error)
	// value is the operation on one element of each leaf, for elementwise ones.
	value func(x []float64) float64
	// refused is what the error says of an operation that isn't taken.
	refused string
}

type (
	unary  = func(*Node) (*Node, error)
	binary = func(a, b *Node) (*Node, error)
)

// one is the case of a function of one tensor.
func one(name string, f unary, low, high float64, value func(float64) float64) stockCase {
	return stockCase{
		name: name, shapes: [][]int{{3, 4}}, low: low, high: high, build: func(_ *Graph, x []*Node) (*Node, error) { return f(x[0]) },
		value: func(x []float64) float64 { return value(x[0]) },
	}
}

// two is the case of a function of two tensors.
func two(name string, f binary, low, high float64, value func(a, b float64) float64) stockCase {
	return stockCase{
		name: name, shapes: [][]int{{3, 4}, {3, 4}}, low: low, high: high, build: func(_ *Graph, x []*Node) (*Node, error) { return f(x[0], x[1]) },
		value: func(x []float64) float64 { return value(x[0], x[1]) },
	}
}

// on is the case of a function of tensors of given shapes.
func on(name string, build func(x []*Node) (*Node, error), shapes ...[]int) stockCase {
	return stockCase{name: name, shapes: shapes, build: func(_ *Graph, x []*Node) (*Node, error) { return build(x) }}
}

// comparison is the case of one that gives 0 or 1.
func comparison(name string, f func(a, b *Node, retSame bool) (*Node, error), value func(a, b float64) bool) stockCase {
	return two(name, func(a, b *Node) (*Node, error) { return f(a, b, true) }, 0, 0, func(a, b float64) float64 {
		if value(a, b) {
			return 1
		}
		return 0
	})
}

func stockCases() []stockCase {
	cases := []stockCase{
		one("Abs", gorgonia.Abs, 0, 0, math.Abs),
		one("Sin", gorgonia.Sin, 0, 0, math.Sin), one("Cos", gorgonia.Cos, 0, 0, math.Cos),
		one("Exp", gorgonia.Exp, 0, 0, math.Exp), one("Expm1", gorgonia.Expm1, 0, 0, math.Expm1),
		one("Log", gorgonia.Log, 0.5, 3, math.Log), one("Log1p", gorgonia.Log1p, 0.5, 3, math.Log1p), one("Log2", gorgonia.Log2, 0.5, 3, math.Log2),
		one("Neg", gorgonia.Neg, 0, 0, func(x float64) float64 { return -x }),
		one("Square", gorgonia.Square, 0, 0, func(x float64) float64 { return x * x }), one("Cube", gorgonia.Cube, 0, 0, func(x float64) float64 { return x * x * x }),
		one("Sqrt", gorgonia.Sqrt, 0.5, 3, math.Sqrt), one("Inverse", gorgonia.Inverse, 0.5, 3, func(x float64) float64 { return 1 / x }),
		one("InverseSqrt", gorgonia.InverseSqrt, 0.5, 3, func(x float64) float64 { return 1 / math.Sqrt(x) }),
		one("Tanh", gorgonia.Tanh, 0, 0, math.Tanh), one("Sigmoid", gorgonia.Sigmoid, 0, 0, func(x float64) float64 { return 1 / (1 + math.Exp(-x)) }),
		one("Softplus", gorgonia.Softplus, 0, 0, func(x float64) float64 { return math.Log1p(math.Exp(x)) }),
		one("Mish", gorgonia.Mish, 0, 0, func(x float64) float64 { return x * math.Tanh(math.Log1p(math.Exp(x))) }),
		one("Rectify", gorgonia.Rectify, 0, 0, func(x float64) float64 { return max(x, 0) }),
		one("LeakyRelu", func(x *Node) (*Node, error) { return gorgonia.LeakyRelu(x, 0.1) }, 0, 0, func(x float64) float64 { return max(x, 0.1*x) }),
		one("Sign", gorgonia.Sign, 0, 0, func(x float64) float64 { return math.Copysign(1, x) }),
		one("Ceil", gorgonia.Ceil, 0, 0, math.Ceil), one("Floor", gorgonia.Floor, 0, 0, math.Floor),
		one("HadamardProd with itself", func(x *Node) (*Node, error) { return gorgonia.HadamardProd(x, x) }, 0, 0, func(x float64) float64 { return x * x }),
		two("Add", gorgonia.Add, 0, 0, func(a, b float64) float64 { return a + b }), two("Sub", gorgonia.Sub, 0, 0, func(a, b float64) float64 { return a - b }),
		two("HadamardProd", gorgonia.HadamardProd, 0, 0, func(a, b float64) float64 { return a * b }),
		two("HadamardDiv", gorgonia.HadamardDiv, 0.5, 3, func(a, b float64) float64 { return a / b }),
		two("Div", gorgonia.Div, 0.5, 3, func(a, b float64) float64 { return a / b }),
		two("Pow", gorgonia.Pow, 0.5, 3, math.Pow),
		two("MinBetween", gorgonia.MinBetween, 0, 0, math.Min), two("MaxBetween", gorgonia.MaxBetween, 0, 0, math.Max),
		comparison("Lt", gorgonia.Lt, func(a, b float64) bool { return a < b }), comparison("Gt", gorgonia.Gt, func(a, b float64) bool { return a > b }),
		comparison("Lte", gorgonia.Lte, func(a, b float64) bool { return a <= b }), comparison("Gte", gorgonia.Gte, func(a, b float64) bool { return a >= b }),
		comparison("Eq", gorgonia.Eq, func(a, b float64) bool { return a == b }), comparison("Ne", gorgonia.Ne, func(a, b float64) bool { return a != b }),

		on("Mul, matrices", func(x []*Node) (*Node, error) { return gorgonia.Mul(x[0], x[1]) }, []int{3, 4}, []int{4, 2}),
		on("Mul, matrix and vector", func(x []*Node) (*Node, error) { return gorgonia.Mul(x[0], x[1]) }, []int{3, 4}, []int{4}),
		on("Mul, vectors", func(x []*Node) (*Node, error) { return gorgonia.Mul(x[0], x[1]) }, []int{4}, []int{4}),
		on("BatchedMatMul", func(x []*Node) (*Node, error) { return gorgonia.BatchedMatMul(x[0], x[1]) }, []int{2, 3, 4}, []int{2, 4, 2}),
		on("OuterProd", func(x []*Node) (*Node, error) { return gorgonia.OuterProd(x[0], x[1]) }, []int{3}, []int{4}),
		on("Tensordot", func(x []*Node) (*Node, error) { return gorgonia.Tensordot([]int{1}, []int{0}, x[0], x[1]) }, []int{3, 4}, []int{4, 2}),
		on("BroadcastAdd", func(x []*Node) (*Node, error) { return gorgonia.BroadcastAdd(x[0], x[1], nil, []byte{0}) }, []int{3, 4}, []int{1, 4}),
		on("BroadcastSub", func(x []*Node) (*Node, error) { return gorgonia.BroadcastSub(x[0], x[1], nil, []byte{0}) }, []int{3, 4}, []int{1, 4}),
		on("BroadcastHadamardProd", func(x []*Node) (*Node, error) { return gorgonia.BroadcastHadamardProd(x[0], x[1], nil, []byte{1}) }, []int{3, 4}, []int{3, 1}),
		on("BroadcastHadamardDiv", func(x []*Node) (*Node, error) { return gorgonia.BroadcastHadamardDiv(x[0], x[1], nil, []byte{1}) }, []int{3, 4}, []int{3, 1}),
		on("BroadcastPow", func(x []*Node) (*Node, error) { return gorgonia.BroadcastPow(x[0], x[1], nil, []byte{1}) }, []int{3, 4}, []int{3, 1}),
		on("Sum", func(x []*Node) (*Node, error) { return gorgonia.Sum(x[0]) }, []int{3, 4}),
		on("Sum along an axis", func(x []*Node) (*Node, error) { return gorgonia.Sum(x[0], 1) }, []int{3, 4}),
		on("Sum along the first axis", func(x []*Node) (*Node, error) { return gorgonia.Sum(x[0], 0) }, []int{3, 4}),
		on("Mean", func(x []*Node) (*Node, error) { return gorgonia.Mean(x[0]) }, []int{3, 4}),
		on("Mean along an axis", func(x []*Node) (*Node, error) { return gorgonia.Mean(x[0], 1) }, []int{3, 4}),
		on("Max", func(x []*Node) (*Node, error) { return gorgonia.Max(x[0]) }, []int{3, 4}),
		on("Max along an axis", func(x []*Node) (*Node, error) { return gorgonia.Max(x[0], 1) }, []int{3, 4}),
		on("Norm", func(x []*Node) (*Node, error) { return gorgonia.Norm(x[0], 1, 2) }, []int{3, 4}),
		on("LogSumExp", func(x []*Node) (*Node, error) { return gorgonia.LogSumExp(x[0], 1) }, []int{3, 4}),
		on("SoftMax", func(x []*Node) (*Node, error) { return gorgonia.SoftMax(x[0]) }, []int{3, 4}),
		on("LogSoftMax", func(x []*Node) (*Node, error) { return gorgonia.LogSoftMax(x[0]) }, []int{3, 4}),
		on("Sparsemax", func(x []*Node) (*Node, error) { return gorgonia.Sparsemax(x[0]) }, []int{3, 4}),
		on("BinaryXent", func(x []*Node) (*Node, error) { return gorgonia.BinaryXent(x[0], x[1]) }, []int{3, 4}, []int{3, 4}),
		on("Reshape", func(x []*Node) (*Node, error) { return gorgonia.Reshape(x[0], tensor.Shape{4, 3}) }, []int{3, 4}),
		on("Ravel", func(x []*Node) (*Node, error) { return gorgonia.Ravel(x[0]) }, []int{3, 4}),
		on("Transpose", func(x []*Node) (*Node, error) { return gorgonia.Transpose(x[0], 1, 0) }, []int{3, 4}),
		on("Transpose of three axes", func(x []*Node) (*Node, error) { return gorgonia.Transpose(x[0], 2, 0, 1) }, []int{2, 3, 4}),
		on("Slice", func(x []*Node) (*Node, error) { return gorgonia.Slice(x[0], gorgonia.S(1), gorgonia.S(0, 3)) }, []int{3, 4}),
		on("Slice of rows", func(x []*Node) (*Node, error) { return gorgonia.Slice(x[0], gorgonia.S(0, 2)) }, []int{3, 4}),
		on("Slice of columns", func(x []*Node) (*Node, error) { return gorgonia.Slice(x[0], nil, gorgonia.S(1, 3)) }, []int{3, 4}),
		on("Concat", func(x []*Node) (*Node, error) { return gorgonia.Concat(0, x...) }, []int{3, 4}, []int{2, 4}),
		on("Concat of columns", func(x []*Node) (*Node, error) { return gorgonia.Concat(1, x...) }, []int{3, 4}, []int{3, 2}),
		on("At", func(x []*Node) (*Node, error) { return gorgonia.At(x[0], 1, 2) }, []int{3, 4}),
		on("DiagFlat", func(x []*Node) (*Node, error) { return gorgonia.DiagFlat(x[0]) }, []int{3}),
		on("KeepDims", func(x []*Node) (*Node, error) {
			return gorgonia.KeepDims(x[0], false, func(n *Node) (*Node, error) { return gorgonia.Sum(n, 1) })
		}, []int{3, 4}),
		on("ReduceAdd", func(x []*Node) (*Node, error) { return gorgonia.ReduceAdd(x) }, []int{3, 4}, []int{3, 4}, []int{3, 4}),
		on("ReduceMul", func(x []*Node) (*Node, error) { return gorgonia.ReduceMul(x) }, []int{3, 3}, []int{3, 3}),
		on("Conv2d", func(x []*Node) (*Node, error) {
			return gorgonia.Conv2d(x[0], x[1], tensor.Shape{2, 2}, []int{1, 1}, []int{1, 1}, []int{1, 1})
		}, []int{2, 2, 4, 4}, []int{3, 2, 2, 2}),
		on("Conv1d", func(x []*Node) (*Node, error) { return gorgonia.Conv1d(x[0], x[1], 3, 1, 1, 1) }, []int{2, 2, 1, 5}, []int{3, 2, 1, 3}),
		on("Im2Col", func(x []*Node) (*Node, error) {
			return gorgonia.Im2Col(x[0], tensor.Shape{2, 2}, tensor.Shape{0, 0}, tensor.Shape{1, 1}, tensor.Shape{1, 1})
		}, []int{2, 2, 4, 4}),
		on("MaxPool2D", func(x []*Node) (*Node, error) {
			return gorgonia.MaxPool2D(x[0], tensor.Shape{2, 2}, []int{0, 0}, []int{2, 2})
		}, []int{2, 2, 4, 4}),
		on("MaxPool1D", func(x []*Node) (*Node, error) { return gorgonia.MaxPool1D(x[0], 2, 0, 2) }, []int{2, 2, 1, 6}),
		on("AveragePool2D", func(x []*Node) (*Node, error) {
			return gorgonia.AveragePool2D(x[0], tensor.Shape{2, 2}, []int{0, 0}, []int{2, 2})
		}, []int{2, 2, 4, 4}),
		on("GlobalAveragePool2D", func(x []*Node) (*Node, error) { return gorgonia.GlobalAveragePool2D(x[0]) }, []int{2, 2, 4, 4}),
		on("Upsample2D", func(x []*Node) (*Node, error) { return gorgonia.Upsample2D(x[0], 2) }, []int{2, 2, 3, 3}),
		on("BatchNorm", func(x []*Node) (*Node, error) {
			y, _, _, _, err := gorgonia.BatchNorm(x[0], x[1], x[2], 0.9, 1e-5)
			return y, err
		}, []int{2, 2, 3, 3}, []int{2, 2, 3, 3}, []int{2, 2, 3, 3}),
		on("GroupNorm", func(x []*Node) (*Node, error) { return gorgonia.GroupNorm(x[0], x[1], x[2], 2, 4, 1e-5) }, []int{2, 4, 3, 3}, []int{1, 4, 1, 1}, []int{1, 4, 1, 1}),
		on("Dropout", func(x []*Node) (*Node, error) { return gorgonia.Dropout(x[0], 0.5) }, []int{3, 4}),
		{name: "ByIndices", shapes: [][]int{{3, 4}}, build: func(g *Graph, x []*Node) (*Node, error) {
			i := gorgonia.NewTensor(g.Expr(), tensor.Int, 1, gorgonia.WithShape(2), gorgonia.WithName("indices"), gorgonia.WithValue(tensor.New(tensor.WithBacking([]int{2, 0}))))
			return gorgonia.ByIndices(x[0], i, 0)
		}},
		on("SizeOf", func(x []*Node) (*Node, error) { return gorgonia.SizeOf(1, x[0]) }, []int{3, 4}),
	}
	for i, c := range cases {
		switch c.name {
		case "BroadcastHadamardDiv", "BroadcastPow", "Norm", "BinaryXent":
			cases[i].low, cases[i].high = 0.2, 0.8
		case "Log2":
			cases[i].refused = "Gorgonia's gradient of log2 is wrong: use gorgonia.Log, times 1/ln 2"
		case "InverseSqrt":
			cases[i].refused = "invSqrt is wrong: use gorgonia.Inverse of gorgonia.Sqrt"
		case "OuterProd":
			cases[i].refused = "use gorgonia.Mul of shapes [n, 1] and [1, m]"
		case "At":
			cases[i].refused = "use gorgonia.Slice"
		case "AveragePool2D":
			cases[i].refused = "use gorgonia.Mean of a reshaped tensor"
		case "LogSumExp":
			cases[i].refused = "Shape mismatch: (3, 4) and (3)" // by Gorgonia itself
		case "DiagFlat":
			cases[i].refused = "it has no shape"
		case "GlobalAveragePool2D":
			cases[i].refused = "gorgonia.Mean along axes 2 and 3"
		case "BatchNorm":
			cases[i].refused = "its running means are no parameters"
		case "Dropout":
			cases[i].refused = "Graph.Dropout is exact"
		case "ByIndices":
			cases[i].refused = "Graph.Embedding takes rows by int32"
		}
	}
	return cases
}

// check compares values with the formula and gradients with finite differences, in float64.
func (c stockCase) check() (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic: %v", r)
		}
	}()
	low, high := c.low, c.high
	if low == 0 && high == 0 {
		low, high = -2, 2
	}
	tree := NewParams(tensor.Float64, 7)
	var params []*Param
	for k, shape := range c.shapes {
		p := tree.New(fmt.Sprintf("x%d", k), Zeros(), shape...)
		params = append(params, p)
		for i := range Data[float64](p) {
			Data[float64](p)[i] = low + (high-low)*math.Mod(0.137+float64(i*(k+3))*0.6180339887+float64(k)*0.31, 1)
		}
	}
	g := New(Config{DType: tensor.Float64, Train: true})
	var nodes []*Node
	for _, p := range params {
		nodes = append(nodes, g.Param(p))
	}
	y := g.Check(c.build(g, nodes))
	if err := g.Err(); err != nil {
		return err
	}
	y = g.Reshape(y, y.Shape().TotalSize())
	weights := make([]float64, y.Shape().TotalSize())
	for i := range weights {
		weights[i] = 0.3 + 0.7*math.Sin(float64(3*i+1))
	}
	if y.IsScalar() || len(weights) == 1 {
		y = g.Reshape(y, 1)
	}
	loss := g.Check(gorgonia.Sum(g.Check(gorgonia.HadamardProd(y, g.Const("weights", weights, len(weights))))))
	for k, n := range nodes { // so that each leaf has a gradient
		loss = g.Add(loss, g.Check(gorgonia.Sum(g.Check(gorgonia.Square(g.Reshape(n, params[k].Len()))))))
	}
	if err := g.Grad(loss); err != nil {
		return err
	}
	m, err := Compile(g, loss, y)
	if err != nil {
		return err
	}
	defer m.Close()
	value := func() float64 {
		if e := m.RunAll(); e != nil {
			err = e
		}
		return Scalar(loss)
	}
	value()
	if err != nil {
		return err
	}
	if c.value != nil {
		for i, got := range Floats[float64](y) {
			var x []float64
			for _, p := range params {
				x = append(x, Data[float64](p)[i])
			}
			if want := c.value(x); math.Abs(got-want) > 1e-12*(1+math.Abs(want)) {
				return fmt.Errorf("of %v it is %g, expected %g", x, got, want)
			}
		}
	}
	var found [][]float64
	for _, p := range params {
		found = append(found, slices.Clone(GradData[float64](p)))
	}
	for k, p := range params {
		data := Data[float64](p)
		for i, old := range data {
			const step = 1e-5
			data[i] = old + step
			up := value()
			data[i] = old - step
			down := value()
			data[i] = old
			if want := (up - down) / (2 * step); math.Abs(found[k][i]-want) > 1e-6*(1+math.Abs(want)) {
				return fmt.Errorf("%s[%d]: gradient %.9g, finite difference %.9g", p.Name, i, found[k][i], want)
			}
		}
	}
	return err
}

// TestTableOfStockOperations goes through docs/operations.md.
func TestTableOfStockOperations(t *testing.T) {
	for _, c := range stockCases() {
		t.Run(c.name, func(t *testing.T) {
			err := c.check()
			switch {
			case c.refused == "" && err != nil:
				t.Error(strings.ReplaceAll(fmt.Sprintf("%.300s", err), "\n", " "))
			case c.refused != "" && (err == nil || !strings.Contains(err.Error(), c.refused)):
				t.Errorf("error %v, expected %q", err, c.refused)
			}
		})
	}
}
