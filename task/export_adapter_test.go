package task

import (
	"context"
	"errors"
	"io"
	"math"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seahorse-ml/seahorse/adapt"
	"github.com/seahorse-ml/seahorse/data/tokenizer"
	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/internal/blocks"
	"github.com/seahorse-ml/seahorse/internal/gguf"
	"github.com/seahorse-ml/seahorse/models"
	"github.com/seahorse-ml/seahorse/weights"
	"gorgonia.org/tensor"
)

func writeAdapter(t *testing.T, path, module string, a, b []float32) {
	t.Helper()
	p := graph.NewParams(tensor.Float32, 1)
	copy(graph.Data[float32](p.New(module+"lora_A.weight", graph.Zeros(), 4, 64)), a)
	copy(graph.Data[float32](p.New(module+"lora_B.weight", graph.Zeros(), 64, 4)), b)
	if err := weights.Save(path, p.All(), weights.SaveConfig{}); err != nil {
		t.Fatal(err)
	}
}

// TestLoRAOfGGUF writes adapters of all families that GGUF files know, and reads them back: they change the models as before.
func TestLoRAOfGGUF(t *testing.T) {
	tok, err := tokenizer.Train(context.Background(), tokenizer.NewTrainConfig("char"), tokenizer.Texts(comparisonText))
	if err != nil {
		t.Fatal(err)
	}
	for _, arch := range []string{"llama", "mistral", "qwen2", "qwen3", "gemma3_text", "gpt2", "gpt_neox", "phi3", "olmo2"} {
		t.Run(arch, func(t *testing.T) {
			dir := t.TempDir()
			base, adapter, file := filepath.Join(dir, "base"), filepath.Join(dir, "adapter"), filepath.Join(dir, "lora.gguf")
			config, err := models.Size{Vocab: tok.VocabSize(), Context: 64, Layers: 2, Heads: 4, Width: 32}.Config(arch)
			if err != nil {
				t.Fatal(err)
			}
			m, err := models.New(config, graph.NewParams(tensor.Float32, 3))
			if err != nil {
				t.Fatal(err)
			}
			if err := errors.Join(m.Save(base), tok.Save(base)); err != nil {
				t.Fatal(err)
			}
			a, err := adapt.NewLoRA(m, adapt.LoRAConfig{
				Rank: 2, Alpha: 6, RankStabilized: true, Targets: adapt.AllLinear(), Task: adapt.TaskCausal,
				Ranks: []adapt.Pattern{{Regex: `.*\.1\..*`, Value: 4}}, Alphas: []adapt.Pattern{{Regex: `.*\.0\..*`, Value: 3}},
			}, 5)
			if err != nil {
				t.Fatal(err)
			}
			for i, p := range a.Params() {
				for k, values := 0, graph.Data[float32](p); k < len(values); k++ {
					values[k] = float32((i*7+k*13)%17-8) / 20
				}
			}
			if err := a.Save(adapter); err != nil {
				t.Fatal(err)
			}
			if _, err := Export(context.Background(), ExportConfig{Model: base, Adapter: adapter, Format: ExportGGUFLoRA, Output: file}); err != nil {
				t.Fatal(err)
			}
			merged := func(adapter string) []*graph.Param {
				o, err := Open(base, OpenConfig{Adapter: adapter})
				if err == nil {
					err = o.Adapter.Merge()
				}
				if err != nil {
					t.Fatal(err)
				}
				return o.Model.Params()
			}
			want := merged(adapter)
			for i, p := range merged(file) {
				for k, v := range graph.Data[float32](p) {
					if w := graph.Data[float32](want[i])[k]; math.Abs(float64(v-w)) > 1e-5 {
						t.Fatalf("%s: element %d is %v, by peft's files %v", p.Name, k, v, w)
					}
				}
			}
		})
	}
}

// TestLoRAOfGGUFIsChecked refuses files that are none of an adapter for the model.
func TestLoRAOfGGUFIsChecked(t *testing.T) {
	dir := exportable(t)
	meta := func(arch string, more ...gguf.Pair) gguf.Meta {
		return append(gguf.Meta{{Key: gguf.ArchitectureKey, Value: arch}, {Key: "general.type", Value: "adapter"}, {Key: "adapter.type", Value: "lora"},
			{Key: "adapter.lora.alpha", Value: float32(4)}}, more...)
	}
	matrix := func(name string, shape ...int) gguf.Out {
		return gguf.Out{Name: name, Shape: shape, Kind: blocks.F32, Write: func(w io.Writer) error {
			_, err := w.Write(make([]byte, 4*shape[0]*shape[1]))
			return err
		}}
	}
	first, second := matrix("blk.0.attn_q.weight.lora_a", 2, 64), matrix("blk.0.attn_q.weight.lora_b", 64, 2)
	for want, c := range map[string]struct {
		meta    gguf.Meta
		tensors []gguf.Out
	}{
		`general.type is "model"`:            {gguf.Meta{{Key: gguf.ArchitectureKey, Value: "llama"}, {Key: "general.type", Value: "model"}}, []gguf.Out{first, second}},
		`the architecture "qwen2"`:           {meta("qwen2"), []gguf.Out{first, second}},
		"q_proj has one of its two matrices": {meta("llama"), []gguf.Out{first}},
		"no matrix of a low-rank change":     {meta("llama"), []gguf.Out{matrix("blk.0.attn_q.weight", 64, 64)}},
		"changes of embeddings":              {meta("llama"), []gguf.Out{matrix("token_embd.weight.lora_a", 2, 64), matrix("token_embd.weight.lora_b", 64, 2)}},
		"expected [64 2]":                    {meta("llama"), []gguf.Out{first, matrix("blk.0.attn_q.weight.lora_b", 32, 2)}},
		"no layer of the model is a target":  {meta("llama"), []gguf.Out{matrix("blk.7.attn_q.weight.lora_a", 2, 64), matrix("blk.7.attn_q.weight.lora_b", 64, 2)}},
	} {
		path := filepath.Join(t.TempDir(), "lora.gguf")
		if err := gguf.Write(path, c.meta, c.tensors); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(dir, OpenConfig{Adapter: path}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, expected %q", err, want)
		}
	}
}
