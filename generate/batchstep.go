package generate

import (
	"slices"

	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/internal/parallel"
)

// promptPiece is how many tokens of a prompt are read at most in one piece, the pieces of a text beginning at multiples of it, so that what they
// are does not depend on what else is read or written.
const promptPiece = 64

// chooser is a row whose next token is chosen.
type chooser struct {
	row    *batchRow
	logits int // row of the trace's logits
	token  Token
	err    error
}

// reads tells whether a row reads more than its last token, or waits for that.
func (r *batchRow) reads() bool { return len(r.ids) == r.begun || len(r.ids)-r.known > 1 }

// waits tells whether a row waits until its first sample has read the prompt.
func (r *batchRow) waits() bool { return r.first != r && len(r.ids) == r.begun }

// step reads the last token of each text and some of the prompts, and adds a token to each text whose tokens are all read.
func (b *Batcher) step() error {
	var choosers []*chooser
	runs, tokens, rows := b.cells.Runs.List[:0], 0, make([]*batchRow, 0, len(b.rows))
	take := func(r *batchRow, n int) {
		runs = append(runs, graph.TextRun{Token: tokens, Tokens: n, At: r.known, Cell: r.cells.from})
		rows = append(rows, r)
		tokens += n
		if r.known += n; r.known == len(r.ids) {
			choosers = append(choosers, &chooser{row: r, logits: len(choosers)})
		}
	}
	for _, r := range b.rows {
		if !r.reads() {
			take(r, 1)
		}
	}
	written := tokens
	for _, r := range b.rows {
		for r.reads() && !r.waits() && r.known < len(r.ids) {
			n := min(promptPiece-r.known%promptPiece, len(r.ids)-r.known)
			if tokens-written+n > b.config.Step {
				break
			}
			take(r, n)
		}
	}
	b.cells.Runs.List = runs
	trace, err := b.traces.of(tokens, max(1, len(choosers)))
	if err != nil {
		return err
	}
	trace.fill(runs, rows)
	if err := trace.run(); err != nil {
		return err
	}
	for _, c := range choosers[:len(choosers):len(choosers)] {
		if c.row.first == c.row && len(c.row.ids) == c.row.begun {
			choosers = append(choosers, b.siblings(c)...)
		}
	}
	parallel.Run(len(choosers), func(_, i int) { choosers[i].choose(trace) })
	for _, c := range choosers {
		b.add(c)
	}
	return nil
}

// siblings returns the other samples for the prompt that a row has read, and gives them what it has.
func (b *Batcher) siblings(of *chooser) (others []*chooser) {
	for _, r := range b.rows {
		if r.first == of.row && r != of.row {
			b.cells.Copy(r.cells.from, of.row.cells.from, of.row.known)
			r.known = of.row.known
			others = append(others, &chooser{row: r, logits: of.logits})
		}
	}
	return others
}

// choose chooses the next token by a row of logits.
func (c *chooser) choose(t *batchTrace) {
	r, s := c.row, c.row.sampler
	s.room(t.vocab)
	copyLogits(s.logits, t.logits, c.logits)
	request := &r.job.request
	total := 0.0
	if request.LogProbs || request.TopLogProbs > 0 {
		total = logSumExp(s.logits)
	}
	if n := request.TopLogProbs; n > 0 {
		c.token.Top = best(s.logits, n, total)
	}
	var raw []float32
	if request.LogProbs && s.config.changes() {
		raw = slices.Clone(s.logits)
	}
	id, err := s.choose(s.logits, r.ids, uint64(len(r.ids)-r.begun))
	c.token.Sample, c.token.ID, c.err = r.sample, id, err
	if request.LogProbs && err == nil {
		if raw == nil {
			raw = s.logits
		}
		c.token.LogProb = float64(raw[id]) - total
	}
}

// best returns the n most probable tokens, for logits whose exponentials' logarithmic sum is total.
func best(logits []float32, n int, total float64) []TokenScore {
	top := make([]TokenScore, 0, n+1)
	for id, z := range logits {
		p := float64(z) - total
		if len(top) == n && p <= top[n-1].LogProb {
			continue
		}
		at := len(top)
		for at > 0 && top[at-1].LogProb < p {
			at--
		}
		top = slices.Insert(top, at, TokenScore{int32(id), p})
		top = top[:min(len(top), n)]
	}
	return top
}

// add adds the token that was chosen to its text.
func (b *Batcher) add(c *chooser) {
	r := c.row
	if c.err != nil {
		r.ended = true
		r.job.fail(c.err)
		return
	}
	r.ids = append(r.ids, c.token.ID)
	config, request, written := &r.sampler.config, &r.job.request, r.ids[r.begun:]
	c.token.Last = len(written) >= config.MaxNewTokens || len(r.ids) >= r.room || slices.Contains(config.Stop, c.token.ID) ||
		config.Ended != nil && config.Ended(written)
	if request.End != nil && request.End(r.sample, c.token) {
		c.token.Last = true
	}
	r.ended = c.token.Last
	if t, ok := b.model.(Turning); ok && t.TurnsBeyond() > 0 && len(r.ids) == t.TurnsBeyond()+1 {
		r.known = 0
	}
	r.job.give(c.token)
}

// room makes room for logits of a vocabulary.
func (s *sampler) room(vocab int) {
	if s.logits == nil {
		s.logits = make([]float32, vocab)
	}
}

// roundedTokens returns the size of a trace for n tokens: at most an eighth more, so that few traces serve all.
func roundedTokens(n, most int) int {
	step := 1
	for step*8 < n {
		step *= 2
	}
	return min((n+step-1)/step*step, most)
}
