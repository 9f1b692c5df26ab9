package task

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/seahorse-ml/seahorse/data"
	"github.com/seahorse-ml/seahorse/data/inspect"
	"github.com/seahorse-ml/seahorse/data/tokenizer"
	"github.com/seahorse-ml/seahorse/embed"
)

// Inspected is how the records of an objective are looked at before it learns from them.
type Inspected struct {
	Reader *inspect.Reader
	// Limit bounds the texts that Reader returns as rows bound them; nil where it has cut them already.
	Limit *data.LengthLimit
}

// Inspect returns how records are read that an objective learns from in rows of at most length tokens. Of causal models, and of others that learn from texts alone, it returns nil: package
// inspect reads those by itself.
func Inspect(o Objective, t *tokenizer.Tokenizer, length int) (*Inspected, error) {
	switch o := o.(type) {
	case Preference:
		e := &answerEncoder{turns: newTurns(o.Conversations, t), single: o.judges()}
		return &Inspected{&inspect.Reader{Shapes: e.shapes(), Read: e.inspected, Classes: e.single}, &data.LengthLimit{Most: length + 1, How: data.TruncateRight}}, nil // the last token is a target alone
	case Reward:
		e := &answerEncoder{turns: newTurns(o.Conversations, t), whole: true}
		return &Inspected{&inspect.Reader{Shapes: e.shapes(), Read: e.inspected}, &data.LengthLimit{Most: length, How: data.TruncateDrop}}, nil
	case Seq2Seq:
		read := func(r data.Record) ([]inspect.Text, error) { return o.inspected(r, t) }
		return &Inspected{&inspect.Reader{Shapes: Shapes(o), Read: read}, &data.LengthLimit{Most: length, How: data.TruncateRight}}, nil
	case Labelled:
		read := func(r data.Record) ([]inspect.Text, error) { return o.inspected(r, t, length) }
		return &Inspected{Reader: &inspect.Reader{Shapes: Shapes(o), Read: read, Classes: o.Kind != data.Regression}}, nil
	case Embedding:
		m, err := embed.Open(o.Model, embed.OpenConfig{Edit: o.Edit, Sketch: true})
		if err != nil {
			return nil, err
		}
		m.Config.MaxLength = min(length, m.ContextLength())
		read := func(r data.Record) ([]inspect.Text, error) {
			return (&embeddingEncoder{Embedding: o, tokenizer: t, model: m}).inspected(r)
		}
		return &Inspected{Reader: &inspect.Reader{Shapes: o.shapes(), Read: read, Even: true}}, nil
	}
	return nil, nil
}

// inspected returns the texts of a record: a prompt with each answer.
func (e *answerEncoder) inspected(r data.Record) ([]inspect.Text, error) {
	found, err := e.record(r)
	if err != nil {
		return nil, err
	}
	var texts []inspect.Text
	for _, a := range found {
		for i, answer := range a.answers {
			t := inspect.Text{Part: [2]string{"chosen", "rejected"}[i], IDs: slices.Concat(a.prompt, answer)}
			switch {
			case e.single:
				t.Part, t.Labels = "", []string{"undesirable"}
				if a.desirable {
					t.Labels[0] = "desirable"
				}
			case e.whole && a.margin != 0 && i == 0:
				t.Labels = []string{fmt.Sprintf("better by %g", a.margin)}
			}
			if !e.whole { // a reward model tells the worth of a text by its last token, and learns none
				t.Learn = append(make([]bool, len(a.prompt)), slices.Repeat([]bool{true}, len(answer))...)
			}
			texts = append(texts, t)
		}
	}
	return texts, nil
}

// inspected returns the source of a record, and the text that is written about it.
func (Seq2Seq) inspected(r data.Record, t *tokenizer.Tokenizer) ([]inspect.Text, error) {
	source, target, err := r.Pair()
	if err != nil {
		return nil, err
	}
	about := inspect.Text{Part: "source", IDs: t.AppendPart(nil, source, true, true, true)}
	written := inspect.Text{Part: "target", IDs: withEnd(t, t.AppendPart(nil, target, true, true, true))}
	written.Learn = slices.Repeat([]bool{true}, len(written.IDs))
	return []inspect.Text{about, written}, nil
}

// inspected returns the text of a record with its labels. Of words, the first token of each that has a class is a target.
func (o Labelled) inspected(r data.Record, t *tokenizer.Tokenizer, length int) ([]inspect.Text, error) {
	x, names, values, err := r.Labelled(o.Kind)
	if err != nil {
		return nil, err
	}
	ids, _, first, cut, err := x.Frame(t, length)
	if err == nil && len(ids) == 0 {
		err = fmt.Errorf("the text has no tokens")
	}
	if err != nil {
		return nil, err
	}
	text := inspect.Text{IDs: ids, Labels: names}
	if cut {
		text.Cut = fmt.Sprintf("more than %d tokens", length)
	}
	for _, v := range values {
		text.Labels = append(text.Labels, strconv.FormatFloat(float64(v), 'g', -1, 32))
	}
	if o.Kind == data.TokenClassification {
		text.Learn = make([]bool, len(ids))
		for word, at := range first {
			if at >= 0 && names[word] != data.IgnoredLabel {
				text.Learn[at] = true
			}
		}
	}
	return []inspect.Text{text}, nil
}

// inspected returns the texts of a record, whose vectors are compared.
func (e *embeddingEncoder) inspected(r data.Record) ([]inspect.Text, error) {
	all, score, err := e.record(r)
	if err != nil {
		return nil, err
	}
	var texts []inspect.Text
	for k, text := range all {
		ids, cut, err := e.model.FrameCut(e.tokenizer, e.prompt(r.Shape, k)+text)
		if err == nil && len(ids) == 0 {
			err = fmt.Errorf("the text %.40q has no tokens", text)
		}
		if err != nil {
			return nil, err
		}
		one := inspect.Text{IDs: ids, Part: partOf(r.Shape, k)}
		if cut {
			one.Cut = fmt.Sprintf("more than %d tokens", e.model.Config.MaxLength)
		}
		if e.Loss.Scored() && k == 0 {
			one.Labels = []string{strconv.FormatFloat(float64(score), 'g', -1, 32)}
		}
		texts = append(texts, one)
	}
	return texts, nil
}

// partOf says which text of a record to learn vectors from is the one at k.
func partOf(shape data.Shape, k int) string {
	switch {
	case shape != data.TripletShape && shape != data.PairShape:
		return [2]string{"text", "text_pair"}[k]
	case k == 0:
		return "anchor"
	case k == 1:
		return "positive"
	}
	return fmt.Sprintf("negative %d", k-1)
}
