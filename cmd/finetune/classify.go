package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"

	"github.com/seahorse-ml/seahorse/data"
)

// classifyBatches is for how many batches texts are read, so that those of about the same length come together.
const classifyBatches = 8

// classifyCommand is `finetune classify`.
type classifyCommand struct {
	Model     string   `required:"" placeholder:"DIR" help:"The directory of a classifier or a regression."`
	Text      []string `sep:"none" placeholder:"TEXT" help:"A text; may be given several times."`
	TextPair  *string  `placeholder:"TEXT" help:"The second text of a pair, with one --text."`
	Data      string   `placeholder:"FILE|DIR|-" help:"Texts in place of --text: {\"text\": …} and \"text_pair\", or for classes of words {\"tokens\": […]}, in JSON lines or a table, or plain text, a text a line."`
	BatchSize int      `default:"8" placeholder:"B" help:"Texts that go through the model at once (${default})."`
	SeqLen    *int     `placeholder:"T" help:"The most tokens of a text, beyond which it is cut. Default: the model's context, at most 512."`
	Threads   int      `default:"0" placeholder:"N" help:"Threads to run on. Default: all cores."`

	dataFormat
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

// classified is the line of a text.
type classified struct {
	Label         string             `json:"label,omitempty"`
	Scores        map[string]float64 `json:"scores,omitempty"`
	Values        []float64          `json:"values,omitempty"`
	Tokens        []string           `json:"tokens,omitempty"`
	Labels        []*string          `json:"labels,omitempty"` // nil for words that were cut off
	Probabilities []float64          `json:"probabilities,omitempty"`
	Cut           bool               `json:"cut,omitempty"`
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
	m, err := c.sketch(c.Model)
	if err != nil {
		return err
	}
	l := labelsOf(m)
	if l.Kind == "" {
		return fmt.Errorf("%s holds no classifier and no regression; finetune sft makes one of an encoder", c.Model)
	}
	setDefault(&c.SeqLen, min(m.ContextLength(), sftSeqLen))
	if *c.SeqLen > m.ContextLength() {
		return fmt.Errorf("--seq-len %d: the model's context is %d tokens", *c.SeqLen, m.ContextLength())
	}
	t, err := loadTokenizer(s, c.Model)
	if err != nil {
		return err
	}
	texts, closeTexts, err := c.openTexts(s, l)
	if err != nil {
		return err
	}
	defer closeTexts()
	a := &applier{model: m, tokenizer: t, labels: l, rows: c.BatchSize, length: *c.SeqLen}
	defer a.close()
	if err := c.checkTexts(ctx, a, texts); err != nil {
		return err
	}
	if a.model, err = openModel(c.Model); err != nil {
		return err
	}
	out := json.NewEncoder(s.out)
	out.SetEscapeHTML(false)
	flush := func(texts []data.Text) error {
		lines, err := a.apply(texts)
		if err != nil {
			return err
		}
		for _, line := range lines {
			if err := out.Encode(line); err != nil {
				return err
			}
		}
		return context.Cause(ctx)
	}
	var batch []data.Text
	for text, err := range texts {
		if err != nil {
			return err
		}
		if batch = append(batch, text); len(batch) == classifyBatches*c.BatchSize {
			if err := flush(batch); err != nil {
				return err
			}
			batch = batch[:0]
		}
	}
	return flush(batch)
}

// openTexts returns the texts, which can be gone through several times, and what closes them. Words of the command line are what lies
// between spaces.
func (c *classifyCommand) openTexts(s *streams, l data.Labels) (iter.Seq2[data.Text, error], func() error, error) {
	if c.Data != "" {
		source, err := c.open(c.Data, s)
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
func (c *classifyCommand) checkTexts(ctx context.Context, a *applier, texts iter.Seq2[data.Text, error]) error {
	count, longest := 0, 0
	for text, err := range texts {
		if err != nil {
			return err
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		f, err := a.frame(text)
		if err != nil {
			return err
		}
		count, longest = count+1, max(longest, len(f.ids))
	}
	if count == 0 {
		return fmt.Errorf("no texts in %s", c.Data)
	}
	a.rows = min(a.rows, count)
	const rowBytes = 12 // of ids, types and segments
	batch := memoryPart{times(a.rows, rowBytes*a.traced(longest)), "a batch"}
	return c.check("a smaller --batch-size, --seq-len or model takes less", batch, func() ([]memoryPart, error) {
		use, err := a.estimate(longest)
		return runningParts(use), err
	})
}
