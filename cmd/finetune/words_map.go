package main

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/seahorse-ml/seahorse/internal/atomicfile"
	"github.com/seahorse-ml/seahorse/words"
)

// wordsMapCommand is `finetune words map`.
type wordsMapCommand struct {
	Model     string `required:"" placeholder:"DIR|FILE" help:"Vectors: a directory of \"words train\", or a file in a form of word2vec, fastText (.vec, .bin) or GloVe."`
	Output    string `required:"" placeholder:"FILE" help:"The picture to write, a page of .svg or .html."`
	Method    string `enum:"pca,tsne" default:"tsne" placeholder:"pca|tsne" help:"The plane in which vectors vary most, or points whose neighbours stay neighbours (${default})."`
	MostWords int    `default:"300" placeholder:"N" help:"Draw the N most frequent words (${default})."`
	tsneFlags
	Words []string `arg:"" optional:"" help:"The words to draw, in place of the most frequent ones."`
}

// Help is shown below the command's summary.
func (wordsMapCommand) Help() string {
	return `Vectors are drawn with length 1, so that what is near is alike. The page of HTML finds words by their letters.

Examples:

    finetune words map --model runs/words --output map.html
    finetune words map --model runs/words --method pca --output royals.svg king queen man woman`
}

// Run draws the picture.
func (c *wordsMapCommand) Run(ctx context.Context, s *streams) error {
	kind := strings.ToLower(filepath.Ext(c.Output))
	if kind != ".svg" && kind != ".html" {
		return fmt.Errorf("--output %s: expected a name that ends in .svg or .html", c.Output)
	}
	if err := atLeast("most-words", &c.MostWords, 2); err != nil {
		return err
	}
	v, err := openVectors(c.Model)
	if err != nil {
		return err
	}
	shown := c.Words
	if len(shown) == 0 {
		for i := range min(c.MostWords, v.Vocabulary.Len()) {
			shown = append(shown, v.Vocabulary.Word(i))
		}
	}
	vectors, err := v.Units(shown)
	if err != nil {
		return err
	}
	points, told, err := c.points(ctx, vectors, v.Dim)
	if err != nil {
		return interrupted(ctx, err)
	}
	page, err := words.Picture(fmt.Sprintf("%s of %s, %s", plural(len(shown), "word"), filepath.Base(c.Model), told), shown, points, kind == ".html")
	if err != nil {
		return err
	}
	if err := atomicfile.WriteBytes(c.Output, page); err != nil {
		return err
	}
	s.say("drew %s in %s by %s", plural(len(shown), "word"), c.Output, told)
	return nil
}

// points returns where the words are, and how that came about.
func (c *wordsMapCommand) points(ctx context.Context, vectors []float32, dim int) ([]float64, string, error) {
	if c.Method == "pca" {
		if err := c.refuse(); err != nil {
			return nil, "", err
		}
		points, shares, err := words.PCA(vectors, dim)
		return points, fmt.Sprintf("PCA with %.0f%% and %.0f%% of the variance", 100*shares[0], 100*shares[1]), err
	}
	t, told, err := c.config(len(vectors) / dim)
	if err != nil {
		return nil, "", err
	}
	points, err := words.TSNE(ctx, vectors, dim, t)
	return points, told, err
}
