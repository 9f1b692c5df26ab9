package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/seahorse-ml/seahorse/data/tokenizer"
	"github.com/seahorse-ml/seahorse/embed"
	"github.com/seahorse-ml/seahorse/internal/atomicfile"
	"github.com/seahorse-ml/seahorse/task"
)

// embedStaticCommand is `finetune embed static`.
type embedStaticCommand struct {
	Model     string  `placeholder:"DIR" help:"Make the table of a model: what it makes of each of its tokens alone, as model2vec does."`
	Vectors   string  `placeholder:"DIR|FILE" help:"Make it of vectors of words: a directory of \"words train\", or a file in a form of word2vec, fastText or GloVe."`
	Dim       int     `default:"256" placeholder:"N" help:"Dimensions, by principal components, of --model (${default}). 0 keeps the model's."`
	Sif       float64 `default:"1e-4" placeholder:"X" help:"Frequent tokens count less by this, of --model (${default}). 0: all count the same."`
	Threads   int     `default:"0" placeholder:"N" help:"Threads to run on. Default: all cores that the process may use."`
	OutputDir string  `required:"" placeholder:"DIR" help:"The directory to write, in sentence-transformers' layout."`
}

// Help is shown below the command's summary.
func (embedStaticCommand) Help() string {
	return `The vector of a text is the mean of its tokens' vectors, with the length 1. It is worse than a model's and some hundred times as quick. "embed train" goes on
from such a directory.

Examples:

    finetune embed static --model all-MiniLM-L6-v2 --output-dir runs/static
    finetune embed static --vectors runs/words --output-dir runs/words-static`
}

// Run makes the table.
func (c *embedStaticCommand) Run(ctx context.Context, s *streams) error {
	switch {
	case (c.Model == "") == (c.Vectors == ""):
		return errors.New("give either --model or --vectors")
	case c.Vectors != "" && (c.Dim != 256 || c.Sif != 1e-4):
		return errors.New("--dim and --sif are for --model; --vectors stay as they are")
	}
	if err := errors.Join(checkThreads(c.Threads), atLeast("dim", &c.Dim, 0), inRange("sif", &c.Sif, false)); err != nil {
		return err
	}
	useThreads(c.Threads)
	if embed.IsDir(c.OutputDir) || isFile(c.OutputDir, "config.json") {
		return fmt.Errorf("%s already holds a model", c.OutputDir)
	}
	if c.Vectors != "" {
		return c.ofWords(s)
	}
	e, err := embed.OpenEncoder(c.Model, embed.OpenConfig{Base: task.AdapterBase})
	if err != nil {
		return err
	}
	defer e.Close()
	m := newMeter(s.err, "making vectors")
	defer m.done()
	e.Progress = func(done, total int) { m.show(int64(done), int64(total)) }
	if c.Dim > e.Width() {
		return fmt.Errorf("--dim %d: the model's vectors have %d", c.Dim, e.Width())
	}
	table, err := embed.Table(ctx, e, embed.TableConfig{Dimensions: c.Dim, Frequency: c.Sif})
	if err != nil {
		return interrupted(ctx, err)
	}
	return c.save(s, table, func() error { return e.Tokenizer.Save(c.OutputDir) })
}

// save writes the directory.
func (c *embedStaticCommand) save(s *streams, table *embed.Static, saveTokenizer func() error) error {
	m, err := embed.New(table, embed.Config{Normalize: true})
	if err != nil {
		return err
	}
	if err := m.Save(c.OutputDir); err != nil {
		return err
	}
	if err := saveTokenizer(); err != nil {
		return err
	}
	s.say("wrote %s: %s of %d dimensions", c.OutputDir, plural(m.VocabSize(), "vector"), m.Width())
	return nil
}

// ofWords makes the table of vectors of words, with a tokenizer that knows those words. Others have the vector 0.
func (c *embedStaticCommand) ofWords(s *streams) error {
	v, err := openVectors(c.Vectors)
	if err != nil {
		return err
	}
	const unknown = "[UNK]"
	vocab := map[string]int{unknown: 0}
	vectors := [][]float32{make([]float32, v.Dim)}
	for i := range v.Vocabulary.Len() {
		vocab[v.Vocabulary.Word(i)] = i + 1
		vectors = append(vectors, v.At(i))
	}
	table, err := embed.NewStatic(vectors)
	if err != nil {
		return err
	}
	file := map[string]any{
		"version": "1.0", "truncation": nil, "padding": nil, "post_processor": nil, "decoder": nil,
		"added_tokens":  []any{map[string]any{"id": 0, "content": unknown, "single_word": false, "lstrip": false, "rstrip": false, "normalized": false, "special": true}},
		"normalizer":    map[string]any{"type": "Lowercase"},
		"pre_tokenizer": map[string]any{"type": "Split", "pattern": map[string]any{"Regex": `\w+`}, "behavior": "Removed", "invert": true},
		"model":         map[string]any{"type": "WordLevel", "vocab": vocab, "unk_token": unknown},
	}
	content, err := json.Marshal(file)
	if err != nil {
		return err
	}
	return c.save(s, table, func() error {
		if err := atomicfile.WriteBytes(filepath.Join(c.OutputDir, "tokenizer.json"), content); err != nil {
			return err
		}
		_, err := tokenizer.Load(c.OutputDir)
		if err != nil {
			os.Remove(filepath.Join(c.OutputDir, "tokenizer.json"))
		}
		return err
	})
}
