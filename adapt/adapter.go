package adapt

import (
	"errors"
	"fmt"
	"slices"

	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/layers"
)

// A Model is what adapters can be put on: its layers are found by layers.Find.
type Model interface {
	// Params returns all parameters.
	Params() []*graph.Param
}

// An Adapter is what was put on a model. Traces of the model compute with it as long as it is enabled.
type Adapter struct {
	model  Model
	config fileConfig
	tree   *graph.Params
	slots  []slot
	frozen []bool // of the model's parameters, before
	on     bool
	prompt *Prompt // nil for none
}

// A slot is one place of a model that computes otherwise with an adapter.
type slot struct {
	attach, detach func()
	merge          func() error // adds the change to the model's parameters
	fixed          string       // why it can't be; empty where it can
}

// Params returns the adapter's parameters: those that are trained.
func (a *Adapter) Params() []*graph.Param { return a.tree.All() }

// Enable says whether traces of the model that are made from now on compute with the adapter. It is when it was made.
func (a *Adapter) Enable(on bool) {
	if on == a.on {
		return
	}
	a.on = on
	for _, s := range a.slots {
		if on {
			s.attach()
		} else {
			s.detach()
		}
	}
}

// Remove takes the adapter off the model, whose parameters are trained again if they were before.
func (a *Adapter) Remove() {
	a.Enable(false)
	for i, p := range a.model.Params() {
		p.Frozen = a.frozen[i]
	}
}

// Merge adds the adapter's change to the model's own parameters and takes it off. The model then computes the same without it, but
// for rounding. Tied parameters that the adapter changes in one place only can't hold that, and are an error; so is a prompt.
func (a *Adapter) Merge() error {
	if a.prompt != nil {
		return errors.New("adapt: merge: a prompt of trained vectors is no change of the model's parameters")
	}
	for _, s := range a.slots {
		if s.fixed != "" {
			return fmt.Errorf("adapt: merge: %s", s.fixed)
		}
	}
	a.Enable(false)
	for _, s := range a.slots {
		if err := s.merge(); err != nil {
			return err
		}
	}
	a.slots = nil
	a.Remove()
	return nil
}

// put freezes the model and attaches the slots.
func (a *Adapter) put() error {
	if err := a.tree.Err(); err != nil {
		return err
	}
	for _, p := range a.model.Params() {
		a.frozen = append(a.frozen, p.Frozen)
		p.Frozen = true
	}
	a.Enable(true)
	return nil
}

// layer is a layer of a model that can be adapted.
type layer struct {
	name      string
	linear    *layers.Linear
	embedding *layers.Embedding
	inner     bool // a projection that is neither a head nor an expert
	expert    bool
}

// layersOf returns the projections and tables of a model.
func layersOf(m Model, task Task) ([]layer, error) {
	outer, experts := map[*layers.Linear]bool{}, map[*layers.Linear]bool{}
	for _, h := range layers.Find[layers.LanguageHead](m) {
		outer[h.Linear] = true
	}
	for _, x := range layers.Find[layers.Mixture](m) {
		for _, l := range layers.Find[layers.Linear](x) {
			experts[l] = true
		}
	}
	if task == TaskSequence {
		for _, c := range layers.Find[layers.Classifier](m) {
			outer[c.Output] = true
		}
	}
	var all []layer
	for _, l := range layers.Find[layers.Linear](m) {
		all = append(all, layer{name: l.Name, linear: l, inner: !outer[l] && !experts[l], expert: experts[l]})
	}
	for _, e := range layers.Find[layers.Embedding](m) {
		all = append(all, layer{name: e.Name, embedding: e})
	}
	if len(all) == 0 {
		return nil, errors.New("adapt: the model has no projection to adapt: no layers.Linear is found in it")
	}
	for i, l := range all {
		switch {
		case l.name == "":
			return nil, errors.New("adapt: a projection of the model has no name; layers.NewLinear in a folder of the parameter tree gives it one")
		case slices.ContainsFunc(all[:i], func(o layer) bool { return o.name == l.name }):
			return nil, fmt.Errorf("adapt: two layers of the model are named %s", l.name)
		case l.linear != nil && l.linear.Adapter != nil || l.embedding != nil && l.embedding.Adapter != nil:
			return nil, fmt.Errorf("adapt: %s has an adapter already; merge or remove it first", l.name)
		}
	}
	return all, nil
}

// tied says that a layer's change can't be merged, where its parameter is used in two places.
func tied(all []layer, name string, p *graph.Param) string {
	if uses(all, p) < 2 {
		return ""
	}
	return fmt.Sprintf("the adapter changes %s, whose parameter %s the model uses in another place too (tied embeddings)", name, p.Name)
}

// uses counts the layers that read a parameter: two where it is tied.
func uses(all []layer, p *graph.Param) int {
	n := 0
	for _, l := range all {
		if l.linear != nil && l.linear.Weight == p || l.embedding != nil && l.embedding.Weight == p {
			n++
		}
	}
	return n
}
