package generate

import (
	"fmt"

	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/layers"
	"gorgonia.org/tensor"
)

// batchTrace is a trace of N tokens of any texts, of which R are followed by a token.
type batchTrace struct {
	ids, positions, lengths *graph.Node // [N, 1], [N, 1] and [N], of the tokens' texts
	at                      *graph.Node // [R], the rows of N that are followed
	logits                  *graph.Node // [R, V]
	vocab                   int
	machine                 *graph.Machine
	used                    uint64 // when it ran last
}

// batchTraces are the traces of a batcher, which work in the memory of the largest.
type batchTraces struct {
	model  Model
	cells  *layers.Cells
	length int // of a text at most
	tokens int // N at most
	rows   int // R at most
	bySize map[[2]int]*batchTrace
	runs   uint64
	base   *graph.Machine
}

// mostTraces is how many traces are kept at one time.
const mostTraces = 48

// begin makes the largest trace.
func (s *batchTraces) begin(tokens, rows int) error {
	s.tokens, s.rows, s.bySize = tokens, rows, map[[2]int]*batchTrace{}
	t, err := s.of(tokens, rows)
	if err == nil {
		s.base = t.machine
	}
	return err
}

// of returns a trace for so many tokens, and so many that are followed.
func (s *batchTraces) of(tokens, rows int) (*batchTrace, error) {
	size := [2]int{roundedTokens(tokens, s.tokens), roundedTokens(rows, s.rows)}
	size[1] = min(size[1], size[0])
	s.runs++
	t, ok := s.bySize[size]
	if !ok {
		if len(s.bySize) >= mostTraces {
			s.drop()
		}
		var g *graph.Graph
		var err error
		g, t = s.trace(size[0], size[1])
		if s.base == nil {
			t.machine, err = graph.Compile(g, t.logits)
		} else {
			t.machine, err = s.base.Compile(g, t.logits)
		}
		if err != nil {
			return nil, fmt.Errorf("generate: batcher: %w", err)
		}
		s.bySize[size] = t
	}
	t.used = s.runs
	return t, nil
}

// drop closes the trace that ran longest ago, but the first.
func (s *batchTraces) drop() {
	var oldest [2]int
	for size, t := range s.bySize {
		if o := s.bySize[oldest]; t.machine != s.base && (o == nil || t.used < o.used) {
			oldest = size
		}
	}
	s.bySize[oldest].machine.Close()
	delete(s.bySize, oldest)
}

func (s *batchTraces) close() {
	for _, t := range s.bySize {
		t.machine.Close()
	}
	s.bySize, s.base = nil, nil
}

// trace traces N tokens, each a row of one, with R of them followed.
func (s *batchTraces) trace(tokens, rows int) (*graph.Graph, *batchTrace) {
	g := graph.New(graph.Config{DType: dtypeOf(s.model)})
	t := &batchTrace{
		ids:       g.Input("ids", tensor.Int32, tokens, 1),
		positions: g.Input("positions", tensor.Int32, tokens, 1),
		lengths:   g.Input("lengths", tensor.Int32, tokens),
		at:        g.Input("at", tensor.Int32, rows),
		vocab:     s.model.VocabSize(),
	}
	pass := layers.Pass{Positions: t.positions, Length: s.length, Lengths: t.lengths, Cells: s.cells}
	hidden := s.model.Hidden(g, t.ids, pass)
	if g.Err() == nil {
		hidden = g.Reshape(hidden, tokens, hidden.Shape()[2])
	}
	t.logits = s.model.Head(g, g.Embedding(hidden, t.at))
	return g, t
}

// fill sets the inputs to the tokens of runs, each of the row beside it.
func (t *batchTrace) fill(runs []graph.TextRun, rows []*batchRow) {
	ids, positions, lengths, at := graph.Ints(t.ids), graph.Ints(t.positions), graph.Ints(t.lengths), graph.Ints(t.at)
	n, followed := 0, 0
	for i, run := range runs {
		r := rows[i]
		for k := range run.Tokens {
			ids[n], positions[n], lengths[n] = r.ids[run.At+k], int32(run.At+k), int32(len(r.ids))
			n++
		}
		if run.At+run.Tokens == len(r.ids) {
			at[followed] = int32(n - 1)
			followed++
		}
	}
	for ; n < len(ids); n++ {
		ids[n], positions[n], lengths[n] = 0, 0, 1
	}
	clear(at[followed:])
}

func (t *batchTrace) run() error {
	if err := t.machine.RunAll(); err != nil {
		return fmt.Errorf("generate: batcher: %w", err)
	}
	return nil
}
