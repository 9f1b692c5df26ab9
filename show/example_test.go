package show_test

import (
	"fmt"

	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/models"
	"github.com/seahorse-ml/seahorse/show"
	"gorgonia.org/tensor"
)

// A new model knows nothing, and yet one can look where it looks.
func ExampleAttention() {
	config, err := models.Size{Vocab: 11, Context: 8, Layers: 2, Heads: 2, Width: 8}.Config("llama")
	if err != nil {
		panic(err)
	}
	model, err := models.New(config, graph.NewParams(tensor.Float32, 1))
	if err != nil {
		panic(err)
	}
	maps, err := show.Attention(model, show.Text{IDs: []int32{3, 1, 4}}, show.AttentionConfig{})
	if err != nil {
		panic(err)
	}
	for _, a := range maps {
		fmt.Printf("layer %d of part %s: %d heads, %d queries; token 0 takes %.0f from itself and %.0f from token 1\n", a.Layer, a.Part, a.Heads, a.Queries, a.At(0, 0, 0), a.At(0, 0, 1))
	}
	// Output:
	// layer 0 of part self: 2 heads, 3 queries; token 0 takes 1 from itself and 0 from token 1
	// layer 1 of part self: 2 heads, 3 queries; token 0 takes 1 from itself and 0 from token 1
}
