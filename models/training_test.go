package models

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/internal/golden"
	"github.com/seahorse-ml/seahorse/layers"
	"github.com/seahorse-ml/seahorse/optim"
	"gorgonia.org/tensor"
)

// TestTenSteps trains beside PyTorch, whose runs testdata/training.py recorded in
// float64. Each step builds on all before it, so float32 is given more room.
func TestTenSteps(t *testing.T) {
	for _, test := range []struct {
		golden              string
		dtype               tensor.Dtype
		lossError, gradient float64 // relative
	}{
		{"training", tensor.Float64, 1e-10, 1e-9},
		{"training", tensor.Float32, 1e-5, 1e-4},
		{"training_char", tensor.Float32, 1e-5, 1e-4},
		{"training_mini", tensor.Float32, 1e-5, 1e-4},
	} {
		t.Run(test.golden+"/"+test.dtype.String(), func(t *testing.T) {
			data, err := os.ReadFile(filepath.Join("testdata", test.golden+".json"))
			if err != nil {
				t.Fatal(err)
			}
			var want struct {
				Config        json.RawMessage
				Shapes        map[string][]int
				Batch, Length int
				Losses, Norms []float64
			}
			if err := json.Unmarshal(data, &want); err != nil {
				t.Fatal(err)
			}
			m, err := loadFrom(want.Config, origin{dt: test.dtype, source: golden.Source{Shapes: want.Shapes}})
			if err != nil {
				t.Fatal(err)
			}
			losses, norms := train(t, m.(CausalLM), test.dtype, want.Batch, want.Length, len(want.Losses))
			for i := range losses {
				if d := math.Abs(losses[i]/want.Losses[i] - 1); !(d <= test.lossError) {
					t.Errorf("step %d: loss %.9g, expected %.9g", i, losses[i], want.Losses[i])
				}
				if d := math.Abs(norms[i]/want.Norms[i] - 1); !(d <= test.gradient) {
					t.Errorf("step %d: gradient norm %.9g, expected %.9g", i, norms[i], want.Norms[i])
				}
			}
		})
	}
}

func train(t *testing.T, m CausalLM, dt tensor.Dtype, batch, length, steps int) (losses, norms []float64) {
	t.Helper()
	tokens := make([]int32, steps*batch*length+length+2)
	x := uint32(1)
	for i := range tokens {
		x = x*1664525 + 1013904223
		tokens[i] = int32(x>>8) % int32(m.VocabSize())
	}
	g := graph.New(graph.Config{DType: dt, Train: true})
	ids, targets := g.Input("ids", tensor.Int32, batch, length), g.Input("targets", tensor.Int32, batch, length)
	loss := m.Loss(g, layers.Batch{In: map[string]*graph.Node{layers.IDs: ids, layers.Targets: targets}}).Total
	if err := g.Grad(loss); err != nil {
		t.Fatal(err)
	}
	machine, err := graph.Compile(g, loss)
	if err != nil {
		t.Fatal(err)
	}
	defer machine.Close()
	adam, err := optim.NewAdamW(optim.Groups(m.Params(), 0.1), optim.AdamConfig{Beta1: 0.9, Beta2: 0.95, Eps: 1e-8, MaxGradNorm: 1})
	if err != nil {
		t.Fatal(err)
	}
	for s := range steps {
		for b := range batch {
			start := (s*batch + b) * length % (len(tokens) - length - 1)
			copy(graph.Ints(ids)[b*length:], tokens[start:start+length])
			copy(graph.Ints(targets)[b*length:], tokens[start+1:start+length+1])
		}
		if err := machine.RunAll(); err != nil {
			t.Fatal(err)
		}
		norm, err := adam.Step(3e-4)
		if err != nil {
			t.Fatal(err)
		}
		losses, norms = append(losses, graph.Scalar(loss)), append(norms, norm)
	}
	return losses, norms
}
