package search_test

import (
	"context"
	"fmt"
	"log"
	"os"

	"github.com/seahorse-ml/seahorse/search"
)

// Searches by words need no model; AddConfig.Embed and Query.Vector bring vectors in.
func Example() {
	dir, err := os.MkdirTemp("", "index")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	index, err := search.Create(dir, search.Settings{Language: "english", By: search.Sentences, Length: 20})
	if err != nil {
		log.Fatal(err)
	}
	defer index.Close()
	_, err = index.Add(context.Background(), []search.Text{
		{Source: "animals.txt", Text: "Seahorses swim upright. Dolphins leap out of the water."},
		{Source: "plants.txt", Text: "Kelp grows half a metre a day."},
	}, search.AddConfig{})
	if err != nil {
		log.Fatal(err)
	}
	query := search.DefaultQuery("leaping dolphins", nil)
	query.Mode = search.BM25
	hits, err := index.Search(context.Background(), query)
	if err != nil {
		log.Fatal(err)
	}
	for _, hit := range hits {
		fmt.Println(hit.Source, hit.Text)
	}
	// Output: animals.txt Seahorses swim upright. Dolphins leap out of the water.
}
