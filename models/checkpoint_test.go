package models

import (
	"math"
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
			m := small(t, arch)
			loss, gradients, memory := gradientsOf(t, m, graph.Config{})
			again, others, less := gradientsOf(t, m, graph.Config{Checkpointing: true})
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

// small makes a small model of a family, with dropout where it has one.
func small(t *testing.T, arch string) Model {
	t.Helper()
	size := tinySize()
	size.Layers, size.Context, size.Dropout = 4, 32, 0.2
	if !slices.Contains([]string{"gpt2", "gpt_neox", "bert", "roberta", "albert", "t5", "transformer"}, arch) {
		size.Dropout = 0
	}
	m, err := newOf(arch, size, graph.NewParams(tensor.Float32, 1))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// gradientsOf returns a model's loss on a batch and its gradients.
func gradientsOf(t *testing.T, m Model, c graph.Config) (loss float64, gradients [][]float32, memory graph.Memory) {
	t.Helper()
	c.Train = true
	g := graph.New(c)
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

// TestBFloat16 compares losses and gradients by products of bfloat16 with those of float32: they are near but not the same, and checkpointing changes
// no bit of them.
func TestBFloat16(t *testing.T) {
	for _, arch := range Arches() {
		t.Run(arch, func(t *testing.T) {
			m := small(t, arch)
			loss, gradients, _ := gradientsOf(t, m, graph.Config{})
			rounded, near, _ := gradientsOf(t, m, graph.Config{BFloat16: true})
			if loss == rounded || math.Abs(loss-rounded) > 2e-3*loss {
				t.Errorf("loss %v, by bfloat16 %v", loss, rounded)
			}
			var product, size, sizeNear float64
			for i := range gradients {
				for k, v := range gradients[i] {
					product += float64(v) * float64(near[i][k])
					size += float64(v) * float64(v)
					sizeNear += float64(near[i][k]) * float64(near[i][k])
				}
			}
			if cosine := product / math.Sqrt(size*sizeNear); !(cosine > 0.99) {
				t.Errorf("the gradients' cosine is %v", cosine)
			}
			again, same, _ := gradientsOf(t, m, graph.Config{BFloat16: true, Checkpointing: true})
			if again != rounded {
				t.Errorf("loss %v, with checkpointing %v", rounded, again)
			}
			for i := range same {
				if !slices.Equal(same[i], near[i]) {
					t.Fatalf("checkpointing changes the gradient of parameter %d", i)
				}
			}
		})
	}
}
