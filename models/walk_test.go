package models

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/layers"
	"gorgonia.org/tensor"
)

// TestProjectionsAreFound finds every matrix of every family that is no table as the weight of a Linear of its name.
func TestProjectionsAreFound(t *testing.T) {
	tables := func(name string) bool {
		for _, part := range []string{"embed", "shared", ".wte.", ".wpe.", "relative_attention_bias"} {
			if strings.Contains(name, part) && !strings.Contains(name, "embed_out") && !strings.Contains(name, "embedding_hidden_mapping_in") {
				return true
			}
		}
		return false
	}
	for name, m := range sketches(t) {
		known := map[string]bool{}
		var found []string
		for _, l := range layers.Find[layers.Linear](m) {
			if known[l.Name] {
				t.Errorf("%s: %s is found twice", name, l.Name)
			}
			known[l.Name] = true
			found = append(found, l.Name+".weight")
		}
		heads := 0
		for _, p := range m.Params() {
			if p.Shape.Dims() == 2 && !tables(p.Name) && !slices.Contains(found, p.Name) {
				t.Errorf("%s: no Linear has the matrix %s", name, p.Name)
			}
		}
		for _, linear := range found {
			if slices.ContainsFunc([]string{"lm_head", "embed_out", "decoder.weight", "classifier", "score"}, func(head string) bool { return strings.Contains(linear, head) }) {
				heads++
			}
		}
		if heads == 0 {
			t.Errorf("%s: no head among %q", name, found)
		}
	}
}

// sketches returns a small model of every family, with each head that it may have.
func sketches(t *testing.T) map[string]Model {
	t.Helper()
	all := map[string]Model{}
	for _, arch := range Arches() {
		base, err := tinySize().Config(arch)
		if err != nil {
			t.Fatal(err)
		}
		configs := map[string]Config{arch: base}
		for _, h := range []Head{{Task: TaskSequence, Labels: []string{"a", "b"}}, {Task: TaskToken, Labels: []string{"a", "b"}}, {Task: TaskReward}} {
			if c, err := h.Config(base); err == nil { // else the family has no such head
				configs[fmt.Sprint(arch, " with the head ", h.Task)] = c
			}
		}
		for name, c := range configs {
			if all[name], err = New(c, graph.SketchParams(tensor.Float32, nil)); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
		}
	}
	if len(all) < len(Arches())+6 {
		t.Fatalf("only %d models", len(all))
	}
	return all
}

// TestProjectionsAreNamedAsInHuggingFace samples names.
func TestProjectionsAreNamedAsInHuggingFace(t *testing.T) {
	for arch, want := range map[string][]string{
		"llama":    {"model.layers.1.self_attn.q_proj", "model.layers.0.mlp.down_proj", "lm_head"},
		"gpt2":     {"transformer.h.1.attn.c_attn", "transformer.h.0.mlp.c_proj", "lm_head"},
		"gpt_neox": {"gpt_neox.layers.1.attention.query_key_value", "embed_out"},
		"bert":     {"bert.encoder.layer.1.attention.self.query", "cls.predictions.transform.dense", "cls.predictions.decoder"},
		"roberta":  {"roberta.encoder.layer.1.output.dense", "lm_head.dense", "lm_head.decoder"},
		"albert":   {"albert.encoder.albert_layer_groups.0.albert_layers.0.ffn", "predictions.decoder"},
		"t5":       {"decoder.block.1.layer.1.EncDecAttention.q", "encoder.block.0.layer.1.DenseReluDense.wo", "lm_head"},
		"mixtral":  {"model.layers.1.block_sparse_moe.gate", "model.layers.1.block_sparse_moe.experts.7.w2"},
	} {
		m, err := newOf(arch, tinySize(), graph.SketchParams(tensor.Float32, nil))
		if err != nil {
			t.Fatal(err)
		}
		var found []string
		for _, l := range layers.Find[layers.Linear](m) {
			found = append(found, l.Name)
		}
		for _, name := range want {
			if !slices.Contains(found, name) {
				t.Errorf("%s: no Linear %s among %q", arch, name, found)
			}
		}
	}
}
