package task

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/seahorse-ml/seahorse/data"
	"github.com/seahorse-ml/seahorse/data/tokenizer"
	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/layers"
	"github.com/seahorse-ml/seahorse/models"
	"gorgonia.org/tensor"
)

// Base is what the model and the tokenizer of a run come from.
type Base interface {
	// Tokenizer returns the tokenizer of a new run on a source.
	Tokenizer(ctx context.Context, o Objective, s *data.Source) (*tokenizer.Tokenizer, error)
	// Labels returns the labels that the model is to have, where the data have those that were found.
	Labels(o Objective, found data.Labels) (data.Labels, error)
	// Outline returns a sketch of the model as far as it is known before the data are read.
	Outline() (models.Model, error)
	// Open makes the model with a head for an objective and its labels, or a sketch of it.
	Open(o Objective, t *tokenizer.Tokenizer, l data.Labels, sketch bool) (Model, error)
	// Reopen reads the model that a run has saved in a directory, or a sketch of it.
	Reopen(dir string, sketch bool) (Model, error)
}

// New is a Base of random weights.
type New struct {
	Arch string // family, see models.Arches
	// Size is how large the model is. Vocab, Start, End and Pad follow from the tokenizer.
	Size models.Size
	// Learn tells how a tokenizer is learned from the data; nil takes that of From.
	Learn *tokenizer.TrainConfig
	From  string // a tokenizer's directory or file, without Learn
	Seed  uint64 // of the weights
	// Vectors returns what tokens begin with in the table that they are looked up in, given each token as text, "" for special ones, and the
	// table's width; a token of nil is drawn. VectorsFrom is the file or directory that they are from. Default: all are drawn.
	Vectors     func(tokens []string, width int) ([][]float32, error)
	VectorsFrom string
}

// Tokenizer learns the tokenizer, or reads it.
func (n New) Tokenizer(ctx context.Context, o Objective, s *data.Source) (*tokenizer.Tokenizer, error) {
	if n.Learn == nil {
		return tokenizer.Load(n.From)
	}
	return tokenizer.Train(ctx, *n.Learn, s.Documents())
}

// reads returns where the tokenizer is read from.
func (n New) reads() []string {
	if n.Learn != nil {
		return []string{n.VectorsFrom}
	}
	return []string{n.From, n.VectorsFrom}
}

// Labels returns those that were found.
func (New) Labels(_ Objective, found data.Labels) (data.Labels, error) { return found, nil }

// Validate tells what is wrong with the size for the family, or nil.
func (n New) Validate() error {
	anyID := 0
	_, err := n.sized(1, &anyID, &anyID).Config(n.Arch)
	return err
}

// Outline has a vocabulary of one token, since the tokenizer may still have to be learned.
func (n New) Outline() (models.Model, error) {
	anyID := 0
	return n.model(n.sized(1, &anyID, &anyID), true)
}

// Open makes the model.
func (n New) Open(o Objective, t *tokenizer.Tokenizer, _ data.Labels, sketch bool) (Model, error) {
	var end, pad *int
	if id, ok := t.EndOfText(); ok {
		n := int(id)
		end = &n
	}
	if id, ok := t.Special("pad_token"); ok && (end == nil || int(id) != *end) {
		n := int(id)
		pad = &n
	}
	m, err := n.model(n.sized(t.VocabSize(), end, pad), sketch)
	if err != nil {
		return nil, err
	}
	if !o.Fits(m) {
		return nil, fmt.Errorf("task: objective %s: a model of the family %s learns %s", o.Name(), n.Arch, strings.Join(Learns(m), ", "))
	}
	if n.Vectors != nil && !sketch {
		if err := n.begin(m, t); err != nil {
			return nil, err
		}
	}
	return learner(m)
}

// begin gives the tokens of a new model the vectors that they begin with.
func (n New) begin(m models.Model, t *tokenizer.Tokenizer) error {
	table, err := TokenTable(m)
	if err != nil {
		return err
	}
	tokens := make([]string, t.VocabSize())
	for i := range tokens {
		tokens[i] = string(t.Decode([]int32{int32(i)}, true))
	}
	vectors, err := n.Vectors(tokens, table.Weight.Shape[1])
	if err != nil {
		return err
	}
	return table.SetVectors(vectors)
}

// TokenTable returns the table that a model's tokens are looked up in.
func TokenTable(m models.Model) (*layers.Embedding, error) {
	all := layers.Find[layers.Embedding](m)
	if len(all) == 0 {
		return nil, errors.New("task: the model has no table of embeddings")
	}
	return all[0], nil
}

// Reopen reads the model.
func (New) Reopen(dir string, sketch bool) (Model, error) { return reopen(dir, sketch) }

// sized returns the size for a vocabulary and the ids of its end-of-text and padding tokens, if any.
func (n New) sized(vocab int, end, pad *int) models.Size {
	s := n.Size
	s.Vocab, s.Start, s.End, s.Pad = vocab, end, end, pad
	return s
}

// model makes a model of a size, or a sketch of it.
func (n New) model(s models.Size, sketch bool) (models.Model, error) {
	config, err := s.Config(n.Arch)
	if err != nil {
		return nil, err
	}
	params := graph.NewParams(tensor.Float32, n.Seed)
	if sketch {
		params = graph.SketchParams(tensor.Float32, nil)
	}
	return models.New(config, params)
}

// ArchObjective returns what new models of a family learn.
func ArchObjective(arch string) (Objective, error) {
	f, err := models.FamilyNamed(arch)
	if err != nil {
		return nil, err
	}
	return Named(string(f.Objective))
}

// DefaultArch returns the family that an objective is learned by where nobody names one, or "" for
// objectives that need a trained model.
func DefaultArch(objective string) string {
	for _, f := range models.Families() {
		if f.Preferred && string(f.Objective) == objective {
			return f.Name
		}
	}
	return ""
}

// Pretrained is a Base that a directory holds.
type Pretrained struct {
	Dir     string         // of the model and its tokenizer
	Dropout *float64       // of all of the model but a classifier; nil keeps the model's
	NewHead bool           // a new head for the labels of the data in place of a trained one; default false
	Storage models.Storage // of the matrices, which aren't trained unless they are floats
	Seed    uint64         // of a new head's weights
}

// ErrHead says that a trained head doesn't know the labels of the data.
var ErrHead = errors.New("task: the trained head doesn't know the labels")

// reads returns where the model is.
func (p Pretrained) reads() []string { return []string{p.Dir} }

// Tokenizer reads the model's.
func (p Pretrained) Tokenizer(context.Context, Objective, *data.Source) (*tokenizer.Tokenizer, error) {
	return tokenizer.Load(p.Dir)
}

// Outline returns a sketch of the model with the head that it has.
func (p Pretrained) Outline() (models.Model, error) {
	return models.Open(p.Dir, models.OpenConfig{Edit: p.edit(), Sketch: true, Storage: p.Storage})
}

// Labels keeps the labels of the model's head where it knows all that are found. It isn't replaced unless that is asked for.
func (p Pretrained) Labels(_ Objective, found data.Labels) (data.Labels, error) {
	m, err := p.Outline()
	if err != nil {
		return found, err
	}
	known := LabelsOf(m)
	if known.Kind != found.Kind || p.NewHead {
		return found, nil
	}
	if found.Kind == data.Regression {
		if len(known.Names) != len(found.Names) {
			return known, headError(fmt.Sprintf("labels of %s, and the trained head of the model finds %d", values(len(found.Names)), len(known.Names)))
		}
		return known, nil
	}
	if unknown := known.Unknown(found.Names); len(unknown) > 0 {
		return known, headError(fmt.Sprintf("the trained head of the model doesn't know the labels %s; it knows %s, by name or number from 0",
			FirstOf(unknown, 10), FirstOf(known.Names, 20)))
	}
	return known, nil
}

func values(n int) string {
	if n == 1 {
		return "1 value"
	}
	return fmt.Sprintf("%d values", n)
}

// headError is an ErrHead in full.
type headError string

func (e headError) Error() string      { return string(e) }
func (headError) Is(target error) bool { return target == ErrHead }

// Open reads the model, and gives it a new head where it has none for the objective and the labels.
func (p Pretrained) Open(o Objective, _ *tokenizer.Tokenizer, l data.Labels, sketch bool) (Model, error) {
	base, err := p.Outline()
	if err != nil {
		return nil, err
	}
	if err := p.check(base, o); err != nil {
		return nil, err
	}
	c := models.OpenConfig{Edit: p.edit(), Sketch: sketch, Seed: p.Seed, Storage: p.Storage}
	known := LabelsOf(base)
	if !o.Fits(base) || p.NewHead && l.Kind != "" || known.Kind != "" && !slices.Equal(known.Names, l.Names) {
		head, _ := o.Head(l)
		c.Head = &head
	}
	m, err := models.Open(p.Dir, c)
	if err != nil {
		return nil, err
	}
	return learner(m)
}

// Reopen reads the model.
func (Pretrained) Reopen(dir string, sketch bool) (Model, error) { return reopen(dir, sketch) }

// Objective returns what a model learns for which o was asked: o, or where that is nil what its head is for.
func (p Pretrained) Objective(o Objective) (Objective, error) {
	base, err := p.Outline()
	if err != nil {
		return nil, err
	}
	if o == nil {
		o = Of(base)
	}
	if o == nil {
		return nil, fmt.Errorf("task: %s holds an encoder without a head: it has no objective of its own; it can learn %s", p.Dir, strings.Join(Learns(base), ", "))
	}
	return o, p.check(base, o)
}

// check refuses an objective that the model can't learn.
func (p Pretrained) check(base models.Model, o Objective) error {
	if !CanLearn(base, o) {
		return fmt.Errorf("task: objective %s: the model in %s learns %s", o.Name(), p.Dir, strings.Join(Learns(base), ", "))
	}
	return nil
}

// edit returns what sets the dropout in a config.json; nil without one.
func (p Pretrained) edit() func(config map[string]any) {
	if p.Dropout == nil {
		return nil
	}
	return models.WithDropout(*p.Dropout)
}

// reopen reads a model that was trained, or a sketch of it.
func reopen(dir string, sketch bool) (Model, error) {
	m, err := models.Open(dir, models.OpenConfig{Sketch: sketch})
	if err != nil {
		return nil, err
	}
	return learner(m)
}

// learner returns a model as one that can be trained.
func learner(m models.Model) (Model, error) {
	l, ok := m.(Model)
	if !ok {
		return nil, fmt.Errorf("task: %s can't be trained", Described(m))
	}
	return l, nil
}

// FirstOf lists the first of some names, and how many more there are.
func FirstOf(names []string, most int) string {
	shown := strings.Join(names[:min(most, len(names))], ", ")
	if more := len(names) - most; more > 0 {
		shown += fmt.Sprintf(" and %d more", more)
	}
	return shown
}
