package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
)

// newHubOf serves a directory as the model some/thing, and data beside it as the data set some/data, and sets the environment to it.
func newHubOf(t *testing.T, model, data string) *int {
	t.Helper()
	const commit = "0123456789012345678901234567890123456789"
	requests := new(int)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		*requests++
		path := strings.TrimPrefix(q.URL.Path, "/")
		dir := model
		if strings.Contains(path, "datasets/") {
			dir = data
		}
		_, file, resolve := strings.Cut(path, "/resolve/main/")
		if !resolve {
			_, file, resolve = strings.Cut(path, "/resolve/"+commit+"/")
		}
		switch {
		case !strings.Contains(path, "some/"):
			w.Header().Set("X-Error-Code", "RepoNotFound")
			http.NotFound(w, q)
		case resolve:
			content, err := os.ReadFile(filepath.Join(dir, file))
			if err != nil {
				http.NotFound(w, q)
				return
			}
			sum := sha256.Sum256(content)
			w.Header().Set("X-Repo-Commit", commit)
			w.Header().Set("X-Linked-Etag", `"`+hex.EncodeToString(sum[:])+`"`)
			w.Header().Set("X-Linked-Size", fmt.Sprint(len(content)))
			w.Header().Set("Content-Length", fmt.Sprint(len(content)))
			_, _ = w.Write(content)
		case strings.Contains(path, "/revision/"):
			fmt.Fprintf(w, `{"sha": %q}`, commit)
		default:
			var list []map[string]any
			entries, _ := os.ReadDir(dir)
			for _, e := range entries {
				if content, err := os.ReadFile(filepath.Join(dir, e.Name())); err == nil {
					sum := sha256.Sum256(content)
					list = append(list, map[string]any{"type": "file", "path": e.Name(), "size": len(content), "oid": commit, "lfs": map[string]any{"oid": hex.EncodeToString(sum[:]), "size": len(content)}})
				}
			}
			_ = json.NewEncoder(w).Encode(list)
		}
	}))
	t.Cleanup(server.Close)
	t.Setenv("HF_ENDPOINT", server.URL)
	t.Setenv("HF_HUB_OFFLINE", "")
	t.Setenv("HF_HOME", t.TempDir())
	return requests
}

// TestNames uses models, data, tokenizers and adapters by their names, and says what to type where there are none.
func TestNames(t *testing.T) {
	base, data := newTalker(t), t.TempDir()
	write(t, filepath.Join(data, "abc.jsonl"), strings.Repeat(`{"messages": [{"role": "user", "content": "abc"}, {"role": "assistant", "content": "def"}]}`+"\n", 8))
	requests := newHubOf(t, base, data)
	dir := t.TempDir()
	t.Chdir(dir)
	_, said := succeed(t, "", "sft", "--model=some/thing", "--data=hf://datasets/some/data/abc.jsonl", "--output-dir=lora", "--use-peft", "--lora-r=2", "--max-steps=1", "--seq-len=64")
	if strings.Count(said, "fetched    ") != 2 {
		t.Errorf("said %s", said)
	}
	if config := read(t, "lora/adapter_config.json"); !strings.Contains(config, `"base_model_name_or_path": "some/thing"`) {
		t.Errorf("the adapter names its model %s", config)
	}
	*requests = 0
	succeed(t, "", "generate", "--model=lora", "--prompt=abc", "--max-new-tokens=2")
	succeed(t, "", "generate", "--model=hf://some/thing", "--prompt=abc", "--max-new-tokens=2")
	succeed(t, "", "info", "some/thing")
	succeed(t, "", "plan", "sft", "--model=some/thing@main", "--data=hf://datasets/some/data:0.5")
	succeed(t, "", "tokenizer", "encode", "--tokenizer=some/thing", "--data", write(t, "x.txt", "abc\n"))
	if *requests > 3 { // plan's asks which files the data have
		t.Errorf("%d requests for what is there", *requests)
	}
	// Where the model is named beside it, what the adapter calls its model isn't asked for.
	config := read(t, "lora/adapter_config.json")
	write(t, "lora/adapter_config.json", strings.Replace(config, "some/thing", "no/thing", 1))
	*requests = 0
	succeed(t, "", "generate", "--model=some/thing", "--adapter=lora", "--prompt=abc", "--max-new-tokens=2")
	if *requests > 0 {
		t.Errorf("%d requests for the model of an adapter that isn't used", *requests)
	}
	write(t, "lora/adapter_config.json", config)
	// An adapter from elsewhere brings its model along.
	t.Setenv("HF_HOME", t.TempDir())
	succeed(t, "", "generate", "--model=lora", "--prompt=abc", "--max-new-tokens=2")

	if err := os.Mkdir("runs", 0o755); err != nil {
		t.Fatal(err)
	}
	for want, args := range map[string][]string{
		"has no model gpt2":            {"generate", "--model=gpt2", "--prompt=a"},
		"has no model no/thing":        {"eval", "--model=no/thing", "--data=x.txt"},
		"runs/none does not exist":     {"generate", "--model=runs/none", "--prompt=a"},
		"x.gguf does not exist":        {"generate", "--model=x.gguf", "--prompt=a"},
		"no name of the hub":           {"generate", "--model=hf://a", "--prompt=a", "--adapter=hf://-"},
		"ollama pull nothing":          {"generate", "--model=ollama:nothing", "--prompt=a"},
		"it has abc.jsonl":             {"sft", "--model=some/thing", "--data=hf://datasets/some/data/x.jsonl", "--output-dir=y"},
		"no such file or folder":       {"sft", "--model=some/thing", "--data=some/data", "--output-dir=y"},
		"no such file or directory":    {"words", "neighbors", "--model=gpt2", "a"},
		"HF_HUB_OFFLINE forbids to as": {"generate", "--model=other/thing", "--prompt=a"},
	} {
		t.Setenv("HF_HUB_OFFLINE", "")
		if args[1] == "--model=other/thing" {
			t.Setenv("HF_HUB_OFFLINE", "1")
		}
		t.Setenv("OLLAMA_MODELS", dir)
		if status, _, said := finetune(t, "", args...); status != exitFailure || !strings.Contains(said, want) || strings.Count(said, "\n") != 1 {
			t.Errorf("%v: status %d, %q; expected %q", args, status, said, want)
		}
	}
}

// TestEveryPathMayBeAName holds that each flag that takes a model, a tokenizer or data to read can be named by a name of the hub.
func TestEveryPathMayBeAName(t *testing.T) {
	var c commands
	parser, err := newParser(&c, &streams{})
	if err != nil {
		t.Fatal(err)
	}
	var walk func(n *kong.Node)
	walk = func(n *kong.Node) {
		for _, f := range n.Flags {
			path := strings.TrimPrefix(n.FullPath(), "finetune ")
			if models := strings.Contains(strings.ToLower(f.Help), "model"); strings.HasPrefix(f.PlaceHolder, "DIR") && models && nameKindOf(path, f.Name) == 0 && !strings.Contains(f.Name, "output") {
				t.Errorf("%s --%s takes no name", path, f.Name)
			}
		}
		for _, child := range n.Children {
			walk(child)
		}
	}
	walk(parser.Model.Node)
}
