package main

import (
	"github.com/seahorse-ml/seahorse/data/tokenizer"
)

// loadTokenizer reads a tokenizer, and says what its files contradict themselves in.
func loadTokenizer(s *streams, path string) (*tokenizer.Tokenizer, error) {
	t, err := tokenizer.Load(path)
	if err == nil {
		s.warn(path, t)
	}
	return t, err
}

// warn says what the files of a tokenizer contradict themselves in.
func (s *streams) warn(path string, t *tokenizer.Tokenizer) {
	for _, w := range t.Warnings() {
		s.say("warning    %s: %s", path, w)
	}
}
