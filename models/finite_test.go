package models

import (
	"math"
	"testing"

	"github.com/seahorse-ml/seahorse/graph"
	"gorgonia.org/tensor"
)

// TestFiniteDifferences compares some of the gradient of each parameter of some
// families with differences of five points. With a step of 2e-5 they are good to about 1e-10.
func TestFiniteDifferences(t *testing.T) {
	for _, name := range []string{"gpt2_untied", "qwen3", "t5_gated"} {
		t.Run(name, func(t *testing.T) {
			c := readGolden(t, name)
			m := c.load(t, tensor.Float64)
			trace := func(grad bool) func() float64 {
				g := graph.New(graph.Config{DType: tensor.Float64})
				loss := m.Loss(g, c.batch(g)).Total
				if grad {
					if err := g.Grad(loss); err != nil {
						t.Fatal(err)
					}
				}
				machine, err := graph.Compile(g, loss)
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() { machine.Close() })
				return func() float64 {
					if err := machine.RunAll(); err != nil {
						t.Fatal(err)
					}
					return graph.Scalar(loss)
				}
			}
			trace(true)()
			value := trace(false)
			for _, p := range m.Params() {
				checkDifferences(t, p, value)
			}
		})
	}
}

func checkDifferences(t *testing.T, p *graph.Param, value func() float64) {
	const step, samples = 2e-5, 2
	grad, data := graph.GradData[float64](p), graph.Data[float64](p)
	for i := 0; i < len(data); i += 1 + len(data)/samples {
		old := data[i]
		at := func(x float64) float64 {
			data[i] = x
			return value()
		}
		want := (8*(at(old+step)-at(old-step)) - (at(old+2*step) - at(old-2*step))) / (12 * step)
		data[i] = old
		if !(math.Abs(grad[i]-want) <= 1e-8*(1+math.Abs(want))) {
			t.Errorf("%s[%d]: gradient %.9g, finite difference %.9g", p.Name, i, grad[i], want)
		}
	}
}
