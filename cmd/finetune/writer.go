package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/seahorse-ml/seahorse/data/tokenizer"
	"github.com/seahorse-ml/seahorse/generate"
)

// writer writes texts by a model that continues them, or that writes about another one.
type writer struct {
	model     generate.Model
	tokenizer *tokenizer.Tokenizer
	config    generate.Config
	stops     []string // strings that end a text; none of it is written
}

// sketchWriter returns a writer that has only a sketch of its model yet.
func (f memoryFlag) sketchWriter(s *streams, dir string) (*writer, error) {
	m, err := f.sketch(dir)
	if err != nil {
		return nil, err
	}
	w, ok := m.(generate.Model)
	if !ok {
		return nil, fmt.Errorf("%s holds %s, which doesn't write texts; decoders and encoder-decoders do", dir, described(m))
	}
	t, err := loadTokenizer(s, dir)
	if err != nil {
		return nil, err
	}
	return &writer{model: w, tokenizer: t}, nil
}

// encode returns the ids of a prompt, whose text has no end yet, or of a source. An empty one that nothing frames becomes the
// token that ends the text before.
func (w *writer) encode(prompt string) ([]int32, error) {
	_, aboutAnother := w.model.(generate.Encoder)
	ids := w.tokenizer.AppendPart(nil, []byte(prompt), true, aboutAnother, true)
	if end, ok := w.tokenizer.EndOfText(); prompt == "" && len(ids) == 0 {
		if !ok {
			return nil, errors.New("the prompt is empty, and the tokenizer has no end-of-text token to start from")
		}
		return []int32{end}, nil
	}
	if len(ids) == 0 {
		return nil, fmt.Errorf("the tokenizer knows nothing of the prompt %q", prompt)
	}
	for _, id := range ids {
		if int(id) >= w.model.VocabSize() {
			return nil, fmt.Errorf("the tokenizer gives token %d, and the model's vocabulary has %d: they don't belong together", id, w.model.VocabSize())
		}
	}
	return ids, nil
}

// ends returns the tokens that end a text, and a search for the strings that do.
func (w *writer) ends() ([]int32, *generate.StopStrings, error) {
	stops, err := generate.NewStopStrings(w.stops...)
	return w.tokenizer.EndsOfText(), stops, err
}

// write writes the text for a prompt as it comes, and returns the new ids.
func (w *writer) write(ctx context.Context, out io.Writer, prompt []int32) ([]int32, error) {
	config := w.config
	stopIDs, stops, err := w.ends()
	if err != nil {
		return nil, err
	}
	config.Stop = stopIDs
	text := w.tokenizer.NewDecodeStream(true)
	var ids []int32
	for id, err := range generate.Stream(ctx, w.model, prompt, config) {
		if err != nil {
			return ids, interrupted(ctx, err)
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

// writeAll returns the new ids for several prompts, which the model goes through side by side.
func (w *writer) writeAll(ctx context.Context, prompts [][]int32) ([][]int32, error) {
	config := w.config
	stopIDs, stops, err := w.ends()
	if err != nil {
		return nil, err
	}
	config.Stop, config.Ended = stopIDs, w.ended(stops)
	ids, err := generate.Batch(ctx, w.model, prompts, config)
	return ids, interrupted(ctx, err)
}

// search returns the new ids that a search with several beams finds for each prompt.
func (w *writer) search(ctx context.Context, prompts [][]int32, config generate.BeamConfig) ([][]int32, error) {
	stopIDs, stops, err := w.ends()
	if err != nil {
		return nil, err
	}
	config.Stop, config.Ended = stopIDs, w.ended(stops)
	all := make([][]int32, len(prompts))
	for i, prompt := range prompts {
		if all[i], err = generate.BeamSearch(ctx, w.model, prompt, config); err != nil {
			return nil, interrupted(ctx, err)
		}
	}
	return all, nil
}

// ended tells whether a text has a string in it that ends it.
func (w *writer) ended(stops *generate.StopStrings) func(ids []int32) bool {
	if len(w.stops) == 0 {
		return nil
	}
	return func(ids []int32) bool { return stops.Ends(w.tokenizer.Decode(ids, true)) }
}

// text returns the text of new ids, up to a string that ends it.
func (w *writer) text(ids []int32) (string, error) {
	_, stops, err := w.ends()
	if err != nil {
		return "", err
	}
	show, done := stops.Push(w.tokenizer.Decode(ids, true))
	if done {
		return string(show), nil
	}
	return string(show) + string(stops.Flush()), nil
}
