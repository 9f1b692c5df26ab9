package models

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seahorse-ml/seahorse/graph"
	"gorgonia.org/tensor"
)

// TestStorageOfDirectories looks at how the matrices of a directory are kept: a table of 11 rows, projections with rows of 64 and of 256, a norm.
func TestStorageOfDirectories(t *testing.T) {
	m, err := newOf("llama", Size{Vocab: 11, Context: 8, Layers: 1, Heads: 2, Width: 64, Inner: 256}, graph.NewParams(tensor.Float32, 1))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := m.Save(dir); err != nil {
		t.Fatal(err)
	}
	for storage, want := range map[Storage][4]string{
		FloatStorage:     {"float32", "float32", "float32", "float32"},
		StoredStorage:    {"float32", "float32", "float32", "float32"}, // a directory has no blocks
		EightBitStorage:  {"q8_0", "q8_0", "q8_0", "float32"},
		FourBitStorage:   {"q8_0", "q5_0", "q4_k", "float32"},
		BFloat16Storage:  {"bf16", "bf16", "bf16", "float32"},
		Storage("3bits"): {},
	} {
		kept, err := Open(dir, OpenConfig{Storage: storage})
		if want[0] == "" {
			if err == nil {
				t.Errorf("%s is a storage", storage)
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		byName := map[string]*graph.Param{}
		for _, p := range kept.Params() {
			byName[p.Name] = p
			if p.Frozen != (p.Packed() != nil) {
				t.Errorf("%s: %s is stored as %s, frozen %v", storage, p.Name, p.Stored(), p.Frozen)
			}
		}
		for i, name := range []string{"model.embed_tokens", "model.layers.0.self_attn.q_proj", "model.layers.0.mlp.down_proj", "model.norm"} {
			if got := byName[name+".weight"].Stored(); got != want[i] {
				t.Errorf("%s: %s is stored as %s, expected %s", storage, name, got, want[i])
			}
		}
	}
}

// TestRefusesPackedByOthers names those that packed a model in ways that can't be read.
func TestRefusesPackedByOthers(t *testing.T) {
	for method, want := range map[string]string{
		"gptq": "packed by GPTQ", "awq": "packed by AWQ", "bitsandbytes": "packed by bitsandbytes", "hqq": `packed by quant_method "hqq"`,
	} {
		_, dir := saved(t, "llama")
		path := filepath.Join(dir, "config.json")
		config, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		changed := strings.Replace(string(config), "{", `{"quantization_config": {"quant_method": "`+method+`", "bits": 4},`, 1)
		if err := os.WriteFile(path, []byte(changed), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(dir, OpenConfig{}); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "or as GGUF") {
			t.Errorf("%s: error %v, expected %q in it", method, err, want)
		}
	}
}
