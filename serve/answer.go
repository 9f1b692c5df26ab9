package serve

import (
	"context"
	"slices"
	"sync"

	"github.com/seahorse-ml/seahorse/data/tokenizer"
	"github.com/seahorse-ml/seahorse/generate"
)

// Reasons for which an answer ends.
const (
	endStop   = "stop"
	endLength = "length"
	endTools  = "tool_calls"
)

// part is what a token adds to an answer.
type part struct {
	text   string
	scored []scored // tokens with their probabilities, where they are asked for
	finish string   // why the answer ends with it; "" where it goes on
}

// scored is a token with its probability, and those of the most probable ones in its place.
type scored struct {
	text    []byte
	logProb float64
	top     []scored
}

// usage counts tokens, as OpenAI names them.
type usage struct {
	Prompt     int `json:"prompt_tokens"`
	Completion int `json:"completion_tokens"`
	Total      int `json:"total_tokens"`
}

// choice turns the tokens of one answer into text.
type choice struct {
	tokenizer *tokenizer.Tokenizer
	request   *generate.Request
	tokens    *tokenizer.DecodeStream
	stops     *generate.StopStrings
	held      []scored // of tokens that haven't shown any text yet
}

func (s *Server) newChoice(r *generate.Request, stops []string) *choice {
	search, _ := generate.NewStopStrings(stops...) // none is empty
	return &choice{tokenizer: s.trained.Tokenizer, request: r, tokens: s.trained.Tokenizer.NewDecodeStream(true), stops: search}
}

// add takes a token.
func (c *choice) add(t generate.Token) (p part) {
	if slices.Contains(c.request.Config.Stop, t.ID) {
		p.finish = endStop
	} else {
		if c.request.LogProbs {
			c.held = append(c.held, c.score(t))
		}
		show, ended := c.stops.Push(c.tokens.Push(t.ID))
		p.text = valid(show)
		if ended {
			p.finish = endStop
		} else if t.Last {
			p.finish = endLength
		}
	}
	if p.finish != "" {
		show, _ := c.stops.Push(c.tokens.Flush())
		p.text += valid(show) + valid(c.stops.Flush())
	}
	if p.text != "" || p.finish != "" {
		p.scored, c.held = c.held, nil
	}
	return p
}

func (c *choice) score(t generate.Token) scored {
	s := scored{text: c.tokenizer.Decode([]int32{t.ID}, false), logProb: t.LogProb}
	for _, other := range t.Top {
		s.top = append(s.top, scored{text: c.tokenizer.Decode([]int32{other.ID}, false), logProb: other.LogProb})
	}
	return s
}

// ending returns a generate.Request.End that ends samples at strings, or nil.
func (s *Server) ending(stops []string, samples int) func(int, generate.Token) bool {
	if len(stops) == 0 {
		return nil
	}
	tokens, searches := make([]*tokenizer.DecodeStream, samples), make([]*generate.StopStrings, samples)
	for i := range samples {
		tokens[i] = s.trained.Tokenizer.NewDecodeStream(true)
		searches[i], _ = generate.NewStopStrings(stops...)
	}
	return func(sample int, t generate.Token) bool {
		_, ended := searches[sample].Push(tokens[sample].Push(t.ID))
		return ended
	}
}

// write writes the samples of all requests and calls each with what comes; sample i of request r is choice r·samples + i.
func (s *Server) write(ctx context.Context, requests []generate.Request, stops []string, each func(choice int, p part) error) (u usage, err error) {
	ctx, cancel := context.WithCancel(ctx)
	type event struct {
		request int
		token   generate.Token
		err     error
	}
	events := make(chan event)
	var writers sync.WaitGroup
	samples := max(1, requests[0].Samples)
	choices := make([]*choice, 0, len(requests)*samples)
	for i := range requests {
		r := &requests[i]
		r.End = s.ending(stops, samples)
		u.Prompt += len(r.Prompt)
		for range samples {
			choices = append(choices, s.newChoice(r, stops))
		}
		writers.Go(func() {
			for t, err := range s.batcher.Stream(ctx, *r) {
				select {
				case events <- event{i, t, err}:
				case <-ctx.Done():
					return
				}
			}
		})
	}
	defer writers.Wait()
	defer cancel()
	for left := len(choices); left > 0; {
		select {
		case e := <-events:
			if e.err != nil {
				return u, e.err
			}
			u.Completion++
			n := e.request*samples + e.token.Sample
			p := choices[n].add(e.token)
			if p.finish != "" {
				left--
			}
			if err := each(n, p); err != nil {
				return u, err
			}
		case <-ctx.Done():
			return u, context.Cause(ctx)
		}
	}
	u.Total = u.Prompt + u.Completion
	return u, nil
}
