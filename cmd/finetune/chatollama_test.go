package main

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestChatLikeOllama talks with a model that Ollama keeps, by what it keeps of its system, stops and sampling, unless options say otherwise.
func TestChatLikeOllama(t *testing.T) {
	base, dir := newTalker(t), t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "blobs"), 0o755); err != nil {
		t.Fatal(err)
	}
	gguf := filepath.Join(dir, "model.gguf")
	llama, letters := filepath.Join(dir, "llama"), write(t, filepath.Join(dir, "letters.txt"), strings.Repeat("abcdefghijklmnopqrstuvwxyz. <>|_\n", 40))
	succeed(t, "", "pretrain", "--data", letters, "--output-dir", llama, "--arch=llama", "--n-layer=1", "--n-head=2", "--n-embd=32", "--seq-len=128", "--batch-size=2", "--max-steps=2",
		"--warmup-steps=0", "--tokenizer=bpe", "--vocab-size=280", "--validation-split=0")
	write(t, filepath.Join(llama, "chat_template.jinja"), read(t, filepath.Join(base, "chat_template.jinja")))
	succeed(t, "", "export", "--model", llama, "--format=gguf", "--output", gguf)
	var layers []map[string]any
	keep := func(kind, content string) {
		digest := fmt.Sprintf("%x", sha256.Sum256([]byte(content)))
		write(t, filepath.Join(dir, "blobs", "sha256-"+digest), content)
		layers = append(layers, map[string]any{"mediaType": "application/vnd.ollama.image." + kind, "digest": "sha256:" + digest, "size": len(content)})
	}
	keep("model", read(t, gguf))
	keep("system", "be")
	keep("params", `{"temperature": 0, "num_predict": 4, "stop": ["zzz"], "top_k": 3}`)
	manifest, err := json.Marshal(map[string]any{"schemaVersion": 2, "layers": layers})
	if err != nil {
		t.Fatal(err)
	}
	at := filepath.Join(dir, "manifests", "registry.ollama.ai", "library", "mine")
	if err := os.MkdirAll(at, 0o755); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(at, "latest"), string(manifest))
	t.Setenv("OLLAMA_MODELS", dir)
	want, _ := succeed(t, "abc\n", "chat", "--model", gguf, "--system=be", "--temperature=0", "--max-new-tokens=4", "--stop=zzz", "--json")
	got, said := succeed(t, "abc\n", "chat", "--model=ollama:mine", "--json")
	text := func(line string) (r replied) {
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			t.Fatal(err)
		}
		return r
	}
	if text(got).Text != text(want).Text || !strings.Contains(said, "ollama     its system, temperature 0, top_k 3, num_predict 4, its stops") {
		t.Errorf("%s, said %s; expected %s", got, said, want)
	}
	_, said = succeed(t, "abc\n", "chat", "--model=ollama:mine", "--system=x", "--temperature=1", "--max-new-tokens=2", "--stop=a", "--top-k=1")
	if strings.Contains(said, "ollama     ") {
		t.Errorf("said %s", said)
	}
}
