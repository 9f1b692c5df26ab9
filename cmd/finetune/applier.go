package main

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/seahorse-ml/seahorse/data"
	"github.com/seahorse-ml/seahorse/data/tokenizer"
	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/models"
	"gorgonia.org/tensor"
)

// applyLength is what the lengths of traces are multiples of, so that one serves several.
const applyLength = 32

// classifier is a model that has scores for texts [B, C] or for tokens [B, T, C].
type classifier interface {
	models.Model
	Scores(g *graph.Graph, ids, types, segments *graph.Node) *graph.Node
}

// applier applies a classifier to texts.
type applier struct {
	model     models.Model
	tokenizer *tokenizer.Tokenizer
	labels    data.Labels
	rows      int // texts that go through the model at once
	length    int
	trace     *applyTrace // for the length of the last texts
}

// applyTrace is a trace for texts of up to a length.
type applyTrace struct {
	length                       int
	ids, types, segments, scores *graph.Node
	machine                      *graph.Machine
}

// framedText is a text as the model reads it.
type framedText struct {
	place      int // among the texts
	ids, types []int32
	first      []int // of each word its first token, or -1
	cut        bool
}

// apply returns a line for each text. Texts of about the same length go through the model together.
func (a *applier) apply(texts []data.Text) ([]classified, error) {
	framed := make([]framedText, len(texts))
	for i, x := range texts {
		f, err := a.frame(x)
		if err != nil {
			return nil, err
		}
		f.place = i
		framed[i] = f
	}
	slices.SortStableFunc(framed, func(x, y framedText) int { return len(x.ids) - len(y.ids) })
	lines := make([]classified, len(texts))
	for part := range slices.Chunk(framed, a.rows) {
		scores, err := a.run(part)
		if err != nil {
			return nil, err
		}
		for i, f := range part {
			lines[f.place] = a.line(texts[f.place], f, scores[i])
		}
	}
	return lines, nil
}

// frame encodes a text.
func (a *applier) frame(x data.Text) (framedText, error) {
	ids, types, first, cut, err := x.Frame(a.tokenizer, a.length)
	if err == nil && len(ids) == 0 {
		err = errors.New("the text has no tokens")
	}
	switch {
	case err != nil && x.Name != "":
		err = fmt.Errorf("%s:%d: %w", x.Name, x.Line, err)
	case err != nil:
		err = fmt.Errorf("the text %.40q: %w", x.Text, err)
	}
	return framedText{ids: ids, types: types, first: first, cut: cut}, err
}

// run returns the scores of up to rows texts, [C] each or [T·C].
func (a *applier) run(texts []framedText) ([][]float32, error) {
	longest := len(texts[len(texts)-1].ids)
	length := a.traced(longest)
	if a.trace == nil || a.trace.length != length {
		a.close()
		g, t := a.newTrace(length)
		var err error
		if t.machine, err = graph.Compile(g, t.scores); err != nil {
			return nil, err
		}
		a.trace = t
	}
	t := a.trace
	ids, types, segments := graph.Ints(t.ids), graph.Ints(t.types), graph.Ints(t.segments)
	clear(ids)
	clear(types)
	for i := range segments {
		segments[i] = -1
	}
	for i, x := range texts {
		copy(ids[i*length:], x.ids)
		copy(types[i*length:], x.types)
		for k := range x.ids {
			segments[i*length+k] = 0
		}
	}
	for i := len(texts); i < a.rows; i++ { // rows without a text repeat the first, so that none is all padding
		copy(ids[i*length:(i+1)*length], ids[:length])
		copy(types[i*length:(i+1)*length], types[:length])
		copy(segments[i*length:(i+1)*length], segments[:length])
	}
	if err := t.machine.RunAll(); err != nil {
		return nil, err
	}
	all := graph.Floats[float32](t.scores)
	size := len(all) / a.rows
	scores := make([][]float32, len(texts))
	for i := range scores {
		scores[i] = all[i*size : (i+1)*size]
	}
	return scores, nil
}

// traced returns the length of the trace for texts of up to a length.
func (a *applier) traced(longest int) int {
	return min((longest+applyLength-1)/applyLength*applyLength, a.model.ContextLength())
}

// estimate returns the memory that texts of up to a length take.
func (a *applier) estimate(longest int) (graph.Memory, error) {
	g, t := a.newTrace(a.traced(longest))
	return graph.EstimateMemory(g, t.scores)
}

func (a *applier) newTrace(length int) (*graph.Graph, *applyTrace) {
	g := graph.New(graph.Config{})
	t := &applyTrace{
		length:   length,
		ids:      g.Input("ids", tensor.Int32, a.rows, length),
		types:    g.Input("types", tensor.Int32, a.rows, length),
		segments: g.Input("segments", tensor.Int32, a.rows, length),
	}
	t.scores = a.model.(classifier).Scores(g, t.ids, t.types, t.segments)
	return g, t
}

// line says what the scores of a text mean.
func (a *applier) line(x data.Text, f framedText, scores []float32) classified {
	out := classified{Cut: f.cut}
	names := a.labels.Names
	switch a.labels.Kind {
	case data.Regression:
		for _, v := range scores {
			out.Values = append(out.Values, float64(v))
		}
	case data.Classification:
		out.Scores = map[string]float64{}
		p := probabilities(scores)
		for i, name := range names {
			out.Scores[name] = p[i]
		}
		out.Label = names[best(p)]
	default:
		for w, word := range x.Words {
			out.Tokens = append(out.Tokens, word)
			if f.first[w] < 0 {
				out.Labels, out.Probabilities = append(out.Labels, nil), append(out.Probabilities, 0)
				continue
			}
			p := probabilities(scores[f.first[w]*len(names):][:len(names)])
			out.Labels, out.Probabilities = append(out.Labels, &names[best(p)]), append(out.Probabilities, p[best(p)])
		}
	}
	return out
}

// probabilities returns the softmax of scores, rounded to six digits.
func probabilities(scores []float32) []float64 {
	top, sum := float64(slices.Max(scores)), 0.0
	p := make([]float64, len(scores))
	for i, z := range scores {
		p[i] = math.Exp(float64(z) - top)
		sum += p[i]
	}
	for i := range p {
		p[i] = round(p[i]/sum, 6)
	}
	return p
}

func best(p []float64) int { return slices.Index(p, slices.Max(p)) }

func (a *applier) close() {
	if a.trace != nil {
		a.trace.machine.Close()
		a.trace = nil
	}
}
