package prefer

import (
	"context"
	"errors"
	"fmt"

	"github.com/seahorse-ml/seahorse/data"
	"github.com/seahorse-ml/seahorse/graph"
	"gorgonia.org/tensor"
)

// Pair is two completions of a prompt, the better one first.
type Pair struct {
	Prompt, Chosen, Rejected []int32
	Margin                   float32 // by how much it is better, for reward models; default 0
}

// PairsConfig configures NewPairs.
type PairsConfig struct {
	// Length is the most tokens of a row, one less than of a text; beyond it texts are cut at their ends. Default: 0, as the longest
	// takes.
	Length int
	// Whole adds WholeTargets and AllTargets, which ORPO needs, and counts the former. Default: pairs are counted.
	Whole bool
	// Better adds BetterTargets, which CPO needs where it takes the cross entropy of the better text, and counts them. Default: pairs are counted.
	Better bool
	// LDAlpha is what the log-probabilities of tokens beyond the length of the shorter completion of a pair count, in [0, 1], so that a longer answer isn't
	// better or worse for its length (LD-DPO: Liu et al., 2024). Below 1 it adds TokenWeights, which DPO needs for it. Default: nil, 1.
	LDAlpha *float64
}

// Pairs is a dataset of a pair in each row: IDs and Targets [2, T], and Margin. It knows the sizes of its rows, so that pairs of like
// length can come together.
type Pairs struct {
	pairs     []Pair
	length    int
	whole     bool
	better    bool
	beyond    float32 // what tokens beyond the shorter completion count
	cut       int
	reference [][2]float32 // log-probabilities; nil where they aren't computed
}

// NewPairs makes rows of pairs. Each needs a prompt, and two completions of which something is left in a row.
func NewPairs(pairs []Pair, c PairsConfig) (*Pairs, error) {
	if len(pairs) == 0 || c.Length < 0 || c.Whole && c.Better {
		return nil, fmt.Errorf("prefer: %d pairs in rows of %d tokens with targets of the whole (%t) and of the better text (%t), expected at least one pair, 0 or more tokens and one of both",
			len(pairs), c.Length, c.Whole, c.Better)
	}
	p := &Pairs{pairs: pairs, whole: c.Whole, better: c.Better, beyond: 1}
	if c.LDAlpha != nil {
		if !(*c.LDAlpha >= 0 && *c.LDAlpha <= 1) {
			return nil, fmt.Errorf("prefer: tokens beyond the shorter completion count %v, expected [0, 1]", *c.LDAlpha)
		}
		p.beyond = float32(*c.LDAlpha)
	}
	for i, pair := range pairs {
		if len(pair.Prompt) == 0 || len(pair.Chosen) == 0 || len(pair.Rejected) == 0 {
			return nil, fmt.Errorf("prefer: pair %d of %d has a prompt of %d tokens and completions of %d and %d, expected some of each",
				i+1, len(pairs), len(pair.Prompt), len(pair.Chosen), len(pair.Rejected))
		}
		if c.Length > 0 && len(pair.Prompt) > c.Length {
			return nil, fmt.Errorf("prefer: pair %d of %d has a prompt of %d tokens, which leaves nothing of its completions in %d", i+1, len(pairs), len(pair.Prompt), c.Length)
		}
		n := pair.longest()
		if c.Length > 0 && n > c.Length {
			p.cut, n = p.cut+1, c.Length
		}
		p.length = max(p.length, n)
	}
	return p, nil
}

// longest returns the tokens of a row that the pair takes.
func (p Pair) longest() int { return len(p.Prompt) + max(len(p.Chosen), len(p.Rejected)) - 1 }

// Cut returns how many pairs are longer than a row.
func (p *Pairs) Cut() int { return p.cut }

// Len returns the number of pairs.
func (p *Pairs) Len() int { return len(p.pairs) }

// Layout returns what a row has.
func (p *Pairs) Layout() data.Layout {
	l := data.Layout{Inputs: []data.Input{texts(IDs, 0, 2, p.length), texts(Targets, float64(data.Ignored), 2, p.length), {Name: Margin, Type: data.Float}}}
	if p.whole {
		l.Inputs = append(l.Inputs, texts(AllTargets, float64(data.Ignored), 2, p.length), texts(WholeTargets, float64(data.Ignored), p.length))
		l.Targets = WholeTargets
	}
	if p.better {
		l.Inputs = append(l.Inputs, texts(BetterTargets, float64(data.Ignored), p.length))
		l.Targets = BetterTargets
	}
	if p.weighed() {
		l.Inputs = append(l.Inputs, data.Input{Name: TokenWeights, Type: data.Float, Shape: []int{2, p.length}, Length: data.TextLength, Axis: 1})
	}
	if p.reference != nil {
		l.Inputs = append(l.Inputs, data.Input{Name: Reference, Type: data.Float, Shape: []int{2}})
	}
	return l
}

// weighed tells whether not all tokens count alike.
func (p *Pairs) weighed() bool { return p.beyond != 1 }

// texts is an input of tokens, whose last dimension is their number.
func texts(name string, padding float64, shape ...int) data.Input {
	return data.Input{Name: name, Shape: shape, Padding: padding, Length: data.TextLength, Axis: len(shape) - 1}
}

// Size returns how many tokens the longer text of row i has.
func (p *Pairs) Size(i int, _ string) int { return min(p.pairs[i].longest(), p.length) }

// Fill writes row i.
func (p *Pairs) Fill(row data.Row, i int, _ uint64) {
	pair, n := p.pairs[i], p.length
	ids, targets, all := row.Ints(IDs), row.Ints(Targets), row.Ints(AllTargets)
	fillText(ids[:n], targets[:n], pair.Prompt, pair.Chosen, false)
	fillText(ids[n:], targets[n:], pair.Prompt, pair.Rejected, false)
	row.Floats(Margin)[0] = pair.Margin
	if p.whole {
		fillText(nil, all[:n], pair.Prompt, pair.Chosen, true)
		fillText(nil, all[n:], pair.Prompt, pair.Rejected, false)
		copy(row.Ints(WholeTargets), all[:n])
	}
	if p.better {
		copy(row.Ints(BetterTargets), targets[:n])
	}
	if p.weighed() {
		shared := len(pair.Prompt) - 1 + min(len(pair.Chosen), len(pair.Rejected)) // places of targets that both texts have
		weights := row.Floats(TokenWeights)
		for k := range weights {
			if weights[k] = 1; k%n >= shared {
				weights[k] = p.beyond
			}
		}
	}
	if p.reference != nil {
		copy(row.Floats(Reference), p.reference[i][:])
	}
}

// fillText writes the tokens of a text but its last, and the targets behind those, of the completion or of all; what there is no room for
// is left out.
func fillText(ids, targets, prompt, completion []int32, whole bool) {
	copy(ids, prompt)
	if len(ids) > len(prompt) {
		copy(ids[len(prompt):], completion[:len(completion)-1])
	}
	if whole {
		copy(targets, prompt[1:])
	}
	copy(targets[len(prompt)-1:], completion)
}

// Precompute finds the log-probabilities that a reference gives the texts, so that DPO needs no reference beside the policy: rows then have
// them as Reference. It takes so many pairs at a time, > 0.
func (p *Pairs) Precompute(ctx context.Context, m Model, rows int) error {
	found := make([][2]float32, len(p.pairs))
	p.reference = nil
	err := eachLogProb(ctx, m, p, rows, IDs, Targets, func(i int, v float64) { found[i/2][i%2] = float32(v) })
	if err == nil {
		p.reference = found
	}
	return err
}

// fillFloats writes values into an input of the trace's type.
func fillFloats(n *graph.Node, values []float32) {
	copy(graph.Floats[float32](n), values)
	for i := range graph.Floats[float64](n) {
		graph.Floats[float64](n)[i] = float64(values[i])
	}
}

// eachLogProb yields the log-probabilities of the texts of a dataset, in order.
func eachLogProb(ctx context.Context, m Model, d data.Dataset, rows int, idsName, targetsName string, yield func(i int, v float64)) (err error) {
	if rows < 1 || len(m.Params()) == 0 {
		return fmt.Errorf("prefer: log-probabilities of %d texts at a time by a model of %d parameters, expected some of each", rows, len(m.Params()))
	}
	b := data.NewBatch(min(rows, d.Len()), d.Layout())
	g := graph.New(graph.Config{DType: m.Params()[0].DType()})
	input := func(name string) *graph.Node {
		shape := append([]int{b.Rows}, b.Layout.Inputs[b.Layout.Index(name)].Shape...)
		return g.Input(name, tensor.Int32, shape...)
	}
	ids, targets := input(idsName), input(targetsName)
	var weights *graph.Node
	if at := b.Layout.Index(TokenWeights); at >= 0 {
		weights = g.Input(TokenWeights, g.DType(), append([]int{b.Rows}, b.Layout.Inputs[at].Shape...)...)
	}
	logps := summed(g, tokenLosses(g, m, ids, targets), targets, weights)
	machine, err := graph.Compile(g, logps)
	if err != nil {
		return fmt.Errorf("prefer: %w", err)
	}
	defer func() { err = errors.Join(err, machine.Close()) }()
	texts := logps.Shape().TotalSize() / b.Rows // of a row
	for first := 0; first < d.Len(); first += b.Rows {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := data.FillSequential(b, d, first); err != nil {
			return err
		}
		copy(graph.Ints(ids), b.Ints(idsName))
		copy(graph.Ints(targets), b.Ints(targetsName))
		if weights != nil {
			fillFloats(weights, b.Floats(TokenWeights))
		}
		if err := machine.RunAll(); err != nil {
			return fmt.Errorf("prefer: %w", err)
		}
		for i := range b.Filled * texts {
			if single := graph.Floats[float32](logps); single != nil {
				yield(first*texts+i, float64(single[i]))
			} else {
				yield(first*texts+i, graph.Floats[float64](logps)[i])
			}
		}
	}
	return nil
}
