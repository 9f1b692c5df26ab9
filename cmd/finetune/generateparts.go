package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"time"

	"github.com/seahorse-ml/seahorse/generate"
	"github.com/seahorse-ml/seahorse/task"
)

// written is what a rank has written for its part of the prompts.
type written struct {
	IDs             [][]int32
	Rewards         [][]float64
	Tokens          int     // of all texts, those among which the best was chosen
	Reading, Taking float64 // seconds of prompts, and of what was written
}

// agree returns an error where another rank is about to write something else.
func (c *generateCommand) agree(ranks team, t *task.Trained, prompts [][]int32) error {
	if !ranks.several() {
		return nil
	}
	flags := *c
	flags.Threads = 0
	sum := sha256.Sum256(fmt.Append(nil, prompts))
	return ranks.sameModel(t, flags, map[string]string{"set of prompts": hex.EncodeToString(sum[:])})
}

// write continues the prompts from lo to hi, to what it would be beside all others.
func (c *generateCommand) write(ctx context.Context, s *streams, w *task.Writer, prompts [][]int32, lo, hi int, search generate.BeamConfig) (mine written, err error) {
	if lo == hi {
		return mine, nil
	}
	if c.NumBeams > 1 {
		mine.IDs, err = w.Search(ctx, prompts[lo:hi], search)
		return mine, err
	}
	begin := time.Now()
	read := begin
	w.Config.Watch = func(n int) {
		if n == 0 {
			read = time.Now()
		}
	}
	w.Config.Stream = uint64(lo * c.BestOf)
	if mine.IDs, err = w.WriteAll(ctx, c.expand(prompts[lo:hi])); err != nil {
		return mine, err
	}
	mine.Tokens = tokensOf(mine.IDs)
	mine.Reading, mine.Taking = read.Sub(begin).Seconds(), time.Since(read).Seconds()
	if c.BestOf > 1 {
		mine.IDs, mine.Rewards, err = c.choose(ctx, s, w, mine.IDs, lo)
	}
	return mine, err
}

// printAll shows what all ranks have written. Speeds are those of all together, by the time of the slowest.
func (c *generateCommand) printAll(out io.Writer, w *task.Writer, texts []string, prompts [][]int32, all []written) error {
	var whole written
	for _, p := range all {
		whole.IDs, whole.Rewards = append(whole.IDs, p.IDs...), append(whole.Rewards, p.Rewards...)
		whole.Tokens += p.Tokens
		whole.Reading, whole.Taking = max(whole.Reading, p.Reading), max(whole.Taking, p.Taking)
	}
	speed := speeds{}
	if whole.Tokens > 0 {
		speed = speeds{perSecond(tokensOf(c.expand(prompts)), whole.Reading), perSecond(whole.Tokens, whole.Taking)}
	}
	return c.print(out, w, texts, prompts, whole.IDs, whole.Rewards, speed)
}

// tokensOf returns how many tokens texts have.
func tokensOf(texts [][]int32) (n int) {
	for _, ids := range texts {
		n += len(ids)
	}
	return n
}
