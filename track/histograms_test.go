package track

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/seahorse-ml/seahorse/internal/runlog"
	"github.com/seahorse-ml/seahorse/train"
)

func TestLayerOf(t *testing.T) {
	for name, want := range map[string]string{
		"transformer.h.0.attn.c_attn.weight": "transformer.h.0", "model.layers.12.mlp.up_proj.weight": "model.layers.12",
		"transformer.wte.weight": "transformer.wte", "lm_head.weight": "lm_head", "table": "table", "": "",
	} {
		if got := layerOf(name); got != want {
			t.Errorf("%q is of layer %q, expected %q", name, got, want)
		}
	}
}

// look returns a look at two layers.
func look() train.Look {
	return train.Look{
		Params:  []train.ParamLook{{Name: "h.0.a.weight", Update: 0.5, Weights: train.Distribution{Count: 4, Squares: 16, Max: 2}, Gradients: train.Distribution{Count: 4, Squares: 9}}, {Name: "h.0.b.weight", Gradients: train.Distribution{Count: 4, Squares: 16}}},
		Results: []train.ResultLook{{Op: "gelu", Near: "h.0.a.weight", Units: 8, Dead: 2, Values: train.Distribution{Count: 4, Squares: 4}}, {Op: "linear", Near: "head.weight", Values: train.Distribution{Count: 1, Squares: 9}}},
	}
}

// TestHistograms writes looks in two parts, the second of which makes steps again.
func TestHistograms(t *testing.T) {
	dir := t.TempDir()
	part := func(made, to int) {
		t.Helper()
		h := NewHistograms(dir)
		err := h.Begin(made)
		for n := made/10*10 + 10; n <= to && err == nil; n += 10 {
			err = h.Looked(train.LookEvent{Look: look(), Step: n})
		}
		if err := errors.Join(err, h.End(train.EndEvent{})); err != nil {
			t.Fatal(err)
		}
	}
	part(0, 40)
	part(25, 50)
	m, err := runlog.ReadMetrics(filepath.Join(dir, runlog.LayersName))
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]float64{"gradient_norm/h.0": 5, "update_ratio/h.0": 0.5, "activation_rms/h.0": 1, "activation_rms/head": 3, "dead_units/h.0": 0.25} {
		if got, ok := m.Get(name).Last(); !ok || got != want || m.Get(name).Points() != 5 {
			t.Errorf("%s is %g at the last of %d points, expected %g of 5", name, got, m.Get(name).Points(), want)
		}
	}
	lines, damage, err := runlog.ReadLines[runlog.Histogram](filepath.Join(dir, runlog.HistogramsName), true)
	if err != nil || damage.Lines != 0 || len(lines) != 5*4 || lines[0].Of != "weights" || lines[0].RMS != 2 || lines[0].Max != 2 {
		t.Errorf("%d histograms, %+v, %v", len(lines), damage, err)
	}
}

func TestTensorBoardHistograms(t *testing.T) {
	dir := t.TempDir()
	b := NewTensorBoard(dir, nil)
	if err := errors.Join(b.Looked(train.LookEvent{Look: look(), Step: 3}), b.Spiked(train.Spike{Step: 3, Error: "bad"}), b.End(train.EndEvent{})); err != nil {
		t.Fatal(err)
	}
	files, _ := filepath.Glob(filepath.Join(dir, "events.*"))
	raw, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	for _, tag := range []string{"weights/h.0.a.weight", "gradients/h.0.b.weight", "activations/h.0.a.weight/gelu", "gradient_norm/h.0", "spikes/text_summary"} {
		if !bytes.Contains(raw, []byte(tag)) {
			t.Errorf("the file has no %q", tag)
		}
	}
}
