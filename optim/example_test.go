package optim_test

import (
	"fmt"

	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/optim"
	"gorgonia.org/tensor"
)

func ExampleSchedule() {
	s := optim.Schedule{Decay: optim.Linear, LearningRate: 1, WarmupSteps: 3, MaxSteps: 7}
	for step := range s.MaxSteps + 1 {
		fmt.Print(s.At(step), " ")
	}
	// Output: 0.25 0.5 0.75 1 0.75 0.5 0.25 0
}

// A parameter moves to the minimum of (x-3)².
func ExampleNewAdamW() {
	p := graph.NewParams(tensor.Float64, 0)
	x := p.New("x", graph.Zeros(), 1)
	opt, err := optim.NewAdamW(optim.Groups(p.All(), 0), optim.DefaultAdamConfig())
	if err != nil {
		fmt.Println(err)
		return
	}
	for range 1000 {
		graph.GradData[float64](x)[0] = 2 * (graph.Data[float64](x)[0] - 3)
		if _, err := opt.Step(0.05); err != nil {
			fmt.Println(err)
			return
		}
	}
	fmt.Printf("%.3f\n", graph.Data[float64](x)[0])
	// Output: 3.000
}
