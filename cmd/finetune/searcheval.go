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
	return `Tells the share of questions that are answered by one of the first 1, 5 and 10 passages, and the mean of 1/rank.

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
	for i, q := range questions {
		hits, err := f.find(ctx, q.Question)
		if err != nil {
			return interrupted(ctx, err)
		}
		for _, h := range hits {
			ranked[i] = append(ranked[i], h.Number)
			if q.answeredBy(h) {
				own[i] = append(own[i], h.Number)
			}
		}
	}
	r := embed.RankedRetrieval(ranked, own, f.index.Len())
	out := struct {
		Questions int     `json:"questions"`
		Passages  int     `json:"passages"`
		At1       float64 `json:"answered@1"`
		At5       float64 `json:"answered@5"`
		At10      float64 `json:"answered@10"`
		MRR       float64 `json:"mrr@10"`
	}{r.Anchors, r.Texts, r.Recall[1], r.Recall[5], r.Recall[10], r.MRR}
	if c.JSON {
		return json.NewEncoder(s.out).Encode(out)
	}
	_, err = fmt.Fprintf(s.out, "answered by the first passage %.1f%%, the first 5 %.1f%%, the first 10 %.1f%%; MRR@10 %.4f; %s, %s\n",
		100*out.At1, 100*out.At5, 100*out.At10, out.MRR, plural(out.Questions, "question"), plural(out.Passages, "passage"))
	return err
}
