package task

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seahorse-ml/seahorse/data/tokenizer"
	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/internal/gguf"
	"github.com/seahorse-ml/seahorse/models"
	"gorgonia.org/tensor"
)

// exportable writes the directory of a small Llama whose rows are whole blocks of 32.
func exportable(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "model")
	c := tokenizer.NewTrainConfig("bpe")
	c.VocabSize = 400
	tok, err := tokenizer.Train(context.Background(), c, tokenizer.Texts(comparisonText))
	if err != nil {
		t.Fatal(err)
	}
	end, _ := tok.EndOfText()
	n := int(end)
	config, err := models.Size{Vocab: tok.VocabSize(), Context: 64, Layers: 2, Heads: 2, Width: 64, End: &n}.Config("llama")
	if err != nil {
		t.Fatal(err)
	}
	m, err := models.New(config, graph.NewParams(tensor.Float32, 3))
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Save(dir); err != nil {
		t.Fatal(err)
	}
	if err := tok.Save(dir); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestExport(t *testing.T) {
	dir := exportable(t)
	ctx := context.Background()
	for name, bound := range map[string]float64{"f32": 0, "f16": 2e-3, "bf16": 1e-2, "q8_0": 1e-2, "q4_0": 0.2, "q4_k_m": 0.1, "q6_k": 1e-2} {
		path := filepath.Join(dir, name+".gguf")
		r, err := Export(ctx, ExportConfig{Model: dir, Format: ExportGGUF, Quantize: name, Output: path})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		e := r.Compared
		if e.MeanDifference > bound || e.Perplexity < 1 || e.Tokens < 300 {
			t.Errorf("%s: %+v, expected a difference of at most %g", name, e, bound)
		}
		// Rows of 64 have no K format; the tied table would be Q6_K with all others but Q8_0.
		want := map[string]int{"q4_k_m": len(r.Formats), "q6_k": 1, "q4_0": 1}[name]
		if (len(r.Fallback) > 0) != (want > 0) || name == "q4_0" && r.Fallback[0] != "token_embd.weight: rows of 64, Q8_0 instead of Q6_K" {
			t.Errorf("%s: fallbacks %v", name, r.Fallback)
		}
		if _, err := os.Stat(path + ".report.json"); err != nil {
			t.Error(err)
		}
		if left, _ := filepath.Glob(filepath.Join(dir, "*partial*")); len(left) > 0 {
			t.Errorf("left behind: %v", left)
		}
	}
	back := filepath.Join(dir, "back")
	r, err := Export(ctx, ExportConfig{Model: filepath.Join(dir, "q8_0.gguf"), Format: ExportHF, Output: back})
	if err != nil || r.Compared.MaxDifference != 0 {
		t.Errorf("from blocks to floats: %+v, %v", r.Compared, err)
	}
	weighed, err := Export(ctx, ExportConfig{Model: dir, Format: ExportGGUF, Quantize: "q4_0", Importance: comparisonText, Output: filepath.Join(dir, "weighed.gguf")})
	if err != nil || weighed.Imatrix == 0 {
		t.Errorf("by importance: %+v, %v", weighed, err)
	}
}

func TestExportRefuses(t *testing.T) {
	dir := exportable(t)
	for want, c := range map[string]ExportConfig{
		"there already":        {Model: dir, Format: ExportGGUF, Output: dir},
		`format "onnx"`:        {Model: dir, Format: "onnx", Output: filepath.Join(dir, "x")},
		"doesn't end in .gguf": {Model: dir, Format: ExportGGUF, Output: filepath.Join(dir, "x")},
		`"q9" is not known`:    {Model: dir, Format: ExportGGUF, Quantize: "q9", Output: filepath.Join(dir, "x.gguf")},
		"written in float32":   {Model: dir, Format: ExportHF, Quantize: "q8_0", Output: filepath.Join(dir, "x")},
		"needs an adapter":     {Model: dir, Format: ExportGGUFLoRA, Output: filepath.Join(dir, "x.gguf")},
		"less than a row":      {Model: dir, Format: ExportGGUF, Importance: "a", Output: filepath.Join(dir, "x.gguf")},
	} {
		if _, err := Export(context.Background(), c); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, expected %q in it", err, want)
		}
	}
}

// TestExportLoRA writes an adapter whose scale isn't alpha over the rank, and refuses DoRA.
func TestExportLoRA(t *testing.T) {
	dir := exportable(t)
	adapter := loraAdapter(t, dir, false)
	path := filepath.Join(dir, "lora.gguf")
	if _, err := Export(context.Background(), ExportConfig{Model: dir, Adapter: adapter, Format: ExportGGUFLoRA, Output: path}); err != nil {
		t.Fatal(err)
	}
	f, err := gguf.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if alpha, _ := f.Meta.Float("adapter.lora.alpha"); alpha != 6 || f.Meta.Text("general.type") != "adapter" {
		t.Errorf("metadata %v", f.Meta)
	}
	a, ok := f.Tensor("blk.1.attn_q.weight.lora_a")
	b, ok2 := f.Tensor("blk.1.attn_q.weight.lora_b")
	if !ok || !ok2 || a.Shape[0] != 4 || a.Shape[1] != 64 || b.Shape[0] != 64 || b.Shape[1] != 4 {
		t.Fatalf("matrices %v and %v", a.Shape, b.Shape)
	}
	// Rank-stabilised, the scale is 6/√4 = 3, and llama.cpp's 6/4: the second matrix is doubled, its rows as llama.cpp turns them.
	values := make([]float32, b.Len())
	b.Kind.Unpack(values, b.Data)
	if values[4] != 2*float32(16) { // row 1 is row 16 of the head of 32
		t.Errorf("element of row 1 is %v, expected that of row 16 doubled", values[4])
	}
	merged := filepath.Join(dir, "merged.gguf")
	r, err := Export(context.Background(), ExportConfig{Model: dir, Adapter: adapter, Format: ExportGGUF, Quantize: "f32", Output: merged})
	if err != nil || r.Compared.MaxDifference > 1e-3 {
		t.Errorf("merged: %+v, %v", r.Compared, err)
	}
	if _, err := Export(context.Background(), ExportConfig{Model: dir, Adapter: loraAdapter(t, dir, true), Format: ExportGGUFLoRA, Output: filepath.Join(dir, "dora.gguf")}); err == nil || !strings.Contains(err.Error(), "DoRA") {
		t.Errorf("error %v", err)
	}
}

// loraAdapter writes an adapter of one projection, rank-stabilised, as peft does. Row i of B holds i.
func loraAdapter(t *testing.T, base string, dora bool) string {
	t.Helper()
	dir := t.TempDir()
	config := `{"peft_type": "LORA", "task_type": "CAUSAL_LM", "r": 4, "lora_alpha": 6, "use_rslora": true, "target_modules": ["layers.1.self_attn.q_proj"], "use_dora": ` +
		map[bool]string{true: "true", false: "false"}[dora] + "}"
	if err := os.WriteFile(filepath.Join(dir, "adapter_config.json"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	a, b := make([]float32, 4*64), make([]float32, 64*4)
	for i := range b {
		b[i], a[i] = float32(i/4), 1e-4*float32(i)
	}
	const module = "base_model.model.model.layers.1.self_attn.q_proj."
	writeAdapter(t, filepath.Join(dir, "adapter_model.safetensors"), module, a, b)
	return dir
}
