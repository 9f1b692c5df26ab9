package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/seahorse-ml/seahorse/data"
	"github.com/seahorse-ml/seahorse/internal/atomicfile"
	"github.com/seahorse-ml/seahorse/words"
)

// Files of a classifier's directory.
const (
	classifierModel    = "model.bin"       // fastText's
	classifierSettings = "classifier.json" // how texts are split
)

// wordsSupervisedCommand is `finetune words supervised`.
type wordsSupervisedCommand struct {
	Data      []string `required:"" sep:"none" placeholder:"FILE|DIR|-" help:"Texts with labels: lines of fastText with __label__ before each label, or records of {\"text\", \"label\"}, of which a label may be a list. May be given several times."`
	OutputDir string   `required:"" placeholder:"DIR" help:"Directory for the classifier, model.bin in fastText's form."`
	Split     string   `default:"letters" placeholder:"NAME|DIR" help:"What a word is. letters: a run of letters and digits, in lower case; chinese: the same, and of Chinese the words of a dictionary; characters: each letter; spaces: what is between them, as in fastText; or the directory of a tokenizer, whose tokens are words then (${default})."`

	Dim           *int    `placeholder:"D" help:"Dimensions. Default: 100, or those of --pretrained-vectors."`
	Epochs        int     `default:"5" aliases:"epoch" placeholder:"N" help:"Passes over the texts (${default})."`
	Rate          float64 `name:"learning-rate" default:"0.1" placeholder:"X" help:"Learning rate at the beginning (${default})."`
	Loss          string  `enum:"softmax,hs,ns,ova" default:"softmax" placeholder:"softmax|hs|ns|ova" help:"All labels against each other, hierarchical softmax, negative sampling, or each label for itself (${default})."`
	Negative      int     `default:"5" placeholder:"N" help:"ns: labels drawn against each (${default})."`
	WordNgrams    int     `default:"1" placeholder:"N" help:"The most words in a row that have a vector (${default})."`
	MinN          int     `name:"minn" default:"0" placeholder:"N" help:"The shortest part of a word, in characters (${default})."`
	MaxN          int     `name:"maxn" default:"0" placeholder:"N" help:"The longest; 0 for no parts (${default})."`
	Buckets       int     `name:"bucket" default:"2000000" placeholder:"N" help:"Vectors that parts and words in a row share (${default})."`
	MinCount      int     `default:"1" placeholder:"N" help:"How often a word must be there (${default})."`
	MinCountLabel int     `default:"0" placeholder:"N" help:"How often a label must be there (${default})."`
	Pretrained    string  `name:"pretrained-vectors" placeholder:"DIR|FILE" help:"Vectors that words begin with, in any form that \"words neighbors\" reads."`
	Seed          uint64  `default:"1" placeholder:"N" help:"Seed of all random numbers (${default})."`
	Threads       int     `default:"0" placeholder:"N" help:"Threads to run on. Default: all cores that the process may use. The result does not depend on it."`

	dataFormat
	memoryFlag
}

// Help is shown below the command's summary.
func (wordsSupervisedCommand) Help() string {
	return `Names and defaults are those of "fasttext supervised", but for --split; fastText loads model.bin, and with --split spaces finds the same
labels. In place of the order of the file, each epoch has a random one.

Examples:

    finetune words supervised --data train.txt --output-dir runs/topics
    finetune words supervised --data mails.jsonl --word-ngrams 2 --epochs 25 --learning-rate 0.5 --output-dir runs/spam
    finetune words test --model runs/spam --data held-out.jsonl
    finetune words predict --model runs/spam "You have won"`
}

// labelledExamples returns the examples of a source.
func labelledExamples(ctx context.Context, source *data.Source) words.Examples {
	return func() iter.Seq2[words.Example, error] {
		return func(yield func(words.Example, error) bool) {
			for r, err := range source.Records(data.LabelledShape, data.TextShape) {
				if err == nil && ctx.Err() != nil {
					err = context.Cause(ctx)
				}
				if err != nil {
					yield(words.Example{}, err)
					return
				}
				value, _ := r.Object.Get("text")
				text, ok := value.(string)
				if !ok {
					yield(words.Example{}, r.Fail(errors.New(`"text" is no text`)))
					return
				}
				if r.Shape == data.TextShape {
					for e := range words.FastTextExamples([]byte(text)) {
						if !yield(e, nil) {
							return
						}
					}
					continue
				}
				e := words.Example{Text: []byte(text)}
				value, _ = r.Object.Get("label")
				if e.Labels, err = labelsOf(value); err != nil {
					err = r.Fail(err)
				}
				if !yield(e, err) || err != nil {
					return
				}
			}
		}
	}
}

// labelsOf reads a label or a list of labels.
func labelsOf(value any) ([]string, error) {
	switch v := value.(type) {
	case []any:
		var all []string
		for _, item := range v {
			labels, err := labelsOf(item)
			if err != nil {
				return nil, err
			}
			all = append(all, labels...)
		}
		return all, nil
	case string:
		if v == "" || strings.ContainsAny(v, " \t\r\n\v\f\x00") {
			return nil, fmt.Errorf(`"label" is %q, expected a name without spaces`, v)
		}
		return []string{v}, nil
	case bool, int64, json.Number, float64:
		return []string{fmt.Sprint(v)}, nil
	}
	return nil, fmt.Errorf(`"label" is %v, expected a name, a number, true or false, or a list of them`, value)
}

// checkVectors refuses so many vectors, beside those of words, that they take more memory than is free.
func (f memoryFlag) checkVectors(buckets, dim int) error {
	vectors := memoryPart{times(times(max(0, buckets)+1, max(1, dim)), parameterBytes), "vectors"}
	return f.check("a smaller --dim or --bucket takes less", vectors, func() ([]memoryPart, error) { return nil, nil })
}

// Run learns a classifier.
func (c *wordsSupervisedCommand) Run(ctx context.Context, s *streams) error {
	if err := checkThreads(c.Threads); err != nil {
		return err
	}
	for _, name := range []string{classifierModel, "config.json", "words.json"} {
		if isFile(c.OutputDir, name) {
			return fmt.Errorf("%s already holds %s; give another --output-dir", c.OutputDir, name)
		}
	}
	useThreads(c.Threads)
	k := words.DefaultClassifierConfig()
	k.Epochs, k.LearningRate, k.Loss, k.Negative, k.WordNgrams, k.MinN, k.MaxN = c.Epochs, c.Rate, words.Loss(c.Loss), c.Negative, c.WordNgrams, c.MinN, c.MaxN
	k.Buckets, k.MinCount, k.MinCountLabel, k.Seed, k.Threads = c.Buckets, c.MinCount, c.MinCountLabel, c.Seed, c.Threads
	if c.Pretrained != "" {
		var err error
		if k.Vectors, err = openVectors(c.Pretrained); err != nil {
			return err
		}
		k.Dim = k.Vectors.Dim
	}
	set(&k.Dim, c.Dim)
	buckets := k.Buckets
	if k.WordNgrams == 1 && k.MaxN == 0 {
		buckets = 0 // there are none
	}
	if err := errors.Join(k.Validate(), c.checkVectors(buckets, k.Dim)); err != nil {
		return err
	}
	split, err := openSplit(s, c.Split)
	if err != nil {
		return err
	}
	source, err := c.open(c.Data, data.TrainPart, c.Seed, s)
	if err != nil {
		return err
	}
	defer source.Close()
	begin := time.Now()
	bar := newRateMeter(s, "words")
	k.Progress = bar.show
	m, loss, err := words.TrainClassifier(ctx, labelledExamples(ctx, source), split.by, k)
	bar.done()
	if err != nil {
		return interrupted(ctx, err)
	}
	if err := os.MkdirAll(c.OutputDir, 0o755); err != nil {
		return err
	}
	raw, err := json.Marshal(map[string]string{"split": split.name})
	if err != nil {
		return err
	}
	if err := errors.Join(atomicfile.WriteBytes(filepath.Join(c.OutputDir, classifierSettings), append(raw, '\n')), split.keep(c.OutputDir), m.Save(filepath.Join(c.OutputDir, classifierModel))); err != nil {
		return err
	}
	s.say("%s, %s, loss %.4f; the classifier is in %s after %v; try: finetune words test --model %s --data FILE", plural(m.Words.Len(), "word"), plural(m.Labels.Len(), "label"), loss,
		c.OutputDir, time.Since(begin).Round(time.Second/10), shellQuote(c.OutputDir))
	return nil
}

// openTextClassifier reads a classifier from its directory or a .bin of fastText, which splits at spaces.
func openTextClassifier(s *streams, path string) (*words.Classifier, words.Splitter, error) {
	if !isDir(path) {
		c, err := words.OpenClassifier(path)
		return c, words.Spaces, err
	}
	file := filepath.Join(path, classifierSettings)
	raw, err := os.ReadFile(file)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil, fmt.Errorf("%s holds no classifier of words; \"finetune words supervised\" makes such a directory", path)
	}
	if err != nil {
		return nil, nil, err
	}
	var settings struct{ Split string }
	if err := json.Unmarshal(raw, &settings); err != nil {
		return nil, nil, fmt.Errorf("%s: %w", file, err)
	}
	split, err := openKeptSplit(s, settings.Split, path)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", file, err)
	}
	c, err := words.OpenClassifier(filepath.Join(path, classifierModel))
	return c, split.by, err
}

// wordsPredictCommand is `finetune words predict`.
type wordsPredictCommand struct {
	Model     string   `required:"" placeholder:"DIR|FILE" help:"The directory of \"words supervised\", or a .bin of fastText."`
	TopK      int      `name:"top-k" default:"1" aliases:"k" placeholder:"K" help:"Labels of each text (${default}); 0 for all."`
	Threshold float64  `default:"0" placeholder:"P" help:"Leave out labels of a lower probability (${default})."`
	JSON      bool     `help:"Print a line of JSON for each text."`
	Texts     []string `arg:"" optional:"" help:"The texts. Default: the lines of standard input."`
}

// Help is shown below the command's summary.
func (wordsPredictCommand) Help() string {
	return `Each text's labels are printed on a line, with their probabilities.

Examples:

    finetune words predict --model runs/spam "You have won"
    finetune words predict --model runs/spam --top-k 3 --json < mails.txt`
}

// Run predicts.
func (c *wordsPredictCommand) Run(ctx context.Context, s *streams) error {
	if err := errors.Join(atLeast("top-k", &c.TopK, 0), inRange("threshold", &c.Threshold, false)); err != nil {
		return err
	}
	m, split, err := openTextClassifier(s, c.Model)
	if err != nil {
		return err
	}
	predict := func(text string) error {
		found := m.Predict([]byte(text), split, c.TopK, c.Threshold)
		if c.JSON {
			type label struct {
				Label       string  `json:"label"`
				Probability float64 `json:"probability"`
			}
			line := struct {
				Labels []label `json:"labels"`
			}{Labels: []label{}}
			for _, p := range found {
				line.Labels = append(line.Labels, label{p.Label, round(p.Probability, 6)})
			}
			return json.NewEncoder(s.out).Encode(line)
		}
		parts := make([]string, len(found))
		for i, p := range found {
			parts[i] = fmt.Sprintf("%s %.4f", p.Label, p.Probability)
		}
		_, err := fmt.Fprintln(s.out, strings.Join(parts, "  "))
		return err
	}
	for _, text := range c.Texts {
		if err := predict(text); err != nil {
			return err
		}
	}
	if len(c.Texts) > 0 {
		return nil
	}
	in := bufio.NewReader(s.in)
	for {
		line, err := in.ReadString('\n')
		if line != "" {
			if err := errors.Join(predict(line), context.Cause(ctx)); err != nil {
				return err
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// wordsTestCommand is `finetune words test`.
type wordsTestCommand struct {
	Model     string   `required:"" placeholder:"DIR|FILE" help:"The directory of \"words supervised\", or a .bin of fastText."`
	Data      []string `required:"" sep:"none" placeholder:"FILE|DIR|-" help:"Texts with labels, as \"words supervised\" reads them."`
	TopK      int      `name:"top-k" default:"1" aliases:"k" placeholder:"K" help:"Labels to predict of each text (${default})."`
	Threshold float64  `default:"0" placeholder:"P" help:"Predict no labels of a lower probability (${default})."`
	JSON      bool     `help:"Print one JSON object."`

	dataFormat
}

// Help is shown below the command's summary.
func (wordsTestCommand) Help() string {
	return `Precision and recall at --top-k are told of all labels together, as "fasttext test" does, and of each label with its F1. With one label a text
and --top-k 1 precision is the accuracy.

Example:

    finetune words test --model runs/spam --data held-out.jsonl`
}

// labelFigures is what --json prints of a label.
type labelFigures struct {
	Label     string  `json:"label"`
	Texts     int     `json:"texts"`
	Precision float64 `json:"precision"`
	Recall    float64 `json:"recall"`
	F1        float64 `json:"f1"`
	Unknown   bool    `json:"unknown,omitempty"` // to the classifier
}

func labelFiguresOf(r words.LabelResult) labelFigures {
	return labelFigures{r.Label, r.Texts, r.Precision(), r.Recall(), r.F1(), r.Absent}
}

// Run evaluates.
func (c *wordsTestCommand) Run(ctx context.Context, s *streams) error {
	if err := errors.Join(atLeast("top-k", &c.TopK, 1), inRange("threshold", &c.Threshold, false)); err != nil {
		return err
	}
	m, split, err := openTextClassifier(s, c.Model)
	if err != nil {
		return err
	}
	source, err := c.open(c.Data, "", 0, s)
	if err != nil {
		return err
	}
	defer source.Close()
	r, err := m.Evaluate(labelledExamples(ctx, source), split, c.TopK, c.Threshold)
	if err != nil {
		return interrupted(ctx, err)
	}
	if r.Texts == 0 {
		return fmt.Errorf("no text with a label in %s", strings.Join(c.Data, ", "))
	}
	out := struct {
		Texts     int            `json:"texts"`
		Precision float64        `json:"precision"`
		Recall    float64        `json:"recall"`
		F1        float64        `json:"f1"`
		Labels    []labelFigures `json:"labels"`
	}{r.Texts, r.All.Precision(), r.All.Recall(), r.All.F1(), nil}
	for _, l := range r.Labels {
		out.Labels = append(out.Labels, labelFiguresOf(l))
	}
	if c.JSON {
		return json.NewEncoder(s.out).Encode(out)
	}
	fmt.Fprintf(s.out, "%s: precision at %d %.4f, recall %.4f, F1 %.4f\n", plural(r.Texts, "text"), c.TopK, out.Precision, out.Recall, out.F1)
	for _, l := range out.Labels {
		unknown := ""
		if l.Unknown {
			unknown = ", which the classifier doesn't know"
		}
		fmt.Fprintf(s.out, "  %-24s precision %.4f  recall %.4f  F1 %.4f  of %d%s\n", l.Label, l.Precision, l.Recall, l.F1, l.Texts, unknown)
	}
	return nil
}
