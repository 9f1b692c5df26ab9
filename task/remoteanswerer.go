package task

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/seahorse-ml/seahorse/internal/orderedjson"
	"github.com/seahorse-ml/seahorse/internal/random"
)

// RemoteAnswerer answers prompts by a server with OpenAI's API.
type RemoteAnswerer struct {
	URL         string // up to and with /v1
	Model       string
	Key         string        // sent as a bearer's; "" for none. It is kept nowhere.
	Temperature float64       // ≥ 0
	TopP        float64       // 1 for all
	MaxTokens   int           // of an answer, > 0
	Seed        uint64        // of the seeds of answers; not all servers heed them
	Parallel    int           // requests at a time, > 0
	Timeout     time.Duration // of a request; 0 for none
	Retries     int           // after a fault of the server or the network
	Wait        time.Duration // before the first retry, twice as long before each further one
}

// Provenance names the server, the model, and how tokens are drawn.
func (a *RemoteAnswerer) Provenance() map[string]any {
	return map[string]any{"url": a.URL, "model": a.Model, "temperature": a.Temperature, "top_p": a.TopP, "max_tokens": a.MaxTokens, "seed": a.Seed}
}

// Answer sends a request for each answer.
func (a *RemoteAnswerer) Answer(ctx context.Context, first int, prompts []Question, samples int) ([][]Said, error) {
	if a.Parallel < 1 || a.MaxTokens < 1 {
		return nil, fmt.Errorf("task: synthesis: %d requests at a time for %d tokens, expected at least 1 of each", a.Parallel, a.MaxTokens)
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	said := make([][]Said, len(prompts))
	free := make(chan struct{}, a.Parallel)
	var all sync.WaitGroup
	for i := range prompts {
		said[i] = make([]Said, samples)
		for k := range samples {
			all.Add(1)
			free <- struct{}{}
			go func() {
				defer func() { <-free; all.Done() }()
				seed := random.Uint64(a.Seed, uint64(first+i), uint64(k)) >> 33
				var err error
				if said[i][k], err = a.ask(ctx, prompts[i], seed); err != nil {
					cancel(fmt.Errorf("task: synthesis: prompt %d: %w", first+i+1, err))
				}
			}()
		}
	}
	all.Wait()
	return said, context.Cause(ctx)
}

// ask asks for an answer until one comes.
func (a *RemoteAnswerer) ask(ctx context.Context, p Question, seed uint64) (Said, error) {
	wait := a.Wait
	for try := 0; ; try++ {
		said, again, err := a.try(ctx, p, seed)
		if err == nil || !again || try >= a.Retries {
			return said, err
		}
		select {
		case <-time.After(wait):
			wait *= 2
		case <-ctx.Done():
			return said, context.Cause(ctx)
		}
	}
}

// mostAnswer is the most bytes of a response that are read.
const mostAnswer = 16 << 20

// try sends a request; again tells whether another one may succeed.
func (a *RemoteAnswerer) try(ctx context.Context, p Question, seed uint64) (said Said, again bool, err error) {
	o, path := orderedjson.NewObject(), "/completions"
	o.Set("model", a.Model)
	if p.Messages != nil {
		path = "/chat/completions"
		o.Set("messages", p.Messages)
		if tools, ok := p.Record.Get("tools"); ok {
			o.Set("tools", tools)
		}
	} else {
		o.Set("prompt", p.Text)
	}
	for name, v := range map[string]any{"temperature": a.Temperature, "top_p": a.TopP} {
		o.Set(name, v)
	}
	o.Set("max_tokens", int64(a.MaxTokens))
	o.Set("seed", int64(seed))
	body := orderedjson.Append(nil, o, orderedjson.Format{})
	if a.Timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, a.Timeout)
		defer cancel()
	}
	q, err := http.NewRequestWithContext(ctx, http.MethodPost, strings.TrimRight(a.URL, "/")+path, bytes.NewReader(body))
	if err != nil {
		return said, false, err
	}
	q.Header.Set("Content-Type", "application/json")
	if a.Key != "" {
		q.Header.Set("Authorization", "Bearer "+a.Key)
	}
	r, err := http.DefaultClient.Do(q)
	if err != nil {
		return said, true, err
	}
	defer r.Body.Close()
	raw, err := io.ReadAll(io.LimitReader(r.Body, mostAnswer+1))
	switch {
	case err != nil:
		return said, true, err
	case len(raw) > mostAnswer:
		return said, false, fmt.Errorf("%s: a response of more than %d bytes", a.URL, mostAnswer)
	case r.StatusCode != http.StatusOK:
		again = r.StatusCode == http.StatusTooManyRequests || r.StatusCode >= 500
		return said, again, fmt.Errorf("%s: %s: %.300s", a.URL, r.Status, raw)
	}
	said, err = parseSaid(raw)
	if err != nil {
		err = fmt.Errorf("%s: %w", a.URL, err)
	}
	return said, false, err
}

// parseSaid reads a response.
func parseSaid(raw []byte) (Said, error) {
	var answer struct {
		Choices []struct {
			Text    *string
			Message *struct{ Content *string }
			Finish  string `json:"finish_reason"`
		}
		Usage struct {
			Tokens int `json:"completion_tokens"`
		}
	}
	if err := json.Unmarshal(raw, &answer); err != nil {
		return Said{}, fmt.Errorf("no JSON of a completion: %w", err)
	}
	if len(answer.Choices) == 0 {
		return Said{}, errors.New("a response without a choice")
	}
	c := answer.Choices[0]
	said := Said{Tokens: answer.Usage.Tokens, Ended: c.Finish != "length"}
	switch {
	case c.Message != nil && c.Message.Content != nil:
		said.Text = *c.Message.Content
	case c.Text != nil:
		said.Text = *c.Text
	}
	return said, nil
}
