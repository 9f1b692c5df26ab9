package adapt

import (
	"fmt"
	"slices"
	"strings"

	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/layers"
	"gorgonia.org/tensor"
)

// savedNames are the modules to save: those that are asked for, and a classifier's head. What is in another one isn't named beside it: peft would wrap it twice.
func savedNames(asked []string, task Task) []string {
	names := slices.Clone(asked)
	if task == TaskSequence || task == TaskToken {
		for _, head := range headNames {
			if !slices.Contains(names, head) {
				names = append(names, head)
			}
		}
	}
	all := slices.Clone(names)
	return slices.DeleteFunc(names, func(name string) bool {
		return slices.ContainsFunc(all, func(other string) bool { return other != name && strings.HasPrefix(name, other+".") })
	})
}

// headNames are what classifiers' heads are called.
var headNames = []string{"classifier", "score"}

// place is a field of a layer that holds a parameter.
type place struct {
	layer, name string // of the parameter in the layer
	field       **graph.Param
}

// places returns where a model's projections, tables and norms hold their parameters.
func places(m Model) []place {
	var all []place
	add := func(layer string, weight, bias **graph.Param) {
		all = append(all, place{layer, "weight", weight})
		if bias != nil && *bias != nil {
			all = append(all, place{layer, "bias", bias})
		}
	}
	for _, l := range layers.Find[layers.Linear](m) {
		add(l.Name, &l.Weight, &l.Bias)
	}
	for _, e := range layers.Find[layers.Embedding](m) {
		add(e.Name, &e.Weight, nil)
	}
	for _, n := range layers.Find[layers.Norm](m) {
		add(n.Name, &n.Weight, &n.Bias)
	}
	return all
}

// saveModules lets the modules to save compute with copies of their parameters. A strict one refuses names that no module has, but for heads'.
func saveModules(m Model, names []string, all []layer, tree *graph.Params, strict bool) ([]slot, error) {
	var slots []slot
	found := map[string]bool{}
	for _, p := range places(m) {
		mine := false
		for _, name := range names {
			if ends(p.layer, name) {
				mine, found[name] = true, true
			}
		}
		if !mine {
			continue
		}
		s, err := savedSlot(p, all, tree)
		if err != nil {
			return nil, err
		}
		slots = append(slots, s)
	}
	for _, name := range names {
		if !found[name] && strict && !slices.Contains(headNames, name) {
			return nil, fmt.Errorf("adapt: no projection, table or norm of the model is the module to save %q or in it", name)
		}
	}
	return slots, nil
}

// ends tells whether the name of a layer, or of a module that it is in, ends in part: with no dot before it, as peft compares.
func ends(name, part string) bool {
	for i := range len(name) + 1 {
		if (i == len(name) || name[i] == '.') && strings.HasSuffix(name[:i], part) {
			return true
		}
	}
	return false
}

// savedSlot copies the parameter of one place.
func savedSlot(p place, all []layer, tree *graph.Params) (slot, error) {
	base := *p.field
	fresh := tree.Sub(p.layer).New(p.name, graph.Zeros(), base.Shape...)
	if !tree.Loading() && fresh.Value() != nil {
		if err := tensor.Copy(fresh.Value(), base.Floats()); err != nil {
			return slot{}, fmt.Errorf("adapt: copying %s: %w", base.Name, err)
		}
	}
	return slot{
		attach: func() { *p.field = fresh }, detach: func() { *p.field = base },
		merge: func() error { return mergeCopy(base, fresh) }, fixed: tied(all, p.layer, base),
	}, nil
}

// mergeCopy puts a copy in the place of a parameter.
func mergeCopy(base, fresh *graph.Param) error {
	if base.Value() == nil {
		return fmt.Errorf("adapt: merge: %s has no values as floats; it is stored as %s", base.Name, base.Stored())
	}
	return tensor.Copy(base.Value(), fresh.Value())
}

// tokenRows lets some ids have rows of their own in a table, and in the head that is tied to it.
type tokenRows struct {
	rows *graph.Param // [N, D]
	ids  []int
}

func (r *tokenRows) overlay(g *graph.Graph) graph.Overlay {
	return graph.Overlay{Rows: g.Param(r.rows), IDs: r.ids}
}

// tokenTable is tokenRows on a table.
type tokenTable struct{ *tokenRows }

// Forward maps ids [B, T] to [B, T, D].
func (r tokenTable) Forward(g *graph.Graph, e *layers.Embedding, ids *graph.Node) *graph.Node {
	return g.EmbeddingOverlaid(g.Param(e.Weight), ids, r.overlay(g), e.Padding())
}

// tokenHead is tokenRows on a tied head.
type tokenHead struct{ *tokenRows }

// Forward maps x [..., D] to [..., V].
func (r tokenHead) Forward(g *graph.Graph, l *layers.Linear, x *graph.Node) *graph.Node {
	rows, weight, bias := r.Operands(g, l, x)
	return g.Linear(rows, weight, bias, graph.LinearConfig{})
}

// Operands returns the operands of Forward's product.
func (r tokenHead) Operands(g *graph.Graph, l *layers.Linear, x *graph.Node) (rows, weight, bias *graph.Node) {
	return x, g.OverlayRows(g.Param(l.Weight), r.overlay(g)), node(g, l.Bias)
}

// trainTokens makes the rows of the tokens that are trained.
func (c LoRAConfig) trainTokens(all []layer, targets map[string]bool, tree *graph.Params) ([]slot, error) {
	var slots []slot
	for name, ids := range c.TrainedTokens {
		found := false
		for _, l := range all {
			if l.embedding == nil || !endsIn(l.name, name) {
				continue
			}
			if targets[l.name] || found {
				return nil, fmt.Errorf("adapt: lora: tokens are trained in %q, which is more than one table or a target of an adapter too", name)
			}
			for _, h := range all {
				if h.linear != nil && h.linear.Weight == l.embedding.Weight && targets[h.name] {
					return nil, fmt.Errorf("adapt: lora: tokens are trained in %q, and %s, which is tied to it, is a target of an adapter too", name, h.name)
				}
			}
			found = true
			table, err := newTokenRows(l.embedding, ids, tree.Sub(l.name).Sub("token_adapter"))
			if err != nil {
				return nil, err
			}
			slots = append(slots, table.slots(l.embedding, all)...)
		}
		if !found {
			return nil, fmt.Errorf("adapt: lora: no table of embeddings of the model is named %q, in which tokens are to be trained", name)
		}
	}
	return slots, nil
}

func newTokenRows(e *layers.Embedding, ids []int, p *graph.Params) (*tokenRows, error) {
	vocab, width := e.Weight.Shape[0], e.Weight.Shape[1]
	for i, id := range ids {
		if id < 0 || id >= vocab || slices.Contains(ids[:i], id) {
			return nil, fmt.Errorf("adapt: lora: the token %d to train is outside of the vocabulary of %d, or there twice", id, vocab)
		}
	}
	r := &tokenRows{rows: p.New("trainable_tokens_delta", graph.Zeros(), len(ids), width), ids: ids}
	if !p.Loading() && r.rows.Value() != nil {
		r.copyRows(e.Weight)
	}
	return r, nil
}

// copyRows copies the rows from a table.
func (r *tokenRows) copyRows(table *graph.Param) {
	width := table.Shape[1]
	for i, id := range r.ids {
		for k := range width {
			switch d := r.rows.Value().Data().(type) {
			case []float32:
				d[i*width+k] = float32(table.At(id*width + k))
			case []float64:
				d[i*width+k] = table.At(id*width + k)
			}
		}
	}
}

// merge puts the rows into the table.
func (r *tokenRows) merge(e *layers.Embedding) error {
	width := e.Weight.Shape[1]
	if e.Weight.Value() == nil {
		return fmt.Errorf("adapt: merge: %s has no values as floats; it is stored as %s", e.Name, e.Weight.Stored())
	}
	for i, id := range r.ids {
		switch d := e.Weight.Value().Data().(type) {
		case []float32:
			copy(d[id*width:(id+1)*width], graph.Data[float32](r.rows)[i*width:])
		case []float64:
			copy(d[id*width:(id+1)*width], graph.Data[float64](r.rows)[i*width:])
		}
	}
	return nil
}

// slots puts the rows on the table and on the heads that are tied to it.
func (r *tokenRows) slots(e *layers.Embedding, all []layer) []slot {
	slots := []slot{{
		attach: func() { e.Adapter = tokenTable{r} }, detach: func() { e.Adapter = nil },
		merge: func() error { return r.merge(e) },
	}}
	for _, l := range all {
		if l.linear == nil || l.linear.Weight != e.Weight {
			continue
		}
		head := l.linear
		slots = append(slots, slot{
			attach: func() { head.Adapter = tokenHead{r} }, detach: func() { head.Adapter = nil },
			merge: func() error { return nil }, // the table is the head's too
		})
	}
	return slots
}
