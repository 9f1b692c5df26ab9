package main

import (
	"errors"
	"fmt"

	"github.com/seahorse-ml/seahorse/words"
)

// tsneFlags are the flags of t-SNE, by which vectors become points.
type tsneFlags struct {
	Perplexity *float64 `placeholder:"X" help:"tsne: about how many neighbours a point has. Default: 30, and less for few points."`
	Iterations *int     `placeholder:"N" help:"tsne: steps. Default: 1000."`
	Seed       uint64   `default:"1" placeholder:"N" help:"tsne: seed of all random numbers (${default})."`
}

// config returns the settings of t-SNE for n points, and what they are called.
func (f tsneFlags) config(n int) (words.TSNEConfig, string, error) {
	t := words.DefaultTSNEConfig().For(n)
	t.Seed = f.Seed
	set(&t.Perplexity, f.Perplexity)
	set(&t.Iterations, f.Iterations)
	return t, fmt.Sprintf("t-SNE with a perplexity of %.3g", t.Perplexity), atLeast("iterations", f.Iterations, 1)
}

// refuse returns an error where a flag of t-SNE is given, for another method.
func (f tsneFlags) refuse() error {
	if f.Perplexity != nil || f.Iterations != nil {
		return errors.New("--perplexity and --iterations are for --method tsne")
	}
	return nil
}
