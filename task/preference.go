package task

import (
	"context"
	"errors"
	"fmt"

	"github.com/seahorse-ml/seahorse/data"
	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/layers"
	"github.com/seahorse-ml/seahorse/models"
	"github.com/seahorse-ml/seahorse/prefer"
	"github.com/seahorse-ml/seahorse/train"
)

// Preference is learning which of two answers to a prompt is the better one, or whether an answer is good.
type Preference struct {
	// Loss is a prefer.DPO, prefer.ORPO, prefer.CPO, prefer.SimPO or prefer.KTO, of which Policy and Reference are left out: the policy is the model of the run.
	Loss train.Model
	// Reference is the directory of the model that the policy of DPO and KTO is held to, which must have the same tokenizer. Default: the
	// model of the run as it is before training.
	Reference string
	// LDAlpha is what tokens of DPO's answers beyond the length of the shorter one count, in [0, 1]; see prefer.PairsConfig. Default: nil, 1.
	LDAlpha *float64
	// Conversations says how messages are written.
	Conversations Conversations
}

// Name is "dpo", "orpo", "cpo", "simpo" or "kto".
func (o Preference) Name() string {
	switch o.Loss.(type) {
	case prefer.ORPO:
		return "orpo"
	case prefer.CPO:
		return "cpo"
	case prefer.SimPO:
		return "simpo"
	case prefer.KTO:
		return "kto"
	}
	return "dpo"
}

// reads returns the file of the chat template and the directory of the reference.
func (o Preference) reads() []string { return []string{o.Conversations.file(), o.Reference} }

// Fits is true of decoders.
func (Preference) Fits(m models.Model) bool {
	_, ok := m.(prefer.Model)
	return ok && Causal{}.Fits(m)
}

// Head returns none: a decoder has its own.
func (Preference) Head(data.Labels) (models.Head, bool) { return models.Head{}, false }

// Vocabulary is any.
func (Preference) Vocabulary() (string, []string) { return "", nil }

// Labels returns none.
func (Preference) Labels(*data.Source) (data.Labels, error) { return data.Labels{}, nil }

// teacher is an objective whose loss isn't the model's own.
type teacher interface {
	Objective
	// learner returns what learns by the loss: a model with the parameters of m, which is saved as m is.
	learner(m Model) (Model, error)
}

// taughtBy returns a model with the loss of an objective, where that isn't the model's own.
func taughtBy(o Objective, m Model) (Model, error) {
	if t, ok := o.(teacher); ok {
		return t.learner(m)
	}
	return m, nil
}

// learner returns what learns by the loss: a model with the parameters of m, which is saved as m is.
func (o Preference) learner(m Model) (Model, error) {
	policy, ok := m.(prefer.Model)
	if !ok {
		return nil, fmt.Errorf("task: objective %s: %s, expected a decoder", o.Name(), Described(m))
	}
	switch l := o.Loss.(type) {
	case prefer.DPO:
		l.Policy = policy
		return taught{m, l}, l.Config.Validate()
	case prefer.ORPO:
		l.Policy = policy
		return taught{m, l}, nil
	case prefer.CPO:
		l.Policy = policy
		return taught{m, l}, l.Validate()
	case prefer.SimPO:
		l.Policy = policy
		return taught{m, l}, nil
	case prefer.KTO:
		l.Policy = policy
		return taught{m, l}, nil
	}
	return nil, fmt.Errorf("task: preference: a loss of type %T, expected one of prefer.DPO, ORPO, CPO, SimPO and KTO", o.Loss)
}

// taught is a model with another loss.
type taught struct {
	Model
	loss train.Model
}

// Loss returns the other loss.
func (t taught) Loss(g *graph.Graph, b layers.Batch) layers.Loss { return t.loss.Loss(g, b) }

// refers tells whether the loss holds the model to a reference.
func (o Preference) refers() bool { return o.Name() == "dpo" || o.Name() == "kto" }

// judges tells whether rows are of single answers.
func (o Preference) judges() bool { return o.Name() == "kto" }

// tokenSink is what tokens are written to, a file or memory.
type tokenSink interface {
	From(o data.Origin) error
	Append(ids []int32, learn bool) error
	EndDocument() error
	Describe(l data.Labels) error
	AppendExample(x data.Example) error
}

// Encode makes two documents of each record. Of a pair they are the prompt with the better answer, and the other answer, where only answers are
// to be learned; of a single answer the prompt, and the answer, which is to be learned if it is good. Records whose prompts
// leave no room for an answer are left out.
func (o Preference) Encode(ctx context.Context, s *data.Source, c Encoding) (*data.Tokens, Report, error) {
	e := &answerEncoder{turns: newTurns(o.Conversations, c.Tokenizer), single: o.judges()}
	return e.encode(ctx, s, c)
}

// Rows makes a row of each pair or answer.
func (o Preference) Rows(c RowsConfig) (Rows, error) {
	var whole []referred
	r, err := c.examples(func(t *data.Tokens) (data.Dataset, error) {
		d, err := o.dataset(t, c)
		if err == nil && o.refers() {
			whole = append(whole, d)
		}
		return d, err
	})
	r.references = whole
	return r, err
}

// EvalRows is an error: a model that learned from preference is measured as any other that writes.
func (o Preference) EvalRows(RowsConfig) (data.Dataset, []Cut, error) {
	return nil, nil, fmt.Errorf("task: objective %s: nothing is measured without the reference; validation data of the run are", o.Name())
}

// referred is a dataset whose rows can have the log-probabilities of a reference.
type referred interface {
	data.Dataset
	Precompute(ctx context.Context, m prefer.Model, rows int) error
	References() []float32
	SetReferences(all []float32) error
}

// dataset makes rows of what Encode wrote.
func (o Preference) dataset(t *data.Tokens, c RowsConfig) (referred, error) {
	if t.Documents()%2 != 0 {
		return nil, errors.New("task: preference: an odd number of documents; the tokens are of another objective")
	}
	if err := t.CheckVocab(c.Model.VocabSize()); err != nil {
		return nil, err
	}
	var pairs []prefer.Pair
	var judged []prefer.Judged
	for d := 0; d < t.Documents(); d += 2 {
		lo, hi := t.Document(d)
		first := tokensOf(t, lo, hi)
		lo2, hi2 := t.Document(d + 1)
		second := tokensOf(t, lo2, hi2)
		if o.judges() {
			judged = append(judged, prefer.Judged{Prompt: first, Completion: second, Desirable: t.Target(lo2)})
			continue
		}
		n := 0
		for n < len(first) && !t.Target(lo+n) {
			n++
		}
		pairs = append(pairs, prefer.Pair{Prompt: first[:n:n], Chosen: first[n:], Rejected: second})
	}
	if o.judges() {
		return prefer.NewTexts(judged, c.Length)
	}
	cpo, _ := o.Loss.(prefer.CPO)
	dpo, _ := o.Loss.(prefer.DPO)
	return prefer.NewPairs(pairs, prefer.PairsConfig{Length: c.Length, Whole: o.Name() == "orpo", Better: cpo.Alpha > 0 || dpo.Config.Sums("sft"), LDAlpha: o.LDAlpha})
}

// tokensOf returns tokens [lo, hi).
func tokensOf(t *data.Tokens, lo, hi int) []int32 {
	ids := make([]int32, hi-lo)
	for i := range ids {
		ids[i] = t.At(lo + i)
	}
	return ids
}
