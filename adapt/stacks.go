package adapt

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"

	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/layers"
	"gorgonia.org/tensor"
)

// A stack is a parameter of transformers (since version 5) that holds the matrices of all experts of a mixture, or its router's. peft adapts it as a whole
// (target_parameters): with A [E·R, In] and B [Out, R·E] the change of expert e is s·Σ B[:, k·E + e]·A[e·R + k, :] over the ranks k.
type stack struct {
	name   string             // in transformers, such as model.layers.0.mlp.experts.gate_up_proj
	folder string             // of the adapter's tensors
	mix    string             // the folder of the mixture
	parts  [][]*layers.Linear // by expert: matrices whose rows lie one behind the other
}

// stacks returns those of a model that are wanted.
func stacks(m Model, wanted func(name string) bool) []stack {
	var all []stack
	for _, x := range layers.Find[layers.Mixture](m) {
		mix := strings.TrimPrefix(folderOf(folderOf(x.Router.Name))+".mlp", ".")
		router := stack{name: mix + ".gate.weight", folder: mix + ".gate", mix: mix, parts: [][]*layers.Linear{{x.Router}}}
		inner := stack{name: mix + ".experts.gate_up_proj", folder: mix + ".experts", mix: mix}
		outer := stack{name: mix + ".experts.down_proj", folder: mix + ".experts", mix: mix}
		for _, e := range x.Experts {
			if e.Gate != nil {
				inner.parts = append(inner.parts, []*layers.Linear{e.Gate, e.Up})
			}
			outer.parts = append(outer.parts, []*layers.Linear{e.Down})
		}
		if wanted(outer.name) {
			inner.folder += ".base_layer" // peft wraps the experts once for each of their parameters, in this order
		}
		for _, s := range []stack{router, inner, outer} {
			if len(s.parts) > 0 && wanted(s.name) {
				all = append(all, s)
			}
		}
	}
	return all
}

// folderOf returns a name up to its last part.
func folderOf(name string) string { return name[:max(0, strings.LastIndexByte(name, '.'))] }

// leafOf returns the last part of a name.
func leafOf(name string) string { return name[strings.LastIndexByte(name, '.')+1:] }

// sized is what has a rank or an alpha: a layer with its like of other experts, or a stack.
type sized struct {
	names          []string
	pattern, kind  string  // regular expressions for those names, and for all of the kind
	value, general float64 // what they have, and what they would have without a pattern
}

// patternsFor returns patterns by which all have their values: new ones before those that there are. Kinds that others have too aren't named as a whole.
func patternsFor(existing []Pattern, all []sized, others func(kind string) bool) ([]Pattern, error) {
	var fresh []Pattern
	for _, s := range all {
		right := true
		for _, name := range s.names {
			got, err := valueOf(existing, name, s.general)
			if err != nil {
				return nil, fmt.Errorf("adapt: lora: %w", err)
			}
			right = right && got == s.value
		}
		if right {
			continue
		}
		p := Pattern{s.pattern, s.value}
		if !others(s.kind) && !slices.ContainsFunc(all, func(o sized) bool { return o.kind == s.kind && o.value != s.value }) {
			p.Regex = s.kind
		}
		if !slices.Contains(fresh, p) {
			fresh = append(fresh, p)
		}
	}
	return append(fresh, existing...), nil
}

// matching returns the patterns that match one of the names: others were for stacks.
func matching(patterns []Pattern, names map[string]bool) ([]Pattern, error) {
	var kept []Pattern
	for _, p := range patterns {
		for name := range names {
			v, err := valueOf([]Pattern{p}, name, -1)
			if err != nil {
				return nil, fmt.Errorf("adapt: lora: %w", err)
			}
			if v != -1 {
				kept = append(kept, p)
				break
			}
		}
	}
	return kept, nil
}

// unstack turns the parameters that a configuration targets into layers of the model, with patterns for their ranks, and returns a source that has their
// tensors by the layers' names. Those that rows of one matrix share come to each of them.
func (c *fileConfig) unstack(m Model, file graph.Source) (graph.Source, error) {
	l := *c.lora
	if l.DoRA || l.Bias {
		return nil, fmt.Errorf("%s: target_parameters is set beside use_dora or lora_bias, which doesn't go together", ConfigName)
	}
	all, err := layersOf(m, l.Task)
	if err != nil {
		return nil, err
	}
	modules := map[string]bool{}
	if !l.Targets.none() {
		if modules, err = l.Targets.match(all); err != nil {
			return nil, err
		}
	}
	found := map[string]bool{}
	wanted := func(name string) bool {
		ok := false
		for _, p := range c.parameters {
			if endsIn(name, p) {
				ok, found[p] = true, true
			}
		}
		return ok
	}
	u := &unstacked{Source: file, parts: map[string]part{}, stored: map[string]bool{}}
	targets := map[string]bool{}
	var ranks, alphas []sized
	add := func(parameter, pattern string, names ...string) (rank int, err error) {
		r, err := valueOf(l.Ranks, parameter, float64(l.Rank))
		if err != nil {
			return 0, err
		}
		alpha, err := valueOf(l.Alphas, parameter, l.Alpha)
		kind := regexp.QuoteMeta(leafOf(names[0]))
		ranks = append(ranks, sized{names, pattern, kind, r, float64(l.Rank)})
		alphas = append(alphas, sized{names, pattern, kind, alpha, l.Alpha})
		return int(r), err
	}
	for _, s := range stacks(m, wanted) {
		rank := 0
		for i, p := range s.parts[0] {
			var names []string
			for _, parts := range s.parts {
				names = append(names, parts[i].Name)
				targets[parts[i].Name] = true
			}
			if rank, err = add(s.name, s.pattern(p.Name), names...); err != nil {
				return nil, err
			}
		}
		if err := u.add(s, rank); err != nil {
			return nil, err
		}
	}
	for _, p := range all { // whose tensors have the names that they have as modules
		if p.linear == nil || p.expert || p.linear.InOut() || !wanted(p.name+".weight") {
			continue
		}
		if _, err := add(p.name+".weight", regexp.QuoteMeta(p.name), p.name); err != nil {
			return nil, err
		}
		targets[p.name] = true
	}
	for _, p := range c.parameters {
		if !found[p] {
			return nil, fmt.Errorf("%s: target_parameters: no matrix of projections or experts of the model is named %q", ConfigName, p)
		}
	}
	plain := map[string]bool{} // kinds of layers that are targets as modules
	for name := range modules {
		plain[regexp.QuoteMeta(leafOf(name))] = plain[regexp.QuoteMeta(leafOf(name))] || !targets[name]
		targets[name] = true
	}
	others := func(kind string) bool { return plain[kind] }
	if l.Ranks, err = matching(l.Ranks, targets); err != nil {
		return nil, err
	}
	if l.Alphas, err = matching(l.Alphas, targets); err != nil {
		return nil, err
	}
	if l.Ranks, err = patternsFor(l.Ranks, ranks, others); err != nil {
		return nil, err
	}
	if l.Alphas, err = patternsFor(l.Alphas, alphas, others); err != nil {
		return nil, err
	}
	l.Targets = storedTargets(LoRAConfig{Targets: AllLinear()}, all, targets)
	c.lora = &l
	return u, nil
}

// pattern returns a regular expression for a matrix of the first expert and those like it of the others.
func (s stack) pattern(name string) string {
	if len(s.parts) == 1 {
		return regexp.QuoteMeta(name)
	}
	return regexp.QuoteMeta(folderOf(folderOf(name))) + `\.\d+\.` + regexp.QuoteMeta(leafOf(name))
}

// unstacked is a file's tensors by the names of the layers that they are for.
type unstacked struct {
	graph.Source
	parts  map[string]part // by their names in a file that has them one by one
	stored map[string]bool // that parts are of
	mix    string          // whose tensors are kept in
	kept   map[string]*tensor.Dense
}

// part is a part of a tensor.
type part struct {
	stored  string // the tensor
	mix     string // the folder of the mixture
	expert  int
	experts int
	shape   []int
	second  bool // of B, whose rows are taken from row on; A is the same for all rows
	row     int
}

// add takes the tensors of a stack apart.
func (u *unstacked) add(s stack, rank int) error {
	first, second := modelPrefix+s.folder+".lora_A.weight", modelPrefix+s.folder+".lora_B.weight"
	experts, rows, in := len(s.parts), 0, 0
	for e, parts := range s.parts {
		rows = 0
		for _, l := range parts {
			var out int
			in, out = l.Sizes()
			name := modelPrefix + l.Name
			u.parts[name+".lora_A.weight"] = part{stored: first, mix: s.mix, expert: e, experts: experts, shape: []int{rank, in}}
			u.parts[name+".lora_B.weight"] = part{stored: second, mix: s.mix, expert: e, experts: experts, shape: []int{out, rank}, second: true, row: rows}
			rows += out
		}
	}
	for _, t := range []struct {
		name string
		want []int
	}{{first, []int{experts * rank, in}}, {second, []int{rows, rank * experts}}} {
		u.stored[t.name] = true
		if shape, ok := u.Source.Shape(t.name); !ok {
			return fmt.Errorf("%s: tensor %q of %s is missing", WeightsName, t.name, s.name)
		} else if !slices.Equal(shape, t.want) {
			return fmt.Errorf("%s: tensor %q of %s has shape %v, expected %v", WeightsName, t.name, s.name, shape, t.want)
		}
	}
	return nil
}

func (u *unstacked) Names() []string {
	var names []string
	for _, name := range u.Source.Names() {
		if !u.stored[name] {
			names = append(names, name)
		}
	}
	for name := range u.parts {
		names = append(names, name)
	}
	return names
}

func (u *unstacked) Shape(name string) ([]int, bool) {
	if p, ok := u.parts[name]; ok {
		return p.shape, true
	}
	return u.Source.Shape(name)
}

func (u *unstacked) Readable(name string) error {
	if p, ok := u.parts[name]; ok {
		return u.Source.Readable(p.stored)
	}
	return u.Source.Readable(name)
}

func (u *unstacked) Read(name string, dst *tensor.Dense) error {
	p, ok := u.parts[name]
	if !ok {
		return u.Source.Read(name, dst)
	}
	if u.mix != p.mix {
		u.mix, u.kept = p.mix, map[string]*tensor.Dense{}
	}
	whole := u.kept[p.stored]
	if whole == nil {
		shape, _ := u.Source.Shape(p.stored)
		whole = tensor.New(tensor.Of(dst.Dtype()), tensor.WithShape(shape...))
		if err := u.Source.Read(p.stored, whole); err != nil {
			return err
		}
		u.kept[p.stored] = whole
	}
	switch d := dst.Data().(type) {
	case []float32:
		cut(d, whole.Data().([]float32), p)
	case []float64:
		cut(d, whole.Data().([]float64), p)
	}
	return nil
}

// cut copies a part.
func cut[T float32 | float64](dst, src []T, p part) {
	if !p.second {
		copy(dst, src[p.expert*len(dst):])
		return
	}
	from := src[p.row*p.shape[1]*p.experts:]
	for i := range dst {
		dst[i] = from[i*p.experts+p.expert]
	}
}

// stackedPatterns returns the patterns of ranks and alphas as they are stored: transformers has the experts' matrices as stacks, so peft looks for a stack's
// rank and alpha by its name. It adds up the ranks of the matrices whose rows lie in one, and where no pattern is for it takes the general ones as often.
func (c LoRAConfig) stackedPatterns(m Model, targets map[string]bool) (ranks, alphas []Pattern, err error) {
	if len(c.Ranks)+len(c.Alphas) == 0 && !c.RankStabilized {
		return nil, nil, nil
	}
	var rankSizes, alphaSizes []sized
	for _, s := range stacks(m, func(string) bool { return true }) {
		rank, alpha, ok, err := c.together(s, targets)
		if err != nil {
			return nil, nil, err
		}
		if !ok {
			continue
		}
		several := float64(len(s.parts[0]))
		name, all := regexp.QuoteMeta(s.name), regexp.QuoteMeta(strings.TrimPrefix(s.name, folderOf(s.mix)+"."))
		rankSizes = append(rankSizes, sized{[]string{s.name}, name, all, rank, several * float64(c.Rank)})
		alphaSizes = append(alphaSizes, sized{[]string{s.name}, name, all, alpha, several * c.Alpha})
	}
	none := func(string) bool { return false }
	if ranks, err = patternsFor(c.Ranks, rankSizes, none); err != nil {
		return nil, nil, err
	}
	alphas, err = patternsFor(c.Alphas, alphaSizes, none)
	return ranks, alphas, err
}

// together returns the rank of a stack, the sum of those of the matrices in it, and the alpha by which each has the scale that it has by itself. It isn't ok
// where some have no adapter or another one.
func (c LoRAConfig) together(s stack, targets map[string]bool) (rank, alpha float64, ok bool, err error) {
	first, general := 0.0, 0.0
	for i, l := range slices.Concat(s.parts...) {
		r, err := valueOf(c.Ranks, l.Name, float64(c.Rank))
		if err != nil {
			return 0, 0, false, fmt.Errorf("adapt: lora: %w", err)
		}
		a, err := valueOf(c.Alphas, l.Name, c.Alpha)
		if err != nil {
			return 0, 0, false, fmt.Errorf("adapt: lora: %w", err)
		}
		if i == 0 {
			first, general = r, a
		}
		if !targets[l.Name] || r != first || a != general {
			return 0, 0, false, nil
		}
	}
	times := float64(len(s.parts[0]))
	if c.RankStabilized {
		return times * first, general * math.Sqrt(times), true, nil
	}
	return times * first, general * times, true, nil
}
