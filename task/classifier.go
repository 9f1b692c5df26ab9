package task

import (
	"context"
	"errors"
	"fmt"
	"iter"
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

// Scorer is a model that has scores for texts [B, C] or for tokens [B, T, C].
type Scorer interface {
	models.Model
	Scores(g *graph.Graph, ids, types, segments *graph.Node) *graph.Node
}

// Classifier applies a classifier or a regression to texts.
type Classifier struct {
	Model     Scorer
	Tokenizer *tokenizer.Tokenizer
	Labels    data.Labels
	BatchSize int     // texts that go through the model at once, > 0
	Length    int     // the most tokens of a text, beyond which it is cut, > 0
	Prompt    []int32 // ids that each text begins with, of a trained prompt; default none

	trace *applyTrace // for the length of the last texts
}

// Classified is what is found of a text.
type Classified struct {
	Label         string             `json:"label,omitempty"`         // the class of the text
	Scores        map[string]float64 `json:"scores,omitempty"`        // all classes' probabilities
	Values        []float64          `json:"values,omitempty"`        // of a regression
	Tokens        []string           `json:"tokens,omitempty"`        // words, where they have classes
	Labels        []*string          `json:"labels,omitempty"`        // the words' classes; nil for words that were cut off
	Probabilities []float64          `json:"probabilities,omitempty"` // of the words' classes
	Cut           bool               `json:"cut,omitempty"`           // the text was too long
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

// Apply tells what is found of each text. Texts of about the same length go through the model together.
func (c *Classifier) Apply(texts []data.Text) ([]Classified, error) {
	framed := make([]framedText, len(texts))
	for i, x := range texts {
		f, err := c.frame(x)
		if err != nil {
			return nil, err
		}
		f.place = i
		framed[i] = f
	}
	slices.SortStableFunc(framed, func(x, y framedText) int { return len(x.ids) - len(y.ids) })
	lines := make([]Classified, len(texts))
	for part := range slices.Chunk(framed, c.BatchSize) {
		scores, err := c.run(part)
		if err != nil {
			return nil, err
		}
		for i, f := range part {
			lines[f.place] = c.line(texts[f.place], f, scores[i])
		}
	}
	return lines, nil
}

// readBatches is for how many batches texts are read, so that those of about the same length come together.
const readBatches = 8

// ApplyAll goes through texts of any number and tells what is found of each, in their order. The
// sequence ends after an error.
func (c *Classifier) ApplyAll(texts iter.Seq2[data.Text, error]) iter.Seq2[Classified, error] {
	return func(yield func(Classified, error) bool) {
		var batch []data.Text
		flush := func() bool {
			found, err := c.Apply(batch)
			batch = batch[:0]
			for _, x := range found {
				if !yield(x, nil) {
					return false
				}
			}
			return err == nil || yield(Classified{}, err) && false
		}
		for text, err := range texts {
			if err != nil {
				yield(Classified{}, err)
				return
			}
			if batch = append(batch, text); len(batch) == readBatches*c.BatchSize && !flush() {
				return
			}
		}
		flush()
	}
}

// Check goes through texts for what is wrong with one of them, and returns how many there are and
// the most tokens that one has.
func (c *Classifier) Check(ctx context.Context, texts iter.Seq2[data.Text, error]) (count, longest int, err error) {
	for text, err := range texts {
		if err == nil {
			err = context.Cause(ctx)
		}
		if err != nil {
			return 0, 0, err
		}
		f, err := c.frame(text)
		if err != nil {
			return 0, 0, err
		}
		count, longest = count+1, max(longest, len(f.ids))
	}
	return count, longest, nil
}

// frame encodes a text.
func (c *Classifier) frame(x data.Text) (framedText, error) {
	ids, types, first, cut, err := x.Frame(c.Tokenizer, c.Length-len(c.Prompt))
	if err == nil && len(ids) == 0 {
		err = errors.New("the text has no tokens")
	}
	if n := len(c.Prompt); n > 0 {
		ids, types = slices.Concat(c.Prompt, ids), slices.Concat(make([]int32, n), types)
		for i := range first {
			if first[i] >= 0 {
				first[i] += n
			}
		}
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
func (c *Classifier) run(texts []framedText) ([][]float32, error) {
	longest := len(texts[len(texts)-1].ids)
	length := c.traced(longest)
	if c.trace == nil || c.trace.length != length {
		c.Close()
		g, t := c.newTrace(length)
		var err error
		if t.machine, err = graph.Compile(g, t.scores); err != nil {
			return nil, err
		}
		c.trace = t
	}
	t := c.trace
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
	for i := len(texts); i < c.BatchSize; i++ { // rows without a text repeat the first, so that none is all padding
		copy(ids[i*length:(i+1)*length], ids[:length])
		copy(types[i*length:(i+1)*length], types[:length])
		copy(segments[i*length:(i+1)*length], segments[:length])
	}
	if err := t.machine.RunAll(); err != nil {
		return nil, err
	}
	all := graph.Floats[float32](t.scores)
	size := len(all) / c.BatchSize
	scores := make([][]float32, len(texts))
	for i := range scores {
		scores[i] = all[i*size : (i+1)*size]
	}
	return scores, nil
}

// traced returns the length of the trace for texts of up to a length.
func (c *Classifier) traced(longest int) int {
	return min((longest+applyLength-1)/applyLength*applyLength, c.Model.ContextLength())
}

// Estimate returns the memory that texts of up to a length take.
func (c *Classifier) Estimate(longest int) (graph.Memory, error) {
	g, t := c.newTrace(c.traced(longest))
	return graph.EstimateMemory(g, t.scores)
}

func (c *Classifier) newTrace(length int) (*graph.Graph, *applyTrace) {
	g := graph.New(graph.Config{})
	t := &applyTrace{
		length:   length,
		ids:      g.Input("ids", tensor.Int32, c.BatchSize, length),
		types:    g.Input("types", tensor.Int32, c.BatchSize, length),
		segments: g.Input("segments", tensor.Int32, c.BatchSize, length),
	}
	t.scores = c.Model.Scores(g, t.ids, t.types, t.segments)
	return g, t
}

// line says what the scores of a text mean.
func (c *Classifier) line(x data.Text, f framedText, scores []float32) Classified {
	out := Classified{Cut: f.cut}
	names := c.Labels.Names
	switch c.Labels.Kind {
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

// probabilities returns the softmax of scores.
func probabilities(scores []float32) []float64 {
	top, sum := float64(slices.Max(scores)), 0.0
	p := make([]float64, len(scores))
	for i, z := range scores {
		p[i] = math.Exp(float64(z) - top)
		sum += p[i]
	}
	for i := range p {
		p[i] /= sum
	}
	return p
}

func best(p []float64) int { return slices.Index(p, slices.Max(p)) }

// Close gives back the trace of the last texts.
func (c *Classifier) Close() {
	if c.trace != nil {
		c.trace.machine.Close()
		c.trace = nil
	}
}
