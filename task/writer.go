package task

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/seahorse-ml/seahorse/data/tokenizer"
	"github.com/seahorse-ml/seahorse/generate"
)

// Writer writes texts by a model that continues them, or that writes about another one.
type Writer struct {
	Model     generate.Model
	Tokenizer *tokenizer.Tokenizer
	Config    generate.Config // how tokens are drawn; what ends a text of the tokenizer stops it as well
	Stops     []string        // strings that end a text; none of it is written
	// SourceLength is the most tokens of a source, beyond which Fit cuts it; 0 sets no bound.
	SourceLength int
	Prompt       []int32 // ids that each text begins with, of a trained prompt; default none
}

// Encode returns the ids of a prompt, whose text has no end yet, or of a source. An empty one that nothing frames becomes the
// token that ends the text before.
func (w *Writer) Encode(prompt string) ([]int32, error) {
	_, aboutAnother := w.Model.(generate.Encoder)
	ids := w.Tokenizer.AppendPart(nil, []byte(prompt), true, aboutAnother, true)
	if end, ok := w.Tokenizer.EndOfText(); prompt == "" && len(ids) == 0 {
		if !ok {
			return nil, errors.New("task: the prompt is empty, and the tokenizer has no end-of-text token to start from")
		}
		return []int32{end}, nil
	}
	if len(ids) == 0 {
		return nil, fmt.Errorf("task: the tokenizer knows nothing of the prompt %q", prompt)
	}
	for _, id := range ids {
		if int(id) >= w.Model.VocabSize() {
			return nil, fmt.Errorf("task: the tokenizer gives token %d, and the model's vocabulary has %d: they don't belong together", id, w.Model.VocabSize())
		}
	}
	return ids, nil
}

// Fit cuts the ids of a source that is longer than those that the model has learned to write
// about, as they were cut.
func (w *Writer) Fit(source []int32) (fitted []int32, cut bool) {
	if _, about := w.Model.(generate.Encoder); !about || w.SourceLength == 0 || len(source) <= w.SourceLength {
		return source, false
	}
	fitted = slices.Clone(source[:w.SourceLength])
	if end, ok := w.Tokenizer.EndOfText(); ok && source[len(source)-1] == end {
		fitted[len(fitted)-1] = end
	}
	return fitted, true
}

// model returns the model, which knows the ids of a prompt.
func (w *Writer) model() generate.Model {
	if len(w.Prompt) == 0 {
		return w.Model
	}
	return promptedModel{w.Model, w.Prompt}
}

// begin puts the trained prompt before one of a user.
func (w *Writer) begin(prompt []int32) []int32 {
	if len(w.Prompt) == 0 {
		return prompt
	}
	return slices.Concat(w.Prompt, prompt)
}

// Batcher returns what continues prompts for many requests side by side. Those begin as Begin says, and end at the tokens that Ends returns.
func (w *Writer) Batcher(c generate.BatcherConfig) (*generate.Batcher, error) {
	return generate.NewBatcher(w.model(), c)
}

// Begin returns a prompt for the Batcher: behind the trained one, if there is one.
func (w *Writer) Begin(prompt []int32) []int32 { return w.begin(prompt) }

// Ends returns the tokens that end a text.
func (w *Writer) Ends() []int32 {
	return append(slices.Clone(w.Config.Stop), w.Tokenizer.EndsOfText()...)
}

func (w *Writer) beginAll(prompts [][]int32) [][]int32 {
	all := make([][]int32, len(prompts))
	for i, p := range prompts {
		all[i] = w.begin(p)
	}
	return all
}

// ends returns the tokens that end a text, and a search for the strings that do.
func (w *Writer) ends() ([]int32, *generate.StopStrings, error) {
	stops, err := generate.NewStopStrings(w.Stops...)
	return append(slices.Clone(w.Config.Stop), w.Tokenizer.EndsOfText()...), stops, err
}

// Answer returns the text that the model writes for a prompt, without the prompt.
func (w *Writer) Answer(ctx context.Context, prompt string) (string, error) {
	ids, err := w.Encode(prompt)
	if err != nil {
		return "", err
	}
	ids, _ = w.Fit(ids)
	var text strings.Builder
	_, err = w.Write(ctx, &text, ids)
	return text.String(), err
}

// Write writes the text for a prompt as it comes, and returns the new ids.
func (w *Writer) Write(ctx context.Context, out io.Writer, prompt []int32) ([]int32, error) {
	config := w.Config
	stopIDs, stops, err := w.ends()
	if err != nil {
		return nil, err
	}
	config.Stop = stopIDs
	text := w.Tokenizer.NewDecodeStream(true)
	var ids []int32
	for id, err := range generate.Stream(ctx, w.model(), w.begin(prompt), config) {
		if err != nil {
			return ids, err
		}
		ids = append(ids, id)
		show, done := stops.Push(text.Push(id))
		if _, err := out.Write(show); err != nil || done {
			return ids, err
		}
	}
	show, _ := stops.Push(text.Flush())
	_, err = out.Write(append(bytes.Clone(show), stops.Flush()...))
	return ids, err
}

// WriteAll returns the new ids for several prompts, which the model goes through side by side.
func (w *Writer) WriteAll(ctx context.Context, prompts [][]int32) ([][]int32, error) {
	config := w.Config
	stopIDs, stops, err := w.ends()
	if err != nil {
		return nil, err
	}
	config.Stop, config.Ended = stopIDs, w.ended(stops)
	ids, err := generate.Batch(ctx, w.model(), w.beginAll(prompts), config)
	return ids, err
}

// Search returns the new ids that a search with several beams finds for each prompt.
func (w *Writer) Search(ctx context.Context, prompts [][]int32, config generate.BeamConfig) ([][]int32, error) {
	stopIDs, stops, err := w.ends()
	if err != nil {
		return nil, err
	}
	config.Stop, config.Ended = stopIDs, w.ended(stops)
	all := make([][]int32, len(prompts))
	for i, prompt := range prompts {
		if all[i], err = generate.BeamSearch(ctx, w.model(), w.begin(prompt), config); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// ended tells whether a text has a string in it that ends it.
func (w *Writer) ended(stops *generate.StopStrings) func(ids []int32) bool {
	if len(w.Stops) == 0 {
		return nil
	}
	return func(ids []int32) bool { return stops.Ends(w.Tokenizer.Decode(ids, true)) }
}

// Text returns the text of new ids, up to a string that ends it.
func (w *Writer) Text(ids []int32) (string, error) {
	_, stops, err := w.ends()
	if err != nil {
		return "", err
	}
	show, done := stops.Push(w.Tokenizer.Decode(ids, true))
	if done {
		return string(show), nil
	}
	return string(show) + string(stops.Flush()), nil
}
