package embed_test

import (
	"context"
	"fmt"
	"log"

	"github.com/seahorse-ml/seahorse/data/tokenizer"
	"github.com/seahorse-ml/seahorse/embed"
)

// A model on disk is opened by embed.OpenEncoder(dir, embed.OpenConfig{}); this one is a table of vectors, made here.
func ExampleEncoder() {
	tok, err := tokenizer.Train(context.Background(), tokenizer.NewTrainConfig("word"), tokenizer.Texts("cat dog car bus"))
	if err != nil {
		log.Fatal(err)
	}
	vectors := make([][]float32, tok.VocabSize())
	for id := range vectors {
		vectors[id] = []float32{0, 0}
	}
	for word, v := range map[string][]float32{"cat": {1, 0.1}, "dog": {0.9, 0.2}, "car": {0.1, 1}, "bus": {0, 0.8}} {
		id, _ := tok.ID(word)
		vectors[id] = v
	}
	table, err := embed.NewStatic(vectors)
	if err != nil {
		log.Fatal(err)
	}
	model, err := embed.New(table, embed.Config{Normalize: true})
	if err != nil {
		log.Fatal(err)
	}
	encoder := &embed.Encoder{Model: model, Tokenizer: tok}
	defer encoder.Close()
	found, err := encoder.Encode(context.Background(), "", []string{"cat dog", "dog", "bus car"})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%.2f %.2f\n", embed.Cosine(found[0], found[1]), embed.Cosine(found[0], found[2]))
	// Output: 1.00 0.21
}
