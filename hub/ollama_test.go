package hub

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// keepOllama writes a model as Ollama keeps it.
func keepOllama(t *testing.T, dir string, parts []string, layers [][2]string) {
	t.Helper()
	var list []map[string]any
	for _, l := range layers {
		digest := sha(l[1])
		if err := errors.Join(os.MkdirAll(filepath.Join(dir, "blobs"), 0o755), os.WriteFile(filepath.Join(dir, "blobs", "sha256-"+digest), []byte(l[1]), 0o644)); err != nil {
			t.Fatal(err)
		}
		list = append(list, map[string]any{"mediaType": l[0], "digest": "sha256:" + digest, "size": len(l[1])})
	}
	manifest, err := json.Marshal(map[string]any{"schemaVersion": 2, "layers": list})
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(append([]string{dir, "manifests"}, parts...)...)
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, manifest, 0o644)); err != nil {
		t.Fatal(err)
	}
}

func TestOllama(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("OLLAMA_MODELS", dir)
	layers := [][2]string{{ollamaModelLayer, "GGUF"}, {ollamaTemplateLayer, "{{ .Prompt }}"}, {ollamaSystemLayer, "Be short."}, {ollamaParamsLayer, `{"temperature": 0.2, "stop": ["<|im_end|>"]}`}}
	keepOllama(t, dir, []string{"registry.ollama.ai", "library", "smollm2", "latest"}, layers)
	keepOllama(t, dir, []string{"registry.ollama.ai", "library", "smollm2", "135m"}, layers[:1])
	keepOllama(t, dir, []string{"hf.co", "some", "thing-GGUF", "Q4_K_M"}, layers[:1])
	m, err := Ollama("smollm2")
	if err != nil || m.Template != "{{ .Prompt }}" || m.System != "Be short." || fmt.Sprint(m.Params) != "map[stop:[<|im_end|>] temperature:0.2]" {
		t.Errorf("%+v, %v", m, err)
	}
	if content, err := os.ReadFile(m.GGUF); err != nil || string(content) != "GGUF" {
		t.Errorf("%s, %v", content, err)
	}
	for _, name := range []string{"smollm2:135m", "library/smollm2", "hf.co/some/thing-GGUF:Q4_K_M"} {
		if _, err := Ollama(name); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := Ollama("llama3"); !errors.Is(err, ErrMissing) || !strings.Contains(err.Error(), "it has hf.co/some/thing-GGUF:Q4_K_M, smollm2:135m, smollm2:latest; fetch it by: ollama pull llama3") {
		t.Error(err)
	}
	for _, name := range []string{"", ":", "../../x", "a/../b", "a/b/c/d", "a:../b", "-x", "a b"} {
		if _, err := Ollama(name); err == nil || errors.Is(err, ErrMissing) {
			t.Errorf("%q: %v", name, err)
		}
	}
	for name, layers := range map[string][][2]string{"none": {{ollamaTemplateLayer, "x"}}, "two": {{ollamaModelLayer, "a"}, {ollamaModelLayer, "b"}}, "params": {{ollamaModelLayer, "a"}, {ollamaParamsLayer, "{"}}} {
		keepOllama(t, dir, []string{"registry.ollama.ai", "library", name, "latest"}, layers)
		if _, err := Ollama(name); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
	for name, manifest := range map[string]string{"up": `{"layers": [{"mediaType": "application/vnd.ollama.image.model", "digest": "sha256:../../../../etc/passwd", "size": 1}]}`, "no": `[]`, "gone": `{"layers": [{"mediaType": "m", "digest": "sha256:` + strings.Repeat("0", 64) + `", "size": 1}]}`} {
		keepOllama(t, dir, []string{"registry.ollama.ai", "library", name, "latest"}, nil)
		if err := os.WriteFile(filepath.Join(dir, "manifests", "registry.ollama.ai", "library", name, "latest"), []byte(manifest), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := Ollama(name); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
	if err := os.WriteFile(m.GGUF, []byte("GGUF, cut"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Ollama("smollm2"); err == nil || !strings.Contains(err.Error(), "fetch it anew") {
		t.Error(err)
	}
}
