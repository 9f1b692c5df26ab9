package main

import (
	"strings"
	"testing"

	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/train"
)

// TestRefuseMemory has a run that takes 60 MiB beside its parameters.
func TestRefuseMemory(t *testing.T) {
	use := train.MemoryUse{Steps: graph.Memory{Arena: 30 << 20, Parameters: 100 << 20, Gradients: 10 << 20}, Optimizer: 15 << 20, Evaluation: graph.Memory{Arena: 5 << 20}}
	if err := refuseMemory(use, 60<<20); err != nil {
		t.Errorf("refused with just enough: %v", err)
	}
	err := refuseMemory(use, 60<<20-1)
	for _, want := range []string{"needs 60 MiB more memory and 59 are free", "30 for activations, 10 for gradients, 15 for the optimizer, 5 for evaluations", "--batch-size", "--no-memory-check"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error is %v, expected %q", err, want)
		}
	}
}
