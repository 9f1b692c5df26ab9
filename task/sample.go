package task

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"unicode"

	"github.com/seahorse-ml/seahorse/data"
	"github.com/seahorse-ml/seahorse/generate"
)

// Sample returns what the model of a run writes now: up to so many tokens drawn after the
// beginning of the data, or what it writes about the first source. Where it learns from rewards,
// it is a prompt, the first of those that are kept apart, with an answer drawn as those that are
// learned. Ok is false for models that don't write.
func (r *Run) Sample(ctx context.Context, tokens int) (text string, ok bool, err error) {
	m, ok := r.Model.(generate.Model)
	if !ok {
		return "", false, nil
	}
	w := Writer{Model: m, Tokenizer: r.Tokenizer, Prompt: promptOf(r.Adapted), Config: generate.Config{MaxNewTokens: tokens, Seed: r.Seed}}
	prompt := r.prompt()
	var out bytes.Buffer
	if r.rollouts != nil {
		first := r.rollouts.first()
		w.Config = r.rollouts.request(first, r.rollouts.objective.Sampling).Config
		w.Config.MaxNewTokens, w.Config.Seed = min(tokens, w.Config.MaxNewTokens), r.Seed
		prompt = first.ids
		out.WriteString(first.Prompt)
	} else if _, about := m.(generate.Encoder); about {
		w.Config.MaxNewTokens = min(tokens, m.ContextLength()-1)
		prompt = prompt[:min(len(prompt), r.sourceLength())]
		fmt.Fprintf(&out, "%s -> ", r.Tokenizer.Decode(prompt, true))
	} else {
		w.Config.Temperature = 0.8
	}
	_, err = w.Write(ctx, &out, prompt)
	return out.String(), true, err
}

// prompt returns what a sample starts from: the prompt of the first document; in a stream the end of a line, as before a new
// paragraph; and where there is neither the first token of the text.
func (r *Run) prompt() []int32 {
	text := r.Rows.Text
	if r.Rows.Documents {
		lo, hi := text.Document(0)
		n := 0
		for lo+n < hi && !text.Target(lo+n) {
			n++
		}
		return firstTokens(text, max(n, 1))
	}
	if ids := r.Tokenizer.AppendPart(nil, []byte("\n"), false, false, false); len(ids) > 0 {
		return ids
	}
	return firstTokens(text, 1)
}

// firstTokens returns up to n tokens that a text starts with.
func firstTokens(t *data.Tokens, n int) []int32 {
	ids := make([]int32, min(n, t.Len()))
	for i := range ids {
		ids[i] = t.At(i)
	}
	return ids
}

// Opening returns the first word of the data, and the second where only a space is between them,
// to try the model with; or "". Of a pair it is that of the source.
func (r *Run) Opening() string {
	n := 64
	if r.Rows.Documents {
		lo, hi := r.Rows.Text.Document(0)
		n = min(n, hi-lo)
		if _, about := r.Model.(generate.Encoder); about {
			n = len(r.prompt())
		}
	}
	return firstWords(string(r.Tokenizer.Decode(firstTokens(r.Rows.Text, n), true)))
}

// firstWords returns the first word of a text, and the second where a space is between them, or "".
func firstWords(text string) string {
	words := strings.FieldsFunc(text, func(r rune) bool { return !unicode.IsLetter(r) })
	switch {
	case len(words) == 0:
		return ""
	case len(words) > 1 && strings.Contains(text, words[0]+" "+words[1]):
		return words[0] + " " + words[1]
	}
	return words[0]
}
