package hub_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"

	"github.com/seahorse-ml/seahorse/hub"
)

// A client that may ask the hub fetches what isn't there; this one takes only what the cache has.
func ExampleClient() {
	cache, err := os.MkdirTemp("", "cache")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(cache)
	client := hub.Client{Cache: cache, Endpoint: hub.DefaultEndpoint, Offline: true}
	repo, file, err := hub.ParseFile("hf://datasets/someone/poems@v2/train.jsonl")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(repo.Kind, repo.ID, repo.Revision, file)
	_, err = client.File(context.Background(), repo, file)
	fmt.Println(errors.Is(err, hub.ErrMissing))
	// Output:
	// dataset someone/poems v2 train.jsonl
	// true
}
