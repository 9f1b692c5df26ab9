package generate

import (
	"fmt"

	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/layers"
	"gorgonia.org/tensor"
)

// A text is what a scorer continues: the ids from first on, the others being left
// out because the model's context is full.
type text struct {
	ids   []int32
	first int
}

func (t *text) window() []int32 { return t.ids[t.first:] }

// add appends a token, and makes room for it in a context of so many tokens.
func (t *text) add(id int32, context int) {
	t.ids = append(t.ids, id)
	t.first = max(t.first, len(t.ids)-context)
}

// A scorer computes the logits of the tokens that follow B texts. While texts grow
// at their end, a step computes their last token only; the keys and values of the
// others are kept. Where a text changed otherwise, all of them are computed.
type scorer struct {
	model    Model
	sources  *encoded // what a decoder looks at; nil for models without an encoder
	dtype    tensor.Dtype
	texts    int // B
	capacity int // positions in the cache
	cache    *layers.Cache
	whole    *scorerTrace // of whole texts
	step     *scorerTrace // of one token each
	seen     []text       // what the cache holds, of each text
	logits   [][]float32  // [B][V]
}

// scorerTrace is a trace of B texts with T tokens each.
type scorerTrace struct {
	length             int         // T
	ids, positions, at *graph.Node // [B, T], [B, T] and [B], the last tokens' rows of B·T
	lengths            *graph.Node // [B], of the texts
	logits             *graph.Node // [B, V]
	machine            *graph.Machine
}

// lengthStep is what the lengths of traces are multiples of, so that one serves
// several lengths: causal models don't see a padded end.
const lengthStep = 32

// newScorer makes room for texts that begin with at most prompt tokens and grow by so many, up to the model's context, in a cache
// that newCache makes.
func newScorer(m Model, sources *encoded, texts, prompt, tokens int, newCache func(dt tensor.Dtype, batch, length int) *layers.Cache) *scorer {
	s := &scorer{model: m, sources: sources, dtype: dtypeOf(m), texts: texts}
	s.capacity = m.ContextLength()
	if tokens < s.capacity-prompt {
		s.capacity = roundedLength(prompt+tokens, s.capacity)
	}
	s.cache = newCache(s.dtype, texts, s.capacity)
	return s
}

func roundedLength(n, most int) int {
	return min((n+lengthStep-1)/lengthStep*lengthStep, most)
}

// next returns the logits [B][V] after the texts, which are valid until the next call.
func (s *scorer) next(texts []text) ([][]float32, error) {
	longest, grown := 0, len(s.seen) == len(texts)
	for i, t := range texts {
		longest = max(longest, len(t.window()))
		grown = grown && t.first == s.seen[i].first && len(t.ids) == len(s.seen[i].ids)+1 && !s.turns(len(t.window()))
	}
	trace, err := s.traceFor(longest, grown)
	if err != nil {
		return nil, fmt.Errorf("generate: %w", err)
	}
	for i, t := range texts {
		window := t.window()
		graph.Ints(trace.lengths)[i] = int32(len(window))
		row := graph.Ints(trace.ids)[i*trace.length : (i+1)*trace.length]
		if grown {
			row[0] = window[len(window)-1]
			graph.Ints(trace.positions)[i] = int32(len(window) - 1)
			graph.Ints(trace.at)[i] = int32(i)
		} else {
			clear(row[copy(row, window):])
			graph.Ints(trace.at)[i] = int32(i*trace.length + len(window) - 1)
		}
	}
	if err := trace.machine.RunAll(); err != nil {
		return nil, fmt.Errorf("generate: %w", err)
	}
	s.seen = append(s.seen[:0], texts...)
	for len(s.logits) < len(texts) {
		s.logits = append(s.logits, make([]float32, s.model.VocabSize()))
	}
	for i, row := range s.logits {
		copyLogits(row, trace.logits, i)
	}
	return s.logits, nil
}

// turns tells whether a text that has grown to a length is to be computed anew.
func (s *scorer) turns(length int) bool {
	t, ok := s.model.(Turning)
	return ok && t.TurnsBeyond() > 0 && length == t.TurnsBeyond()+1
}

// copyLogits copies row i of logits [B, V].
func copyLogits(dst []float32, logits *graph.Node, i int) {
	if all := graph.Floats[float32](logits); all != nil {
		copy(dst, all[i*len(dst):])
		return
	}
	for k, z := range graph.Floats[float64](logits)[i*len(dst) : (i+1)*len(dst)] {
		dst[k] = float32(z)
	}
}

// reorder makes text i what text rows[i] was.
func (s *scorer) reorder(rows []int) {
	s.cache.Reorder(rows)
	old := append([]text{}, s.seen...)
	for i, row := range rows {
		s.seen[i] = old[row]
	}
}

// traceFor returns the trace for whole texts of a length, or for texts that have
// grown by a token.
func (s *scorer) traceFor(length int, grown bool) (*scorerTrace, error) {
	if grown {
		if s.step == nil {
			t, err := s.compile(1, false)
			if err != nil {
				return nil, err
			}
			s.step = t
		}
		return s.step, nil
	}
	length = roundedLength(length, s.capacity)
	if s.whole == nil || s.whole.length != length {
		if s.whole != nil {
			s.whole.machine.Close()
			s.whole = nil
		}
		t, err := s.compile(length, true)
		if err != nil {
			return nil, err
		}
		for i := range graph.Ints(t.positions) {
			graph.Ints(t.positions)[i] = int32(i % length)
		}
		s.whole = t
	}
	return s.whole, nil
}

// compile traces texts of a length and makes the trace's machine.
func (s *scorer) compile(length int, whole bool) (*scorerTrace, error) {
	g, t := s.trace(length, whole)
	var err error
	t.machine, err = graph.Compile(g, t.logits)
	return t, err
}

// trace traces texts of a length. Only traces of whole texts compute what the decoder
// keeps of the sources.
func (s *scorer) trace(length int, whole bool) (*graph.Graph, *scorerTrace) {
	g := graph.New(graph.Config{DType: s.dtype})
	t := &scorerTrace{
		length:    length,
		ids:       g.Input("ids", tensor.Int32, s.texts, length),
		positions: g.Input("positions", tensor.Int32, s.texts, length),
		at:        g.Input("at", tensor.Int32, s.texts),
		lengths:   g.Input("lengths", tensor.Int32, s.texts),
	}
	pass := layers.Pass{Positions: t.positions, Length: s.capacity, Lengths: t.lengths, Cache: s.cache}
	if s.sources != nil {
		s.sources.attach(g, &pass, whole)
	}
	hidden := s.model.Hidden(g, t.ids, pass)
	if g.Err() == nil {
		hidden = g.Reshape(hidden, s.texts*length, hidden.Shape()[2])
	}
	t.logits = s.model.Head(g, g.Embedding(hidden, t.at))
	return g, t
}

func (s *scorer) close() {
	for _, t := range []*scorerTrace{s.whole, s.step} {
		if t != nil {
			t.machine.Close()
		}
	}
	s.whole, s.step = nil, nil
}
