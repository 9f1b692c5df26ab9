package task

import (
	"testing"

	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/weights"
	"gorgonia.org/tensor"
)

func writeAdapter(t *testing.T, path, module string, a, b []float32) {
	t.Helper()
	p := graph.NewParams(tensor.Float32, 1)
	copy(graph.Data[float32](p.New(module+"lora_A.weight", graph.Zeros(), 4, 64)), a)
	copy(graph.Data[float32](p.New(module+"lora_B.weight", graph.Zeros(), 64, 4)), b)
	if err := weights.Save(path, p.All(), weights.SaveConfig{}); err != nil {
		t.Fatal(err)
	}
}
