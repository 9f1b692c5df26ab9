package main

import (
	"fmt"

	"github.com/seahorse-ml/seahorse/train"
)

// checkMemory refuses a run that takes more memory than the machine has to give, where that is known.
func (r *run) checkMemory() error {
	free, known := availableMemory()
	if r.options.NoMemoryCheck || !known {
		return nil
	}
	use, err := train.EstimateMemory(r.model, r.config())
	if err != nil {
		return err
	}
	return refuseMemory(use, free)
}

// refuseMemory returns an error that tells where memory goes if a run needs more than is free. The parameters are there already.
func refuseMemory(use train.MemoryUse, free int64) error {
	if need := int64(use.Total() - use.Steps.Parameters); need > free {
		mib := func(n int) string { return grouped(int64(n) >> 20) }
		return fmt.Errorf("the run needs %s MiB more memory and %s are free: %s for activations, %s for gradients, %s for the optimizer, %s for evaluations; "+
			"a smaller --batch-size with more --gradient-accumulation-steps makes the same steps in less, and a smaller --seq-len or model takes less; --no-memory-check starts it all the same",
			grouped(need>>20), grouped(free>>20), mib(use.Steps.Arena), mib(use.Steps.Gradients), mib(use.Optimizer), mib(use.Evaluation.Arena))
	}
	return nil
}
