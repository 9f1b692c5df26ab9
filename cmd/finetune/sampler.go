package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"
	"unicode"

	"github.com/seahorse-ml/seahorse/data"
	"github.com/seahorse-ml/seahorse/generate"
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

// show writes a sample, each line of it marked. A run that is interrupted meanwhile stops it short. Models that don't write have none.
func (s *sampler) show(step int) error {
	if s.run.options.SampleTokens == 0 || s.last == step {
		return nil
	}
	s.last = step
	var text string
	var err error
	switch m := s.run.model.(type) {
	case models.CausalLM:
		text, err = s.continued(m)
	case models.Seq2Seq:
		text, err = s.written(m)
	default:
		return nil
	}
	if err != nil && s.ctx.Err() == nil {
		return err
	}
	lines := strings.Split(strings.TrimSpace(text), "\n")
	_, err = fmt.Fprintf(s.out, "  | %s\n", strings.Join(lines, "\n  | "))
	return err
}

// continued returns what a model makes of a prompt.
func (s *sampler) continued(m models.CausalLM) (string, error) {
	w := writer{model: m, tokenizer: s.run.tokenizer, config: generate.Config{
		MaxNewTokens: s.run.options.SampleTokens, Temperature: 0.8, Seed: s.run.options.Seed,
	}}
	var text bytes.Buffer
	_, err := w.write(s.ctx, &text, s.prompt())
	return text.String(), err
}

// written returns the source of the first pair and what a model writes about it.
func (s *sampler) written(m models.Seq2Seq) (string, error) {
	t := s.run.tokenizer
	config := generate.Config{MaxNewTokens: min(s.run.options.SampleTokens, m.ContextLength()-1), Stop: t.EndsOfText()}
	source := s.prompt()
	source = source[:min(len(source), *s.run.options.MaxSourceLength)]
	var ids []int32
	for id, err := range generate.Stream(s.ctx, m, source, config) {
		if err != nil {
			return "", err
		}
		ids = append(ids, id)
	}
	return fmt.Sprintf("%s -> %s", t.Decode(source, true), t.Decode(ids, true)), nil
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
	if ids := s.run.tokenizer.AppendPart(nil, []byte("\n"), false, false, false); len(ids) > 0 {
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

// suggestion returns a command for the user to try, with the first words of the text, or "".
func (s *sampler) suggestion() string {
	stream, n := s.run.data.stream, 64
	if s.run.data.documents {
		lo, hi := stream.Document(0)
		n = min(n, hi-lo)
		if objectiveOf(s.run.model) == seq2seq {
			n = len(s.prompt())
		}
	}
	start := firstWords(string(s.run.tokenizer.Decode(firstTokens(stream, n), true)))
	command, flag := "generate", "prompt"
	switch objective := objectiveOf(s.run.model); {
	case labelled(objective):
		command, flag = "classify", "text"
	case objective == masked:
		return ""
	}
	if start == "" {
		return ""
	}
	return fmt.Sprintf("finetune %s --model %s --%s %s", command, shellQuote(s.run.dir), flag, shellQuote(start))
}

// firstWords returns the first word of a text, and the second where a space is between them, or "".
func firstWords(text string) string {
	words := strings.FieldsFunc(text, func(r rune) bool { return !unicode.IsLetter(r) })
	switch {
	case len(words) == 0:
		return ""
	case len(words) > 1 && strings.Contains(text, words[0]+" "+words[1]):
		return words[0] + " " + words[1]
	}
	return words[0]
}
