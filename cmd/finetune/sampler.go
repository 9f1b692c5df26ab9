package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"
	"unicode"

	"github.com/seahorse-ml/seahorse/data"
	"github.com/seahorse-ml/seahorse/models"
	"github.com/seahorse-ml/seahorse/train"
)

// sampler is a train.Callback that shows what the model writes, after each validation and at the end.
type sampler struct {
	train.Silent
	run  *run
	ctx  context.Context
	out  io.Writer
	last int // step of the last sample
}

// Eval shows a sample.
func (s *sampler) Eval(e train.EvalEvent) error { return s.show(e.Step) }

// End shows a sample of a complete run, unless its last step had one.
func (s *sampler) End(e train.EndEvent) error {
	if e.Err != nil {
		return nil
	}
	return s.show(e.Step)
}

// show writes a sample, each line of it marked. A run that is interrupted meanwhile stops it short.
func (s *sampler) show(step int) error {
	if s.run.options.SampleTokens == 0 || s.last == step {
		return nil
	}
	s.last = step
	w := writer{model: s.run.model, tokenizer: s.run.tokenizer, config: models.GenerateConfig{
		MaxNewTokens: s.run.options.SampleTokens, Temperature: 0.8, Seed: s.run.options.Seed,
	}}
	var text bytes.Buffer
	if _, err := w.write(s.ctx, &text, s.prompt()); err != nil && s.ctx.Err() == nil {
		return err
	}
	lines := strings.Split(strings.TrimSpace(text.String()), "\n")
	_, err := fmt.Fprintf(s.out, "  | %s\n", strings.Join(lines, "\n  | "))
	return err
}

// prompt returns what a sample starts from: the prompt of the first document; in a stream the end of a line, as before a new
// paragraph; and where there is neither the first token of the text.
func (s *sampler) prompt() []int32 {
	stream := s.run.data.stream
	if s.run.data.documents {
		lo, hi := stream.Document(0)
		n := 0
		for lo+n < hi && !stream.Target(lo+n) {
			n++
		}
		return firstTokens(stream, max(n, 1))
	}
	if ids := s.run.tokenizer.AppendIDs(nil, []byte("\n"), false); len(ids) > 0 {
		return ids
	}
	return firstTokens(stream, 1)
}

// firstTokens returns up to n tokens that a text starts with.
func firstTokens(t *data.Tokens, n int) []int32 {
	ids := make([]int32, min(n, t.Len()))
	for i := range ids {
		ids[i] = t.At(i)
	}
	return ids
}

// suggestion returns a prompt for the user to try: the first words of the text.
func (s *sampler) suggestion() string {
	text := s.run.tokenizer.Decode(firstTokens(s.run.data.stream, 64), true)
	words := strings.FieldsFunc(string(text), func(r rune) bool { return !unicode.IsLetter(r) })
	return strings.Join(words[:min(len(words), 2)], " ")
}
