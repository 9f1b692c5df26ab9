package task

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/seahorse-ml/seahorse/generate"
)

// OwnAnswerer answers prompts by a model here, many side by side.
type OwnAnswerer struct {
	Trained  *Trained
	Sampling generate.Config // MaxNewTokens, Temperature, TopK, TopP, MinP and Seed count
	Template string          // of messages; default: the model's own
	Rows     int             // answers that are written side by side, > 0

	writer  *Writer
	batcher *generate.Batcher
}

// Provenance names the model and how tokens are drawn.
func (a *OwnAnswerer) Provenance() map[string]any {
	p := map[string]any{"model": a.Trained.Dir, "temperature": a.Sampling.Temperature, "max_new_tokens": a.Sampling.MaxNewTokens, "seed": a.Sampling.Seed}
	if a.Sampling.TopK > 0 {
		p["top_k"] = a.Sampling.TopK
	}
	if a.Sampling.TopP != nil && *a.Sampling.TopP < 1 {
		p["top_p"] = *a.Sampling.TopP
	}
	if a.Sampling.MinP > 0 {
		p["min_p"] = a.Sampling.MinP
	}
	return p
}

// Answer answers prompts. What is drawn follows from the seed and a prompt's number.
func (a *OwnAnswerer) Answer(ctx context.Context, first int, prompts []Question, samples int) ([][]Said, error) {
	if err := a.open(); err != nil {
		return nil, err
	}
	encoder := &promptEncoder{turns: newTurns(Conversations{Dir: a.Trained.Dir, Template: a.Template}, a.Trained.Tokenizer)}
	config := a.Sampling
	config.Stop = a.writer.Ends()
	var requests []generate.Request
	var of []int // the prompt of a request
	for i, p := range prompts {
		ids, _, err := encoder.encode(p.asked())
		if err == nil && len(ids) == 0 {
			ids, err = a.writer.Encode("")
		}
		if n := a.batcher.Config().Length; err == nil && len(ids) >= n {
			err = fmt.Errorf("%d tokens, expected fewer than %d", len(ids), n)
		}
		if err != nil {
			return nil, fmt.Errorf("task: synthesis: prompt %d: %w", first+i+1, err)
		}
		for left := samples; left > 0; left -= a.Rows {
			r := generate.Request{Prompt: a.writer.Begin(ids), Config: config, Samples: min(left, a.Rows), Stream: uint64((first+i)*samples + samples - left)}
			requests, of = append(requests, r), append(of, i)
		}
	}
	written, err := a.batcher.Write(ctx, requests)
	if err != nil {
		return nil, err
	}
	said := make([][]Said, len(prompts))
	for i, all := range written {
		for _, w := range all {
			text, err := a.writer.Text(w.IDs)
			if err != nil {
				return nil, err
			}
			n := len(w.IDs)
			said[of[i]] = append(said[of[i]], Said{Text: text, Tokens: n, Ended: n > 0 && slices.Contains(config.Stop, w.IDs[n-1])})
		}
	}
	return said, nil
}

// open makes what writes.
func (a *OwnAnswerer) open() (err error) {
	if a.batcher != nil {
		return nil
	}
	if a.Rows < 1 || a.Sampling.MaxNewTokens < 1 {
		return errors.New("task: synthesis: answers side by side and their tokens, expected at least 1 of each")
	}
	if a.writer, err = a.Trained.Writer(); err != nil {
		return err
	}
	a.batcher, err = a.writer.Batcher(generate.BatcherConfig{Rows: a.Rows, Cells: a.Rows * min(1024+a.Sampling.MaxNewTokens, a.Trained.Model.ContextLength())})
	return err
}

// Close gives back what writes.
func (a *OwnAnswerer) Close() {
	if a.batcher != nil {
		a.batcher.Close()
	}
}
