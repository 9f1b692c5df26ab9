package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/seahorse-ml/seahorse/search"
	"github.com/seahorse-ml/seahorse/task"
)

// askCommand is `finetune ask`.
type askCommand struct {
	Question string `arg:"" help:"The question."`
	findOptions
	Model        string  `required:"" placeholder:"DIR" help:"The model that answers: a decoder's directory or a GGUF file."`
	MinCosine    float64 `default:"0.3" placeholder:"X" help:"Passages whose cosine with the question is less don't count as found (${default}), of an index with vectors."`
	MaxNewTokens int     `default:"200" placeholder:"N" help:"Tokens of the answer at most (${default})."`
	Temperature  float64 `default:"0" placeholder:"X" help:"How freely the answer is drawn (${default}: the best token each time)."`
	Seed         uint64  `default:"1337" placeholder:"N" help:"Seed of what is drawn (${default})."`
	ChatTemplate string  `placeholder:"FILE|NAME" help:"Chat template in place of the model's own."`
	JSON         bool    `help:"Print one JSON object with the answer and its sources."`

	storageFlags
}

// Help is shown below the command's summary.
func (askCommand) Help() string {
	return `The passages that fit the question are given to the model, which answers from them. Below its answer stand the sources: those that it names by their number, or
where it names none those that have most of its words, or else all that it was given. Where nothing fits, that is said, and the model isn't asked.

Examples:

    finetune ask --index bible.index --model SmolLM2-135M-Instruct "Who built the ark?"
    finetune ask --index notes.index --model model.gguf --top 3 --json "When does the certificate expire?"`
}

// askSystem tells the model what to do.
const askSystem = "You answer questions from the numbered passages that you are given, in a sentence or two. Name the passages that you use by their numbers, as in [1]. If the passages don't answer the question, say that they don't."

// sourceLine is a source of an answer as JSON.
type sourceLine struct {
	Number int    `json:"number"`
	Cited  bool   `json:"cited"` // the answer names it, or names none and shares most words with this one
	Source string `json:"source"`
	Text   string `json:"text"`
}

// Run answers.
func (c *askCommand) Run(ctx context.Context, s *streams) error {
	if strings.TrimSpace(c.Question) == "" {
		return errors.New("the question is empty")
	}
	if err := errors.Join(atLeast("max-new-tokens", &c.MaxNewTokens, 1), inRange("temperature", &c.Temperature, false)); err != nil {
		return err
	}
	if !(c.MinCosine >= -1 && c.MinCosine <= 1) {
		return fmt.Errorf("--min-cosine %g: expected -1 to 1", c.MinCosine)
	}
	f, err := c.open()
	if err != nil {
		return err
	}
	defer f.close()
	hits, err := f.find(ctx, c.Question)
	if err != nil {
		return interrupted(ctx, err)
	}
	hits = c.fitting(hits)
	if len(hits) == 0 {
		if c.JSON {
			return json.NewEncoder(s.out).Encode(map[string]any{"question": c.Question, "found": false, "sources": []sourceLine{}})
		}
		_, err := fmt.Fprintln(s.out, "Nothing was found that answers this.")
		return err
	}
	answer, used, err := c.answer(ctx, s, hits)
	if err != nil {
		return interrupted(ctx, err)
	}
	sources := sourcesOf(answer, f.index.Settings().Language, hits[:used])
	if c.JSON {
		out := json.NewEncoder(s.out)
		out.SetEscapeHTML(false)
		return out.Encode(map[string]any{"question": c.Question, "found": true, "answer": answer, "sources": sources})
	}
	cited := slices.ContainsFunc(sources, func(x sourceLine) bool { return x.Cited })
	fmt.Fprint(s.out, "\n\nSources:\n")
	for _, x := range sources {
		if x.Cited || !cited {
			fmt.Fprintf(s.out, "[%d] %s: %s\n", x.Number, x.Source, x.Text)
		}
	}
	return nil
}

// fitting leaves out hits that are far from the question.
func (c *askCommand) fitting(hits []search.Hit) []search.Hit {
	return slices.DeleteFunc(hits, func(h search.Hit) bool {
		return h.Cosine != nil && *h.Cosine < c.MinCosine
	})
}

// answer lets the model answer from as many of the passages as it has room for, and returns how many those were.
func (c *askCommand) answer(ctx context.Context, s *streams, hits []search.Hit) (string, int, error) {
	storage, err := c.storage(c.Model)
	if err != nil {
		return "", 0, err
	}
	t, err := task.Open(c.Model, task.OpenConfig{Storage: storage})
	if err != nil {
		return "", 0, err
	}
	x, err := t.Chat(task.ChatConfig{Template: c.ChatTemplate, System: askSystem})
	if err != nil {
		return "", 0, err
	}
	defer x.Close()
	x.Config.MaxNewTokens, x.Config.Temperature, x.Config.Seed = c.MaxNewTokens, c.Temperature, c.Seed
	const frame = 40 // tokens that the template puts around what is said, or few more
	room := min(t.Model.ContextLength(), 4096) - c.MaxNewTokens - frame - len(t.Tokenizer.AppendIDs(nil, []byte(askSystem+c.Question), false))
	var prompt strings.Builder
	used := 0
	for i, h := range hits {
		text := fmt.Sprintf("[%d] %s: %s\n", i+1, h.Source, strings.Join(strings.Fields(h.Whole()), " "))
		if room -= len(t.Tokenizer.AppendIDs(nil, []byte(text), false)); room < 0 {
			break
		}
		prompt.WriteString(text)
		used++
	}
	if used == 0 {
		return "", 0, fmt.Errorf("the model has no room for a passage: its context is %d tokens, of which --max-new-tokens takes %d", t.Model.ContextLength(), c.MaxNewTokens)
	}
	fmt.Fprintf(&prompt, "\nQuestion: %s", c.Question)
	out := s.out
	if c.JSON {
		out = io.Discard
	}
	reply, err := x.Say(ctx, out, prompt.String())
	return strings.TrimSpace(reply.Text), used, err
}

var citation = regexp.MustCompile(`\[(\d+)\]`)

// sourcesOf lists the passages that the model was given, and which of them the answer is from: those that it names, or else those with most of its words.
func sourcesOf(answer, language string, hits []search.Hit) []sourceLine {
	named := map[int]bool{}
	for _, m := range citation.FindAllStringSubmatch(answer, -1) {
		if n, err := strconv.Atoi(m[1]); err == nil && n >= 1 && n <= len(hits) {
			named[n] = true
		}
	}
	if len(named) == 0 {
		texts := make([]string, len(hits))
		for i, h := range hits {
			texts[i] = h.Whole()
		}
		shares := search.Support(answer, language, texts)
		most := slices.Max(shares)
		for i, share := range shares {
			named[i+1] = share > 0 && share == most
		}
	}
	var all []sourceLine
	for i, h := range hits {
		all = append(all, sourceLine{i + 1, named[i+1], h.Source, strings.Join(strings.Fields(h.Text), " ")})
	}
	return all
}
