package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/seahorse-ml/seahorse/data"
	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/internal/view"
	"github.com/seahorse-ml/seahorse/models"
	"github.com/seahorse-ml/seahorse/show"
	"github.com/seahorse-ml/seahorse/task"
)

// showAttributionCommand is `finetune show attribution`.
type showAttributionCommand struct {
	Method   string   `enum:"integrated-gradients,gradient-input" default:"integrated-gradients" placeholder:"integrated-gradients|gradient-input" help:"How much of a score a token is given (${default})."`
	Target   []string `sep:"none" placeholder:"LABEL|TOKEN" help:"The class, or the token, whose score is attributed. Several may be given. Default: the likeliest, or the token at --position."`
	Position *int     `placeholder:"N" help:"The place of the token that is predicted or classified, from 0 as \"show tokens\" counts. Default: of a decoder the next one, of a masked model the first mask."`
	Score    string   `enum:"logit,probability," default:"" placeholder:"logit|probability" help:"What is attributed. Default: the probability of a token, the logit of a class. Of regressions and reward models it is their value."`
	Baseline string   `default:"" placeholder:"zero|TOKEN" help:"What integrated gradients start from: a token in place of each that doesn't frame the text, or vectors of zeros. Default: the token for padding, or else the end of text, or else zeros."`
	Steps    int      `default:"50" placeholder:"N" help:"Places between the baseline and the text at which gradients are taken (${default})."`
	showFlags
}

// Help is shown below the command's summary.
func (showAttributionCommand) Help() string {
	return `Integrated gradients (Sundararajan et al., 2017) follow the score from a baseline to the text; what the words are given adds up to the difference, and
how far it misses is told: more --steps make it less. Gradient times input is quicker and adds up to nothing. Tokens of a word are added up; --json and
pages have the parts.

Examples:

    finetune show attribution --model runs/reviews "A wonderful book, badly printed."
    finetune show attribution --model runs/reviews "A wonderful book." --target positive --target negative --html why.html
    finetune show attribution --model runs/mine "The Rays of Light"
    finetune show attribution --model runs/bert "Light is made of [MASK]." --target rays`
}

// config returns what the flags say, but for targets and places.
func (c *showAttributionCommand) config() show.AttributionConfig {
	return show.AttributionConfig{Method: show.Method(c.Method), Score: show.Score(c.Score), Steps: c.Steps}
}

// Run shows the attributions.
func (c *showAttributionCommand) Run(ctx context.Context, s *streams) error {
	if err := atLeast("steps", &c.Steps, 1); err != nil {
		return err
	}
	if c.Baseline != "" && c.Method == string(show.GradientInput) {
		return errors.New("--baseline is for integrated gradients")
	}
	l, text, err := c.lookAtOne(ctx, s, func(t *task.Trained, x *task.Shown) (graph.Memory, error) {
		config := c.config()
		if position, err := c.position(t, x); err == nil {
			config.Position = position
		}
		return show.EstimateAttribution(t.Model, x.Text, config)
	})
	if err != nil {
		return err
	}
	config := c.config()
	if config.Position, err = c.position(l.Trained, text); err != nil {
		return err
	}
	if l.values() && c.Score == string(show.Probability) {
		return errors.New("--score probability: the model finds values, which have none")
	}
	if c.Score == "" {
		c.Score = string(show.Probability)
		if l.classes() != nil || l.values() {
			c.Score = string(show.Logit)
		}
		config.Score = show.Score(c.Score)
	}
	v := &view.Attributions{Subject: l.subject(c.Model, 0), Method: c.Method, Score: c.Score}
	if c.Method == string(show.IntegratedGradients) {
		if config.Baseline, v.Baseline, err = c.baseline(l, text); err != nil {
			return err
		}
	}
	targets, err := c.targets(l, text, config.Position)
	if err != nil {
		return err
	}
	if l.values() {
		v.Score = "value"
	}
	for _, target := range targets {
		config.Target = target.ID
		found, err := show.Attribute(l.Model, text.Text, config)
		if err != nil {
			return err
		}
		given := view.Given{Target: target, Position: config.Position, Value: found.Value, Tokens: found.Tokens, Source: found.Source, Start: found.Start}
		if c.Method == string(show.IntegratedGradients) {
			given.From, given.Error = &found.Baseline, &found.Error
		}
		v.Targets = append(v.Targets, given)
	}
	return c.show(s, v)
}

// values tells whether the model finds values in place of probabilities.
func (l *looked) values() bool {
	if _, reward := l.Model.(*models.RewardModel); reward {
		return true
	}
	return task.LabelsOf(l.Model).Kind == data.Regression
}

// position returns the place of the target.
func (c *showAttributionCommand) position(t *task.Trained, x *task.Shown) (int, error) {
	if c.Position != nil {
		if *c.Position < 0 || *c.Position > len(x.IDs) {
			return 0, fmt.Errorf("--position %d: expected 0 to %d", *c.Position, len(x.IDs))
		}
		return *c.Position, nil
	}
	switch t.Model.(type) {
	case *models.MaskedLM:
		if mask, ok := t.Tokenizer.Special("mask_token"); ok {
			if i := slices.Index(x.IDs, mask); i >= 0 {
				return i, nil
			}
		}
		return 0, errors.New("the text has no mask token; give one, or the --position of a token")
	case *models.TokenClassifier:
		return 0, errors.New("classes of tokens need the --position of one")
	case *models.SequenceClassifier, *models.RewardModel:
		return 0, nil
	}
	return len(x.IDs), nil
}

// baseline returns what integrated gradients start from, and its name.
func (c *showAttributionCommand) baseline(l *looked, x *task.Shown) (*show.Text, string, error) {
	id, ok := int32(0), false
	switch c.Baseline {
	case "zero":
	case "":
		if id, ok = l.Tokenizer.Special("pad_token"); !ok {
			id, ok = l.Tokenizer.EndOfText()
		}
	default:
		var err error
		if id, err = l.token(c.Baseline); err != nil {
			return nil, "", fmt.Errorf("--baseline: %w", err)
		}
		ok = true
	}
	if !ok {
		return nil, "vectors of zeros", nil
	}
	replaced := func(ids []int32, tokens []task.ShownToken) []int32 {
		out := slices.Clone(ids)
		for i := range out {
			if !tokens[i].Special {
				out[i] = id
			}
		}
		return out
	}
	b := &show.Text{IDs: replaced(x.IDs, x.Tokens), Types: x.Types, Source: replaced(x.Text.Source, x.Source)}
	return b, fmt.Sprintf("%q in place of each token", strings.TrimSpace(l.tokenText(id))), nil
}

// token returns the id of the one token that a text is.
func (l *looked) token(text string) (int32, error) {
	if id, ok := l.Tokenizer.ID(text); ok {
		return id, nil
	}
	ids := l.Tokenizer.AppendPart(nil, []byte(text), false, false, false)
	if len(ids) != 1 {
		return 0, fmt.Errorf("%q is %d tokens, expected one", text, len(ids))
	}
	return ids[0], nil
}

// targets returns what is attributed.
func (c *showAttributionCommand) targets(l *looked, x *task.Shown, position int) ([]view.Choice, error) {
	if l.values() {
		return c.valueTargets(l)
	}
	var targets []view.Choice
	classes := l.classes()
	for _, name := range c.Target {
		id := int32(slices.Index(classes, name))
		if classes == nil {
			var err error
			if id, err = l.token(name); err != nil {
				return nil, fmt.Errorf("--target: %w", err)
			}
		} else if id < 0 {
			return nil, fmt.Errorf("--target %q: expected one of %s", name, strings.Join(classes, ", "))
		}
		targets = append(targets, view.Choice{ID: id, Text: l.name(id)})
	}
	top := 1
	if len(targets) > 0 {
		top = l.Model.VocabSize()
	}
	d, err := l.said(x, position, top)
	if err != nil {
		return nil, err
	}
	if len(targets) == 0 {
		id := d.Top[0].ID
		if d.Target >= 0 && classes == nil {
			id = d.Target
		}
		targets = []view.Choice{{ID: id, Text: l.name(id)}}
	}
	for i := range targets {
		for _, t := range d.Top {
			if t.ID == targets[i].ID {
				targets[i].Probability = t.Probability
			}
		}
	}
	return targets, nil
}

// valueTargets returns the values that are attributed: all that the model finds, or those that are named.
func (c *showAttributionCommand) valueTargets(l *looked) ([]view.Choice, error) {
	names := task.LabelsOf(l.Model).Names
	if len(names) == 0 {
		names = []string{"value"}
	}
	var targets []view.Choice
	for i, name := range names {
		if len(c.Target) == 0 || slices.Contains(c.Target, name) {
			targets = append(targets, view.Choice{ID: int32(i), Text: name})
		}
	}
	if len(c.Target) > len(targets) {
		return nil, fmt.Errorf("--target: expected some of %s", strings.Join(names, ", "))
	}
	return targets, nil
}

// said returns what the model says at a position, with so many of the most probable classes or tokens.
func (l *looked) said(x *task.Shown, position, top int) (show.Distribution, error) {
	text := x.Text
	if l.classes() == nil {
		config := show.TokensConfig{Top: top, Positions: []int{position}}
		if _, masked := l.Model.(*models.MaskedLM); masked {
			config.Mask, _ = l.Tokenizer.Special("mask_token")
			if text.IDs[position] != config.Mask { // the model is to find what it sees
				lens, err := show.Lens(l.Model, text, show.LensConfig{Top: top})
				if err != nil {
					return show.Distribution{}, err
				}
				return lens.Layers[len(lens.Layers)-1][position], nil
			}
		} else {
			text.IDs = text.IDs[:min(len(text.IDs), position+1)]
		}
		all, err := show.Tokens(l.Model, text, config)
		for _, t := range all {
			if err == nil && t.Position == position {
				return t.Distribution, nil
			}
		}
		if err == nil {
			err = fmt.Errorf("--position %d: the model doesn't predict the first token", position)
		}
		return show.Distribution{}, err
	}
	lens, err := show.Lens(l.Model, text, show.LensConfig{Top: top})
	if err != nil {
		return show.Distribution{}, err
	}
	last := lens.Layers[len(lens.Layers)-1]
	return last[min(position, len(last)-1)], nil
}
