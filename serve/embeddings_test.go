package serve

import (
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"github.com/seahorse-ml/seahorse/embed"
	"github.com/seahorse-ml/seahorse/generate"
)

// TestEmbeddingsAreTheEncoders holds vectors to those of package embed, for a model whose files ask for the last token's state, for lengths of 1, and for a prompt.
func TestEmbeddingsAreTheEncoders(t *testing.T) {
	trained, err := tiny()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := trained.Model.Save(dir); err != nil {
		t.Fatal(err)
	}
	if err := trained.Tokenizer.Save(dir); err != nil {
		t.Fatal(err)
	}
	plain, err := embed.On(trained.Model, dir)
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string]string{
		"modules.json": `[{"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"}, {"idx": 1, "name": "1", "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"},
			{"idx": 2, "name": "2", "path": "2_Normalize", "type": "sentence_transformers.models.Normalize"}]`,
		"1_Pooling/config.json":             `{"word_embedding_dimension": 64, "pooling_mode_lasttoken": true, "pooling_mode_mean_tokens": false}`,
		"config_sentence_transformers.json": `{"prompts": {"query": "quick: "}, "default_prompt_name": "query"}`,
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	encoder, err := embed.OpenEncoder(dir, embed.OpenConfig{})
	if err != nil {
		t.Fatal(err)
	}
	defer encoder.Close()
	texts := []string{"The fox", "The quick brown fox jumps over the lazy dog.", "dog"}
	want, err := encoder.Encode(t.Context(), encoder.Model.Prompt(""), texts)
	if err != nil {
		t.Fatal(err)
	}
	own := *trained
	own.Dir = dir
	s, err := New(&own, Config{Log: t.Logf, Name: "tiny", Batch: generate.BatcherConfig{Rows: 1}})
	if err != nil {
		t.Fatal(err)
	}
	h := httptest.NewServer(s)
	defer s.Close()
	defer h.Close()
	_, got, raw := asked(t, h.URL+"/v1/embeddings", `{"model": "tiny", "input": ["The fox", "The quick brown fox jumps over the lazy dog.", "dog"]}`)
	for i, vector := range want {
		list, _ := at(got, "data", i, "embedding").([]any)
		if len(list) != len(vector) {
			t.Fatalf("%s", raw)
		}
		for k, x := range list {
			if float32(x.(float64)) != vector[k] {
				t.Fatalf("element %d of text %d is %v, expected %g", k, i, x, vector[k])
			}
		}
		if length := embed.Dot(vector, vector); length < 0.999 || length > 1.001 {
			t.Errorf("length %g", length)
		}
	}
	unasked, err := (&embed.Encoder{Model: plain, Tokenizer: trained.Tokenizer}).Encode(t.Context(), "", texts[:1])
	if err != nil || embed.Cosine(unasked[0], want[0]) > 0.999 {
		t.Errorf("the mean without a prompt is the same: %v", err)
	}
}

// TestServeGGUF holds that a model from a GGUF file is served, its vectors among the rest.
func TestServeGGUF(t *testing.T) {
	trained, err := tiny()
	if err != nil {
		t.Fatal(err)
	}
	own := *trained
	own.Dir = filepath.Join(t.TempDir(), "tiny.gguf")
	if err := os.WriteFile(own.Dir, []byte("GGUF"), 0o644); err != nil {
		t.Fatal(err)
	}
	s, err := New(&own, Config{Log: t.Logf, Batch: generate.BatcherConfig{Rows: 1}})
	if err != nil {
		t.Fatal(err)
	}
	h := httptest.NewServer(s)
	defer s.Close()
	defer h.Close()
	if status, _, raw := asked(t, h.URL+"/v1/embeddings", `{"model": "tiny", "input": "fox"}`); status != 200 {
		t.Error(raw)
	}
}
