package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"

	"github.com/seahorse-ml/seahorse/data"
	"github.com/seahorse-ml/seahorse/embed"
	"github.com/seahorse-ml/seahorse/internal/correlation"
)

// embedEvalCommand is `finetune embed eval`.
type embedEvalCommand struct {
	embedderOptions
	Data   []string `required:"" sep:"none" placeholder:"FILE|DIR|-" help:"Pairs ({\"anchor\", \"positive\"} and the like) whose second texts are searched, or with --scores pairs with a score."`
	Corpus []string `sep:"none" placeholder:"FILE|DIR" help:"More texts to search among: {\"text\": …}, or plain text, a text a line."`
	Scores bool     `help:"The data are {\"text\", \"text_pair\", \"label\"}: tell the correlation of cosines with the labels."`
	JSON   bool     `help:"Print one JSON object."`

	dataFormat
}

// Help is shown below the command's summary.
func (embedEvalCommand) Help() string {
	return `Of pairs, the texts that belong to anchors are searched for among those of all pairs and of --corpus: the share that is found among the first 1, 5 and
10 (recall), the mean of 1/rank (MRR) and the normalised gain (NDCG) at 10. Of scores, Spearman's and Pearson's correlations are told.

Examples:

    finetune embed eval --model runs/embedder --data held-out.jsonl
    finetune embed eval --model all-MiniLM-L6-v2 --scores --data sts.csv --text-column sentence1 --text-pair-column sentence2 --label-column score --json`
}

// retrievalFigures are what is printed of an embed.Retrieval.
type retrievalFigures struct {
	Anchors int     `json:"anchors"`
	Texts   int     `json:"texts"`
	Recall1 float64 `json:"recall@1"`
	Recall5 float64 `json:"recall@5"`
	Recall  float64 `json:"recall@10"`
	MRR     float64 `json:"mrr@10"`
	NDCG    float64 `json:"ndcg@10"`
}

func figuresOf(r embed.Retrieval) retrievalFigures {
	return retrievalFigures{r.Anchors, r.Texts, r.Recall[1], r.Recall[5], r.Recall[10], r.MRR, r.NDCG}
}

// String tells the figures on one line.
func (f retrievalFigures) String() string {
	return fmt.Sprintf("recall@1 %.4f, @5 %.4f, @10 %.4f; MRR@10 %.4f, NDCG@10 %.4f; %s among %s",
		f.Recall1, f.Recall5, f.Recall, f.MRR, f.NDCG, plural(f.Anchors, "anchor"), plural(f.Texts, "text"))
}

// Run evaluates.
func (c *embedEvalCommand) Run(ctx context.Context, s *streams) error {
	if c.Scores && len(c.Corpus) > 0 {
		return errors.New("--corpus is for pairs, not for --scores")
	}
	e, err := c.encoder()
	if err != nil {
		return err
	}
	defer e.Close()
	if c.Scores {
		return c.scores(ctx, s, e)
	}
	pairs, err := c.pairs(ctx, s, c.Data)
	if err != nil {
		return err
	}
	anchors, texts, at, err := sides(ctx, s, pairs, c.Corpus)
	if err != nil {
		return err
	}
	anchors, of := distinct(anchors)
	own := make([][]int, len(anchors))
	for _, p := range pairs {
		own[of[p.anchor]] = append(own[of[p.anchor]], at[p.positive])
	}
	found, among, err := encodeSides(ctx, s, e, anchors, texts)
	if err != nil {
		return interrupted(ctx, err)
	}
	figures := figuresOf(embed.EvaluateRetrieval(found, among, own))
	if c.JSON {
		return json.NewEncoder(s.out).Encode(figures)
	}
	_, err = fmt.Fprintln(s.out, figures)
	return err
}

// sides returns the anchors of pairs, and the texts that are searched, each once, with their places: those of the pairs and those of a corpus.
func sides(ctx context.Context, s *streams, pairs []pairRecord, corpus []string) (anchors, texts []string, at map[string]int, err error) {
	for _, p := range pairs {
		anchors, texts = append(anchors, p.anchor), append(texts, p.positive)
	}
	if len(corpus) > 0 {
		more, err := dataFormat{}.texts(ctx, s, corpus)
		if err != nil {
			return nil, nil, nil, err
		}
		texts = append(texts, more...)
	}
	texts, at = distinct(texts)
	return anchors, texts, at, nil
}

// encodeSides returns the vectors of anchors, as questions, and of texts, as documents.
func encodeSides(ctx context.Context, s *streams, e *embed.Encoder, anchors, texts []string) (asked, among [][]float32, err error) {
	if asked, err = encodeShown(ctx, s, e, e.Model.PromptOr("query"), anchors); err != nil {
		return nil, nil, err
	}
	among, err = encodeShown(ctx, s, e, e.Model.PromptOr("document"), texts)
	return asked, among, err
}

// scores compares cosines with labels.
func (c *embedEvalCommand) scores(ctx context.Context, s *streams, e *embed.Encoder) error {
	source, err := c.dataFormat.open(c.Data, "", 0, s)
	if err != nil {
		return err
	}
	defer source.Close()
	var texts [2][]string
	var labels []float64
	for r, err := range source.Records(data.LabelledShape) {
		if err == nil {
			err = context.Cause(ctx)
		}
		if err != nil {
			return err
		}
		for i, key := range []string{"text", "text_pair"} {
			value, _ := r.Object.Get(key)
			text, ok := value.(string)
			if !ok || text == "" {
				return r.Fail(fmt.Errorf("%q: expected text", key))
			}
			texts[i] = append(texts[i], text)
		}
		value, _ := r.Object.Get("label")
		var label float64
		if _, err := fmt.Sscan(fmt.Sprint(value), &label); err != nil {
			return r.Fail(fmt.Errorf(`"label" is %.40v, expected a number`, value))
		}
		labels = append(labels, label)
	}
	if len(labels) == 0 {
		return fmt.Errorf("no records in %s", strings.Join(c.Data, ", "))
	}
	vectors, err := encodeShown(ctx, s, e, e.Model.Prompt(""), append(texts[0], texts[1]...))
	if err != nil {
		return interrupted(ctx, err)
	}
	cosines := make([]float64, len(labels))
	for i := range cosines {
		cosines[i] = embed.Cosine(vectors[i], vectors[len(labels)+i])
	}
	spearman, pearson := correlation.Spearman(cosines, labels), correlation.Pearson(cosines, labels)
	if math.IsNaN(spearman) {
		return errors.New("the labels or the cosines are all the same, so that there is no correlation")
	}
	if c.JSON {
		return json.NewEncoder(s.out).Encode(map[string]any{"spearman": spearman, "pearson": pearson, "pairs": len(labels)})
	}
	_, err = fmt.Fprintf(s.out, "Spearman %.4f, Pearson %.4f over %s\n", spearman, pearson, plural(len(labels), "pair"))
	return err
}

// embedMineCommand is `finetune embed mine`.
type embedMineCommand struct {
	embedderOptions
	Data      []string `required:"" sep:"none" placeholder:"FILE|DIR|-" help:"Pairs: {\"anchor\", \"positive\"} and the like."`
	Corpus    []string `sep:"none" placeholder:"FILE|DIR" help:"Texts to find negatives among, beside those of the pairs: {\"text\": …}, or plain text, a text a line."`
	Negatives int      `default:"1" placeholder:"N" help:"Negatives of each anchor (${default})."`
	RangeMin  int      `default:"0" placeholder:"N" help:"Leave out so many of the nearest texts (${default})."`
	Margin    *float64 `placeholder:"X" help:"By how much a negative's cosine must be below that of the anchor's own text."`
	MaxScore  *float64 `placeholder:"X" help:"The most cosine that a negative may have."`
	Output    string   `placeholder:"FILE" help:"The JSON lines to write. Default: standard output."`

	dataFormat
}

// Help is shown below the command's summary.
func (embedMineCommand) Help() string {
	return `For each pair, the model finds texts that are near to the anchor and don't belong to it: {"anchor", "positive", "negative"}, with a list of texts where
--negatives is more than 1. Pairs for which there are too few are left out and counted.

Example:

    finetune embed mine --model all-MiniLM-L6-v2 --data pairs.jsonl --negatives 4 --margin 0.05 --output triplets.jsonl`
}

// Run mines.
func (c *embedMineCommand) Run(ctx context.Context, s *streams) error {
	if err := errors.Join(atLeast("negatives", &c.Negatives, 1), atLeast("range-min", &c.RangeMin, 0)); err != nil {
		return err
	}
	e, err := c.encoder()
	if err != nil {
		return err
	}
	defer e.Close()
	pairs, err := c.pairs(ctx, s, c.Data)
	if err != nil {
		return err
	}
	anchors, texts, at, err := sides(ctx, s, pairs, c.Corpus)
	if err != nil {
		return err
	}
	own := make([]int, len(pairs))
	for i, p := range pairs {
		own[i] = at[p.positive]
	}
	asked, among, err := encodeSides(ctx, s, e, anchors, texts)
	if err != nil {
		return interrupted(ctx, err)
	}
	found, err := embed.Mine(asked, among, own, embed.MineConfig{Negatives: c.Negatives, RangeMin: c.RangeMin, Margin: c.Margin, MaxScore: c.MaxScore})
	if err != nil {
		return err
	}
	written := 0
	err = writeTo(c.Output, s, func(w io.Writer) error {
		out := json.NewEncoder(w)
		out.SetEscapeHTML(false)
		for i, p := range pairs {
			if len(found[i]) < c.Negatives {
				continue
			}
			var negatives []string
			for _, k := range found[i] {
				negatives = append(negatives, texts[k])
			}
			line := struct {
				Anchor   string `json:"anchor"`
				Positive string `json:"positive"`
				Negative any    `json:"negative"`
			}{p.anchor, p.positive, negatives}
			if c.Negatives == 1 {
				line.Negative = negatives[0]
			}
			written++
			if err := out.Encode(line); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	s.say("%s with %s each; %s left out for which there were fewer", plural(written, "pair"), plural(c.Negatives, "negative"), grouped(int64(len(pairs)-written)))
	return nil
}
