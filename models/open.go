package models

import (
	"encoding/json"
	"fmt"
	"strings"
)

// OpenConfig configures Open. The zero value reads a model as it is stored.
type OpenConfig struct {
	// Edit changes the config.json in memory, to train with another dropout for instance. Numbers in it are of type json.Number.
	// Nil edits nothing.
	Edit func(config map[string]any)
	// Sketch leaves out the values: the model is what config.json says, held to the names and shapes of the tensors that are stored,
	// if any are. It takes next to no memory, however large the model, and serves to count parameters and to plan memory; it can't
	// run or be saved. Default false.
	Sketch bool
	// Head is a new head, which begins at random, in place of the one that an encoder has, or a decoder with TaskReward: the way from a
	// pretrained model to one that is fine-tuned. Of the stored head nothing is kept. Nil keeps it.
	Head *Head
	Seed uint64 // of the new head's first weights
	// Storage says how matrices are kept that aren't trained; default FloatStorage.
	Storage Storage
}

// Open reads a model directory of any family, or a GGUF file, in float32. Errors name what is missing
// or doesn't fit; a model_type that nobody knows gets the list of those that are known.
func Open(dir string, c OpenConfig) (Model, error) {
	folder, err := Folder(dir)
	if err != nil {
		return nil, err
	}
	fields, file, err := readConfig(folder)
	if err != nil {
		return nil, err
	}
	fail := func(err error) (Model, error) { return nil, fmt.Errorf("models: %s: %w", file, err) }
	if c.Edit != nil {
		c.Edit(fields)
	}
	config, err := parseFields(fields)
	if err != nil {
		return fail(err)
	}
	if c.Head != nil {
		_, encoder := config.(EncoderConfig)
		switch {
		case c.Head.Task == TaskReward:
			if f, _ := FamilyNamed(fmt.Sprint(fields["model_type"])); f.Objective != Causal {
				return fail(fmt.Errorf("a head for rewards needs a decoder, and the model_type is %q", fields["model_type"]))
			}
		case !encoder:
			return fail(fmt.Errorf("a new head needs an encoder, and the model_type is %q, expected an encoder: %s", fields["model_type"], strings.Join(encoderArches(), ", ")))
		default:
			if config, err = c.Head.Config(config); err != nil {
				return fail(err)
			}
		}
	}
	if err := config.Validate(); err != nil {
		return nil, fmt.Errorf("models: %s: %w", dir, err)
	}
	if err := refuseQuantised(fields); err != nil {
		return fail(err)
	}
	from, closeWeights, err := openOrigin(folder, c.Sketch)
	if err != nil {
		return nil, err
	}
	defer closeWeights()
	if c.Head != nil {
		from.newHead = &c.Seed
	}
	if from.pack, err = c.Storage.policy(fields); err != nil {
		return fail(err)
	}
	m, err := config.build(from)
	if err != nil {
		return nil, fmt.Errorf("models: %s: %w", dir, err)
	}
	if writes, ok := m.(keepsGeneration); ok {
		fields, err := readGeneration(folder)
		if err != nil {
			return nil, err
		}
		writes.keepGeneration(fields)
	}
	return m, nil
}

// parseFields returns the configuration that a config.json is of.
func parseFields(fields map[string]any) (Config, error) {
	modelType, _ := fields["model_type"].(string)
	f, err := FamilyNamed(modelType)
	if err != nil {
		return nil, err
	}
	if err := normalise(fields, f); err != nil {
		return nil, err
	}
	data, err := json.Marshal(fields)
	if err != nil {
		return nil, err
	}
	return f.read(data)
}

// reading returns a function that reads a config.json over what transformers has for missing fields.
func reading[C Config](defaults func() C) func([]byte) (Config, error) {
	return func(data []byte) (Config, error) {
		c := defaults()
		if err := json.Unmarshal(data, &c); err != nil {
			return nil, err
		}
		return c, nil
	}
}
