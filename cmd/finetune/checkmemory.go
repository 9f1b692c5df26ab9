package main

import (
	"fmt"
	"math"
	"strings"

	"github.com/seahorse-ml/seahorse/models"
	"github.com/seahorse-ml/seahorse/train"
)

// Bytes that a parameter takes in float32: itself, and in training with its gradient and AdamW's two moments.
const (
	parameterBytes = 4
	trainedBytes   = 4 * parameterBytes
)

// memoryFlag is the option of commands that read a model, and refuse one that doesn't fit into memory.
type memoryFlag struct {
	NoMemoryCheck bool `help:"Start even if the model takes more memory than is free."`
}

// openModel reads the model of a directory unless its parameters alone take more memory than is free, where that is known.
func (f memoryFlag) openModel(dir string, edit func(config map[string]any)) (models.Model, error) {
	if free, known := availableMemory(); known && !f.NoMemoryCheck {
		sketch, err := models.Sketch(dir, edit)
		if err != nil {
			return nil, err
		}
		if err := refuseModel(sketch, dir, parameterBytes, "to load", free); err != nil {
			return nil, err
		}
	}
	return models.OpenEdited(dir, edit)
}

// refuseModel returns an error if a model's parameters, at so many bytes each, take more than is free.
func refuseModel(m models.Model, name string, bytes int64, purpose string, free int64) error {
	n := models.CountParameters(m)
	if n <= free/bytes {
		return nil
	}
	return fmt.Errorf("%s has %s parameters, which take %s MiB of memory %s (%d bytes each), and %s MiB are free; a smaller model fits; --no-memory-check starts it all the same",
		name, grouped(n), grouped(mebibytes(n, bytes)), purpose, bytes, grouped(free>>20))
}

// mebibytes returns the memory of n things of so many bytes.
func mebibytes(n, bytes int64) int64 {
	if n > math.MaxInt64/bytes {
		return math.MaxInt64 >> 20
	}
	return n * bytes >> 20
}

// checkSteps refuses training steps of a sketched model that take more memory than is free.
func (f memoryFlag) checkSteps(sketch benchModel, c train.StepperConfig) error {
	free, known := availableMemory()
	if f.NoMemoryCheck || !known {
		return nil
	}
	if err := refuseModel(sketch, "the model", trainedBytes, "to train", free); err != nil {
		return err // before anything as long as its parameters is planned
	}
	use, err := train.EstimateSteps(sketch, c)
	if err != nil {
		return err
	}
	return refuseMemory(use, free, "a smaller --batch-size, --seq-len or model takes less")
}

// checkOutline refuses a run whose model can't be trained in the memory that is free, whatever the data: before they are read.
func checkOutline(j job) error {
	free, known := availableMemory()
	if j.common().NoMemoryCheck || !known {
		return nil
	}
	m, err := j.outline()
	if err != nil {
		return err
	}
	return refuseModel(m, "the model", trainedBytes, "to train", free)
}

// checkMemory refuses a run that takes more memory than the machine has to give, where that is known. The model may be a sketch.
func (r *run) checkMemory() error {
	free, known := availableMemory()
	if r.options.NoMemoryCheck || !known {
		return nil
	}
	use, err := train.EstimateMemory(r.model, r.config())
	if err != nil {
		return err
	}
	return refuseMemory(use, free, "a smaller --batch-size with more --gradient-accumulation-steps makes the same steps in less, and a smaller --seq-len or model takes less")
}

// refuseMemory returns an error that tells where memory goes, and what takes less, if steps need more than is free.
func refuseMemory(use train.MemoryUse, free int64, advice string) error {
	need := int64(use.Total())
	if need <= free {
		return nil
	}
	var parts []string
	for _, p := range []struct {
		bytes int
		what  string
	}{
		{use.Steps.Parameters, "parameters"}, {use.Steps.Arena, "activations"}, {use.Steps.Gradients, "gradients"}, {use.Optimizer, "the optimizer"}, {use.Evaluation.Arena, "evaluations"},
	} {
		if p.bytes > 0 {
			parts = append(parts, fmt.Sprintf("%s for %s", grouped(int64(p.bytes)>>20), p.what))
		}
	}
	return fmt.Errorf("the run needs %s MiB of memory and %s are free: %s; %s; --no-memory-check starts it all the same", grouped(need>>20), grouped(free>>20), strings.Join(parts, ", "), advice)
}
