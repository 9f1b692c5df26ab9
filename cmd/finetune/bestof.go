package main

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/seahorse-ml/seahorse/task"
)

// bestOfFlags choose among several answers by a reward model.
type bestOfFlags struct {
	BestOf      int    `default:"1" placeholder:"N" help:"Write N texts for each prompt, and show the one that --reward-model gives the greatest value (${default})."`
	RewardModel string `placeholder:"DIR" help:"The reward model by which --best-of chooses."`
}

// checkBest returns an error for flags that don't go together.
func (f bestOfFlags) checkBest(beams int, temperature float64) error {
	switch {
	case f.BestOf < 1 || f.BestOf > mostRows:
		return fmt.Errorf("--best-of %d: expected 1 to %d", f.BestOf, mostRows)
	case (f.BestOf > 1) != (f.RewardModel != ""):
		return errors.New("--best-of N, of 2 or more, and --reward-model go together")
	case f.BestOf > 1 && beams > 1:
		return errors.New("--best-of draws several texts; --num-beams searches for one")
	case f.BestOf > 1 && temperature == 0:
		return errors.New("--best-of draws several texts, and with --temperature 0 all are the same")
	}
	return nil
}

// expand returns each prompt as often as texts are written for it.
func (f bestOfFlags) expand(prompts [][]int32) [][]int32 {
	var all [][]int32
	for _, p := range prompts {
		all = append(all, slices.Repeat([][]int32{p}, f.BestOf)...)
	}
	return all
}

// choose returns the best of the texts for each prompt from first on, and the values of them all.
func (c *generateCommand) choose(ctx context.Context, s *streams, w *task.Writer, ids [][]int32, first int) (best [][]int32, rewards [][]float64, err error) {
	t, err := c.sketch(s, c.RewardModel, task.OpenConfig{})
	if err != nil {
		return nil, nil, fmt.Errorf("--reward-model: %w", err)
	}
	if err := load(t); err != nil {
		return nil, nil, err
	}
	r, err := t.Rewarder()
	if err != nil {
		return nil, nil, fmt.Errorf("--reward-model: %w", err)
	}
	defer r.Close()
	var asked []task.Asked
	var answers []string
	for i := range ids {
		text, err := w.Text(ids[i])
		if err != nil {
			return nil, nil, err
		}
		asked, answers = append(asked, c.asked[first+i/c.BestOf]), append(answers, text)
	}
	values, err := r.Rewards(ctx, asked, answers)
	if err != nil {
		return nil, nil, err
	}
	for i := 0; i < len(ids); i += c.BestOf {
		of := values[i : i+c.BestOf]
		best = append(best, ids[i+slices.Index(of, slices.Max(of))])
		rewards = append(rewards, of)
	}
	return best, rewards, nil
}
