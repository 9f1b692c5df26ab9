package models

import (
	"slices"
	"testing"

	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/layers"
	"gorgonia.org/tensor"
)

// TestCheckpointingChangesNoBit compares losses and gradients of each family, with dropout, with those of a trace that keeps all values, and
// their memory.
func TestCheckpointingChangesNoBit(t *testing.T) {
	for _, arch := range Arches() {
		t.Run(arch, func(t *testing.T) {
			size := tinySize()
			size.Layers, size.Context, size.Dropout = 4, 32, 0.2
			if !slices.Contains([]string{"gpt2", "gpt_neox", "bert", "roberta", "albert", "t5", "transformer"}, arch) {
				size.Dropout = 0
			}
			m, err := newOf(arch, size, graph.NewParams(tensor.Float32, 1))
			if err != nil {
				t.Fatal(err)
			}
			run := func(checkpointing bool) (loss float64, gradients [][]float32, memory graph.Memory) {
				g := graph.New(graph.Config{Train: true, Checkpointing: checkpointing})
				const rows, length = 4, 32
				b := layers.Batch{In: map[string]*graph.Node{}}
				for _, name := range []string{layers.IDs, layers.Targets, layers.SourceIDs} {
					n := g.Input(name, tensor.Int32, rows, length)
					for i := range graph.Ints(n) {
						graph.Ints(n)[i] = int32(5 + (i*i+len(name))%17)
					}
					b.In[name] = n
				}
				total := m.(interface {
					Loss(*graph.Graph, layers.Batch) layers.Loss
				}).Loss(g, b).Total
				if err := g.Grad(total); err != nil {
					t.Fatal(err)
				}
				machine, err := graph.Compile(g, total)
				if err != nil {
					t.Fatal(err)
				}
				defer machine.Close()
				machine.SetRandom(graph.Random{Seed: 3, Step: 5})
				for range 2 { // the second finds what the first left
					if err := machine.RunAll(); err != nil {
						t.Fatal(err)
					}
				}
				for _, p := range g.Params() {
					gradients = append(gradients, slices.Clone(graph.GradData[float32](p)))
				}
				return graph.Scalar(total), gradients, machine.Memory()
			}
			loss, gradients, memory := run(false)
			again, others, less := run(true)
			if loss != again {
				t.Errorf("the loss is %g, expected %g", again, loss)
			}
			for i := range gradients {
				if !slices.Equal(gradients[i], others[i]) {
					t.Fatalf("gradient %d differs", i)
				}
			}
			if less.Arena >= memory.Arena {
				t.Errorf("the arena takes %d bytes, %d without checkpoints", less.Arena, memory.Arena)
			}
			t.Logf("arena %d bytes, %d without", less.Arena, memory.Arena)
		})
	}
}
