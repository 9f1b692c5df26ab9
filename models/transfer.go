package models

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/seahorse-ml/seahorse/graph"
	"gorgonia.org/tensor"
)

// NewHeadConfig configures OpenForTask.
type NewHeadConfig struct {
	Task   Task
	Labels []string // names of the classes, of a classifier; for a regression one a value
	// Regression makes a TaskSequence find values instead of a class; default false.
	Regression bool
	Dropout    *float64 // before a classifier; nil keeps the model's
	// Edit changes the config.json in memory before all else; see OpenEdited. Nil edits nothing.
	Edit func(config map[string]any)
	Seed uint64 // of the head's first weights
}

// OpenForTask reads the directory of an encoder, in float32, and puts a new head on it,
// which begins at random: the way from a pretrained model to one that is fine-tuned. Of
// the stored head nothing is kept.
func OpenForTask(dir string, n NewHeadConfig) (Model, error) { return openForTask(dir, n, false) }

// SketchForTask is OpenForTask without the values, see Sketch.
func SketchForTask(dir string, n NewHeadConfig) (Model, error) { return openForTask(dir, n, true) }

func openForTask(dir string, n NewHeadConfig, sketch bool) (Model, error) {
	config, modelType, err := readConfig(dir)
	if err != nil {
		return nil, err
	}
	fail := func(err error) (Model, error) { return nil, fmt.Errorf("models: %s: %w", dir, err) }
	if _, ok := encoderFamilies[modelType]; !ok {
		return fail(fmt.Errorf("%s has the model_type %q, expected an encoder: %s", filepath.Join(dir, configName), modelType, strings.Join(encoderArches(), ", ")))
	}
	if n.Edit != nil {
		if config, err = edited(config, n.Edit); err != nil {
			return fail(err)
		}
	}
	c, err := parseEncoderConfig(config)
	if err != nil {
		return fail(err)
	}
	if err := n.apply(&c); err != nil {
		return fail(err)
	}
	from, closeWeights, err := openOrigin(dir, sketch)
	if err != nil {
		return nil, err
	}
	defer closeWeights()
	t := trees{encoder: from.encoderOnly(c).tree(), head: graph.NewParams(tensor.Float32, n.Seed)}
	if sketch {
		t.head = graph.SketchParams(tensor.Float32, nil)
	}
	m, err := newEncoderFor(c, n.Task, t)
	if err != nil {
		return fail(err)
	}
	return m, nil
}

// apply changes a configuration to that of the model with the new head.
func (n NewHeadConfig) apply(c *EncoderConfig) error {
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
	c.Architectures = []string{encoderFamilies[c.ModelType].class + n.Task.suffix()}
	if n.Dropout != nil {
		c.ClassifierDropout = n.Dropout
		if encoderFamilies[c.ModelType].shared {
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
	prefix := encoderFamilies[c.ModelType].prefix + "."
	return o.encoder(c, TaskMasked).rename(func(name string) string {
		if strings.HasPrefix(name, prefix) {
			return name
		}
		return ""
	})
}
