package models

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Head is a new head for an encoder, or with TaskReward for a decoder, which has no labels; see OpenConfig.
type Head struct {
	Task   Task
	Labels []string // names of the classes, of a classifier; for a regression one a value
	// Regression makes a TaskSequence find values instead of a class; default false.
	Regression bool
	Dropout    *float64 // before a classifier; nil keeps the model's
	// None leaves the encoder without a head, whatever Task says, and nothing begins at random; default false.
	None bool
}

// Headed tells whether a model is an encoder with a head, which Head.None leaves out.
func Headed(m Model) bool {
	switch m.(type) {
	case *MaskedLM, *SequenceClassifier, *TokenClassifier:
		return true
	}
	return false
}

// Config returns the configuration of the encoder with the new head, for New and Open.
func (n Head) Config(base Config) (Config, error) {
	c, ok := base.(EncoderConfig)
	if !ok {
		return nil, fmt.Errorf("new head: a model of %T, expected an encoder: %s", base, strings.Join(encoderArches(), ", "))
	}
	if err := n.apply(&c); err != nil {
		return nil, err
	}
	return c, nil
}

// apply changes a configuration to that of the model with the new head.
func (n Head) apply(c *EncoderConfig) error {
	if n.None {
		c.Architectures = []string{c.names().class + TaskEncoding.suffix()}
		return c.Validate()
	}
	switch {
	case n.Task == TaskEncoding || n.Task.suffix() == "":
		return errors.New("new head: no task, expected TaskMasked, TaskSequence or TaskToken")
	case n.Regression && n.Task != TaskSequence:
		return errors.New("new head: a regression is a task of sequences")
	case n.Task == TaskMasked && len(n.Labels) > 0:
		return errors.New("new head: a head for masked tokens has no labels")
	case n.Task != TaskMasked && len(n.Labels) == 0:
		return errors.New("new head: a classifier needs labels")
	}
	c.Architectures = []string{c.names().class + n.Task.suffix()}
	if n.Dropout != nil {
		c.ClassifierDropout = n.Dropout
		if c.names().shared {
			c.ClassifierDropout, c.ClassifierDropoutProb = nil, n.Dropout
		}
	}
	if n.Task == TaskMasked {
		return c.Validate()
	}
	c.Labels, c.LabelIDs, c.NumLabels, c.ProblemType = map[int]string{}, map[string]int{}, 0, classification
	if n.Regression {
		c.ProblemType = regression
	}
	for i, label := range n.Labels {
		if slices.Contains(n.Labels[:i], label) {
			return fmt.Errorf("new head: the label %q is there twice", label)
		}
		c.Labels[i], c.LabelIDs[label] = label, i
	}
	return c.Validate()
}

// encoderOnly leaves the encoder's tensors under a head, and none of whatever head was stored.
func (o origin) encoderOnly(c EncoderConfig) origin {
	prefix := c.names().prefix + "."
	return o.encoder(c, TaskMasked).rename(func(name string) string {
		if strings.HasPrefix(name, prefix) {
			return name
		}
		return ""
	})
}
