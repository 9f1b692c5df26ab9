package generate

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math"
	"sync"

	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/layers"
)

// BatcherConfig configures NewBatcher.
type BatcherConfig struct {
	Rows   int // texts that are written side by side at most, up to 65,536; 0 means 32
	Length int // tokens of a text at most, its prompt among them; 0 means the model's context, and at most 4,096
	// Cells are the tokens whose keys and values are kept, of all texts together. A text takes as many as its prompt and MaxNewTokens, and
	// waits until there are some. 0 means 1,024 for each row, and enough for one text.
	Cells int
	Step  int // tokens of prompts that are read between two tokens of the texts, about; 0 means 128
	// Keep keeps what was read of the prompts of texts that have ended, in whole pieces of 64 tokens, as long as no other text needs the cells: a prompt
	// that begins with the same pieces, as the next turn of a conversation does, is read from there on, with the same result to the bit. Before a
	// model's parameters change, what is kept must be forgotten by Forget. Models that are Turning at a length keep nothing. Default: false.
	Keep bool
}

// mostRows is more than any machine writes side by side.
const mostRows = 1 << 16

// ErrClosed is the error of requests to a Batcher that is closed.
var ErrClosed = errors.New("generate: the batcher is closed")

// Batcher writes texts for many requests side by side: they join and leave between two tokens, and each has its own sampler. What is
// written for a request depends on it alone, bit by bit, not on those beside it. Its methods may be called by many goroutines at once. While it
// has nothing to write, the model's parameters may be changed; see Forget.
type Batcher struct {
	model  Model
	config BatcherConfig

	mu      sync.Mutex
	wake    *sync.Cond // of the goroutine that writes
	waiting []*job
	rows    []*batchRow // that are written, by the order in which they came
	free    cellSpace
	kept    keptTexts // of texts that have ended
	epoch   uint64    // counts how often what was kept is forgotten
	spared  int       // tokens of prompts that weren't read again
	closed  bool
	ended   chan struct{} // closed when the goroutine has ended

	cells  *layers.Cells
	traces batchTraces
}

// A Request is a prompt for a Batcher, and how it is continued.
type Request struct {
	Prompt  []int32
	Config  Config // Watch isn't called; Stop and Ended end a sample
	Samples int    // texts for the prompt, which is read once; 0 means 1
	Stream  uint64 // of random numbers for the first sample; those behind it have the next ones
	// LogProbs asks for the logarithm of each token's probability, by the model and before anything in Config, and TopLogProbs for so many of the
	// most probable tokens in its place.
	LogProbs    bool
	TopLogProbs int
	// End is asked after each token whether the sample ends there, in the goroutine that writes all texts, so it should be quick; nil for no.
	End func(sample int, t Token) bool
}

// Token is what a Batcher has written.
type Token struct {
	Sample  int
	ID      int32
	LogProb float64      // 0 unless the request asks for it
	Top     []TokenScore // most probable first; nil unless the request asks for them
	Last    bool         // the sample ends with it
}

// TokenScore is a token with the logarithm of its probability.
type TokenScore struct {
	ID      int32
	LogProb float64
}

// Written is a text of Batcher.Write.
type Written struct {
	IDs      []int32   // new tokens, with the one that ended the text
	LogProbs []float64 // of them; nil unless the request asks for them
}

// NewBatcher makes room for texts and starts a goroutine that writes them, until Close. It is for models without an Encoder. The model's parameters
// must have values.
func NewBatcher(m Model, c BatcherConfig) (*Batcher, error) {
	c, err := c.complete(m)
	if err != nil {
		return nil, err
	}
	b := &Batcher{model: m, config: c, ended: make(chan struct{}), cells: layers.NewCells(dtypeOf(m), c.Cells)}
	b.wake = sync.NewCond(&b.mu)
	b.free = newCellSpace(c.Cells)
	b.traces = batchTraces{model: m, cells: b.cells, length: c.Length}
	if err := b.traces.begin(c.Rows+c.Step, c.Rows); err != nil {
		return nil, err
	}
	go b.write()
	return b, nil
}

// complete returns the configuration without zeros, or what is wrong with it.
func (c BatcherConfig) complete(m Model) (BatcherConfig, error) {
	if _, about := m.(Encoder); about {
		return c, fmt.Errorf("generate: batcher: a %T writes about texts, and continues none", m)
	}
	const rows, length, cells, step = 32, 4096, 1024, 128
	if c.Rows == 0 {
		c.Rows = rows
	}
	if c.Length == 0 {
		c.Length = min(length, m.ContextLength())
	}
	if c.Cells == 0 {
		c.Cells = max(c.Length, c.Rows*min(cells, c.Length))
	}
	if c.Step == 0 {
		c.Step = step
	}
	switch {
	case c.Rows < 0 || c.Rows > mostRows || c.Step < 0:
		return c, fmt.Errorf("generate: batcher: %d rows and steps of %d tokens, expected 1 to %d, and more than 0", c.Rows, c.Step, mostRows)
	case c.Length < 2 || c.Length > m.ContextLength():
		return c, fmt.Errorf("generate: batcher: texts of %d tokens, expected 2 to the model's context of %d", c.Length, m.ContextLength())
	case c.Cells < c.Length || c.Cells > math.MaxInt32:
		return c, fmt.Errorf("generate: batcher: room for %d tokens, expected as many as a text of %d has", c.Cells, c.Length)
	}
	c.Step = max(c.Step, promptPiece)
	if t, ok := m.(Turning); ok && t.TurnsBeyond() > 0 {
		c.Keep = false
	}
	return c, nil
}

// Config returns the configuration with its defaults filled in.
func (b *Batcher) Config() BatcherConfig { return b.config }

// Load returns how many texts are written now, and how many requests wait for their turn.
func (b *Batcher) Load() (writing, waiting int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.rows), len(b.waiting)
}

// Check tells why a request can't be written, or nil.
func (b *Batcher) Check(r Request) error {
	if err := r.Config.Validate(); err != nil {
		return err
	}
	if err := checkIDs(b.model, "prompt", r.Prompt); err != nil {
		return err
	}
	samples := max(1, r.Samples)
	switch {
	case r.Samples < 0 || r.TopLogProbs < 0 || r.TopLogProbs > b.model.VocabSize():
		return fmt.Errorf("generate: %d samples with the logarithms of %d tokens, expected at least 0 and no more than the vocabulary", r.Samples, r.TopLogProbs)
	case len(r.Prompt) >= b.config.Length:
		return fmt.Errorf("generate: a prompt of %d tokens leaves no room for a text in %d", len(r.Prompt), b.config.Length)
	case samples > b.config.Rows:
		return fmt.Errorf("generate: %d samples, at most %d texts are written side by side", samples, b.config.Rows)
	case samples*b.need(r) > b.config.Cells:
		return fmt.Errorf("generate: %d samples of up to %d tokens, there is room for %d tokens in all", samples, b.need(r), b.config.Cells)
	}
	return nil
}

// need returns how many cells a sample takes.
func (b *Batcher) need(r Request) int {
	return len(r.Prompt) + min(r.Config.MaxNewTokens, b.config.Length-len(r.Prompt))
}

// Stream writes texts for a request, token by token, those of samples as they come. A sample ends after MaxNewTokens, a Stop token, where Ended or
// End say so, or where it has as many tokens as a text may have. An error is the last element; cancelling ctx is such an error.
func (b *Batcher) Stream(ctx context.Context, r Request) iter.Seq2[Token, error] {
	return func(yield func(Token, error) bool) {
		if err := b.Check(r); err != nil {
			yield(Token{}, err)
			return
		}
		j := &job{request: r, bell: make(chan struct{}, 1)}
		if err := b.enqueue([]*job{j}); err != nil {
			yield(Token{}, err)
			return
		}
		defer j.cancel(b)
		for {
			tokens, done, err := j.take()
			for _, t := range tokens {
				if !yield(t, nil) {
					return
				}
			}
			if done {
				if err != nil {
					yield(Token{}, err)
				}
				return
			}
			select {
			case <-j.bell:
			case <-ctx.Done():
				yield(Token{}, ctx.Err())
				return
			}
		}
	}
}

// Write writes the texts of several requests, and returns those of each request's samples.
func (b *Batcher) Write(ctx context.Context, requests []Request) ([][]Written, error) {
	jobs, all := make([]*job, len(requests)), make([][]Written, len(requests))
	for i, r := range requests {
		if err := b.Check(r); err != nil {
			return nil, fmt.Errorf("request %d: %w", i, err)
		}
		jobs[i], all[i] = &job{request: r, bell: make(chan struct{}, 1)}, make([]Written, max(1, r.Samples))
	}
	if err := b.enqueue(jobs); err != nil {
		return nil, err
	}
	defer func() {
		for _, j := range jobs {
			j.cancel(b)
		}
	}()
	for i, j := range jobs {
		for {
			tokens, done, err := j.take()
			for _, t := range tokens {
				w := &all[i][t.Sample]
				w.IDs = append(w.IDs, t.ID)
				if j.request.LogProbs {
					w.LogProbs = append(w.LogProbs, t.LogProb)
				}
			}
			if err != nil {
				return nil, err
			}
			if done {
				break
			}
			select {
			case <-j.bell:
			case <-ctx.Done():
				return nil, ctx.Err()
			}
		}
	}
	return all, nil
}

// Close ends what is written with ErrClosed, and gives the memory back.
func (b *Batcher) Close() {
	b.mu.Lock()
	b.closed = true
	b.wake.Signal()
	b.mu.Unlock()
	<-b.ended
}

// EstimateBatcher returns what a Batcher would take at most, without taking it. The model may be a sketch.
func EstimateBatcher(m Model, c BatcherConfig) (use Memory, err error) {
	if c, err = c.complete(m); err != nil {
		return use, err
	}
	cells := layers.SketchCells(dtypeOf(m), c.Cells)
	traces := batchTraces{model: m, cells: cells, length: c.Length}
	g, t := traces.trace(c.Rows+c.Step, c.Rows)
	planned, err := graph.EstimateMemory(g, t.logits)
	if err != nil {
		return use, fmt.Errorf("generate: batcher: %w", err)
	}
	for _, p := range m.Params() {
		use.Parameters += p.Bytes()
	}
	const logit = 4
	use.Arena, use.Cache = planned.Arena, cells.Bytes()
	use.Scores = c.Rows * (m.VocabSize()*logit + samplerBytes(Config{Temperature: 1}, m.VocabSize()))
	return use, nil
}
