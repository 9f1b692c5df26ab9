package models

import (
	"strings"

	"github.com/seahorse-ml/seahorse/graph"
)

// build makes the encoder with the head that its architecture has or, where config.json names none, that the stored tensors show.
func (c EncoderConfig) build(o origin) (Model, error) {
	task, err := c.task()
	if err != nil {
		return nil, err
	}
	if len(c.Architectures) == 0 {
		task = c.shown(o)
	}
	switch {
	case o.params != nil:
		return newEncoderFor(c, task, trees{o.params, o.params})
	case o.newHead != nil && task == TaskEncoding:
		prefix := c.names().prefix + "."
		only := o.encoderOnly(c)
		only = only.rename(func(name string) string { return strings.TrimPrefix(name, prefix) })
		return made(NewEncoder(c, only.tree()))
	case o.newHead != nil:
		t := trees{encoder: o.encoderOnly(c).tree(), head: graph.NewParams(o.dt, *o.newHead)}
		if o.sketch {
			t.head = graph.SketchParams(o.dt, nil)
		}
		return newEncoderFor(c, task, t)
	}
	o = o.encoder(c, task)
	p := o.tree()
	m, err := newEncoderFor(c, task, trees{p, p})
	if err != nil {
		return nil, err
	}
	if masked, ok := m.(*MaskedLM); ok {
		return m, o.checkTied(masked.family().masked+".decoder.weight", masked.Head.Output, masked.Tokens)
	}
	return m, nil
}

// shown returns the task of the head that is stored. The classifier of a sequence reads what a pooler makes of its first token, that of
// a token has none.
func (c EncoderConfig) shown(o origin) Task {
	f := c.names()
	switch {
	case o.holds(f.masked):
		return TaskMasked
	case !o.holds("classifier"):
		return TaskEncoding
	case f.ownPooler && o.holds("classifier.out_proj"):
		return TaskSequence
	case !f.ownPooler && (o.holds(f.pooler) || o.holds(f.prefix+"."+f.pooler)):
		return TaskSequence
	}
	return TaskToken
}

// newEncoderFor makes the model of a task.
func newEncoderFor(c EncoderConfig, task Task, t trees) (Model, error) {
	switch task {
	case TaskMasked:
		return made(newMaskedLM(c, t))
	case TaskSequence:
		return made(newSequenceClassifier(c, t))
	case TaskToken:
		return made(newTokenClassifier(c, t))
	}
	return made(NewEncoder(c, t.encoder))
}

// encoder gives stored tensors the names that they have in this package: norms
// of old files call weight and bias gamma and beta, the encoder's folder has a name where
// there is a head, and the bias of a masked head is stored by itself and with its decoder,
// which is the one that counts.
func (o origin) encoder(c EncoderConfig, task Task) origin {
	f := c.names()
	prefix := f.prefix + "."
	bias, decoderBias := f.masked+".bias", f.masked+".decoder.bias"
	both := false
	if o.source != nil {
		_, both = o.source.Shape(decoderBias)
	}
	return o.rename(func(name string) string {
		switch {
		case name == decoderBias:
			return bias
		case name == bias && both:
			return ""
		}
		if norm, ok := strings.CutSuffix(name, ".gamma"); ok {
			name = norm + ".weight"
		} else if norm, ok := strings.CutSuffix(name, ".beta"); ok {
			name = norm + ".bias"
		}
		part, _, _ := strings.Cut(name, ".")
		isPart := part == "embeddings" || part == "encoder" || part == "pooler"
		switch {
		case task == TaskEncoding:
			return strings.TrimPrefix(name, prefix)
		case isPart:
			return prefix + name
		}
		return name
	})
}
