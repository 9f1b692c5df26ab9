package task

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/seahorse-ml/seahorse/adapt"
	"github.com/seahorse-ml/seahorse/data"
	"github.com/seahorse-ml/seahorse/data/tokenizer"
	"github.com/seahorse-ml/seahorse/embed"
	"github.com/seahorse-ml/seahorse/internal/orderedjson"
	"github.com/seahorse-ml/seahorse/models"
)

// Embedding is learning vectors of texts. Its base is an Embedder.
type Embedding struct {
	Loss embed.LossConfig
	// Model is the directory of the model that learns, by which texts are read.
	Model string
	// Teacher is the directory of the model whose vectors are learned, by embed.Distillation alone.
	Teacher string
	// Edit changes the configuration that the model's files have, as embed.OpenConfig has it; nil changes nothing.
	Edit func(c *embed.Config) error
}

// Embedder is the Base of an Embedding.
type Embedder struct {
	Embedding Embedding
	Dropout   *float64       // of the model; nil keeps its own
	Storage   models.Storage // of matrices that aren't trained
}

// reads returns where the model is.
func (b Embedder) reads() []string { return []string{b.Embedding.Model} }

// Tokenizer reads the model's.
func (b Embedder) Tokenizer(context.Context, Objective, *data.Source) (*tokenizer.Tokenizer, error) {
	folder, err := embed.Folder(b.Embedding.Model)
	if err != nil {
		return nil, err
	}
	return tokenizer.Load(folder)
}

// Labels returns none.
func (Embedder) Labels(_ Objective, found data.Labels) (data.Labels, error) { return found, nil }

// Outline returns a sketch of the model.
func (b Embedder) Outline() (models.Model, error) {
	return b.Open(b.Embedding, nil, data.Labels{}, true)
}

// Open reads the model.
func (b Embedder) Open(_ Objective, _ *tokenizer.Tokenizer, _ data.Labels, sketch bool) (Model, error) {
	if folder, err := embed.Folder(b.Embedding.Model); err == nil && adapt.IsDir(folder) {
		return nil, fmt.Errorf("task: %s holds an adapter; it is trained further as the adapter of its model", b.Embedding.Model)
	}
	return b.read(b.Embedding.Model, sketch)
}

// Reopen reads the model that a run has saved.
func (b Embedder) Reopen(dir string, sketch bool) (Model, error) { return b.read(dir, sketch) }

func (b Embedder) read(dir string, sketch bool) (Model, error) {
	c := embed.OpenConfig{Edit: b.Embedding.Edit, Sketch: sketch, Storage: b.Storage}
	if b.Dropout != nil {
		c.Body = models.WithDropout(*b.Dropout)
	}
	m, err := embed.Open(dir, c)
	if err != nil {
		return nil, err
	}
	return embed.Learner{Model: m, LossConfig: b.Embedding.Loss}, nil
}

// Name is "embedding".
func (Embedding) Name() string { return "embedding" }

// reads returns the teacher.
func (o Embedding) reads() []string { return []string{o.Teacher} }

// Fits is true of models that make vectors.
func (Embedding) Fits(m models.Model) bool {
	_, ok := m.(embed.Learner)
	return ok
}

// Head returns none.
func (Embedding) Head(data.Labels) (models.Head, bool) { return models.Head{}, false }

// Vocabulary is any.
func (Embedding) Vocabulary() (string, []string) { return "", nil }

// Labels returns none.
func (Embedding) Labels(*data.Source) (data.Labels, error) { return data.Labels{}, nil }

// Encode makes a document of each text of a record. The first value beside it is its place in the record, the others the score of the record or the
// teacher's vector.
func (o Embedding) Encode(ctx context.Context, s *data.Source, c Encoding) (*data.Tokens, Report, error) {
	e := embeddingEncoder{Embedding: o, tokenizer: c.Tokenizer, length: c.Length}
	var err error
	if e.model, err = embed.Open(o.Model, embed.OpenConfig{Edit: o.Edit, Sketch: true}); err != nil {
		return nil, Report{}, err
	}
	if o.Loss.Taught() {
		if e.teacher, err = embed.OpenEncoder(o.Teacher, embed.OpenConfig{Base: AdapterBase}); err != nil {
			return nil, Report{}, fmt.Errorf("task: teacher: %w", err)
		}
		defer e.teacher.Close()
		if ours, theirs := e.model.Width(), e.teacher.Width(); ours != theirs {
			return nil, Report{}, fmt.Errorf("task: teacher: vectors of %d, and the model's are of %d, expected the same", theirs, ours)
		}
	}
	if c.Path == "" {
		return nil, Report{}, errors.New("task: objective embedding: tokens in memory aren't made; expected a file")
	}
	w, err := data.NewTokenWriter(c.Path, c.Tokenizer.VocabSize())
	if err != nil {
		return nil, Report{}, err
	}
	defer w.Abort()
	if err := w.Describe(e.labels()); err != nil {
		return nil, Report{}, err
	}
	report, err := e.write(ctx, s, w)
	if err == nil {
		err = w.Commit()
	}
	return nil, report, err
}

// Rows makes a row of each record.
func (o Embedding) Rows(c RowsConfig) (Rows, error) {
	return c.examples(func(t *data.Tokens) (data.Dataset, error) { return rows(o.dataset(t)) })
}

// EvalRows is an error: vectors are measured by what is found with them.
func (o Embedding) EvalRows(RowsConfig) (data.Dataset, []Cut, error) {
	return nil, nil, errors.New("task: objective embedding: vectors are measured by what is found with them; see package embed")
}

func (o Embedding) dataset(t *data.Tokens) (*embed.Examples, error) {
	if t.Labels().Kind != data.Regression || t.Documents() == 0 {
		return nil, errors.New("task: objective embedding: the tokens are of another objective")
	}
	texts := 1
	for texts < t.Documents() && t.Value(texts, 0) != 0 {
		texts++
	}
	if t.Documents()%texts != 0 {
		return nil, fmt.Errorf("task: objective embedding: %d texts in records of %d; the tokens are damaged", t.Documents(), texts)
	}
	return embed.NewExamples(encodedExamples{t, texts, o.Loss}, embed.ExamplesConfig{Scored: o.Loss.Scored(), Taught: o.Loss.Taught()})
}

// encodedExamples are the examples of what Encode wrote.
type encodedExamples struct {
	tokens *data.Tokens
	texts  int
	loss   embed.LossConfig
}

// Len returns the number of records.
func (e encodedExamples) Len() int { return e.tokens.Documents() / e.texts }

// Example returns record i.
func (e encodedExamples) Example(i int) embed.Example {
	var x embed.Example
	for k := range e.texts {
		lo, hi := e.tokens.Document(i*e.texts + k)
		x.Texts = append(x.Texts, tokensOf(e.tokens, lo, hi))
	}
	switch values := len(e.tokens.Labels().Names); {
	case e.loss.Scored() && values > 1:
		x.Score = e.tokens.Value(i*e.texts, 1)
	case e.loss.Taught():
		for c := 1; c < values; c++ {
			x.Vector = append(x.Vector, e.tokens.Value(i*e.texts, c))
		}
	}
	return x
}

// embeddingEncoder turns records into documents.
type embeddingEncoder struct {
	Embedding
	model     *embed.Model
	teacher   *embed.Encoder // nil without
	tokenizer *tokenizer.Tokenizer
	length    int
	texts     int // of the first record
}

func (e *embeddingEncoder) labels() data.Labels {
	l := data.Labels{Kind: data.Regression, Names: []string{"place"}}
	switch {
	case e.Loss.Scored():
		l.Names = append(l.Names, "score")
	case e.Loss.Taught():
		for i := range e.teacher.Width() {
			l.Names = append(l.Names, fmt.Sprint(i))
		}
	}
	return l
}

// shapes returns what records may be.
func (o Embedding) shapes() []data.Shape {
	switch {
	case o.Loss.Scored():
		return []data.Shape{data.LabelledShape}
	case o.Loss.Taught():
		return []data.Shape{data.LabelledShape, data.TextShape}
	}
	return []data.Shape{data.TripletShape, data.PairShape}
}

// taughtTexts is how many texts go to the teacher at once.
const taughtTexts = 512

// write writes the documents of a source.
func (e *embeddingEncoder) write(ctx context.Context, s *data.Source, w *data.TokenWriter) (Report, error) {
	var report Report
	long, all := 0, 0
	var waiting []string
	var examples []data.Example
	var origins []data.Origin // of them
	taught := func() error {
		if len(waiting) == 0 {
			return nil
		}
		vectors, err := e.teacher.Encode(ctx, e.teacher.Model.Prompt(""), waiting)
		if err != nil {
			return err
		}
		for i, x := range examples {
			x.Values = append(x.Values, vectors[i]...)
			if err := errors.Join(w.From(origins[i]), w.AppendExample(x)); err != nil {
				return err
			}
		}
		waiting, examples, origins = waiting[:0], examples[:0], origins[:0]
		return nil
	}
	for r, err := range s.Records(e.shapes()...) {
		if err == nil {
			err = context.Cause(ctx)
		}
		if err != nil {
			return report, err
		}
		texts, score, err := e.record(r)
		if err != nil {
			if err = r.Fail(err); s.Skip(err) {
				continue
			}
			return report, err
		}
		ids := make([][]int32, len(texts))
		for k, text := range texts {
			if ids[k], err = e.model.Frame(e.tokenizer, e.prompt(r.Shape, k)+text); err == nil && len(ids[k]) == 0 {
				err = fmt.Errorf("the text %.40q has no tokens", text)
			}
			if err != nil {
				break
			}
		}
		if err != nil {
			if err = r.Fail(err); s.Skip(err) {
				continue
			}
			return report, err
		}
		for k := range ids {
			if all++; len(ids[k]) > e.length {
				if ids[k], err = e.cut(e.prompt(r.Shape, k) + texts[k]); err != nil {
					return report, r.Fail(err)
				}
				long++
			}
			x := data.Example{IDs: ids[k], Values: []float32{float32(k)}}
			switch {
			case e.Loss.Scored():
				x.Values = append(x.Values, score)
			case e.Loss.Taught():
				waiting, examples, origins = append(waiting, texts[k]), append(examples, x), append(origins, r.Origin())
				continue
			}
			if err := errors.Join(w.From(r.Origin()), w.AppendExample(x)); err != nil {
				return report, err
			}
		}
		if len(waiting) >= taughtTexts {
			if err := taught(); err != nil {
				return report, err
			}
		}
	}
	if err := taught(); err != nil {
		return report, err
	}
	if long > 0 {
		report.Cut = []Cut{{What: "text", Count: long, Of: all, Length: e.length}}
	}
	return report, nil
}

// cut encodes a text that is longer than a row.
func (e *embeddingEncoder) cut(text string) ([]int32, error) {
	m := *e.model
	m.Config.MaxLength = e.length
	return m.Frame(e.tokenizer, text)
}

// prompt returns what stands before text k: questions and documents have prompts of their own, where the model knows them.
func (e *embeddingEncoder) prompt(shape data.Shape, k int) string {
	if shape != data.TripletShape && shape != data.PairShape {
		return e.model.Prompt("")
	}
	name := "document"
	if k == 0 {
		name = "query"
	}
	return e.model.PromptOr(name)
}

// record returns the texts of a record, and its score.
func (e *embeddingEncoder) record(r data.Record) (texts []string, score float32, err error) {
	keys := []string{"text"}
	switch r.Shape {
	case data.TripletShape:
		keys = []string{"anchor", "positive"}
		for _, key := range r.Object.Keys {
			if key == "negative" || strings.HasPrefix(key, "negative_") {
				keys = append(keys, key)
			}
		}
		slices.Sort(keys[2:])
	case data.PairShape:
		if keys = []string{"prompt", "completion"}; !has(r.Object, "prompt") {
			keys = []string{"source", "target"}
		}
	case data.LabelledShape:
		if e.Loss.Scored() {
			keys = append(keys, "text_pair")
			if score, err = scoreOf(r.Object); err != nil {
				return nil, 0, err
			}
		}
	}
	for _, key := range keys {
		value, _ := r.Object.Get(key)
		switch v := value.(type) {
		case string:
			texts = append(texts, v)
		case []any:
			for _, item := range v {
				text, ok := item.(string)
				if !ok || !strings.HasPrefix(key, "negative") {
					return nil, 0, fmt.Errorf("%q: %s, expected text", key, orderedjson.Kind(value))
				}
				texts = append(texts, text)
			}
		default:
			return nil, 0, fmt.Errorf("%q: %s, expected text", key, orderedjson.Kind(value))
		}
	}
	for k, text := range texts {
		if strings.TrimSpace(text) == "" {
			return nil, 0, fmt.Errorf("text %d of the record is empty", k+1)
		}
	}
	if least, most := e.Loss.Texts(); len(texts) < least || len(texts) > most {
		want := fmt.Sprint(least)
		if most > least {
			want += " or more"
		}
		return nil, 0, fmt.Errorf("%d texts, expected %s for the loss %s", len(texts), want, e.Loss.Loss)
	}
	if e.texts == 0 {
		e.texts = len(texts)
	}
	if len(texts) != e.texts {
		return nil, 0, fmt.Errorf("%d texts, expected %d as the first record has", len(texts), e.texts)
	}
	return texts, score, nil
}

func has(o *orderedjson.Object, key string) bool {
	_, ok := o.Get(key)
	return ok
}

// scoreOf reads the score of a pair; tables write it as text.
func scoreOf(o *orderedjson.Object) (float32, error) {
	value, _ := o.Get("label")
	var v float64
	if _, err := fmt.Sscan(fmt.Sprint(value), &v); err != nil || math.IsNaN(v) || math.IsInf(float64(float32(v)), 0) {
		return 0, fmt.Errorf(`"label" is %.40s, expected a number`, orderedjson.Append(nil, value, orderedjson.Format{}))
	}
	return float32(v), nil
}
