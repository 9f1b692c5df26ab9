package main

import (
	"fmt"

	"github.com/seahorse-ml/seahorse/data/tokenizer"
)

// loadTokenizer reads a tokenizer, and says what its files contradict themselves in.
func loadTokenizer(s *streams, path string) (*tokenizer.Tokenizer, error) {
	t, err := tokenizer.Load(path)
	if err != nil {
		return nil, err
	}
	for _, w := range t.Warnings() {
		fmt.Fprintf(s.err, "warning    %s: %s\n", path, w)
	}
	return t, nil
}
