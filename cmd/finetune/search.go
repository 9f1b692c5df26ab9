package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/seahorse-ml/seahorse/data"
	"github.com/seahorse-ml/seahorse/embed"
	"github.com/seahorse-ml/seahorse/search"
	"github.com/seahorse-ml/seahorse/task"
)

// searchCommand is `finetune search`.
type searchCommand struct {
	Index searchIndexCommand `cmd:"" help:"Put documents into an index, to search them."`
	Query searchQueryCommand `cmd:"" help:"Find the passages of an index that fit a query."`
	Eval  searchEvalCommand  `cmd:"" help:"Measure how often the passages that answer questions are found."`
	Serve searchServeCommand `cmd:"" help:"Answer searches over HTTP."`
}

// manyPassages is from how many passages on vectors are grouped, unless the user says otherwise: fewer are scanned in some milliseconds.
const manyPassages = 20_000

// searchIndexCommand is `finetune search index`.
type searchIndexCommand struct {
	Index string   `required:"" placeholder:"DIR" help:"The directory of the index. One that is there is added to."`
	Data  []string `required:"" sep:"none" placeholder:"FILE|DIR|-" help:"Documents: text files, or records {\"text\": …} in JSON lines or a table, whose \"source\", \"id\" or \"title\" is what they are called. Several may be given."`
	Model string   `placeholder:"DIR" help:"The model that makes vectors: a directory of sentence-transformers, model2vec or \"embed train\", or any encoder or decoder. Default: none, which leaves the search by words."`
	poolingOptions
	Split     string `default:"headings" enum:"words,sentences,paragraphs,headings,lines" placeholder:"NAME" help:"What documents are cut at (${default}): ${enum}. Headings are Markdown's, and what is below them is cut at paragraphs, sentences and words, as needed."`
	MaxTokens int    `default:"0" placeholder:"N" help:"The most tokens of a passage. Default: 200, and no more than the model reads; of a search by words 200 words."`
	Overlap   int    `default:"0" placeholder:"N" help:"How many tokens of the passage before it each begins with, at most (${default})."`
	Language  string `default:"english" enum:"english,french,spanish,russian,swedish,norwegian,hungarian,none" placeholder:"NAME" help:"Whose stems words are reduced to (${default}): ${enum}."`
	Cells     *int   `placeholder:"N" help:"Group the vectors into so many cells, so that searches look at some of them only; 0: don't. Default: four times the root of the passages where there are 20,000 or more."`
	Documents int    `name:"batch-documents" default:"1000" placeholder:"N" help:"Documents that are put into the index at once (${default}): what a process that is killed loses at most."`
	Threads   int    `default:"0" placeholder:"N" help:"Threads to run on. Default: all cores that the process may use."`

	dataFormat
}

// Help is shown below the command's summary.
func (searchIndexCommand) Help() string {
	return `Documents are cut into passages, which keep their words and the vectors that the model makes of them. Called again, the command leaves documents alone that
haven't changed, and replaces those that have; so it goes on after an interruption. The model, and how documents are cut, stay as they were at first.

Examples:

    finetune search index --index notes.index --data notes/ --model all-MiniLM-L6-v2
    finetune search index --index bible.index --data verses.jsonl --model all-MiniLM-L6-v2 --split lines
    finetune search index --index words.index --data articles.jsonl`
}

// settings returns those of a new index.
func (c *searchIndexCommand) settings() (search.Settings, error) {
	s := search.Settings{Language: c.Language, By: search.By(c.Split), Length: c.MaxTokens, Overlap: c.Overlap, Pooling: c.Pooling, Normalize: c.Normalize}
	if s.Language == "none" {
		s.Language = ""
	}
	most := 200
	if c.Model != "" {
		model, err := absolute(c.Model)
		if err != nil {
			return s, err
		}
		s.Model = model
		e, err := openIndexEncoder(s)
		if err != nil {
			return s, err
		}
		s.Width = e.Width()
		most = min(most, e.Model.ContextLength()-2) // those that stand around a text
		if c.MaxTokens > e.Model.ContextLength() {
			return s, fmt.Errorf("--max-tokens %d: the model reads %d", c.MaxTokens, e.Model.ContextLength())
		}
	}
	if s.Length == 0 {
		s.Length = max(1, most)
	}
	if c.Overlap >= s.Length {
		return s, fmt.Errorf("--overlap %d: expected less than the %d tokens of a passage", c.Overlap, s.Length)
	}
	return s, nil
}

// openIndexEncoder opens the model whose vectors an index has.
func openIndexEncoder(s search.Settings) (*embed.Encoder, error) {
	return embed.OpenEncoder(s.Model, embed.OpenConfig{Edit: poolingOptions{s.Pooling, s.Normalize}.edit(nil), Base: task.AdapterBase})
}

// Run indexes.
func (c *searchIndexCommand) Run(ctx context.Context, s *streams) error {
	if err := errors.Join(checkThreads(c.Threads), atLeast("max-tokens", &c.MaxTokens, 0), atLeast("overlap", &c.Overlap, 0), atLeast("cells", c.Cells, 0), atLeast("batch-documents", &c.Documents, 1)); err != nil {
		return err
	}
	useThreads(c.Threads)
	x, err := c.open(s)
	if err != nil {
		return err
	}
	defer x.Close()
	set := x.Settings()
	add := search.AddConfig{}
	if set.Model != "" {
		e, err := openIndexEncoder(set)
		if err != nil {
			return err
		}
		defer e.Close()
		if e.Width() != set.Width {
			return fmt.Errorf("%s makes vectors of %d dimensions now, and those of the index have %d", set.Model, e.Width(), set.Width)
		}
		add.Tokens = func(text string) int { return len(e.Tokenizer.AppendIDs(nil, []byte(text), false)) }
		add.Embed = func(ctx context.Context, texts []string) ([][]float32, error) {
			return unitVectors(e.Encode(ctx, e.Model.PromptOr("document"), texts))
		}
	}
	source, err := c.dataFormat.open(c.Data, "", 0, s)
	if err != nil {
		return err
	}
	defer source.Close()
	var total search.Added
	put := func(texts []search.Text) error {
		a, err := x.Add(ctx, texts, add)
		total.Documents, total.Passages = total.Documents+a.Documents, total.Passages+a.Passages
		total.Unchanged, total.Replaced = total.Unchanged+a.Unchanged, total.Replaced+a.Replaced
		return err
	}
	m := newMeter(s.err, "indexing")
	defer m.done()
	var texts []search.Text
	read := int64(0)
	for r, err := range source.Records(data.TextShape) {
		if err == nil {
			err = context.Cause(ctx)
		}
		if err != nil {
			return interrupted(ctx, err)
		}
		value, _ := r.Object.Get("text")
		text, ok := value.(string)
		if !ok {
			if err := r.Fail(errors.New(`"text": expected text`)); !source.Skip(err) {
				return err
			}
			continue
		}
		read += int64(len(text))
		if texts = append(texts, search.Text{Source: sourceOf(r), Text: text}); len(texts) == c.Documents {
			if err := put(texts); err != nil {
				return interrupted(ctx, err)
			}
			texts = texts[:0]
			m.show(min(read, source.Size()), source.Size())
		}
	}
	if err := put(texts); err != nil {
		return interrupted(ctx, err)
	}
	if err := c.group(s, x); err != nil {
		return err
	}
	s.say("%s: %s of %s; %s added, %s replaced, %s unchanged", c.Index, plural(x.Len(), "passage"), plural(len(x.Documents()), "document"),
		plural(total.Documents-total.Replaced, "document"), grouped(int64(total.Replaced)), grouped(int64(total.Unchanged)))
	return nil
}

// open opens the index or makes it.
func (c *searchIndexCommand) open(s *streams) (*search.Index, error) {
	if !search.IsIndex(c.Index) {
		set, err := c.settings()
		if err != nil {
			return nil, err
		}
		return search.Create(c.Index, set)
	}
	x, err := search.Open(c.Index)
	if err != nil {
		return nil, err
	}
	if c.Model != "" {
		model, err := absolute(c.Model)
		if err == nil && model != x.Settings().Model {
			err = fmt.Errorf("the vectors of %s are of %s; another model needs another index", c.Index, orNone(x.Settings().Model))
		}
		if err != nil {
			return nil, errors.Join(err, x.Close())
		}
	}
	return x, nil
}

func orNone(name string) string {
	if name == "" {
		return "no model"
	}
	return name
}

// group puts the vectors into cells, where there are many.
func (c *searchIndexCommand) group(s *streams, x *search.Index) error {
	if x.Settings().Width == 0 || x.Len() == 0 || x.Grouped() && c.Cells == nil {
		return nil
	}
	cells := 0 // as many as the root says
	switch {
	case c.Cells == nil && x.Len() < manyPassages, c.Cells != nil && *c.Cells == 0:
		return nil
	case c.Cells != nil:
		cells = *c.Cells
	}
	return x.BuildCells(search.CellsConfig{Cells: cells})
}

// unitVectors gives vectors the length 1.
func unitVectors(vectors [][]float32, err error) ([][]float32, error) {
	for _, v := range vectors {
		embed.Normalize(v)
	}
	return vectors, err
}

// sourceOf returns what a record says that it is called, or else its file, and its line if it isn't the whole of it.
func sourceOf(r data.Record) string {
	for _, key := range []string{"source", "id", "title"} {
		if value, ok := r.Object.Get(key); ok {
			if name := strings.TrimSpace(fmt.Sprint(value)); name != "" && value != nil {
				return name
			}
		}
	}
	if len(r.Object.Keys) == 1 && r.Line == 1 && !isRecords(r.Name) {
		return r.Name
	}
	return r.Place()
}

// isRecords tells by a file's name whether it has records.
func isRecords(name string) bool {
	name = strings.TrimSuffix(strings.TrimSuffix(name, ".gz"), ".zst")
	switch filepath.Ext(name) {
	case ".jsonl", ".ndjson", ".json", ".csv", ".tsv", ".parquet":
		return true
	}
	return false
}

// findOptions say how an index is searched.
type findOptions struct {
	Index      string  `required:"" placeholder:"DIR" help:"The index."`
	Top        int     `default:"5" placeholder:"N" help:"Passages to find (${default})."`
	Mode       string  `enum:",hybrid,vector,bm25" default:"" placeholder:"hybrid|vector|bm25" help:"Rank by vectors, by words (BM25), or by both, fused by their ranks. Default: hybrid where the index has vectors, else bm25."`
	Candidates int     `default:"0" placeholder:"N" help:"Passages of each ranking that are fused or reranked. Default: ten times --top, at least 100; with a decoder that reranks 20, at least --top."`
	Rank       float64 `name:"rank-constant" default:"60" placeholder:"K" help:"Ranks are fused as the sum of 1/(K + rank): the less, the more the first of each ranking count (${default})."`
	Rerank     string  `placeholder:"DIR" help:"A model that reads each of the best passages with the query, by which they are ranked anew: a classifier or regression of pairs, whose last value or class counts, or a decoder's directory or GGUF file, which tells how likely the query is as a question about the passage."`
	Exact      bool    `help:"Scan all vectors of an index that has cells."`
	Threads    int     `default:"0" placeholder:"N" help:"Threads to run on. Default: all cores that the process may use."`
}

// searcher searches an index.
type searcher struct {
	findOptions
	index   *search.Index
	encoder *embed.Encoder // nil without vectors
	rerank  *task.Classifier
	asks    *task.Questioner // a decoder that reranks
}

// askedCandidates is how many passages a decoder reranks: it takes about as long as to read them, and an answer that is further behind is seldom found.
const askedCandidates = 20

// open opens the index and the models.
func (o findOptions) open() (*searcher, error) {
	if err := errors.Join(checkThreads(o.Threads), atLeast("top", &o.Top, 1), atLeast("candidates", &o.Candidates, 0), inRange("rank-constant", &o.Rank, false)); err != nil {
		return nil, err
	}
	useThreads(o.Threads)
	f := &searcher{findOptions: o}
	var err error
	if f.index, err = search.Open(o.Index); err != nil {
		return nil, err
	}
	set := f.index.Settings()
	switch {
	case set.Model == "" && o.Mode != "" && o.Mode != string(search.BM25):
		err = fmt.Errorf("--mode %s: %s has no vectors", o.Mode, o.Index)
	case set.Model != "" && o.Mode != string(search.BM25):
		f.encoder, err = openIndexEncoder(set)
	}
	if err == nil && o.Rerank != "" {
		err = f.openReranker()
	}
	if err != nil {
		f.close()
		return nil, err
	}
	return f, nil
}

// openReranker opens what --rerank names.
func (f *searcher) openReranker() error {
	t, err := task.Open(f.Rerank, task.OpenConfig{})
	if err != nil {
		return err
	}
	if t.Objective != nil && t.Objective.Name() == (task.Causal{}).Name() {
		f.asks, err = t.Questioner()
		return err
	}
	if f.rerank, err = t.Classifier(); err == nil && f.rerank.Labels.Kind == data.TokenClassification {
		err = fmt.Errorf("--rerank %s: it labels words, expected a classifier or regression of pairs, or a decoder", f.Rerank)
	}
	return err
}

func (f *searcher) close() {
	f.index.Close()
	if f.encoder != nil {
		f.encoder.Close()
	}
	if f.rerank != nil {
		f.rerank.Close()
	}
	if f.asks != nil {
		f.asks.Close()
	}
}

// find searches.
func (f *searcher) find(ctx context.Context, text string) ([]search.Hit, error) {
	q, err := f.query(ctx, text)
	if err != nil {
		return nil, err
	}
	return f.index.Search(ctx, q)
}

// query returns what the index is asked, with the vector of the text where there are vectors.
func (f *searcher) query(ctx context.Context, text string) (search.Query, error) {
	var vector []float32
	if f.encoder != nil {
		vectors, err := unitVectors(f.encoder.Encode(ctx, f.encoder.Model.PromptOr("query"), []string{text}))
		if err != nil {
			return search.Query{}, err
		}
		vector = vectors[0]
	}
	q := search.DefaultQuery(text, vector)
	q.Top, q.Candidates, q.Exact, q.Rank = f.Top, f.Candidates, f.Exact, f.Rank
	if f.Mode != "" {
		q.Mode = search.Mode(f.Mode)
	}
	switch {
	case f.rerank != nil:
		q.Rerank = f.scores
	case f.asks != nil:
		q.Rerank = f.asks.Scores
		if f.Candidates == 0 {
			q.Candidates = max(askedCandidates, f.Top)
		}
	}
	return q, nil
}

// scores are what the cross-encoder makes of a query with passages.
func (f *searcher) scores(_ context.Context, query string, texts []string) ([]float64, error) {
	pairs := make([]data.Text, len(texts))
	for i, text := range texts {
		pairs[i] = data.Text{Text: []byte(query), Pair: []byte(text)}
	}
	found, err := f.rerank.Apply(pairs)
	if err != nil {
		return nil, err
	}
	scores := make([]float64, len(found))
	for i, x := range found {
		if len(x.Values) > 0 {
			scores[i] = x.Values[len(x.Values)-1]
		} else {
			scores[i] = x.Scores[f.rerank.Labels.Names[len(f.rerank.Labels.Names)-1]]
		}
	}
	return scores, nil
}

// hitLine is a hit as JSON.
type hitLine struct {
	Rank    int      `json:"rank"`
	Source  string   `json:"source"`
	Heading string   `json:"heading,omitempty"`
	Start   int      `json:"start"`
	End     int      `json:"end"`
	Score   float64  `json:"score"`
	Cosine  *float64 `json:"cosine,omitempty"`
	BM25    *float64 `json:"bm25,omitempty"`
	Text    string   `json:"text"`
}

func lineOf(rank int, h search.Hit) hitLine {
	return hitLine{rank, h.Source, h.Heading, h.Start, h.End, round(h.Score, 6), rounding(h.Cosine), rounding(h.BM25), h.Text}
}

func rounding(x *float64) *float64 {
	if x == nil {
		return nil
	}
	r := round(*x, 6)
	return &r
}

// searchQueryCommand is `finetune search query`.
type searchQueryCommand struct {
	Query string `arg:"" help:"What is looked for."`
	findOptions
	JSON bool `help:"Print a line of JSON for each passage."`
}

// Help is shown below the command's summary.
func (searchQueryCommand) Help() string {
	return `Examples:

    finetune search query --index notes.index "how do I renew the certificate"
    finetune search query --index notes.index --mode bm25 --top 20 --json certificate
    finetune search query --index notes.index --rerank SmolLM2-135M-Instruct "how do I renew the certificate"`
}

// Run searches.
func (c *searchQueryCommand) Run(ctx context.Context, s *streams) error {
	f, err := c.open()
	if err != nil {
		return err
	}
	defer f.close()
	hits, err := f.find(ctx, c.Query)
	if err != nil {
		return interrupted(ctx, err)
	}
	if len(hits) == 0 {
		s.say("nothing was found")
	}
	out := json.NewEncoder(s.out)
	out.SetEscapeHTML(false)
	for i, h := range hits {
		if c.JSON {
			if err := out.Encode(lineOf(i+1, h)); err != nil {
				return err
			}
			continue
		}
		where := h.Source
		if h.Heading != "" {
			where += " (" + h.Heading + ")"
		}
		fmt.Fprintf(s.out, "%d. %s  %.4f\n   %s\n", i+1, where, h.Score, strings.Join(strings.Fields(h.Text), " "))
	}
	return nil
}
