package show

import (
	"slices"
	"strings"
	"testing"

	"github.com/seahorse-ml/seahorse/layers"
	"github.com/seahorse-ml/seahorse/models"
)

// TestModelStaysAsItIs looks at a model in all ways and checks that nothing of it has changed.
func TestModelStaysAsItIs(t *testing.T) {
	for name, c := range readGoldens(t) {
		t.Run(name, func(t *testing.T) {
			m := c.open(t)
			m.Params()[0].Frozen = true
			before := [][]float32{}
			for _, p := range m.Params() {
				before = append(before, slices.Clone(p.Value().Data().([]float32)))
			}
			if _, err := Attribute(m, c.text(), AttributionConfig{Position: c.Position, Steps: 3}); err != nil {
				t.Fatal(err)
			}
			for i, p := range m.Params() {
				if p.Frozen != (i == 0) {
					t.Errorf("%s: frozen is %v", p.Name, p.Frozen)
				}
				if !slices.Equal(before[i], p.Value().Data().([]float32)) {
					t.Errorf("%s has changed", p.Name)
				}
			}
			for _, e := range layers.Find[layers.Embedding](m) {
				if e.Adapter != nil {
					t.Errorf("%s has an adapter", e.Name)
				}
			}
		})
	}
}

func TestErrors(t *testing.T) {
	all := readGoldens(t)
	llama, bert, pair := all["llama"].open(t), all["bert"].open(t), all["t5"].open(t)
	text := all["llama"].text()
	attribute := func(m models.Model, text Text, c AttributionConfig) func() error {
		return func() error { _, err := Attribute(m, text, c); return err }
	}
	for want, look := range map[string]func() error{
		"method \"shap\"":           attribute(llama, text, AttributionConfig{Method: "shap"}),
		"score \"loss\"":            attribute(llama, text, AttributionConfig{Score: "loss"}),
		"target 19, expected 0 to":  attribute(llama, text, AttributionConfig{Target: 19, Position: 7}),
		"target 3, expected 0 to 2": attribute(bert, all["bert"].text(), AttributionConfig{Target: 3}),
		"position 0, expected one":  attribute(llama, text, AttributionConfig{}),
		"position 8":                attribute(llama, text, AttributionConfig{Position: 8}),
		"baseline of 2 tokens":      attribute(llama, text, AttributionConfig{Position: 3, Baseline: &Text{IDs: []int32{1, 2}}}),
		"no tokens":                 attribute(llama, Text{}, AttributionConfig{}),
		"needs a source":            attribute(pair, text, AttributionConfig{}),
		"no encoder-decoder":        attribute(llama, all["t5"].text(), AttributionConfig{}),
		"context is 16":             attribute(llama, Text{IDs: make([]int32, 17)}, AttributionConfig{Position: 17}),
		"layer 2, expected 0 to 1": func() error {
			_, err := Attention(llama, text, AttentionConfig{Layers: []int{2}})
			return err
		},
		"none of parts [cross]": func() error {
			_, err := Attention(llama, text, AttentionConfig{Parts: []Part{Cross}})
			return err
		},
		"no head for a vocabulary": func() error { _, err := Tokens(bert, all["bert"].text(), TokensConfig{}); return err },
		"position 9": func() error {
			c := all["bert_masked"]
			_, err := Tokens(c.open(t), c.text(), TokensConfig{Positions: []int{9}})
			return err
		},
	} {
		if err := look(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want an error with %q, got %v", want, err)
		}
	}
}
