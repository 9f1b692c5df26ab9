package task

import (
	"context"
	"errors"

	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/layers"
	"github.com/seahorse-ml/seahorse/models"
	"gorgonia.org/tensor"
)

// importanceTokens are the most tokens that an importance matrix is found on.
const importanceTokens = 16384

// recorder keeps what a projection reads in a trace.
type recorder struct{ read *graph.Node }

func (r *recorder) Forward(g *graph.Graph, l *layers.Linear, x *graph.Node) *graph.Node {
	r.read = x
	return l.Base(g, x)
}

func (r *recorder) Operands(g *graph.Graph, l *layers.Linear, x *graph.Node) (rows, weight, bias *graph.Node) {
	r.read = x
	if l.Bias != nil {
		bias = g.Param(l.Bias)
	}
	return x, g.Param(l.Weight), bias
}

// findImportance returns for each projection of a decoder, by the name of its weight, the mean squares of what it reads over a text: how much
// an error in a column of the weight costs. It returns the number of tokens too. Projections that are computed together, as those of experts, have none.
func findImportance(ctx context.Context, t *Trained, text string) (map[string][]float32, int, error) {
	m, ok := t.Model.(models.CausalLM)
	if !ok {
		return nil, 0, errors.New("task: export: an importance matrix needs a decoder")
	}
	ids := t.Tokenizer.AppendIDs(nil, []byte(text), true)
	ids = ids[:min(len(ids), importanceTokens)]
	length := min(rowTokens, m.ContextLength())
	if len(ids) < length {
		return nil, 0, errors.New("task: export: the text of the importance matrix has less than a row of tokens")
	}
	linears := layers.Find[layers.Linear](m)
	recorders := make([]*recorder, len(linears))
	for i, l := range linears {
		if l.Adapter != nil {
			return nil, 0, errors.New("task: export: an importance matrix is found of a model without an adapter")
		}
		recorders[i] = &recorder{}
		l.Adapter = recorders[i]
	}
	defer func() {
		for _, l := range linears {
			l.Adapter = nil
		}
	}()
	g := graph.New(graph.Config{})
	row := g.Input("ids", tensor.Int32, 1, length)
	outputs := []*graph.Node{m.Hidden(g, row, layers.Pass{})}
	sums := map[string][]float64{}
	var names []string
	for i, r := range recorders {
		if r.read != nil {
			outputs = append(outputs, r.read)
			names = append(names, linears[i].Weight.Name)
		}
	}
	machine, err := graph.Compile(g, outputs...)
	if err != nil {
		return nil, 0, err
	}
	defer machine.Close()
	tokens := 0
	for first := 0; first+length <= len(ids); first += length {
		if err := ctx.Err(); err != nil {
			return nil, 0, err
		}
		copy(graph.Ints(row), ids[first:])
		if err := machine.RunAll(); err != nil {
			return nil, 0, err
		}
		tokens += length
		for i, name := range names {
			x := graph.Floats[float32](outputs[1+i])
			width := len(x) / length
			if sums[name] == nil {
				sums[name] = make([]float64, width)
			}
			for k, v := range x {
				sums[name][k%width] += float64(v) * float64(v)
			}
		}
	}
	out := map[string][]float32{}
	for name, sum := range sums {
		for _, v := range sum {
			out[name] = append(out[name], float32(v/float64(tokens)))
		}
	}
	return out, tokens, nil
}
