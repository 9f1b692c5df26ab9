package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/seahorse-ml/seahorse/data"
	"github.com/seahorse-ml/seahorse/data/tokenizer"
	"github.com/seahorse-ml/seahorse/train"
)

// evalTokens is about how many tokens an evaluation takes at a time.
const evalTokens = 4096

// evalCommand is `finetune eval`.
type evalCommand struct {
	Model   string `required:"" placeholder:"DIR" help:"A model or run directory."`
	Data    string `required:"" placeholder:"FILE|DIR|-" help:"Text to measure the loss on."`
	SeqLen  *int   `placeholder:"T" help:"Tokens in a window. Default: the model's context."`
	JSON    bool   `name:"json" help:"Print an object: loss, perplexity, bits_per_byte, tokens."`
	Threads int    `default:"0" placeholder:"N" help:"Threads to run on. Default: all cores."`
}

// Help is shown below the command's summary.
func (evalCommand) Help() string {
	return `A text is one stream of tokens, cut into windows that don't overlap: every token but the first is predicted once. Of pairs of
prompt and completion only the completions are predicted, each pair by itself.

Example:

    finetune eval --model runs/opticks --data held-out.txt`
}

// evaluated is what --json prints.
type evaluated struct {
	Loss        float64  `json:"loss"`
	Perplexity  float64  `json:"perplexity"`
	BitsPerByte *float64 `json:"bits_per_byte"` // null where only parts of the text are predicted
	Tokens      int      `json:"tokens"`
}

// Run measures and prints the loss.
func (c *evalCommand) Run(ctx context.Context, s *streams) error {
	if err := errors.Join(atLeast("threads", &c.Threads, 0), atLeast("seq-len", c.SeqLen, 1)); err != nil {
		return err
	}
	useThreads(c.Threads)
	m, t, err := loadModel(c.Model)
	if err != nil {
		return err
	}
	setDefault(&c.SeqLen, m.ContextLength())
	if *c.SeqLen > m.ContextLength() {
		return fmt.Errorf("--seq-len %d: the model's context is %d tokens", *c.SeqLen, m.ContextLength())
	}
	tokens, err := c.encode(ctx, s, t)
	if err != nil {
		return err
	}
	if err := tokens.CheckVocab(m.VocabSize()); err != nil {
		return err
	}
	var rows data.Dataset
	pairs, bytes := tokens.Targets() < tokens.Len(), tokens.TextBytes()
	if pairs {
		rows, err = data.NewPadded(tokens, *c.SeqLen)
	} else {
		rows, err = data.NewSequential(oneText(tokens, t), *c.SeqLen)
	}
	if err != nil {
		return err
	}
	progress := newMeter(s.err, "evaluating")
	result, err := train.Evaluate(ctx, m, rows, train.EvalConfig{
		BatchSize: max(1, evalTokens / *c.SeqLen),
		Progress: func(done, total int) { progress.show(int64(done), int64(total)) },
	})
	progress.done()
	if err != nil {
		return interrupted(ctx, err)
	}
	e := evaluated{Loss: result.Loss, Perplexity: result.Perplexity(), Tokens: result.Targets}
	if bytes > 0 && !pairs {
		bits := result.BitsPerByte(bytes)
		e.BitsPerByte = &bits
	}
	if c.JSON {
		return json.NewEncoder(s.out).Encode(e)
	}
	fmt.Fprintf(s.out, "loss           %.4f\nperplexity     %.4f\n", e.Loss, e.Perplexity)
	if e.BitsPerByte != nil {
		fmt.Fprintf(s.out, "bits per byte  %.4f\n", *e.BitsPerByte)
	}
	fmt.Fprintf(s.out, "tokens         %s\n", grouped(int64(e.Tokens)))
	return nil
}

// encode returns the tokens of the text.
func (c *evalCommand) encode(ctx context.Context, s *streams, t *tokenizer.Tokenizer) (*data.Tokens, error) {
	source, err := data.OpenSource(c.Data, s.in)
	if err != nil {
		return nil, err
	}
	defer source.Close()
	progress := newMeter(s.err, "encoding the text")
	defer progress.done()
	tokens, err := data.Encode(ctx, source, t, data.EncodeConfig{
		EndOfText: true, AddSpecial: true, Progress: func(p data.Progress) { progress.show(p.Read, p.Size) },
	})
	return tokens, interrupted(ctx, err)
}

// interrupted returns err, or in its place what ended ctx.
func interrupted(ctx context.Context, err error) error {
	if err != nil && ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}
