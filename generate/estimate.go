package generate

import (
	"fmt"
	"reflect"

	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/layers"
	"gorgonia.org/tensor"
)

// Memory is what writing texts takes, in bytes.
type Memory struct {
	Parameters int
	Arena      int // activations, after reuse
	Cache      int // keys and values; of a search twice, since texts change places
	Sources    int // what an encoder made of the sources
	Scores     int // of all tokens after each text, with what they are drawn from or sorted in
}

// Total returns the sum.
func (m Memory) Total() int { return m.Parameters + m.Arena + m.Cache + m.Sources + m.Scores }

// Estimate returns what Batch would take for these prompts, without taking it. The model may be a
// sketch.
func Estimate(m Model, prompts [][]int32, c Config) (Memory, error) {
	if err := c.Validate(); err != nil {
		return Memory{}, err
	}
	e := writing{model: m, sources: len(prompts), texts: len(prompts), longest: longest(prompts), tokens: c.MaxNewTokens}
	return e.memory(len(prompts) * samplerBytes(c, m.VocabSize()))
}

// EstimateBeamSearch is Estimate for BeamSearch, once for each prompt.
func EstimateBeamSearch(m Model, prompts [][]int32, c BeamConfig) (Memory, error) {
	if err := c.Validate(); err != nil {
		return Memory{}, err
	}
	e := writing{model: m, sources: 1, texts: c.Beams, longest: longest(prompts), tokens: c.MaxNewTokens}
	use, err := e.memory(m.VocabSize() * int(reflect.TypeFor[choice]().Size()))
	use.Cache *= 2
	return use, err
}

// writing is what the memory of texts that are written depends on.
type writing struct {
	model   Model
	sources int // that are encoded together
	texts   int // B, which grow side by side
	longest int // tokens of a prompt or source
	tokens  int // to generate
}

// memory returns what the texts take; choosing their tokens takes so many bytes.
func (e writing) memory(choosing int) (use Memory, err error) {
	m := e.model
	var sources *encoded
	encoding := 0
	prompt := e.longest
	if encoder, ok := m.(Encoder); ok {
		if err := checkSource(m, e.longest); err != nil {
			return use, err
		}
		g, _, segments, states := traceEncoder(m, encoder, e.sources, e.longest)
		planned, err := graph.EstimateMemory(g, states)
		if err != nil {
			return use, fmt.Errorf("generate: %w", err)
		}
		encoding = planned.Arena
		width := states.Shape()[2]
		p := graph.SketchParams(dtypeOf(m), nil)
		sources = &encoded{
			sketch:   p.New("encoded", graph.Init{}, e.texts, e.longest, width),
			segments: tensor.New(tensor.Of(tensor.Int32), tensor.WithShape(e.texts, e.longest)),
		}
		use.Sources = states.Shape().TotalSize() / e.sources * e.texts * int(segments.Dtype().Size())
		prompt = 1
	}
	s := newScorer(m, sources, e.texts, prompt, e.tokens, layers.SketchCache)
	arena, err := s.arena(prompt, e.tokens)
	if err != nil {
		return use, fmt.Errorf("generate: %w", err)
	}
	for _, p := range m.Params() {
		use.Parameters += p.Len() * int(s.dtype.Size())
	}
	const logit = 4
	use.Cache = s.cache.Bytes()
	use.Scores = e.texts*m.VocabSize()*logit + choosing
	use.Arena = max(arena, encoding-use.Cache-use.Scores) // what encodes is given back before the rest is taken
	return use, nil
}

// arena returns what the traces take that continue texts of a length by so many tokens.
func (s *scorer) arena(length, tokens int) (int, error) {
	context := s.model.ContextLength()
	bytes, err := s.planned(roundedLength(min(length, context), s.capacity), true)
	if err != nil || tokens == 1 {
		return bytes, err
	}
	if length > context-tokens+1 { // the beginning of a text is left out in the end, and the rest computed anew
		full, err := s.planned(s.capacity, true)
		if err != nil {
			return 0, err
		}
		bytes = max(bytes, full)
	}
	step, err := s.planned(1, false)
	return bytes + step, err
}

// planned returns what one trace takes.
func (s *scorer) planned(length int, whole bool) (int, error) {
	g, t := s.trace(length, whole)
	m, err := graph.EstimateMemory(g, t.logits)
	return m.Arena, err
}

// longest returns the most tokens of a prompt.
func longest(prompts [][]int32) int {
	n := 0
	for _, p := range prompts {
		n = max(n, len(p))
	}
	return n
}
