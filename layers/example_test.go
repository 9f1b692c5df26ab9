package layers_test

import (
	"fmt"
	"log"

	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/layers"
	"gorgonia.org/tensor"
)

// reader is a model of two layers: its New makes or loads them by their names, its Forward traces them.
type reader struct {
	words *layers.Embedding
	block *layers.Block
}

func newReader(p *graph.Params) reader {
	return reader{
		words: layers.NewEmbedding(layers.EmbeddingConfig{Vocab: 10, Width: 8}, p.Sub("words")),
		block: layers.NewBlock(layers.BlockConfig{
			Attention:   layers.AttentionConfig{Width: 8, Heads: 2, Causal: true},
			FeedForward: layers.FeedForwardConfig{Width: 8, Hidden: 16, Activation: graph.GELU},
			Norm:        layers.NormConfig{Width: 8},
		}, p.Sub("block")),
	}
}

func (r reader) Forward(g *graph.Graph, ids *graph.Node) *graph.Node {
	return r.block.Forward(g, r.words.Forward(g, ids), layers.Pass{})
}

// A model is a struct of layers.
func Example() {
	params := graph.NewParams(tensor.Float32, 1)
	model := newReader(params)
	if err := params.Err(); err != nil {
		log.Fatal(err)
	}
	g := graph.New(graph.Config{})
	states := model.Forward(g, g.Input("ids", tensor.Int32, 2, 5))
	fmt.Println(states.Shape(), g.Err())
	for _, p := range params.All()[:3] {
		fmt.Println(p.Name, p.Shape)
	}
	// Output:
	// (2, 5, 8) <nil>
	// words.weight (10, 8)
	// block.attention_norm.weight (8)
	// block.attention.query.weight (8, 8)
}
