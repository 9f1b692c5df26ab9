package task

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/seahorse-ml/seahorse/adapt"
	"github.com/seahorse-ml/seahorse/data"
	"github.com/seahorse-ml/seahorse/embed"
	"github.com/seahorse-ml/seahorse/generate"
	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/hub"
	"github.com/seahorse-ml/seahorse/models"
)

// Adaptation says which adapter a run trains in place of its model.
type Adaptation struct {
	LoRA   *adapt.LoRAConfig   // a new one, whose Task follows from the model; or
	Prompt *adapt.PromptConfig // trained vectors before each text, likewise; or
	Dir    string              // one that a directory holds, to go on with
	// AnyBase takes another model than that which the adapter of Dir was trained on; see adapt.OpenConfig.
	AnyBase bool
	Name    string // of the model, in the adapter's files: a directory or a name in Hugging Face's hub
	Seed    uint64 // of a new adapter's first values
}

// Validate tells what is wrong with the configuration, or nil.
func (a Adaptation) Validate() error {
	ways := 0
	for _, set := range []bool{a.LoRA != nil, a.Prompt != nil, a.Dir != ""} {
		if set {
			ways++
		}
	}
	switch {
	case ways != 1:
		return errors.New("task: an adapter is a new one, of one kind, or that of a directory")
	case a.LoRA != nil:
		return a.LoRA.Validate()
	case a.Prompt != nil:
		return a.Prompt.Validate()
	}
	return nil
}

// adapted returns what an adapter is put on, and what that is for: of an embedder the body.
func adapted(m Model) (adapt.Model, adapt.Task) {
	if e, ok := m.(embed.Learner); ok {
		return e.Body, adapt.TaskFeatures
	}
	return m, adapt.TaskOf(m)
}

// adapter puts the adapter on the model: that of the last checkpoint, or of the configuration.
func (r *Run) adapter(m Model) (*adapt.Adapter, error) {
	c := r.Adapter
	on, purpose := adapted(m)
	var a *adapt.Adapter
	var err error
	switch {
	case r.last != nil:
		a, err = adapt.Open(r.last.Dir, on, adapt.OpenConfig{})
	case c.Dir != "":
		a, err = adapt.Open(c.Dir, on, adapt.OpenConfig{AnyBase: c.AnyBase})
	default:
		fresh, outlineErr := r.freshLayers(m)
		if outlineErr != nil {
			return nil, outlineErr
		}
		if c.Prompt != nil {
			prompt := *c.Prompt
			prompt.Task, prompt.SavedModules = purpose, append(slices.Clone(prompt.SavedModules), fresh...)
			a, err = adapt.NewPrompt(on, prompt, c.Seed)
			break
		}
		lora := *c.LoRA
		lora.Task, lora.SavedModules = purpose, append(slices.Clone(lora.SavedModules), fresh...)
		a, err = adapt.NewLoRA(on, lora, c.Seed)
	}
	if err != nil {
		return nil, err
	}
	if c.Name != "" {
		a.SetBase(c.Name)
	}
	if (Reward{}).Fits(m) {
		a.SetHead(&adapt.Head{Objective: Reward{}.Name()})
	} else if l := LabelsOf(m); l.Kind != "" {
		a.SetHead(&adapt.Head{Objective: string(l.Kind), Labels: l.Names})
	}
	return a, nil
}

// promptOf returns the ids that texts begin with under an adapter, none without a prompt.
func promptOf(a *adapt.Adapter) []int32 {
	if a == nil || a.Prompt() == nil {
		return nil
	}
	return a.Prompt().IDs()
}

// prompted puts an adapter's prompt before rows.
func prompted(rows data.Dataset, a *adapt.Adapter, m models.Model) (data.Dataset, error) {
	ids := promptOf(a)
	if rows == nil || len(ids) == 0 {
		return rows, nil
	}
	_, first := m.(*models.SequenceClassifier)
	p, err := data.NewPrefixed(rows, ids, first)
	if err != nil {
		return nil, err
	}
	if length := p.Layout().Length(data.TextLength); length > m.ContextLength() {
		return nil, fmt.Errorf("task: rows of %d tokens with their prompt, and the model's context is %d", length, m.ContextLength())
	}
	return p, nil
}

// promptedModel is a model that knows the ids of a prompt.
type promptedModel struct {
	generate.Model
	ids []int32
}

// VirtualTokens returns how many ids there are behind the vocabulary.
func (m promptedModel) VirtualTokens() int { return len(m.ids) }

// TurnsBeyond is the model's.
func (m promptedModel) TurnsBeyond() int {
	if t, ok := m.Model.(generate.Turning); ok {
		return t.TurnsBeyond()
	}
	return 0
}

// freshLayers returns the layers of a model that its base doesn't have, such as those of a new head: they are trained whole.
func (r *Run) freshLayers(m Model) ([]string, error) {
	base, err := r.Base.Outline()
	if err != nil {
		return nil, err
	}
	var fresh []string
	for _, p := range m.Params() {
		stored := slices.ContainsFunc(base.Params(), func(b *graph.Param) bool {
			return b.Name == p.Name || strings.HasSuffix(p.Name, "."+b.Name) || strings.HasSuffix(b.Name, "."+p.Name)
		})
		layer := p.Name[:max(0, strings.LastIndexByte(p.Name, '.'))]
		if !stored && layer != "" && !slices.Contains(fresh, layer) {
			fresh = append(fresh, layer)
		}
	}
	return fresh, nil
}

// freeze freezes the parameters in whose names a pattern is found.
func freeze(m Model, pattern string) error {
	if pattern == "" {
		return nil
	}
	re, err := regexp.Compile(pattern)
	if err != nil {
		return fmt.Errorf("task: freeze: %w", err)
	}
	frozen := 0
	for _, p := range m.Params() {
		if re.MatchString(p.Name) {
			p.Frozen = true
			frozen++
		}
	}
	switch frozen {
	case 0:
		return fmt.Errorf("task: freeze: no parameter of the model has %q in its name; there are %s", pattern, FirstOf(paramNames(m), 10))
	case len(m.Params()):
		return fmt.Errorf("task: freeze: all parameters have %q in their names, so that none is left to train", pattern)
	}
	return nil
}

func paramNames(m Model) []string {
	var all []string
	for _, p := range m.Params() {
		all = append(all, p.Name)
	}
	return all
}

// adapterBase returns the directory of the model that an adapter's directory names.
func adapterBase(dir string) (string, error) {
	path, err := AdapterBase(dir)
	if err != nil && path != "" {
		err = fmt.Errorf("%w; give its directory as the model, and this one as its adapter", err)
	}
	return path, err
}

// AdapterBase returns the path of the model that the adapter in a directory is for: as the adapter names it, beside the adapter, or in Hugging Face's
// cache, which nothing is fetched into. Where it isn't there, the name comes with the error.
func AdapterBase(dir string) (string, error) {
	base, err := adapt.ReadBase(dir)
	if err != nil {
		return "", err
	}
	for _, path := range []string{base, filepath.Join(dir, base)} {
		if _, err := os.Stat(path); base != "" && err == nil {
			return path, nil
		}
	}
	if r, err := hub.Parse(base); err == nil {
		cache, err := hub.FromEnvironment()
		if err != nil {
			return base, err
		}
		cache.Offline = true
		if path, err := cache.Model(context.Background(), r); err == nil {
			return path, nil
		}
	}
	return base, fmt.Errorf("task: %s holds an adapter for the model %q, which isn't there", dir, base)
}

// open reads the model, or a sketch of it. With an adapter it gets the head that this brings along, and the adapter.
func (t *Trained) open(sketch bool) (models.Model, error) {
	c := models.OpenConfig{Sketch: sketch, Storage: t.config.Storage}
	m, err := models.Open(t.Dir, c)
	if err != nil || t.config.Adapter == "" {
		return m, err
	}
	noted, err := adapt.ReadHead(t.config.Adapter)
	if err != nil {
		return nil, err
	}
	if embed.IsDir(t.config.Adapter) && models.Headed(m) { // an embedder's adapter is for the states
		c.Head = &models.Head{None: true}
		if m, err = models.Open(t.Dir, c); err != nil {
			return nil, err
		}
	}
	reward := noted != nil && noted.Objective == Reward{}.Name() && !Reward{}.Fits(m)
	if noted != nil && (reward || !slices.Equal(LabelsOf(m).Names, noted.Labels)) {
		o, err := Named(noted.Objective)
		if err != nil {
			return nil, err
		}
		head, ok := o.Head(data.Labels{Kind: data.LabelKind(noted.Objective), Names: noted.Labels})
		if !ok || !CanLearn(m, o) {
			return nil, fmt.Errorf("task: the adapter in %s brings a head for %s along, and the model in %s is none that can get one", t.config.Adapter, noted.Objective, t.Dir)
		}
		c.Head = &head
		if m, err = models.Open(t.Dir, c); err != nil {
			return nil, err
		}
	}
	t.Adapter, err = adapt.Open(t.config.Adapter, m, adapt.OpenConfig{AnyBase: t.config.AnyBase})
	return m, err
}
