package generate_test

import (
	"context"
	"fmt"
	"log"

	"github.com/seahorse-ml/seahorse/generate"
	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/models"
	"gorgonia.org/tensor"
)

// A model continues two prompts at once; this one knows nothing yet.
func Example() {
	config, err := models.Size{Vocab: 100, Context: 32, Layers: 1, Heads: 2, Width: 32}.Config("gpt2")
	if err != nil {
		log.Fatal(err)
	}
	model, err := models.New(config, graph.NewParams(tensor.Float32, 1))
	if err != nil {
		log.Fatal(err)
	}
	texts, err := generate.Batch(context.Background(), model.(generate.Model), [][]int32{{1, 2, 3}, {4, 5}}, generate.Config{MaxNewTokens: 6})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(len(texts), "texts of", len(texts[0]), "and", len(texts[1]), "new tokens")
	// Output: 2 texts of 6 and 6 new tokens
}
