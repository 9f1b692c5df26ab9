package embed

import (
	"context"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/seahorse-ml/seahorse/data/tokenizer"
	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/layers"
	"github.com/seahorse-ml/seahorse/models"
	"gorgonia.org/tensor"
)

// body makes a small model of a family, with dropout off.
func body(t testing.TB, arch string, dt tensor.Dtype) models.Model {
	t.Helper()
	pad, end := 0, 1
	c, err := models.Size{Vocab: 40, Context: 64, Width: 16, Layers: 2, Heads: 2, Start: &end, End: &end, Pad: &pad}.Config(arch)
	if err != nil {
		t.Fatal(err)
	}
	m, err := models.New(c, graph.NewParams(dt, 3))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// words is a tokenizer of the words w0, w1, …
func words(t testing.TB) *tokenizer.Tokenizer {
	t.Helper()
	var text strings.Builder
	for i := range 30 {
		text.WriteString(strings.Repeat("w"+string(rune('a'+i%26))+string(rune('a'+i/26))+" ", 40-i))
	}
	tok, err := tokenizer.Train(context.Background(), tokenizer.TrainConfig{Model: "word", VocabSize: 40, Special: []string{"<unk>", "<pad>"}}, tokenizer.Texts(text.String()))
	if err != nil {
		t.Fatal(err)
	}
	return tok
}

func lengths(seed int) [][]int32 {
	var all [][]int32
	for i := range 23 {
		text := make([]int32, 1+(i*7+seed)%29)
		for j := range text {
			text[j] = int32(2 + (i*j+3*j+seed)%37)
		}
		all = append(all, text)
	}
	return all
}

// TestSavedModels compares the vectors of models with those after saving and opening, and of texts alone with those among others.
func TestSavedModels(t *testing.T) {
	for _, arch := range []string{"bert", "roberta", "albert", "llama", "gpt2", "qwen3", "static"} {
		for _, c := range []Config{
			{}, {Pooling: layers.PoolFirst, Normalize: true}, {Pooling: layers.PoolLast, MaxLength: 20, Prompts: map[string]string{"query": "wa "}, DefaultPrompt: "query"},
		} {
			t.Run(arch+" "+PoolingName(c.Pooling), func(t *testing.T) {
				var b models.Model
				if arch == "static" {
					c.Pooling = layers.PoolMean
					s, err := RandomStatic(40, 8, 1)
					if err != nil {
						t.Fatal(err)
					}
					b = s
				} else {
					b = body(t, arch, tensor.Float32)
				}
				m, err := New(b, c)
				if err != nil {
					t.Fatal(err)
				}
				dir := t.TempDir()
				if err := m.Save(dir); err != nil {
					t.Fatal(err)
				}
				if err := words(t).Save(dir); err != nil {
					t.Fatal(err)
				}
				again, err := OpenEncoder(dir, OpenConfig{})
				if err != nil {
					t.Fatal(err)
				}
				want := c
				if want.MaxLength == 0 && arch != "static" {
					want.MaxLength = m.ContextLength()
				}
				if arch == "static" {
					want.MaxLength = 0
				}
				if want.Prompts == nil {
					want.Prompts = map[string]string{}
				}
				if d := cmp.Diff(want, again.Model.Config); d != "" {
					t.Error(d)
				}
				ids := lengths(1)
				for i := range ids {
					ids[i] = ids[i][:min(len(ids[i]), 20)]
				}
				e := &Encoder{Model: m, BatchTokens: 100}
				defer e.Close()
				defer again.Close()
				all, err := e.EncodeIDs(context.Background(), ids)
				if err != nil {
					t.Fatal(err)
				}
				stored, err := again.EncodeIDs(context.Background(), ids)
				if err != nil {
					t.Fatal(err)
				}
				alone := &Encoder{Model: m, BatchTokens: 1}
				defer alone.Close()
				single, err := alone.EncodeIDs(context.Background(), ids)
				if err != nil {
					t.Fatal(err)
				}
				for i, v := range all {
					if c.Normalize && math.Abs(Dot(v, v)-1) > 1e-5 {
						t.Errorf("text %d: length² %v", i, Dot(v, v))
					}
					for k := range v {
						if math.Abs(float64(v[k]-stored[i][k])) > 1e-6 || math.Abs(float64(v[k]-single[i][k])) > 1e-5 {
							t.Fatalf("text %d, element %d: %v, after saving %v, alone %v", i, k, v[k], stored[i][k], single[i][k])
						}
					}
				}
			})
		}
	}
}

// TestLastState holds the vector of a decoder's last token to the state of that token.
func TestLastState(t *testing.T) {
	b := body(t, "llama", tensor.Float32)
	m, _ := New(b, Config{Pooling: layers.PoolLast})
	ids := []int32{5, 9, 7}
	e := &Encoder{Model: m}
	defer e.Close()
	found, err := e.EncodeIDs(context.Background(), [][]int32{ids})
	if err != nil {
		t.Fatal(err)
	}
	g := graph.New(graph.Config{})
	in := g.Input("ids", tensor.Int32, 1, 3)
	copy(graph.Ints(in), ids)
	x := b.(models.CausalLM).Hidden(g, in, layers.Pass{})
	machine, err := graph.Compile(g, x)
	if err != nil {
		t.Fatal(err)
	}
	defer machine.Close()
	if err := machine.RunAll(); err != nil {
		t.Fatal(err)
	}
	for k, v := range found[0] {
		if want := graph.Floats[float32](x)[2*16+k]; math.Abs(float64(v-want)) > 1e-6 {
			t.Errorf("element %d: %v, expected %v", k, v, want)
		}
	}
}

// TestCachedForm holds a batch that goes through a model in parts to the same in one go, and to less memory.
func TestCachedForm(t *testing.T) {
	for _, arch := range []string{"bert", "llama"} {
		m, err := New(body(t, arch, tensor.Float64), Config{Normalize: true})
		if err != nil {
			t.Fatal(err)
		}
		var all List
		for i := range 64 {
			x := Example{}
			for k := range 3 {
				x.Texts = append(x.Texts, lengths(i + 5*k)[(i+k)%23])
			}
			all = append(all, x)
		}
		d, err := NewExamples(all, ExamplesConfig{})
		if err != nil {
			t.Fatal(err)
		}
		c := DefaultLoss(MultipleNegatives)
		loss, _, gradient, memory := lossOf(t, m, c, d, 64, false)
		c.MiniBatch = 8
		parts, _, gradients, less := lossOf(t, m, c, d, 64, true)
		t.Logf("%s: %d bytes in one go, %d in parts", arch, memory, less)
		if !near(loss, parts, 1e-12) || less > memory/3 {
			t.Errorf("%s: loss %v in %d bytes, in parts %v in %d, expected the same in less", arch, loss, memory, parts, less)
		}
		for i := range gradient {
			if !near(gradient[i], gradients[i], 1e-10) {
				t.Fatalf("%s: gradient %d is %v, in parts %v", arch, i, gradient[i], gradients[i])
			}
		}
	}
}

func TestOpenRefuses(t *testing.T) {
	pooling := `{"word_embedding_dimension": 16, "pooling_mode_mean_tokens": true}`
	modules := `[{"idx": 0, "path": "", "type": "sentence_transformers.models.Transformer"}, {"idx": 1, "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"}]`
	tests := []struct{ name, modules, pooling, prompts, err string }{
		{"dense", strings.Replace(modules, "models.Pooling", "models.Dense", 1), pooling, `{}`, "models.Dense"},
		{"outside", strings.Replace(modules, "1_Pooling", "../1_Pooling", 1), pooling, `{}`, `"../1_Pooling"`},
		{"none", `[]`, pooling, `{}`, "no modules"},
		{"broken", `[`, pooling, `{}`, "modules.json"},
		{"two poolings", modules, `{"pooling_mode_mean_tokens": true, "pooling_mode_max_tokens": true}`, `{}`, "max, mean"},
		{"unknown pooling", modules, `{"pooling_mode": "weightedmean"}`, `{}`, `"weightedmean" is not known; known are cls, lasttoken, mean`},
		{"prompts aside", modules, `{"pooling_mode": "mean", "include_prompt": false}`, `{}`, "include_prompt"},
		{"unknown prompt", modules, pooling, `{"prompts": {}, "default_prompt_name": "query"}`, `"query"`},
		{"fine", modules, `{"pooling_mode": ["lasttoken"], "embedding_dimension": 16}`, `{"prompts": {"query": "q: "}, "default_prompt_name": "query"}`, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			m, _ := New(body(t, "bert", tensor.Float32), Config{})
			dir := t.TempDir()
			if err := m.Save(dir); err != nil {
				t.Fatal(err)
			}
			for name, content := range map[string]string{modulesName: test.modules, filepath.Join(poolingPath, configName): test.pooling, modelName: test.prompts} {
				if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o666); err != nil {
					t.Fatal(err)
				}
			}
			_, err := Open(dir, OpenConfig{})
			if test.err == "" && err != nil || test.err != "" && (err == nil || !strings.Contains(err.Error(), test.err)) {
				t.Errorf("error %v, expected one with %q", err, test.err)
			}
		})
	}
}

// TestHeadsAreLeftOut opens models with heads as embedders: the encoder's vectors stay, and the head is gone.
func TestHeadsAreLeftOut(t *testing.T) {
	for _, arch := range []string{"bert", "roberta", "albert"} {
		dir := t.TempDir()
		masked := body(t, arch, tensor.Float32)
		if err := masked.Save(dir); err != nil {
			t.Fatal(err)
		}
		if _, ok := masked.(*models.MaskedLM); !ok {
			t.Fatalf("%s: a new model is a %T", arch, masked)
		}
		m, err := Open(dir, OpenConfig{})
		if err != nil {
			t.Fatal(err)
		}
		if _, ok := m.Body.(*models.Encoder); !ok {
			t.Errorf("%s: the body is a %T", arch, m.Body)
		}
		with, _ := New(masked, Config{})
		ids := lengths(2)[:5]
		var found [2][][]float32
		for i, x := range []*Model{m, with} {
			e := &Encoder{Model: x}
			if found[i], err = e.EncodeIDs(context.Background(), ids); err != nil {
				t.Fatal(err)
			}
			e.Close()
		}
		if d := cmp.Diff(found[0], found[1]); d != "" {
			t.Errorf("%s: %s", arch, d)
		}
	}
}
