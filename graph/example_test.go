package graph_test

import (
	"fmt"
	"log"

	"github.com/seahorse-ml/seahorse/graph"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// A trace of y = tanh(x·Wᵀ) and the loss Σy, with one of Gorgonia's own operations; its gradient; and a run.
func Example() {
	params := graph.NewParams(tensor.Float64, 1)
	weight := params.New("weight", graph.Zeros(), 1, 2)
	g := graph.New(graph.Config{DType: tensor.Float64, Train: true})
	x := g.Input("x", tensor.Float64, 3, 2)
	y := g.Check(gorgonia.Tanh(g.Linear(x, g.Param(weight), nil, graph.LinearConfig{})))
	loss := g.Check(gorgonia.Sum(y))
	if err := g.Grad(loss); err != nil { // what went wrong above is told here
		log.Fatal(err)
	}
	machine, err := graph.Compile(g, loss)
	if err != nil {
		log.Fatal(err)
	}
	defer machine.Close()
	copy(graph.Floats[float64](x), []float64{1, 2, 3, 4, 5, 6})
	if err := machine.RunAll(); err != nil {
		log.Fatal(err)
	}
	fmt.Println(graph.Scalar(loss), graph.GradData[float64](weight))
	// Output: 0 [9 12]
}

// Two models whose parameters have the same names stand in one trace by Sub; what is frozen gets no gradient.
func ExampleGraph_Sub() {
	model := func(value float64) *graph.Param {
		p := graph.NewParams(tensor.Float64, 1).New("scale", graph.Ones(), 1, 1)
		graph.Data[float64](p)[0] = value
		return p
	}
	student, teacher := model(1), model(3)
	teacher.Frozen = true
	g := graph.New(graph.Config{DType: tensor.Float64, Train: true})
	x := g.Const("x", []float64{2}, 1, 1)
	found := g.Linear(x, g.Param(student), nil, graph.LinearConfig{})
	taught := g.Linear(x, g.Sub("teacher").Param(teacher), nil, graph.LinearConfig{})
	loss, _ := g.SquaredError(found, taught, graph.SquaredErrorConfig{})
	if err := g.Grad(loss); err != nil {
		log.Fatal(err)
	}
	machine, err := graph.Compile(g, loss)
	if err != nil {
		log.Fatal(err)
	}
	defer machine.Close()
	if err := machine.RunAll(); err != nil {
		log.Fatal(err)
	}
	fmt.Println(graph.Scalar(loss), graph.GradData[float64](student))
	// Output: 16 [-16]
}
