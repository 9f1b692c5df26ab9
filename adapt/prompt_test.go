package adapt

import (
	"math"
	"testing"

	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/models"
	"gorgonia.org/tensor"
)

// TestPromptOfAScaledTable looks up a prompt of Gemma 3, whose table multiplies its rows by a scale: the prompt's vectors come as they are, as in peft.
func TestPromptOfAScaledTable(t *testing.T) {
	config, err := models.Size{Layers: 1, Width: 16, Heads: 2, Context: 16, Vocab: 19}.Config("gemma3_text")
	if err != nil {
		t.Fatal(err)
	}
	m, err := models.New(config, graph.NewParams(tensor.Float64, 1))
	if err != nil {
		t.Fatal(err)
	}
	a, err := NewPrompt(m, PromptConfig{Tokens: 3}, 2)
	if err != nil {
		t.Fatal(err)
	}
	e, err := inputTable(m)
	if err != nil {
		t.Fatal(err)
	}
	g := graph.New(graph.Config{DType: tensor.Float64})
	ids := g.Input("ids", tensor.Int32, 1, 3)
	copy(graph.Ints(ids), a.Prompt().IDs())
	found := e.Forward(g, ids)
	machine, err := graph.Compile(g, found)
	if err != nil {
		t.Fatal(err)
	}
	defer machine.Close()
	if err := machine.RunAll(); err != nil {
		t.Fatal(err)
	}
	vectors := graph.Data[float64](a.Params()[0])
	for i, v := range graph.Floats[float64](found) {
		if math.Abs(v-vectors[i]) > 1e-12 {
			t.Fatalf("element %d of the prompt is %g, expected %g", i, v, vectors[i])
		}
	}
}
