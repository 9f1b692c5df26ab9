package prefer

import (
	"context"
	"fmt"

	"github.com/seahorse-ml/seahorse/data"
)

// Judged is a completion of a prompt that is good or not.
type Judged struct {
	Prompt, Completion []int32
	Desirable          bool
}

// Texts is a dataset of a judged text in each row, for KTO: IDs and Targets [T], Desirable, and the same prompt with the completion of
// the next text as MismatchedIDs and MismatchedTargets. It knows the sizes of its rows.
type Texts struct {
	texts                 []Judged
	length                int
	cut                   int
	reference, mismatched []float32 // log-probabilities; nil where they aren't computed
}

// NewTexts makes rows of at most length tokens, one less than of a text; beyond it they are cut at their ends. 0 is as the longest takes.
// At least two texts are needed, each of a prompt and a completion.
func NewTexts(judged []Judged, length int) (*Texts, error) {
	if len(judged) < 2 || length < 0 {
		return nil, fmt.Errorf("prefer: %d judged texts in rows of %d tokens, expected at least two and 0 or more", len(judged), length)
	}
	t := &Texts{texts: judged}
	for i, x := range judged {
		if len(x.Prompt) == 0 || len(x.Completion) == 0 {
			return nil, fmt.Errorf("prefer: text %d of %d has a prompt of %d tokens and a completion of %d, expected some of each", i+1, len(judged), len(x.Prompt), len(x.Completion))
		}
		if length > 0 && len(x.Prompt) > length {
			return nil, fmt.Errorf("prefer: text %d of %d has a prompt of %d tokens, which leaves nothing of its completion in %d", i+1, len(judged), len(x.Prompt), length)
		}
		n := len(x.Prompt) + max(len(x.Completion), len(t.next(i).Completion)) - 1
		if length > 0 && n > length {
			t.cut, n = t.cut+1, length
		}
		t.length = max(t.length, n)
	}
	return t, nil
}

// next returns the text behind text i, and behind the last the first.
func (t *Texts) next(i int) Judged { return t.texts[(i+1)%len(t.texts)] }

// Cut returns how many texts, or prompts with the completion of another, are longer than a row.
func (t *Texts) Cut() int { return t.cut }

// Len returns the number of texts.
func (t *Texts) Len() int { return len(t.texts) }

// Layout returns what a row has.
func (t *Texts) Layout() data.Layout {
	l := data.Layout{Inputs: []data.Input{
		texts(IDs, 0, t.length), texts(Targets, float64(data.Ignored), t.length), {Name: Desirable, Type: data.Float},
		texts(MismatchedIDs, 0, t.length), texts(MismatchedTargets, float64(data.Ignored), t.length),
	}}
	if t.reference != nil {
		l.Inputs = append(l.Inputs, data.Input{Name: Reference, Type: data.Float}, data.Input{Name: MismatchedReference, Type: data.Float})
	}
	return l
}

// Size returns how many tokens row i has.
func (t *Texts) Size(i int, _ string) int {
	x := t.texts[i]
	return min(len(x.Prompt)+max(len(x.Completion), len(t.next(i).Completion))-1, t.length)
}

// Fill writes row i.
func (t *Texts) Fill(row data.Row, i int, _ uint64) {
	x := t.texts[i]
	fillText(row.Ints(IDs), row.Ints(Targets), x.Prompt, x.Completion, false)
	fillText(row.Ints(MismatchedIDs), row.Ints(MismatchedTargets), x.Prompt, t.next(i).Completion, false)
	if x.Desirable {
		row.Floats(Desirable)[0] = 1
	}
	if t.reference != nil {
		row.Floats(Reference)[0], row.Floats(MismatchedReference)[0] = t.reference[i], t.mismatched[i]
	}
}

// Precompute finds the log-probabilities that a reference gives the texts, so that KTO needs none beside the policy. It takes so many
// texts at a time, > 0.
func (t *Texts) Precompute(ctx context.Context, m Model, rows int) error {
	reference, mismatched := make([]float32, len(t.texts)), make([]float32, len(t.texts))
	t.reference = nil
	if err := eachLogProb(ctx, m, t, rows, IDs, Targets, func(i int, v float64) { reference[i] = float32(v) }); err != nil {
		return err
	}
	if err := eachLogProb(ctx, m, t, rows, MismatchedIDs, MismatchedTargets, func(i int, v float64) { mismatched[i] = float32(v) }); err != nil {
		return err
	}
	t.reference, t.mismatched = reference, mismatched
	return nil
}
