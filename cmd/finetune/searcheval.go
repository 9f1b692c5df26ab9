package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/seahorse-ml/seahorse/embed"
	"github.com/seahorse-ml/seahorse/search"
)

// searchEvalCommand is `finetune search eval`.
type searchEvalCommand struct {
	findOptions
	Data string `required:"" placeholder:"FILE|-" help:"Questions: JSON lines {\"question\": …, \"sources\": [...]} with what the documents that answer them are called, or \"passages\": texts of which a passage that answers has one."`
	JSON bool   `help:"Print one JSON object."`
}

// Help is shown below the command's summary.
func (searchEvalCommand) Help() string {
	return `Tells the share of questions that are answered by one of the first 1, 5 and 10 passages, the mean of 1/rank, and how long a search takes without the
vector of its query. Where vectors are in cells, which is approximate, it also tells how many of the ten that an exact scan finds they find, and how long that
scan takes.

Example:

    finetune search eval --index bible.index --data questions.jsonl --mode hybrid`
}

// examQuestion is a question with what answers it.
type examQuestion struct {
	Question string   `json:"question"`
	Sources  []string `json:"sources"`
	Passages []string `json:"passages"`
}

// answeredBy tells whether a passage answers the question.
func (q examQuestion) answeredBy(h search.Hit) bool {
	if slices.Contains(q.Sources, h.Source) {
		return true
	}
	text := strings.Join(strings.Fields(h.Whole()), " ")
	return slices.ContainsFunc(q.Passages, func(p string) bool { return strings.Contains(text, strings.Join(strings.Fields(p), " ")) })
}

// readQuestions reads JSON lines of questions.
func readQuestions(path string, s *streams) ([]examQuestion, error) {
	in := s.in
	if path != "-" {
		f, err := os.Open(path)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		in = f
	}
	var all []examQuestion
	lines := bufio.NewReader(in)
	for n := 1; ; n++ {
		line, err := lines.ReadBytes('\n')
		if err != nil && err != io.EOF {
			return nil, err
		}
		if len(bytes.TrimSpace(line)) > 0 {
			var q examQuestion
			if err := json.Unmarshal(line, &q); err != nil {
				return nil, fmt.Errorf("%s:%d: %w", path, n, err)
			}
			if q.Question == "" || len(q.Sources)+len(q.Passages) == 0 {
				return nil, fmt.Errorf(`%s:%d: expected {"question": …, "sources": [...]} or "passages"`, path, n)
			}
			all = append(all, q)
		}
		if err == io.EOF {
			break
		}
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("no questions in %s", path)
	}
	return all, nil
}

// Run evaluates.
func (c *searchEvalCommand) Run(ctx context.Context, s *streams) error {
	questions, err := readQuestions(c.Data, s)
	if err != nil {
		return err
	}
	c.Top = max(c.Top, 10)
	f, err := c.open()
	if err != nil {
		return err
	}
	defer f.close()
	ranked, own := make([][]int, len(questions)), make([][]int, len(questions))
	var taken timings
	var near *agreement
	if f.encoder != nil && f.index.Grouped() && !f.Exact {
		near = &agreement{}
	}
	for i, question := range questions {
		q, err := f.query(ctx, question.Question)
		if err != nil {
			return interrupted(ctx, err)
		}
		begin := time.Now()
		hits, err := f.index.Search(ctx, q)
		if err != nil {
			return interrupted(ctx, err)
		}
		taken = append(taken, time.Since(begin))
		if near != nil {
			if err := near.compare(ctx, f.index, q); err != nil {
				return interrupted(ctx, err)
			}
		}
		for _, h := range hits {
			ranked[i] = append(ranked[i], h.Number)
			if question.answeredBy(h) {
				own[i] = append(own[i], h.Number)
			}
		}
	}
	r := embed.RankedRetrieval(ranked, own, f.index.Len())
	out := searchFigures{Questions: r.Anchors, Passages: r.Texts, At1: r.Recall[1], At5: r.Recall[5], At10: r.Recall[10], MRR: r.MRR, Milliseconds: taken.median()}
	if near != nil {
		out.CellsRecall, out.CellsMilliseconds, out.ExactMilliseconds = near.share(), near.cells.median(), near.exact.median()
	}
	if c.JSON {
		return json.NewEncoder(s.out).Encode(out)
	}
	fmt.Fprintf(s.out, "answered by the first passage %.1f%%, the first 5 %.1f%%, the first 10 %.1f%%; MRR@10 %.4f; %s, %s; a search takes %.2f ms\n",
		100*out.At1, 100*out.At5, 100*out.At10, out.MRR, plural(out.Questions, "question"), plural(out.Passages, "passage"), out.Milliseconds)
	if near != nil {
		fmt.Fprintf(s.out, "by vectors, the cells find %.2f%% of the exact scan's first 10, in %.2f ms beside %.2f\n", 100*out.CellsRecall, out.CellsMilliseconds, out.ExactMilliseconds)
	}
	return nil
}

// searchFigures is what --json prints. Times are medians.
type searchFigures struct {
	Questions         int     `json:"questions"`
	Passages          int     `json:"passages"`
	At1               float64 `json:"answered@1"`
	At5               float64 `json:"answered@5"`
	At10              float64 `json:"answered@10"`
	MRR               float64 `json:"mrr@10"`
	Milliseconds      float64 `json:"search_ms"`
	CellsRecall       float64 `json:"cells_recall@10,omitempty"`
	CellsMilliseconds float64 `json:"cells_ms,omitempty"`
	ExactMilliseconds float64 `json:"exact_ms,omitempty"`
}

// timings are how long searches took.
type timings []time.Duration

// median returns milliseconds.
func (t timings) median() float64 {
	sorted := slices.Sorted(slices.Values(t))
	if len(sorted) == 0 {
		return 0
	}
	return round(float64(sorted[len(sorted)/2])/1e6, 3)
}

// agreement compares searches by vectors in cells with exact ones.
type agreement struct {
	cells, exact timings
	found, all   int
}

// compare searches in both ways.
func (a *agreement) compare(ctx context.Context, x *search.Index, q search.Query) error {
	q.Mode, q.Top, q.Candidates, q.Rerank, q.Overlapping = search.Vector, 10, 10, nil, true
	numbers := func(exact bool, times *timings) (all []int, err error) {
		q.Exact = exact
		begin := time.Now()
		hits, err := x.Search(ctx, q)
		*times = append(*times, time.Since(begin))
		for _, h := range hits {
			all = append(all, h.Number)
		}
		return all, err
	}
	near, err := numbers(false, &a.cells)
	if err != nil {
		return err
	}
	exact, err := numbers(true, &a.exact)
	for _, n := range exact {
		a.all++
		if slices.Contains(near, n) {
			a.found++
		}
	}
	return err
}

// share returns the part of the exact hits that the cells found.
func (a *agreement) share() float64 { return float64(a.found) / float64(max(1, a.all)) }
