package adapt

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/seahorse-ml/seahorse/graph"
)

// LoRAConfig configures NewLoRA. The names in comments are peft's.
type LoRAConfig struct {
	Rank    int     // r, of the change of a matrix, > 0
	Alpha   float64 // lora_alpha; the change is multiplied by Alpha/Rank
	Dropout float64 // lora_dropout, of what goes into the change, in [0, 1); default 0
	Targets Targets // target_modules
	Exclude Targets // exclude_modules; default none
	// RankStabilized multiplies the change by Alpha/√Rank (use_rslora; Kalajdzievski, 2023); default false.
	RankStabilized bool
	// DoRA trains the lengths of the matrices' rows, of tables of embeddings those of the columns, apart from their directions (use_dora; Liu et al.,
	// 2024); default false.
	DoRA bool
	// Bias gives the change a bias of its own (lora_bias); default false.
	Bias bool
	// Ranks and Alphas are other values of some layers (rank_pattern, alpha_pattern); default none.
	Ranks, Alphas []Pattern
	// SavedModules are layers that are trained whole, in a copy (modules_to_save): their names or the ends of them.
	SavedModules []string
	// TrainedTokens are ids whose rows are trained in tables of embeddings, of which it has the names or the ends of them; the empty name is that of the
	// table that tokens are looked up in (trainable_token_indices). A head that is tied to the table scores by the same rows.
	TrainedTokens map[string][]int
	Task          Task // task_type; default none
}

// Validate tells what is wrong with the configuration, or nil.
func (c LoRAConfig) Validate() error {
	switch {
	case c.Rank <= 0:
		return fmt.Errorf("adapt: lora: rank %d, expected more than 0", c.Rank)
	case !(c.Alpha > 0) || math.IsInf(c.Alpha, 0):
		return fmt.Errorf("adapt: lora: alpha %g, expected more than 0", c.Alpha)
	case !(c.Dropout >= 0 && c.Dropout < 1):
		return fmt.Errorf("adapt: lora: dropout %g, expected [0, 1)", c.Dropout)
	case slices.Contains(c.SavedModules, ""):
		return errors.New("adapt: lora: the name of a module to save is empty")
	case c.Bias && c.DoRA:
		return errors.New("adapt: lora: a bias of the change doesn't go with DoRA")
	}
	for name, ids := range c.TrainedTokens {
		if len(ids) == 0 {
			return fmt.Errorf("adapt: lora: no ids of tokens to train in %q", name)
		}
	}
	for _, p := range c.Ranks {
		if p.Value < 1 || p.Value != math.Trunc(p.Value) {
			return fmt.Errorf("adapt: lora: rank %g for %q, expected a whole number above 0", p.Value, p.Regex)
		}
	}
	for _, p := range c.Alphas {
		if !(p.Value > 0) || math.IsInf(p.Value, 0) {
			return fmt.Errorf("adapt: lora: alpha %g for %q, expected more than 0", p.Value, p.Regex)
		}
	}
	if !c.Exclude.none() {
		if err := c.Exclude.Validate(); err != nil {
			return err
		}
	}
	return c.Targets.Validate()
}

func (t Targets) none() bool { return !t.All && len(t.Names) == 0 && t.Regex == "" }

// NewLoRA puts low-rank adapters on a model (Hu et al., 2022): y = W·x + b becomes W·x + b + s·B·(A·x), where A [Rank, In] starts at random, by
// the seed, and B [Out, Rank] at 0. The model's own parameters are frozen. A target that no layer has is an error.
func NewLoRA(m Model, c LoRAConfig, seed uint64) (*Adapter, error) {
	dt, sketch, err := kindOf(m)
	if err != nil {
		return nil, err
	}
	tree := graph.NewParams(dt, seed)
	if sketch {
		tree = graph.SketchParams(dt, nil)
	}
	return putLoRA(m, c, tree, true)
}

// putLoRA puts adapters on a model whose parameters are made in a tree. A strict one refuses targets that no layer has.
func putLoRA(m Model, c LoRAConfig, tree *graph.Params, strict bool) (*Adapter, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	all, err := layersOf(m, c.Task)
	if err != nil {
		return nil, err
	}
	if ids, ok := c.TrainedTokens[anyTable]; ok {
		e, err := inputTable(m)
		if err != nil {
			return nil, err
		}
		c.TrainedTokens = maps.Clone(c.TrainedTokens)
		delete(c.TrainedTokens, anyTable)
		c.TrainedTokens[e.Name] = append(slices.Clone(c.TrainedTokens[e.Name]), ids...)
	}
	a := &Adapter{model: m, tree: tree}
	targets, err := c.targets(all, strict)
	if err != nil {
		return nil, err
	}
	for _, l := range all {
		if !targets[l.name] {
			continue
		}
		s, err := c.change(l, all, tree.Sub(l.name))
		if err != nil {
			return nil, err
		}
		a.slots = append(a.slots, s)
	}
	saved, err := saveModules(m, savedNames(c.SavedModules, c.Task), all, tree, strict)
	if err != nil {
		return nil, err
	}
	tokens, err := c.trainTokens(all, targets, tree)
	if err != nil {
		return nil, err
	}
	a.slots = slices.Concat(a.slots, saved, tokens)
	a.config = fileConfig{lora: &c, targets: storedTargets(c, all, targets)}
	if a.config.ranks, a.config.alphas, err = c.stackedPatterns(m, targets); err != nil {
		return nil, err
	}
	for _, l := range all {
		a.config.inOut = a.config.inOut || targets[l.name] && l.linear != nil && l.linear.InOut()
	}
	return a, a.put()
}

// targets returns the names of the layers that get an adapter.
func (c LoRAConfig) targets(all []layer, strict bool) (map[string]bool, error) {
	targets, err := c.Targets.match(all)
	if err != nil {
		return nil, err
	}
	if strict {
		for _, name := range c.Targets.Names {
			if !slices.ContainsFunc(all, func(l layer) bool { return endsIn(l.name, name) }) {
				return nil, fmt.Errorf("adapt: lora: no layer of the model is a target %q; there are %s", name, lastNames(all))
			}
		}
	}
	excluded := map[string]bool{}
	if !c.Exclude.none() {
		if excluded, err = c.Exclude.match(all); err != nil {
			return nil, err
		}
	}
	for name := range targets {
		saved := slices.ContainsFunc(savedNames(c.SavedModules, c.Task), func(part string) bool { return inside(name, part) })
		if saved || excluded[name] {
			delete(targets, name)
		}
	}
	if len(targets) == 0 {
		return nil, fmt.Errorf("adapt: lora: no layer of the model is a target; there are %s", lastNames(all))
	}
	return targets, nil
}

// lastNames lists the last parts of the layers' names.
func lastNames(all []layer) string {
	var names []string
	for _, l := range all {
		name := l.name[strings.LastIndexByte(l.name, '.')+1:]
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return strings.Join(names, ", ")
}

// size returns a layer's rank and scale.
func (c LoRAConfig) size(name string) (rank int, scale float64, err error) {
	r, err := valueOf(c.Ranks, name, float64(c.Rank))
	if err != nil {
		return 0, 0, fmt.Errorf("adapt: lora: %w", err)
	}
	alpha, err := valueOf(c.Alphas, name, c.Alpha)
	if err != nil {
		return 0, 0, fmt.Errorf("adapt: lora: %w", err)
	}
	if c.RankStabilized {
		return int(r), alpha / math.Sqrt(r), nil
	}
	return int(r), alpha / r, nil
}

// change makes the adapter of one layer.
func (c LoRAConfig) change(l layer, all []layer, p *graph.Params) (slot, error) {
	rank, scale, err := c.size(l.name)
	if err != nil {
		return slot{}, err
	}
	if e := l.embedding; e != nil {
		if c.Bias {
			return slot{}, fmt.Errorf("adapt: lora: %s is a table of embeddings; biases are for projections", l.name)
		}
		r := newLowRows(e, c, rank, scale, p)
		return slot{
			attach: func() { e.Adapter = r }, detach: func() { e.Adapter = nil },
			merge: func() error { return r.merge(e) }, fixed: tied(all, l.name, e.Weight),
		}, nil
	}
	if h := l.linear; h.Weight.Packed() != nil && !l.inner && !l.expert && c.DoRA {
		return slot{}, fmt.Errorf("adapt: lora: the head %s is stored as %s; DoRA on it needs floats", l.name, h.Weight.Stored())
	}
	r := newLowRank(l.linear, c, rank, scale, p)
	s := slot{
		attach: func() { l.linear.Adapter = r }, detach: func() { l.linear.Adapter = nil },
		merge: func() error { return r.merge(l.linear) }, fixed: tied(all, l.name, l.linear.Weight),
	}
	if r.bias != nil && l.linear.Bias == nil {
		s.fixed = fmt.Sprintf("the change of %s has a bias, and the model has none there", l.name)
	}
	return s, nil
}
