package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"

	"github.com/seahorse-ml/seahorse/data"
	"github.com/seahorse-ml/seahorse/task"
)

// classifyCommand is `finetune classify`.
type classifyCommand struct {
	Model     string   `required:"" placeholder:"DIR" help:"The directory of a classifier or a regression."`
	Text      []string `sep:"none" placeholder:"TEXT" help:"A text; may be given several times."`
	TextPair  *string  `placeholder:"TEXT" help:"The second text of a pair, with one --text."`
	Data      string   `placeholder:"FILE|DIR|-" help:"Texts in place of --text: {\"text\": …} and \"text_pair\", or for classes of words {\"tokens\": […]}, in JSON lines or a table, or plain text, a text a line."`
	BatchSize int      `default:"8" placeholder:"B" help:"Texts that go through the model at once (${default})."`
	SeqLen    *int     `placeholder:"T" help:"The most tokens of a text, beyond which it is cut. Default: as in the run that made the model, else the model's context and at most 512."`
	Threads   int      `default:"0" placeholder:"N" help:"Threads to run on. Default: all cores that the process may use."`

	dataFormat
	storageFlags
	adapterFlag
	memoryFlag
}

// Help is shown below the command's summary.
func (classifyCommand) Help() string {
	return `A line of JSON is printed for each text: its label with all labels' probabilities ("label", "scores"), the values that a regression
finds ("values"), or the words with their labels ("tokens", "labels", "probabilities"). "cut" is there if the text was too long.

Examples:

    finetune classify --model runs/reviews --text "A wonderful book."
    finetune classify --model runs/reviews --data reviews.jsonl > labelled.jsonl
    jq -c '{text: .body}' mails.json | finetune classify --model runs/reviews --data - --data-format jsonl`
}

// Run classifies the texts.
func (c *classifyCommand) Run(ctx context.Context, s *streams) error {
	if err := errors.Join(checkThreads(c.Threads), atLeast("batch-size", &c.BatchSize, 1), atLeast("seq-len", c.SeqLen, 1)); err != nil {
		return err
	}
	switch {
	case (len(c.Text) == 0) == (c.Data == ""):
		return errors.New("give texts either by --text or by --data")
	case c.TextPair != nil && len(c.Text) != 1:
		return fmt.Errorf("--text-pair goes with one --text, not with %d", len(c.Text))
	}
	useThreads(c.Threads)
	t, err := sketched(s, c.Model, c.storageFlags, c.adapterFlag, c.memoryFlag)
	if err != nil {
		return err
	}
	a, err := t.Classifier()
	if err != nil {
		return fmt.Errorf("%w; finetune sft makes one of an encoder", err)
	}
	defer a.Close()
	a.BatchSize = c.BatchSize
	if c.SeqLen != nil {
		a.Length = *c.SeqLen
	}
	if most := t.Model.ContextLength(); a.Length > most {
		return fmt.Errorf("--seq-len %d: the model's context is %d tokens", a.Length, most)
	}
	s.tellLength("texts", a.Length, t.Settings.Length)
	texts, closeTexts, err := c.openTexts(s, a.Labels)
	if err != nil {
		return err
	}
	defer closeTexts()
	if err := c.checkTexts(ctx, a, texts); err != nil {
		return err
	}
	if err := load(t); err != nil {
		return err
	}
	a.Model = t.Model.(task.Scorer) // as the sketch is
	out := json.NewEncoder(s.out)
	out.SetEscapeHTML(false)
	for line, err := range a.ApplyAll(texts) {
		if err == nil {
			err = context.Cause(ctx)
		}
		if err == nil {
			err = out.Encode(rounded(line))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// rounded rounds probabilities to six digits.
func rounded(x task.Classified) task.Classified {
	for name, p := range x.Scores {
		x.Scores[name] = round(p, 6)
	}
	for i, p := range x.Probabilities {
		x.Probabilities[i] = round(p, 6)
	}
	return x
}

// openTexts returns the texts, which can be gone through several times, and what closes them. Words of the command line are what lies
// between spaces.
func (c *classifyCommand) openTexts(s *streams, l data.Labels) (iter.Seq2[data.Text, error], func() error, error) {
	if c.Data != "" {
		source, err := c.open([]string{c.Data}, "", 0, s)
		if err != nil {
			return nil, nil, err
		}
		return source.Texts(l.Kind), source.Close, nil
	}
	texts := func(yield func(data.Text, error) bool) {
		for _, text := range c.Text {
			x := data.Text{Text: []byte(text)}
			if c.TextPair != nil {
				x.Pair = []byte(*c.TextPair)
			}
			if !yield(x.Split(l.Kind), nil) {
				return
			}
		}
	}
	return texts, func() error { return nil }, nil
}

// checkTexts goes through all texts once, for what is wrong with one of them, and refuses those that take more memory than is free.
func (c *classifyCommand) checkTexts(ctx context.Context, a *task.Classifier, texts iter.Seq2[data.Text, error]) error {
	count, longest, err := a.Check(ctx, texts)
	if err != nil {
		return err
	}
	if count == 0 {
		return fmt.Errorf("no texts in %s", c.Data)
	}
	a.BatchSize = min(a.BatchSize, count)
	const rowBytes = 12 // of ids, types and segments
	batch := memoryPart{times(a.BatchSize, times(longest, rowBytes)), "a batch"}
	return c.check("a smaller --batch-size, --seq-len or model takes less", batch, func() ([]memoryPart, error) {
		use, err := a.Estimate(longest)
		return runningParts(use), err
	})
}
