package weights_test

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/layers"
	"github.com/seahorse-ml/seahorse/weights"
	"gorgonia.org/tensor"
)

// model is a model of one's own: the same call makes it and loads it.
type model struct{ first, second *layers.Linear }

func newModel(p *graph.Params) *model {
	return &model{
		first:  layers.NewLinear(layers.LinearConfig{In: 8, Out: 16, Bias: true}, p.Sub("first")),
		second: layers.NewLinear(layers.LinearConfig{In: 16, Out: 2}, p.Sub("second")),
	}
}

func Example() {
	dir, err := os.MkdirTemp("", "weights")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "model.safetensors")

	fresh := graph.NewParams(tensor.Float32, 42)
	newModel(fresh)
	if err := weights.Save(path, fresh.All(), weights.SaveConfig{}); err != nil {
		fmt.Println(err)
		return
	}

	source, err := weights.Open(path)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer source.Close()
	loaded := graph.LoadParams(tensor.Float32, source)
	m := newModel(loaded)
	fmt.Println(source.Names(), loaded.Err())
	fmt.Println(m.first.Weight.Shape, m.first.Weight.Value().Eq(fresh.All()[0].Value()))
	// Output:
	// [first.bias first.weight second.weight] <nil>
	// (16, 8) true
}
