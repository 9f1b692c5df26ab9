package models_test

import (
	"fmt"
	"log"
	"os"

	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/models"
	"gorgonia.org/tensor"
)

// A new Llama is written as a Hugging Face model directory and read again.
func Example() {
	config, err := models.Size{Vocab: 100, Context: 32, Layers: 2, Heads: 4, KVHeads: 2, Width: 64}.Config("llama")
	if err != nil {
		log.Fatal(err)
	}
	model, err := models.New(config, graph.NewParams(tensor.Float32, 1))
	if err != nil {
		log.Fatal(err)
	}
	dir, err := os.MkdirTemp("", "llama")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	if err := model.Save(dir); err != nil {
		log.Fatal(err)
	}
	again, err := models.Open(dir, models.OpenConfig{})
	if err != nil {
		log.Fatal(err)
	}
	g := graph.New(graph.Config{})
	logits := again.(models.CausalLM).Logits(g, g.Input("ids", tensor.Int32, 1, 8), nil)
	fmt.Println(models.CountParameters(again), "parameters; logits of shape", logits.Shape())
	// Output: 105024 parameters; logits of shape (1, 8, 100)
}
