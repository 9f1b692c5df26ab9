package serve

import (
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/seahorse-ml/seahorse/generate"
	"github.com/seahorse-ml/seahorse/internal/orderedjson"
)

var completionKeys = append(slices.Clone(common), "prompt", "logprobs", "echo", "best_of", "suffix")

// completionAsked are prompts to be continued.
type completionAsked struct {
	asking
	requests []generate.Request
	echoed   []string // what each prompt's answers begin with
}

// complete answers /v1/completions.
func (s *Server) complete(w http.ResponseWriter, r *http.Request) error {
	if err := s.noText(); err != nil {
		return err
	}
	done, err := s.admit(w)
	if err != nil {
		return err
	}
	defer done()
	data, err := s.body(w, r)
	if err != nil {
		return err
	}
	c, err := s.completionAsked(data)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(r.Context(), s.config.Time)
	defer cancel()
	id := s.id("cmpl")
	answer := func(choices []any) map[string]any {
		return map[string]any{"id": id, "object": "text_completion", "created": time.Now().Unix(), "model": s.config.Name, "choices": choices, "system_fingerprint": nil}
	}
	texts, scores, ends := make([]string, len(c.requests)*c.samples), make([][]scored, len(c.requests)*c.samples), make([]string, len(c.requests)*c.samples)
	for i := range texts {
		texts[i] = c.echoed[i/c.samples]
	}
	object := func(i int, text string, at int, tokens []scored, finish any) map[string]any {
		return map[string]any{"index": i, "text": text, "logprobs": c.logProbs(tokens, at), "finish_reason": finish}
	}
	if !c.stream {
		use, err := s.write(ctx, c.requests, c.stops, func(i int, p part) error {
			texts[i] += p.text
			scores[i], ends[i] = append(scores[i], p.scored...), p.finish
			return nil
		})
		if err != nil {
			return err
		}
		var choices []any
		for i, text := range texts {
			choices = append(choices, object(i, text, len(c.echoed[i/c.samples]), scores[i], ends[i]))
		}
		whole := answer(choices)
		whole["usage"] = use
		return answerJSON(w, whole)
	}
	out, begun := newStream(w), make([]bool, len(texts))
	send := func(choices []any, use any) error {
		chunk := answer(choices)
		if c.usage {
			chunk["usage"] = use
		}
		return out.send(chunk)
	}
	use, err := s.write(ctx, c.requests, c.stops, func(i int, p part) error {
		shown, at := p.text, len(texts[i])
		if !begun[i] {
			begun[i], shown = true, texts[i]+p.text
		}
		texts[i] += p.text
		if shown == "" && p.finish == "" {
			return nil
		}
		var finish any
		if p.finish != "" {
			finish = p.finish
		}
		return send([]any{object(i, shown, at, p.scored, finish)}, nil)
	})
	if err == nil && c.usage {
		err = send([]any{}, use)
	}
	return out.end(err)
}

// completionAsked reads a request.
func (s *Server) completionAsked(data []byte) (c completionAsked, err error) {
	f, err := readFields(data, completionKeys...)
	if err != nil {
		return c, err
	}
	if c.asking, err = s.asking(f); err != nil {
		return c, err
	}
	const tokens = 16 // that OpenAI writes by default
	if !c.given {
		c.config.MaxNewTokens = min(tokens, s.config.MaxTokens)
	}
	f.only("suffix", "")
	f.integer("best_of", int64(c.samples), int64(c.samples), int64(c.samples))
	echo, top := f.boolean("echo"), -1
	if _, ok := f.get("logprobs"); ok {
		if top = int(f.integer("logprobs", 0, 20, 0)); echo {
			f.fail("logprobs", "not together with echo")
		}
	}
	prompts := s.prompts(f, "prompt")
	if f.err != nil {
		return c, f.err
	}
	for _, p := range prompts {
		r, err := s.request(c.asking, p.ids)
		if err != nil {
			return c, err
		}
		r.LogProbs, r.TopLogProbs = top >= 0, max(0, top)
		c.requests = append(c.requests, r)
		if !echo {
			p.text = ""
		}
		c.echoed = append(c.echoed, p.text)
	}
	return c, nil
}

// input is a text of a request.
type input struct {
	text string
	ids  []int32
}

// prompts reads texts: one or a list of them, as strings or as ids.
func (s *Server) prompts(f *fields, key string) []input {
	const most = 128
	v, ok := f.get(key)
	if !ok {
		if f.err == nil {
			f.fail(key, "expected a text or a list of texts")
		}
		return nil
	}
	list, isList := v.([]any)
	if isList && len(list) > 0 {
		if _, ids := list[0].(int64); ids { // one text as ids
			list = []any{v}
		}
	} else if !isList {
		list = []any{v}
	}
	if len(list) == 0 || len(list) > most {
		f.fail(key, "%d texts, expected 1 to %d", len(list), most)
		return nil
	}
	var all []input
	for _, item := range list {
		var in input
		switch item := item.(type) {
		case string:
			in.text = item
			var err error
			if in.ids, err = s.encode(item); err != nil {
				f.fail(key, "%v", err)
			}
		case []any:
			in = s.idsOf(f, key, item)
		default:
			f.fail(key, "expected a text, a list of texts, or of tokens, got %s", orderedjson.Kind(item))
		}
		if f.err != nil {
			return nil
		}
		all = append(all, in)
	}
	return all
}

// encode returns the ids of a text that is continued, or embedded where the model doesn't write.
func (s *Server) encode(text string) ([]int32, error) {
	if s.writer == nil {
		return s.trained.Tokenizer.AppendIDs(nil, []byte(text), true), nil
	}
	return s.writer.Encode(text)
}

// idsOf reads a text that is given as ids.
func (s *Server) idsOf(f *fields, key string, list []any) (in input) {
	for _, v := range list {
		id, ok := v.(int64)
		if !ok || id < 0 || id >= int64(s.trained.Model.VocabSize()) {
			f.fail(key, "tokens are integers from 0 to %d", s.trained.Model.VocabSize()-1)
			return in
		}
		in.ids = append(in.ids, int32(id))
	}
	if len(in.ids) == 0 {
		f.fail(key, "an empty list of tokens")
	}
	in.text = valid(s.trained.Tokenizer.Decode(in.ids, true))
	return in
}

// logProbs returns tokens' probabilities as completions have them, for text that begins at a place, or nil where they aren't asked for.
func (c *completionAsked) logProbs(tokens []scored, at int) any {
	if !c.requests[0].LogProbs {
		return nil
	}
	texts, probabilities, tops, offsets := []string{}, []float64{}, []any{}, []int{}
	for _, t := range tokens {
		texts, probabilities, offsets = append(texts, valid(t.text)), append(probabilities, finite(t.logProb)), append(offsets, at)
		at += len(t.text)
		top := map[string]float64{}
		for _, other := range t.top {
			top[valid(other.text)] = finite(other.logProb)
		}
		tops = append(tops, top)
	}
	return map[string]any{"tokens": texts, "token_logprobs": probabilities, "top_logprobs": tops, "text_offset": offsets}
}
