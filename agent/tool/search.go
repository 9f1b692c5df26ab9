package tool

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/seahorse-ml/seahorse/search"
)

// Search finds passages of an index.
type Search struct {
	Index *search.Index
	// Embed makes the vector of a query, for an index that has vectors; nil searches by words.
	Embed func(ctx context.Context, text string) ([]float32, error)
	Top   int    // passages; 0 means 3
	Title string // of the tool; "" means "search"
}

// Spec names it "search", or by its title.
func (s Search) Spec() Spec {
	name := s.Title
	if name == "" {
		name = "search"
	}
	return Spec{
		Name:        name,
		Description: "Finds the passages of a collection of texts that fit a query best.",
		Parameters:  json.RawMessage(`{"type": "object", "properties": {"query": {"type": "string"}}, "required": ["query"]}`),
	}
}

// Call returns the passages that fit the argument "query", numbered, the best first.
func (s Search) Call(ctx context.Context, arguments json.RawMessage) (string, error) {
	var a struct{ Query string }
	if err := json.Unmarshal(arguments, &a); err != nil {
		return "", err
	}
	if strings.TrimSpace(a.Query) == "" {
		return "", errors.New("the query is empty")
	}
	const most = 2000 // bytes of a query
	if len(a.Query) > most {
		return "", fmt.Errorf("a query of %d bytes, expected at most %d", len(a.Query), most)
	}
	var vector []float32
	if s.Embed != nil {
		var err error
		if vector, err = s.Embed(ctx, a.Query); err != nil {
			return "", err
		}
	}
	q := search.DefaultQuery(a.Query, vector)
	if q.Top = s.Top; q.Top == 0 {
		q.Top = 3
	}
	hits, err := s.Index.Search(ctx, q)
	if err != nil {
		return "", err
	}
	if len(hits) == 0 {
		return "nothing was found", nil
	}
	var b strings.Builder
	for i, h := range hits {
		fmt.Fprintf(&b, "[%d] %s\n", i+1, strings.Join(strings.Fields(h.Text), " "))
	}
	return strings.TrimSpace(b.String()), nil
}
