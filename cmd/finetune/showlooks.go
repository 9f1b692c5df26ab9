package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/seahorse-ml/seahorse/data"
	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/internal/view"
	"github.com/seahorse-ml/seahorse/models"
	"github.com/seahorse-ml/seahorse/show"
	"github.com/seahorse-ml/seahorse/task"
)

// showAttentionCommand is `finetune show attention`.
type showAttentionCommand struct {
	Layer []int `placeholder:"N" help:"Layers, from 0. Several may be given. Default: all; in the terminal the last."`
	Head  []int `placeholder:"N" help:"Heads that the terminal shows, from 0. Default: the mean of all. A page has all."`
	showFlags
}

// Help is shown below the command's summary.
func (showAttentionCommand) Help() string {
	return `The terminal shows a matrix with a line for each token that looks (query) and a column for each that is looked at (key), and the strongest keys of
each query with their places and weights. The page has all layers and heads; --json has all weights, as [head][query][key].

Examples:

    finetune show attention --model runs/mine "The Rays of Light" --html attention.html
    finetune show attention --model runs/mine "The Rays of Light" --layer 0 --head 1 --head 2
    finetune show attention --model runs/phonemes "through" --json`
}

// Run shows the attention.
func (c *showAttentionCommand) Run(ctx context.Context, s *streams) error {
	config := show.AttentionConfig{Layers: c.Layer}
	l, text, err := c.lookAtOne(ctx, s, func(t *task.Trained, x *task.Shown) (graph.Memory, error) {
		return show.EstimateAttention(t.Model, x.Text, config)
	})
	if err != nil {
		return err
	}
	maps, err := show.Attention(l.Model, text.Text, config)
	if err != nil {
		return err
	}
	v := &view.Attention{Subject: l.subject(c.Model, 0), Heads: c.Head}
	if pair, ok := l.Model.(models.Seq2Seq); ok {
		v.Start = &view.Token{ID: pair.StartToken(), Text: l.tokenText(pair.StartToken()), Special: true}
	}
	weights := 0
	for i, a := range maps {
		for _, h := range c.Head {
			if h < 0 || h >= a.Heads {
				return fmt.Errorf("--head %d: expected 0 to %d", h, a.Heads-1)
			}
		}
		weights += len(a.Weights)
		v.Layers = append(v.Layers, view.AttentionLayer{Part: string(a.Part), Layer: a.Layer, Weights: nested(a)})
		if len(c.Layer) > 0 || i == len(maps)-1 || maps[i+1].Part != a.Part {
			v.Shown = append(v.Shown, i)
		}
	}
	if c.HTML != "" {
		if err := view.CheckPage(weights); err != nil {
			return fmt.Errorf("--html: %w", err)
		}
	}
	return c.show(s, v)
}

// nested returns weights as [head][query][key].
func nested(a show.AttentionMap) [][][]float32 {
	out := make([][][]float32, a.Heads)
	for h := range out {
		for q := range a.Queries {
			first := (h*a.Queries + q) * a.Keys
			out[h] = append(out[h], a.Weights[first:first+a.Keys])
		}
	}
	return out
}

// showTokensCommand is `finetune show tokens`.
type showTokensCommand struct {
	Top int `default:"5" placeholder:"N" help:"The most probable tokens to tell of (${default})."`
	showFlags
}

// Help is shown below the command's summary.
func (showTokensCommand) Help() string {
	return `A line for each token: how probable it was to the model, its rank among all, and what else might have stood there; the last line is what might come
next. A masked model tells of each token what it expects there when the token is hidden; where the text has mask tokens, of those alone.

Examples:

    finetune show tokens --model runs/mine "The Rays of Light"
    finetune show tokens --model runs/chat "Who are you?" --max-new-tokens 20 --html answer.html
    finetune show tokens --model runs/bert "Light is made of [MASK]."`
}

// estimateStates returns the memory that looking at states takes.
func estimateStates(t *task.Trained, x *task.Shown) (graph.Memory, error) {
	return show.EstimateStates(t.Model, x.Text)
}

// Run shows the tokens.
func (c *showTokensCommand) Run(ctx context.Context, s *streams) error {
	if err := atLeast("top", &c.Top, 1); err != nil {
		return err
	}
	l, text, err := c.lookAtOne(ctx, s, estimateStates)
	if err != nil {
		return err
	}
	config := show.TokensConfig{Top: min(c.Top, math.MaxInt32) + 1} // the token itself may be among them
	if _, masked := l.Model.(*models.MaskedLM); masked {
		if config.Mask, config.Positions, err = l.hidden(text); err != nil {
			return err
		}
	}
	found, err := show.Tokens(l.Model, text.Text, config)
	if err != nil {
		return err
	}
	v := &view.Tokens{Subject: l.subject(c.Model, 0)}
	for _, t := range found {
		e := view.Expected{Position: t.Position, Entropy: t.Entropy, Top: l.choices(t.Top, l.tokenText)}
		if t.Target >= 0 {
			e.Token, e.Probability, e.Rank = &v.Tokens[t.Position], t.Probability, t.Rank
		}
		if e.Token == nil || !slices.ContainsFunc(e.Top, func(c view.Choice) bool { return c.ID == e.Token.ID }) {
			e.Top = e.Top[:min(len(e.Top), c.Top)]
		}
		v.Expected = append(v.Expected, e)
	}
	return c.show(s, v)
}

// hidden returns the mask token, and the places of a text to look at: those of masks, or else of all tokens but those that frame the text.
func (l *looked) hidden(x *task.Shown) (mask int32, places []int, err error) {
	mask, ok := l.Tokenizer.Special("mask_token")
	if !ok {
		return 0, nil, errors.New("the tokenizer has no mask token")
	}
	for i, id := range x.IDs {
		if id == mask {
			places = append(places, i)
		}
	}
	if len(places) > 0 {
		return mask, places, nil
	}
	for i, t := range x.Tokens {
		if !t.Special {
			places = append(places, i)
		}
	}
	if len(places) == 0 {
		return mask, nil, errors.New("the text has no tokens to hide")
	}
	return mask, places, nil
}

// choices describes tokens or classes.
func (l *looked) choices(all []show.Choice, name func(int32) string) []view.Choice {
	var out []view.Choice
	for _, c := range all {
		out = append(out, view.Choice{ID: c.ID, Text: name(c.ID), Probability: c.Probability})
	}
	return out
}

// classes returns the names of a classifier's classes, or nil for other models.
func (l *looked) classes() []string {
	switch l.Model.(type) {
	case *models.SequenceClassifier, *models.TokenClassifier:
		if labels := task.LabelsOf(l.Model); labels.Kind != data.Regression {
			return labels.Names
		}
	}
	return nil
}

// name returns what a target of the model's head is called.
func (l *looked) name(id int32) string {
	if names := l.classes(); names != nil && int(id) < len(names) {
		return names[id]
	}
	return l.tokenText(id)
}

// showLensCommand is `finetune show lens`.
type showLensCommand struct {
	Top int `default:"5" placeholder:"N" help:"The most probable tokens or classes of each cell in a page and --json (${default})."`
	showFlags
}

// Help is shown below the command's summary.
func (showLensCommand) Help() string {
	return `The states behind each layer go through the model's last norm and its head as if no other layer came (nostalgebraist, 2020): so one sees where the
model makes up its mind. Line "in" is what stands before the first layer.

Examples:

    finetune show lens --model runs/mine "The Rays of"
    finetune show lens --model runs/reviews "A wonderful book." --html lens.html`
}

// Run shows the lens.
func (c *showLensCommand) Run(ctx context.Context, s *streams) error {
	if err := atLeast("top", &c.Top, 1); err != nil {
		return err
	}
	l, text, err := c.lookAtOne(ctx, s, estimateStates)
	if err != nil {
		return err
	}
	if task.LabelsOf(l.Model).Kind == data.Regression {
		return errors.New("a regression finds values, and the lens shows probabilities")
	}
	found, err := show.Lens(l.Model, text.Text, show.LensConfig{Top: c.Top})
	if err != nil {
		return err
	}
	v := &view.Lens{Subject: l.subject(c.Model, 0), Classes: l.classes() != nil}
	read := v.Tokens
	if pair, ok := l.Model.(models.Seq2Seq); ok {
		read = append([]view.Token{{Text: l.tokenText(pair.StartToken())}}, read...)
	}
	last := found.Layers[len(found.Layers)-1]
	for i, d := range last {
		place := view.LensPlace{Label: "the text", Target: &view.Choice{ID: d.Target, Text: l.name(d.Target), Probability: d.Probability}}
		if len(last) == len(read) {
			place.Label = read[i].Label()
		}
		v.Places = append(v.Places, place)
	}
	for i, layer := range found.Layers {
		row := view.LensLayer{Layer: i}
		for _, d := range layer {
			row.Cells = append(row.Cells, view.LensCell{Probability: d.Probability, Rank: d.Rank, Top: l.choices(d.Top, l.name)})
		}
		v.Layers = append(v.Layers, row)
	}
	return c.show(s, v)
}
