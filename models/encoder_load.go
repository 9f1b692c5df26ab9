package models

import (
	"fmt"
	"strings"

	"github.com/seahorse-ml/seahorse/graph"
	"gorgonia.org/tensor"
)

// loadEncoder reads an encoder with the head that its architecture has.
func loadEncoder(config []byte, dt tensor.Dtype, source graph.Source) (Model, error) {
	c, err := parseEncoderConfig(config)
	if err != nil {
		return nil, err
	}
	if err := c.Validate(); err != nil {
		return nil, err
	}
	task, err := c.task()
	if err != nil {
		return nil, err
	}
	source = encoderSource(c, task, source)
	p := graph.LoadParams(dt, source)
	m, err := newEncoderFor(c, task, trees{p, p})
	if err != nil {
		return nil, err
	}
	if masked, ok := m.(*MaskedLM); ok {
		return m, masked.checkTied(source)
	}
	return m, nil
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

// checkTied refuses a stored weight of the head that differs from the embeddings it
// is tied to.
func (m *MaskedLM) checkTied(source graph.Source) error {
	name, table := m.family().masked+".decoder.weight", m.Tokens.Weight
	if _, stored := source.Shape(name); stored && m.Head.Output.Weight == table && !equalTo(source, name, table) {
		return fmt.Errorf("%s says that the head is tied to the embeddings, but %q differs from %q", configName, name, table.Name)
	}
	return nil
}

// encoderSource gives stored tensors the names that they have in this package: norms
// of old files call weight and bias gamma and beta, the encoder's folder has a name where
// there is a head, and the bias of a masked head is stored by itself and with its decoder,
// which is the one that counts.
func encoderSource(c EncoderConfig, task Task, source graph.Source) graph.Source {
	f := encoderFamilies[c.ModelType]
	prefix := f.prefix + "."
	bias, decoderBias := f.masked+".bias", f.masked+".decoder.bias"
	_, both := source.Shape(decoderBias)
	return rename(source, func(name string) string {
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
