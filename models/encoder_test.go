package models

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/internal/golden"
	"github.com/seahorse-ml/seahorse/internal/safetensors"
	"github.com/seahorse-ml/seahorse/layers"
	"gorgonia.org/tensor"
)

// encoderCase is what testdata/encoders.py writes.
type encoderCase struct {
	goldenCase
	Types, Segments [][]int32
	Values          [][]float64 // of a regression, one row a sequence
	Pooled          []float64   // of a model without a head
}

// encoderGoldens returns all cases by their names.
func encoderGoldens(t *testing.T) map[string]encoderCase {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("testdata", "encoders", "*.json"))
	if err != nil || len(files) == 0 {
		t.Fatalf("%d goldens, error %v", len(files), err)
	}
	cases := map[string]encoderCase{}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var c encoderCase
		if err := json.Unmarshal(data, &c); err != nil {
			t.Fatal(err)
		}
		cases[strings.TrimSuffix(filepath.Base(file), ".json")] = c
	}
	return cases
}

func (c encoderCase) loadEncoder(t *testing.T, dt tensor.Dtype) Model {
	t.Helper()
	m, err := loadFrom(c.Config, origin{dt: dt, source: c.source()})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// batch makes the inputs of a case.
func (c encoderCase) batch(g *graph.Graph) layers.Batch {
	b := layers.Batch{In: map[string]*graph.Node{layers.IDs: input(g, "ids", c.IDs), layers.Types: input(g, "types", c.Types), layers.Segments: input(g, "segments", c.Segments)}}
	if c.Targets != nil {
		b.In[layers.Targets] = input(g, "targets", c.Targets)
	}
	if c.Values != nil {
		rows, length, n := len(c.IDs), len(c.IDs[0]), len(c.Values[0])
		values := make([]float64, rows*length*n)
		for i, row := range c.Values {
			copy(values[i*length*n:], row)
		}
		b.In[layers.Values] = g.Const("values", values, rows, length, n)
	}
	return b
}

// outputs returns what a model says about a batch: logits, scores or states.
func outputs(g *graph.Graph, m Model, b layers.Batch) *graph.Node {
	switch m := m.(type) {
	case *MaskedLM:
		return m.Logits(g, b.In[layers.IDs], b.In[layers.Types], b.In[layers.Segments])
	case *SequenceClassifier:
		return m.Scores(g, b.In[layers.IDs], b.In[layers.Types], b.In[layers.Segments])
	case *TokenClassifier:
		return m.Scores(g, b.In[layers.IDs], b.In[layers.Types], b.In[layers.Segments])
	case *Encoder:
		return m.Hidden(g, b.In[layers.IDs], b.In[layers.Types], b.In[layers.Segments])
	}
	return nil
}

// real keeps the rows of the tokens that are no padding, unless there is one row a sequence.
func (c encoderCase) real(data []float64, all bool) []float64 {
	segments := slices.Concat(c.Segments...)
	size := len(data) / len(segments)
	if all || len(data)%len(segments) != 0 {
		return data
	}
	var kept []float64
	for i, s := range segments {
		if s >= 0 {
			kept = append(kept, data[i*size:(i+1)*size]...)
		}
	}
	return kept
}

// encoderTolerance is what rounding leaves apart in float64; the files have nine digits.
const encoderTolerance = 1e-8

func checkNear(t *testing.T, what string, got, want []float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %d values, expected %d", what, len(got), len(want))
	}
	worst := 0.0
	for i := range want {
		worst = max(worst, math.Abs(got[i]-want[i])/max(1, math.Abs(want[i])))
	}
	if !(worst <= encoderTolerance) {
		t.Errorf("%s differ by %g", what, worst)
	}
}

func TestEncoderGoldens(t *testing.T) {
	for name, c := range encoderGoldens(t) {
		t.Run(name, func(t *testing.T) {
			m := c.loadEncoder(t, tensor.Float64)
			g := graph.New(graph.Config{DType: tensor.Float64})
			out := outputs(g, m, c.batch(g))
			run(t, g, out)
			_, sequence := m.(*SequenceClassifier)
			checkNear(t, "outputs", c.real(graph.Floats[float64](out), sequence), c.real(c.Logits, sequence || c.Pooled != nil))
			if c.Pooled != nil {
				g := graph.New(graph.Config{DType: tensor.Float64})
				b := c.batch(g)
				pooled := m.(*Encoder).Pooled(g, b.In[layers.IDs], b.In[layers.Types], b.In[layers.Segments])
				run(t, g, pooled)
				checkNear(t, "pooled states", graph.Floats[float64](pooled), c.Pooled)
				return
			}
			checkEncoderGradients(t, m, c)
		})
	}
}

// trainable is a model with a loss.
type trainable interface {
	Model
	Loss(g *graph.Graph, b layers.Batch) layers.Loss
}

func checkEncoderGradients(t *testing.T, m Model, c encoderCase) {
	t.Helper()
	g := graph.New(graph.Config{DType: tensor.Float64})
	loss := m.(trainable).Loss(g, c.batch(g)).Total
	if err := g.Grad(loss); err != nil {
		t.Fatal(err)
	}
	run(t, g, loss)
	if got := graph.Scalar(loss); !(math.Abs(got-c.Loss) <= 1e-12) {
		t.Errorf("loss %.15g, expected %.15g", got, c.Loss)
	}
	if len(m.Params()) != len(c.Parameters) {
		t.Errorf("%d parameters, expected %d", len(m.Params()), len(c.Parameters))
	}
	for _, p := range m.Params() {
		want, ok := c.Parameters[p.Name]
		if !ok {
			t.Errorf("parameter %q is not the reference's", p.Name)
			continue
		}
		// The floor is for gradients that are nothing but rounding, such as those of key biases.
		d := golden.Digested(p.Name, graph.GradData[float64](p)).Distance(want.Gradient, 1e-4)
		if !(d <= 1e-10) {
			t.Errorf("the gradient of %s differs by %g of its length %g", p.Name, d, want.Gradient.Norm)
		}
	}
}

func TestEncodersInFloat32(t *testing.T) {
	for name, c := range encoderGoldens(t) {
		t.Run(name, func(t *testing.T) {
			m := c.loadEncoder(t, tensor.Float32)
			g := graph.New(graph.Config{})
			out := outputs(g, m, layers.Batch{In: map[string]*graph.Node{layers.IDs: input(g, "ids", c.IDs), layers.Types: input(g, "types", c.Types), layers.Segments: input(g, "segments", c.Segments)}})
			run(t, g, out)
			var got []float64
			for _, v := range graph.Floats[float32](out) {
				got = append(got, float64(v))
			}
			_, sequence := m.(*SequenceClassifier)
			got = c.real(got, sequence)
			for i, want := range c.real(c.Logits, sequence || c.Pooled != nil) {
				if !(math.Abs(got[i]-want) <= 1e-4) {
					t.Fatalf("output %d is %g, expected %g", i, got[i], want)
				}
			}
		})
	}
}

// TestPaddingChangesNoToken runs the second text of each case without its padding, and
// with other tokens in its place: the rest must stay the same to the bit.
func TestPaddingChangesNoToken(t *testing.T) {
	for name, c := range encoderGoldens(t) {
		t.Run(name, func(t *testing.T) {
			m := c.loadEncoder(t, tensor.Float64)
			ids, types, segments := c.IDs[1], c.Types[1], c.Segments[1]
			n := slices.Index(segments, -1)
			say := func(length int, pad int32) []float64 {
				g := graph.New(graph.Config{DType: tensor.Float64})
				row := slices.Clone(ids[:length])
				for i := n; i < length; i++ {
					row[i] = pad
				}
				out := outputs(g, m, layers.Batch{In: map[string]*graph.Node{
					layers.IDs: input(g, "ids", [][]int32{row}), layers.Types: input(g, "types", [][]int32{types[:length]}), layers.Segments: input(g, "segments", [][]int32{segments[:length]}),
				}})
				run(t, g, out)
				all := slices.Clone(graph.Floats[float64](out))
				if _, sequence := m.(*SequenceClassifier); sequence {
					return all
				}
				return all[:len(all)/length*n]
			}
			want := say(n, 0)
			for _, pad := range []int32{0, 7} {
				if got := say(len(ids), pad); !slices.Equal(got, want) {
					t.Errorf("with padding of %d: %v, expected %v", pad, got, want)
				}
			}
		})
	}
}

func TestEncodersSaveEqualBytes(t *testing.T) {
	for name, c := range encoderGoldens(t) {
		t.Run(name, func(t *testing.T) {
			first, second := t.TempDir(), t.TempDir()
			if err := c.loadEncoder(t, tensor.Float32).Save(first); err != nil {
				t.Fatal(err)
			}
			loaded, err := Open(first, OpenConfig{})
			if err != nil {
				t.Fatal(err)
			}
			if err := loaded.Save(second); err != nil {
				t.Fatal(err)
			}
			for _, name := range []string{configName, safetensors.FileName} {
				a, err := os.ReadFile(filepath.Join(first, name))
				b, err2 := os.ReadFile(filepath.Join(second, name))
				if err := errors.Join(err, err2); err != nil || !bytes.Equal(a, b) {
					t.Errorf("%s differs, error %v\n%s", name, err, cmp.Diff(string(a), string(b)))
				}
			}
			if _, err := os.Stat(filepath.Join(first, generationName)); err == nil {
				t.Errorf("an encoder got a %s", generationName)
			}
		})
	}
}
