package adapt_test

import (
	"fmt"

	"github.com/seahorse-ml/seahorse/adapt"
	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/layers"
	"gorgonia.org/tensor"
)

// net is a model of one's own.
type net struct {
	up, down *layers.Linear
	tree     *graph.Params
}

func (n *net) Params() []*graph.Param { return n.tree.All() }

// An adapter goes on any model of layers.Linears, and is all of it that is trained then.
func Example() {
	p := graph.NewParams(tensor.Float32, 1)
	model := &net{
		up:   layers.NewLinear(layers.LinearConfig{In: 8, Out: 32}, p.Sub("up")),
		down: layers.NewLinear(layers.LinearConfig{In: 32, Out: 8}, p.Sub("down")),
		tree: p,
	}
	a, err := adapt.NewLoRA(model, adapt.LoRAConfig{Rank: 2, Alpha: 4, Targets: adapt.AllLinear()}, 1)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, p := range a.Params() {
		fmt.Println(p.Name, p.Shape)
	}
	// Output:
	// up.lora_A.weight (2, 8)
	// up.lora_B.weight (32, 2)
	// down.lora_A.weight (2, 32)
	// down.lora_B.weight (8, 2)
}
