package adapt

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/internal/blocks"
	"github.com/seahorse-ml/seahorse/internal/golden"
	"github.com/seahorse-ml/seahorse/internal/safetensors"
	"gorgonia.org/tensor"
)

// TestFilesAreReadAgain writes each adapter and opens it on another model of the same values.
func TestFilesAreReadAgain(t *testing.T) {
	for name, c := range goldenCases(t) {
		t.Run(name, func(t *testing.T) {
			m := c.model(t, tensor.Float32)
			a := c.adapt(t, m, tensor.Float32)
			want, _ := c.run(t, m, a, tensor.Float32)
			dir := t.TempDir()
			a.SetBase("some/base")
			if err := a.Save(dir); err != nil {
				t.Fatal(err)
			}
			var stored, peft map[string]any
			data, err := os.ReadFile(filepath.Join(dir, ConfigName))
			if err != nil || json.Unmarshal(data, &stored) != nil || json.Unmarshal(c.Adapter, &peft) != nil {
				t.Fatal(err)
			}
			for key := range stored {
				if _, ok := peft[key]; !ok {
					t.Errorf("%s has a key %s that peft doesn't write", ConfigName, key)
				}
			}
			again := c.model(t, tensor.Float32)
			b, err := Open(dir, again, OpenConfig{})
			if err != nil {
				t.Fatal(err)
			}
			if got, _ := c.run(t, again, b, tensor.Float32); !slices.Equal(got, want) {
				t.Error("logits differ")
			}
			if b.Base() != "some/base" {
				t.Errorf("the base is %q", b.Base())
			}
			data, err = os.ReadFile(filepath.Join(dir, BaseName))
			if err != nil {
				t.Fatal(err)
			}
			if f, err := fingerprintOf(again, b.config.replaced()); err != nil || string(f.encode()) != string(data) {
				t.Errorf("the fingerprint with the adapter on is %s, %v; stored is %s", f.encode(), err, data)
			}
		})
	}
}

// TestWhatPeftIgnoresIsRefused changes an adapter's files in ways that peft takes in silence.
func TestWhatPeftIgnoresIsRefused(t *testing.T) {
	c := goldenCases(t)["llama_lora"]
	m := c.model(t, tensor.Float32)
	a := c.adapt(t, m, tensor.Float32)
	rewrite := func(t *testing.T, dir string, change func([]safetensors.Tensor) []safetensors.Tensor) {
		var tensors []safetensors.Tensor
		for _, s := range a.Stored().Params {
			tensors = append(tensors, safetensors.Tensor{Name: s.Name, Shape: s.Param.Shape, Data: s.Param.Value().Data()})
		}
		if err := safetensors.Write(filepath.Join(dir, WeightsName), change(tensors), nil); err != nil {
			t.Fatal(err)
		}
	}
	edit := func(old, fresh string) func(t *testing.T, dir string, m *Model) {
		return func(t *testing.T, dir string, _ *Model) {
			path := filepath.Join(dir, ConfigName)
			data, err := os.ReadFile(path)
			if err != nil || !strings.Contains(string(data), old) {
				t.Fatalf("no %q in %s, %v", old, data, err)
			}
			if err := os.WriteFile(path, []byte(strings.Replace(string(data), old, fresh, 1)), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	for name, test := range map[string]struct {
		change func(t *testing.T, dir string, m *Model)
		want   string
	}{
		"an extra tensor": {func(t *testing.T, dir string, _ *Model) {
			rewrite(t, dir, func(all []safetensors.Tensor) []safetensors.Tensor {
				return append(all, safetensors.Tensor{Name: "base_model.model.extra.lora_A.weight", Shape: []int{1}, Data: []float32{1}})
			})
		}, `"extra.lora_A.weight": stored, but the model has none`},
		"a missing tensor": {func(t *testing.T, dir string, _ *Model) {
			rewrite(t, dir, func(all []safetensors.Tensor) []safetensors.Tensor { return all[1:] })
		}, "missing"},
		"another rank": {edit(`"r": 3`, `"r": 4`), "stored with shape [3 12], expected [4 12]"},
		"another base": {func(_ *testing.T, _ string, m *Model) {
			graph.Data[float32]((*m).Params()[0])[0]++
		}, "the adapter was trained on another model: the configuration is the same, the weights differ"},
		"another vocabulary": {func(t *testing.T, _ string, m *Model) {
			larger := c
			larger.Config = json.RawMessage(strings.Replace(string(c.Config), `"vocab_size": 19`, `"vocab_size": 20`, 1))
			larger.Config = json.RawMessage(strings.Replace(string(larger.Config), `"vocab_size":19`, `"vocab_size":20`, 1))
			larger.Shapes = map[string][]int{}
			for name, shape := range c.Shapes {
				larger.Shapes[name] = shape
			}
			larger.Shapes["model.embed_tokens.weight"] = []int{20, 12}
			*m = larger.model(t, tensor.Float32)
		}, "a vocabulary of 19, and this one has 20"},
		"another type":      {edit(`"LORA"`, `"IA3"`), `peft_type is "IA3", expected LORA or PROMPT_TUNING`},
		"trained biases":    {edit(`"bias": "none"`, `"bias": "all"`), `bias is "all"`},
		"an unknown init":   {edit(`"init_lora_weights": true`, `"init_lora_weights": "pissa_niter_4"`), "changes the weights of the model too"},
		"layers by numbers": {edit(`"layers_to_transform": null`, `"layers_to_transform": [1]`), "layers_to_transform is set"},
		"a rank of text":    {edit(`"r": 3`, `"r": "3"`), "expected a number"},
		"half a file":       {edit(`"r": 3`, `"r": 3}`), "expected the end"},
		"no configuration": {func(t *testing.T, dir string, _ *Model) {
			if err := os.Remove(filepath.Join(dir, ConfigName)); err != nil {
				t.Fatal(err)
			}
		}, "it has no adapter_config.json"},
		"no weights": {func(t *testing.T, dir string, _ *Model) {
			if err := os.Remove(filepath.Join(dir, WeightsName)); err != nil {
				t.Fatal(err)
			}
		}, WeightsName},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			if err := a.Save(dir); err != nil {
				t.Fatal(err)
			}
			other := Model(c.model(t, tensor.Float32))
			test.change(t, dir, &other)
			if _, err := Open(dir, other, OpenConfig{}); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got error %v, expected %q in it", err, test.want)
			}
		})
	}
}

// TestBlocksAsFloats holds adapters on a base of 16 bits to those on the floats that they stand for, by the bit, of the loss and of gradients.
func TestBlocksAsFloats(t *testing.T) {
	for name, c := range goldenCases(t) {
		if strings.HasPrefix(name, "gpt2_saved") || name == "llama_head_dora" {
			continue // what is trained whole, or adapted by DoRA at the head, is in floats
		}
		t.Run(name, func(t *testing.T) {
			p := graph.LoadParams(tensor.Float32, golden.Source{Shapes: c.Shapes})
			p.PackMatrices(func(string, []int) graph.Storage { return graph.Storage{Format: blocks.BF16} })
			packed, floats := c.build(t, p), c.model(t, tensor.Float32)
			for i, q := range packed.Params() {
				if err := tensor.Copy(floats.Params()[i].Value(), q.Floats()); err != nil {
					t.Fatal(err)
				}
			}
			a, b := c.adapt(t, packed, tensor.Float32), c.adapt(t, floats, tensor.Float32)
			for i, q := range a.Params() { // copies of the model's own are of floats that were rounded
				if err := tensor.Copy(b.Params()[i].Value(), q.Value()); err != nil {
					t.Fatal(err)
				}
			}
			got, loss := c.run(t, packed, a, tensor.Float32)
			want, other := c.run(t, floats, b, tensor.Float32)
			if !slices.Equal(got, want) || loss != other || math.IsNaN(loss) {
				t.Errorf("the loss is %v, of floats %v", loss, other)
			}
			for i, q := range a.Params() {
				if !slices.Equal(graph.GradData[float32](q), graph.GradData[float32](b.Params()[i])) {
					t.Errorf("gradients of %s differ", q.Name)
				}
			}
		})
	}
}

// TestBlocksOfAnotherBase has a base whose matrices are stored in 16 bits: one that differs in them only is refused, and the same one in floats is taken.
func TestBlocksOfAnotherBase(t *testing.T) {
	c := goldenCases(t)["llama_dora"]
	packed := func() Trainable {
		p := graph.LoadParams(tensor.Float32, golden.Source{Shapes: c.Shapes})
		p.PackMatrices(func(string, []int) graph.Storage { return graph.Storage{Format: blocks.BF16} })
		return c.build(t, p)
	}
	dir := t.TempDir()
	if err := c.adapt(t, packed(), tensor.Float32).Save(dir); err != nil {
		t.Fatal(err)
	}
	for _, m := range []Model{packed(), c.model(t, tensor.Float32)} {
		if _, err := Open(dir, m, OpenConfig{}); err != nil {
			t.Error(err)
		}
	}
	other := packed()
	i := slices.IndexFunc(other.Params(), func(p *graph.Param) bool { return p.Packed() != nil })
	other.Params()[i].Packed().Data[0] ^= 1
	if _, err := Open(dir, other, OpenConfig{}); err == nil || !strings.Contains(err.Error(), "the weights differ") {
		t.Errorf("got error %v for other blocks", err)
	}
}

func FuzzParseConfig(f *testing.F) {
	f.Add([]byte(`{"peft_type": "LORA", "r": 4, "target_modules": "all-linear", "rank_pattern": {"a": 2}, "trainable_token_indices": [1]}`))
	f.Add([]byte(`{"peft_type": "PROMPT_TUNING", "num_virtual_tokens": 3, "modules_to_save": ["x"]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := parseConfig(data)
		if err != nil {
			return
		}
		if _, err := parseConfig(c.encode()); err != nil {
			t.Fatalf("%q is read, and what is written of it isn't: %v", data, err)
		}
	})
}
