package main

import (
	"context"
	"fmt"

	"github.com/seahorse-ml/seahorse/internal/view"
	"github.com/seahorse-ml/seahorse/models"
	"github.com/seahorse-ml/seahorse/show"
)

// showMapCommand is `finetune show map`.
type showMapCommand struct {
	Layer  *int   `placeholder:"N" help:"Take the states behind this layer, 0 for what comes before the first. Default: behind the last. Of encoder-decoders those of the source."`
	Method string `enum:"pca,tsne" default:"pca" placeholder:"pca|tsne" help:"The two directions along which the vectors differ most (pca), or points whose neighbours stay neighbours (tsne). Default: ${default}."`
	tsneFlags
	showFlags
}

// Help is shown below the command's summary.
func (showMapCommand) Help() string {
	return `The vectors of all tokens of the texts are put on the two directions along which they differ most (principal components), or by t-SNE so that
neighbours stay neighbours; distances between groups mean little then. Tokens that the model holds for alike lie close together.

Examples:

    finetune show map --model runs/bert "the bank of the river" "the bank has my money"
    finetune show map --model runs/mine "The Rays of Light" --layer 0 --html map.html
    finetune show map --model runs/bert "the bank of the river" "the bank has my money" --method tsne`
}

// Run shows the map.
func (c *showMapCommand) Run(ctx context.Context, s *streams) error {
	l, err := c.look(ctx, s, estimateStates)
	if err != nil {
		return err
	}
	v := &view.Plane{Subject: l.subject(c.Model, 0)}
	v.Text = ""
	var vectors []float32
	width := 0
	for i, text := range l.texts {
		states, err := show.AllStates(l.Model, text.Text)
		if err != nil {
			return err
		}
		layers, tokens, name := states.Layers, viewTokens(text.Tokens), "Tokens"
		if _, pair := l.Model.(models.Seq2Seq); pair {
			layers, tokens, name = states.Source, viewTokens(text.Source), "Tokens of the source"
		}
		layer := len(layers) - 1
		if c.Layer != nil {
			if layer = *c.Layer; layer < 0 || layer >= len(layers) {
				return fmt.Errorf("--layer %d: expected 0 to %d", layer, len(layers)-1)
			}
		}
		v.Layer = fmt.Sprintf("%s behind layer %d of %d", name, layer, len(layers)-1)
		if layer == 0 {
			v.Layer = name + " before the first layer"
		}
		width = states.Width
		vectors = append(vectors, layers[layer]...)
		for _, t := range tokens {
			v.Points = append(v.Points, view.Point{Token: t, Of: i})
		}
		if v.Text += l.names[i]; i+1 < len(l.texts) {
			v.Text += "\n"
		}
	}
	plane, err := c.plane(ctx, v, vectors, width)
	if err != nil {
		return interrupted(ctx, err)
	}
	for i := range v.Points {
		v.Points[i].X, v.Points[i].Y = plane.X[i], plane.Y[i]
	}
	return c.show(s, v)
}

// plane puts vectors on a plane, and notes how.
func (c *showMapCommand) plane(ctx context.Context, v *view.Plane, vectors []float32, width int) (*show.Plane, error) {
	if c.Method == "pca" {
		if err := c.refuse(); err != nil {
			return nil, err
		}
		plane, err := show.PCA(vectors, width)
		if err == nil {
			v.Shares = plane.Shares
		}
		return plane, err
	}
	config, told, err := c.config(len(vectors) / width)
	if err != nil {
		return nil, err
	}
	v.Method = told
	return show.TSNE(ctx, vectors, width, config)
}
