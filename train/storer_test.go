package train

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/internal/safetensors"
)

// partial is a bigram whose table is frozen and isn't stored.
type partial struct{ *bigram }

func newPartial(t testing.TB) partial {
	m := partial{newBigram(t)}
	m.table.Frozen = true
	return m
}

func (m partial) Stored() graph.Stored {
	return graph.Stored{File: "part.safetensors", Params: []graph.StoredParam{{Name: "the.head", Param: m.head}}}
}

func (m partial) Save(dir string) error {
	tensors := []safetensors.Tensor{{Name: "the.head", Shape: m.head.Shape, Data: m.head.Value().Data()}}
	return safetensors.Write(filepath.Join(dir, "part.safetensors"), tensors, nil)
}

func TestStorerIsResumedFromWhatItStores(t *testing.T) {
	c := testConfig(t)
	whole := newPartial(t)
	before := slices.Clone(graph.Data[float32](whole.table))
	if err := newTestTrainer(t, whole, c).Run(context.Background()); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(before, graph.Data[float32](whole.table)) {
		t.Error("the frozen parameter has changed")
	}
	c.Dir = filepath.Join(t.TempDir(), "again")
	first := c
	first.Callbacks = []Callback{hooks{step: func(e StepEvent) error {
		if e.Step == 25 {
			return ErrStop
		}
		return nil
	}}}
	if err := newTestTrainer(t, newPartial(t), first).Run(context.Background()); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(c.Dir, "checkpoint-25", safetensors.FileName)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a checkpoint holds all parameters: %v", err)
	}
	m := newPartial(t)
	trainer := newTestTrainer(t, m, c)
	if from, _, err := trainer.Resume(); err != nil || from == nil || from.State.Step != 25 {
		t.Fatalf("resumed from %+v, %v", from, err)
	}
	if err := trainer.Run(context.Background()); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(graph.Data[float32](whole.head), graph.Data[float32](m.head)) {
		t.Error("the resumed run ends elsewhere")
	}
}
