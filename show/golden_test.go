package show

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/internal/golden"
	"github.com/seahorse-ml/seahorse/models"
	"github.com/seahorse-ml/seahorse/weights"
	"gorgonia.org/tensor"
)

// tolerance is that of float32 against the reference's float64.
const tolerance = 2e-5

// goldenCase is what testdata/goldens.py writes.
type goldenCase struct {
	Config                    json.RawMessage
	Parameters                map[string][]int
	IDs, Types, Source, Other []int32
	Position                  int
	Attention                 map[Part][][]float64
	States                    [][]float64
	SourceStates              [][]float64 `json:"source_states"`
	Lens                      [][]float64
	Attributions              []struct {
		Score    Score
		Target   int32
		Method   Method
		Baseline bool
		Given    [][]float64
		Value    float64
	}
}

func (c *goldenCase) text() Text { return Text{IDs: c.IDs, Types: c.Types, Source: c.Source} }

func readGoldens(t *testing.T) map[string]*goldenCase {
	t.Helper()
	content, err := os.ReadFile(filepath.Join("testdata", "goldens.json"))
	if err != nil {
		t.Fatal(err)
	}
	var all map[string]*goldenCase
	if err := json.Unmarshal(content, &all); err != nil {
		t.Fatal(err)
	}
	return all
}

// open writes the model's directory and opens it.
func (c *goldenCase) open(t *testing.T) models.Model {
	t.Helper()
	dir := t.TempDir()
	tree := graph.LoadParams(tensor.Float32, golden.Source{Shapes: c.Parameters, Gain: 2})
	for name, shape := range c.Parameters {
		tree.New(name, graph.Zeros(), shape...)
	}
	if err := tree.Err(); err != nil {
		t.Fatal(err)
	}
	if err := weights.Save(filepath.Join(dir, "model.safetensors"), tree.All(), weights.SaveConfig{}); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "config.json"), c.Config, 0o644); err != nil {
		t.Fatal(err)
	}
	m, err := models.Open(dir, models.OpenConfig{})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func compare[T float32 | float64](t *testing.T, what string, got []T, want []float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%s: %d values, want %d", what, len(got), len(want))
		return
	}
	for i := range got {
		if !(math.Abs(float64(got[i])-want[i]) <= tolerance*max(1, math.Abs(want[i]))) {
			t.Errorf("%s: value %d is %.7g, want %.7g", what, i, got[i], want[i])
			return
		}
	}
}

// TestGoldens compares all that is shown with transformers and captum.
func TestGoldens(t *testing.T) {
	for name, c := range readGoldens(t) {
		t.Run(name, func(t *testing.T) {
			m := c.open(t)
			t.Run("attention", func(t *testing.T) { compareAttention(t, m, c) })
			t.Run("states", func(t *testing.T) { compareStates(t, m, c) })
			t.Run("lens", func(t *testing.T) { compareLens(t, m, c) })
			t.Run("attributions", func(t *testing.T) { compareAttributions(t, m, c) })
		})
	}
}

func compareAttention(t *testing.T, m models.Model, c *goldenCase) {
	maps, err := Attention(m, c.text(), AttentionConfig{})
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, layers := range c.Attention {
		n += len(layers)
	}
	if len(maps) != n {
		t.Fatalf("%d layers, want %d", len(maps), n)
	}
	for _, a := range maps {
		compare(t, fmt.Sprintf("%s %d", a.Part, a.Layer), a.Weights, c.Attention[a.Part][a.Layer])
	}
}

func compareStates(t *testing.T, m models.Model, c *goldenCase) {
	s, err := AllStates(m, c.text())
	if err != nil {
		t.Fatal(err)
	}
	last := len(c.States) - 1
	for i, want := range c.States[:last] {
		compare(t, fmt.Sprintf("states %d", i), s.Layers[i], want)
	}
	compare(t, "last states", s.Last, c.States[last])
	if len(c.Source) > 0 { // the reference's last one of a source is behind the norm
		for i, want := range c.SourceStates[:last] {
			compare(t, fmt.Sprintf("states %d of the source", i), s.Source[i], want)
		}
	}
}

func compareLens(t *testing.T, m models.Model, c *goldenCase) {
	view, err := Lens(m, c.text(), LensConfig{Top: 1000})
	if err != nil {
		t.Fatal(err)
	}
	if len(view.Layers) != len(c.Lens) {
		t.Fatalf("%d layers, want %d", len(view.Layers), len(c.Lens))
	}
	for i, layer := range view.Layers {
		for position, d := range layer {
			all := make([]float64, len(d.Top))
			for _, choice := range d.Top {
				all[choice.ID] = choice.Probability
			}
			want := c.Lens[i][position*len(all):][:len(all)]
			compare(t, fmt.Sprintf("lens %d at %d", i, position), all, want)
			if d.Target >= 0 {
				compare(t, "the target's probability", []float64{d.Probability}, want[d.Target:d.Target+1])
			}
			compareTop(t, d, want)
		}
	}
}

// compareTop checks that choices are in order, and the rank of the target.
func compareTop(t *testing.T, d Distribution, want []float64) {
	t.Helper()
	for i, choice := range d.Top {
		if i > 0 && choice.Probability > d.Top[i-1].Probability {
			t.Errorf("choice %d is more probable than the one before it", i)
		}
		if choice.ID == d.Target && d.Rank != i+1 {
			t.Errorf("the target's rank is %d, and it is choice %d", d.Rank, i+1)
		}
	}
	entropy := 0.0
	for _, p := range want {
		entropy -= p * math.Log(p)
	}
	compare(t, "entropy", []float64{d.Entropy}, []float64{entropy})
}

func compareAttributions(t *testing.T, m models.Model, c *goldenCase) {
	for _, want := range c.Attributions {
		config := AttributionConfig{Method: want.Method, Score: want.Score, Target: want.Target, Position: c.Position}
		if want.Baseline {
			n := len(c.Source)
			config.Baseline = &Text{IDs: c.Other[n:], Types: c.Types, Source: c.Other[:n]}
		}
		got, err := Attribute(m, c.text(), config)
		if err != nil {
			t.Fatal(err)
		}
		what := fmt.Sprintf("%s of the %s of %d, baseline %v", want.Method, want.Score, want.Target, want.Baseline)
		tokens := got.Tokens
		if len(c.Source) > 0 {
			compare(t, what+", source", got.Source, want.Given[0])
			tokens = append([]float64{got.Start}, tokens...)
		}
		compare(t, what, tokens, want.Given[len(want.Given)-1])
		compare(t, what+", value", []float64{got.Value}, []float64{want.Value})
		// From vectors of zeros, where norms turn sharply, fifty steps aren't enough.
		if want.Baseline && math.Abs(got.Error) > 1e-2 {
			t.Errorf("%s: the sum misses the difference by %g", what, got.Error)
		}
	}
}

// TestTokens compares the probabilities of a text's tokens with what the lens shows behind the last block.
func TestTokens(t *testing.T) {
	for name, c := range readGoldens(t) {
		if name == "bert" {
			continue // has no vocabulary
		}
		t.Run(name, func(t *testing.T) {
			m := c.open(t)
			views, err := Tokens(m, c.text(), TokensConfig{Mask: 1})
			if err != nil {
				t.Fatal(err)
			}
			if name == "bert_masked" {
				compareHidden(t, m, c, views)
				return
			}
			last := c.Lens[len(c.Lens)-1]
			first := 1
			if len(c.Source) > 0 {
				first = 0
			}
			for i, v := range views {
				if v.Position != first+i {
					t.Fatalf("view %d is of position %d", i, v.Position)
				}
				if v.Position < len(c.IDs) && v.Target != c.IDs[v.Position] || v.Position == len(c.IDs) && v.Target != -1 {
					t.Errorf("the target at %d is %d", v.Position, v.Target)
				}
				vocab := len(last) / len(views)
				for _, choice := range v.Top {
					compare(t, "probability", []float64{choice.Probability}, last[i*vocab+int(choice.ID):][:1])
				}
			}
		})
	}
}

// compareHidden checks each view of a masked model by a text in which the token is hidden.
func compareHidden(t *testing.T, m models.Model, c *goldenCase, views []TokenView) {
	if len(views) != len(c.IDs) {
		t.Fatalf("%d views of %d tokens", len(views), len(c.IDs))
	}
	for i, v := range views {
		text := c.text()
		text.IDs = slices.Clone(text.IDs)
		text.IDs[i] = 1
		lens, err := Lens(m, text, LensConfig{})
		if err != nil {
			t.Fatal(err)
		}
		want := lens.Layers[len(lens.Layers)-1][i]
		for k, choice := range v.Top {
			if choice.ID != want.Top[k].ID {
				t.Errorf("choice %d at %d is %d, want %d", k, i, choice.ID, want.Top[k].ID)
			}
			compare(t, "probability", []float64{choice.Probability}, []float64{want.Top[k].Probability})
		}
	}
}
