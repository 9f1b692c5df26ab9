package hub

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// weights is content that is kept in LFS.
var weights = strings.Repeat("0123456789abcdef", 64)

func modelFiles() map[string]string {
	return map[string]string{
		"config.json": `{"model_type": "gpt2"}`, "tokenizer.json": strings.Repeat("{}", 64), "README.md": "# It", "model.safetensors": weights, "pytorch_model.bin": weights + "!",
		"onnx/model.onnx": weights + "?", "training_args.bin": "x", "optimizer.pt": "y", ".gitattributes": "z",
	}
}

func names(t *testing.T, dir string) []string {
	t.Helper()
	all := store{dir: filepath.Dir(filepath.Dir(dir))}.files(filepath.Base(dir))
	slices.Sort(all)
	return all
}

func TestModel(t *testing.T) {
	h := newHub(t, modelFiles())
	c := h.client()
	h.secret, c.Token = "hf_secret", "hf_secret"
	h.pageSize = 3
	var told []string
	c.Progress = func(file string, done, total int64) { told = append(told, fmt.Sprint(file, " ", done, "/", total)) }
	r := Repo{Model, "some/thing", ""}
	dir, err := c.Model(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	if want := filepath.Join(c.Cache, "models--some--thing", "snapshots", firstCommit); dir != want {
		t.Errorf("it is at %s, expected %s", dir, want)
	}
	if d := cmp.Diff([]string{"README.md", "config.json", "model.safetensors", "tokenizer.json"}, names(t, dir)); d != "" {
		t.Error(d)
	}
	if content, err := os.ReadFile(filepath.Join(dir, "model.safetensors")); err != nil || string(content) != weights {
		t.Errorf("the weights are %.20q…, %v", content, err)
	}
	if to, err := os.Readlink(filepath.Join(dir, "model.safetensors")); err != nil || to != filepath.Join("..", "..", "blobs", sha(weights)) {
		t.Errorf("the weights are a link to %s, %v", to, err)
	}
	if last := told[len(told)-1]; !strings.HasSuffix(last, "1178/1178") {
		t.Errorf("told %s at last", last)
	}
	ref, _ := os.ReadFile(filepath.Join(c.Cache, "models--some--thing", "refs", "main"))
	if string(ref) != firstCommit {
		t.Errorf("refs/main is %q", ref)
	}
	outside(t, c.Cache)

	// What is there is taken without a request, though main has moved on.
	h.take()
	h.commit, h.files[secondCommit] = secondCommit, map[string]string{"config.json": "{}", "model.safetensors": "new"}
	again, err := c.Model(t.Context(), r)
	if requests := h.take(); err != nil || again != dir || len(requests) > 0 {
		t.Errorf("the second time: %s, %v, %v", again, err, requests)
	}
	h.hub.Close()
	c.Offline = true
	if again, err := c.Model(t.Context(), r); err != nil || again != dir {
		t.Errorf("offline: %s, %v", again, err)
	}
	for _, r := range []Repo{{Model, "some/thing", "v1"}, {Model, "some/other", ""}, {Model, "gpt2", ""}} {
		if _, err := c.Model(t.Context(), r); !errors.Is(err, ErrMissing) || !strings.Contains(err.Error(), "HF_HUB_OFFLINE") {
			t.Errorf("%s offline: %v", r, err)
		}
	}
	c.Offline = false
	if _, err := c.Model(t.Context(), Repo{Model, "some/other", ""}); err == nil || !strings.Contains(err.Error(), "the hub can't be asked") {
		t.Errorf("without a hub: %v", err)
	}
}

// TestRevisions takes the commit that is asked for.
func TestRevisions(t *testing.T) {
	h := newHub(t, modelFiles())
	h.files[secondCommit] = map[string]string{"config.json": "{ }", "model.safetensors": weights}
	h.files["refs/pr/7"] = h.files[secondCommit]
	c := h.client()
	dir, err := c.Model(t.Context(), Repo{Model, "some/thing", secondCommit})
	if err != nil || filepath.Base(dir) != secondCommit {
		t.Errorf("%s, %v", dir, err)
	}
	if _, err := c.Model(t.Context(), Repo{Model, "some/thing", ""}); err != nil {
		t.Error(err)
	}
	if entries, _ := os.ReadDir(filepath.Join(c.Cache, "models--some--thing", "blobs")); len(entries) != 5 {
		t.Errorf("%d blobs, expected the weights once", len(entries))
	}
	if _, err := c.Model(t.Context(), Repo{Model, "some/thing", "none"}); err == nil || !strings.Contains(err.Error(), "no revision none") {
		t.Error(err)
	}
}

// TestParts fetches what an index and a list of modules name.
func TestParts(t *testing.T) {
	h := newHub(t, map[string]string{
		"modules.json": `[{"path": ""}, {"path": "1_Pooling"}, {"path": "2_Dense"}]`, "1_Pooling/config.json": "{}", "2_Dense/config.json": "{}", "2_Dense/model.safetensors": "dense",
		"config.json": "{}", "vocab.txt": "a", "other/config.json": "{}",
		"model.safetensors.index.json": `{"weight_map": {"a": "model-1.safetensors", "b": "model-2.safetensors", "c": "model-1.safetensors"}}`,
		"model-1.safetensors":          weights, "model-2.safetensors": weights + "2", "model-3.safetensors": weights + "3", "pytorch_model.bin": "x",
	})
	c := h.client()
	dir, err := c.Model(t.Context(), Repo{Model, "some/thing", ""})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"1_Pooling/config.json", "2_Dense/config.json", "2_Dense/model.safetensors", "config.json", "model-1.safetensors", "model-2.safetensors", "model.safetensors.index.json", "modules.json", "vocab.txt"}
	if d := cmp.Diff(want, names(t, dir)); d != "" {
		t.Error(d)
	}
	// Without its list of files, as Python leaves the cache, it is still known whether all is there.
	if err := os.RemoveAll(filepath.Join(c.Cache, "models--some--thing", "trees")); err != nil {
		t.Fatal(err)
	}
	c.Offline = true
	if _, err := c.Model(t.Context(), Repo{Model, "some/thing", ""}); err != nil {
		t.Error(err)
	}
	if err := os.Remove(filepath.Join(dir, "model-2.safetensors")); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Model(t.Context(), Repo{Model, "some/thing", ""}); !errors.Is(err, ErrMissing) || !strings.Contains(err.Error(), "only partly") {
		t.Error(err)
	}
	if _, err := c.Tokenizer(t.Context(), Repo{Model, "some/thing", ""}); err != nil {
		t.Error(err)
	}
	c.Offline = false
	h.take()
	if _, err := c.Model(t.Context(), Repo{Model, "some/thing", ""}); err != nil || slices.ContainsFunc(h.take(), func(q string) bool { return strings.Contains(q, "resolve") }) {
		t.Errorf("a blob that is there was fetched again: %v", err)
	}
}

func TestTokenizerAlone(t *testing.T) {
	h := newHub(t, modelFiles())
	dir, err := h.client().Tokenizer(t.Context(), Repo{Model, "some/thing", ""})
	if err != nil || slices.Contains(names(t, dir), "model.safetensors") || !slices.Contains(names(t, dir), "tokenizer.json") {
		t.Errorf("%s, %v", dir, err)
	}
}

func TestGGUF(t *testing.T) {
	h := newHub(t, map[string]string{"README.md": "it", "it-q4.gguf": weights})
	path, err := h.client().Model(t.Context(), Repo{Model, "some/thing", ""})
	if err != nil || filepath.Base(path) != "it-q4.gguf" {
		t.Errorf("%s, %v", path, err)
	}
	h.files[firstCommit]["it-q8.gguf"] = weights + "8"
	c := h.client()
	if _, err := c.Model(t.Context(), Repo{Model, "some/thing", ""}); err == nil || !strings.Contains(err.Error(), "it-q4.gguf, it-q8.gguf") {
		t.Error(err)
	}
	if path, err := c.File(t.Context(), Repo{Model, "some/thing", ""}, "it-q8.gguf"); err != nil || filepath.Base(path) != "it-q8.gguf" {
		t.Errorf("%s, %v", path, err)
	}
}

func TestFile(t *testing.T) {
	h := newHub(t, map[string]string{"data/train-1.jsonl": weights, "data/train-2.jsonl": "b", "data/test.jsonl": "c", "README.md": "d", "top.csv": "e", "dataset_infos.json": "f"})
	r := Repo{Dataset, "some/thing", ""}
	for file, want := range map[string][]string{
		"data/test.jsonl":    {"data/test.jsonl"},
		"data/train-1.jsonl": {"data/train-1.jsonl"},
		"data/train-*.jsonl": {"data/train-1.jsonl", "data/train-2.jsonl"},
		"data":               {"data/test.jsonl", "data/train-1.jsonl", "data/train-2.jsonl"},
		"**/*.csv":           {"top.csv"},
		"":                   {"data/test.jsonl", "data/train-1.jsonl", "data/train-2.jsonl", "top.csv"},
	} {
		c := h.client()
		path, err := c.File(t.Context(), r, file)
		dir := filepath.Join(c.Cache, "datasets--some--thing", "snapshots", firstCommit)
		if err != nil || path != filepath.Join(dir, file) {
			t.Errorf("%q: %s, %v", file, path, err)
			continue
		}
		if d := cmp.Diff(want, names(t, dir)); d != "" {
			t.Errorf("%q: %s", file, d)
		}
		h.take()
		if _, err := c.File(t.Context(), r, file); err != nil || len(h.take()) > 0 {
			t.Errorf("%q is asked for again: %v", file, err)
		}
	}
	if _, err := h.client().File(t.Context(), r, "none.jsonl"); err == nil || !strings.Contains(err.Error(), "it has data/test.jsonl, data/train-1.jsonl") {
		t.Error(err)
	}
}

// TestCuts fetches through cut connections, each part once.
func TestCuts(t *testing.T) {
	r := Repo{Model, "some/thing", ""}
	h := newHub(t, modelFiles())
	h.cut, h.broken = 100, 2
	c := h.client()
	if _, err := c.Model(t.Context(), r); err == nil {
		t.Error("a hub that is broken at first gave a model") // lists aren't asked for twice
	}
	h.broken = 0
	dir, err := c.Model(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	if content, _ := os.ReadFile(filepath.Join(dir, "model.safetensors")); string(content) != weights {
		t.Error("the weights came out otherwise")
	}
	got := 0
	for _, q := range h.take() {
		if strings.HasPrefix(q, "GET /"+firstCommit+"/model.safetensors") {
			if got++; got > 1 && !strings.HasSuffix(q, fmt.Sprintf("bytes=%d-", 100*(got-1))) {
				t.Errorf("request %d is %s", got, q)
			}
		}
	}
	if got != (len(weights)+99)/100 {
		t.Errorf("%d requests", got)
	}

	t.Run("resumed by another process", func(t *testing.T) {
		c := h.client()
		s := c.store(r)
		if err := os.MkdirAll(filepath.Join(s.dir, "blobs"), 0o755); err != nil {
			t.Fatal(err)
		}
		for content, first := range map[string]string{weights[:1000]: "bytes=1000-", "something else": "bytes=14-", weights + "more": ""} {
			if err := os.WriteFile(s.blob(sha(weights))+".incomplete", []byte(content), 0o644); err != nil {
				t.Fatal(err)
			}
			h.cut = 0
			h.take()
			dir, err := c.Model(t.Context(), r)
			if err != nil {
				t.Fatal(err)
			}
			if got, _ := os.ReadFile(filepath.Join(dir, "model.safetensors")); string(got) != weights {
				t.Error("the weights came out otherwise")
			}
			if !slices.ContainsFunc(h.take(), func(q string) bool {
				return strings.HasSuffix(q, strings.TrimSpace("/model.safetensors "+first)) && strings.HasPrefix(q, "GET")
			}) {
				t.Errorf("it didn't go on from %s", first)
			}
			if err := errors.Join(os.RemoveAll(s.snapshot(firstCommit)), os.Remove(s.blob(sha(weights)))); err != nil {
				t.Fatal(err)
			}
		}
	})
	t.Run("no ranges", func(t *testing.T) {
		c := h.client()
		h.cut, h.noRanges = 1000, true
		defer func() { h.noRanges = false }()
		if _, err := c.Model(t.Context(), r); err == nil || !strings.Contains(err.Error(), "model.safetensors") {
			t.Errorf("a server that always cuts and knows no ranges: %v", err)
		}
		h.cut = 0
		if _, err := c.Model(t.Context(), r); err != nil {
			t.Error(err)
		}
	})
	t.Run("interrupted", func(t *testing.T) {
		c := h.client()
		ctx, cancel := context.WithCancelCause(t.Context())
		why := errors.New("enough")
		c.Progress = func(file string, done, _ int64) {
			if file == "model.safetensors" && done > 0 {
				cancel(why)
			}
		}
		h.cut = 500
		if _, err := c.Model(ctx, r); !errors.Is(err, why) {
			t.Error(err)
		}
		if _, err := c.Model(t.Context(), r); err != nil {
			t.Error(err)
		}
	})
}

// TestWrongContent refuses content that isn't what its checksum says, and keeps none of it.
func TestWrongContent(t *testing.T) {
	r := Repo{Model, "some/thing", ""}
	for name, lie := range map[string]func(path, content string) string{
		"changed": func(path, content string) string {
			return strings.Replace(content, "0123", "0124", 1)
		},
		"longer": func(path, content string) string { return content + "x" },
		"a page": func(path, content string) string {
			if path == "model.safetensors" {
				return "<html>"
			}
			return content
		},
		"text changed": func(path, content string) string { return strings.Replace(content, "gpt2", "gpt3", 1) },
	} {
		t.Run(name, func(t *testing.T) {
			h := newHub(t, modelFiles())
			c := h.client()
			h.lie = lie
			dir, err := c.Model(t.Context(), r)
			if err == nil {
				t.Fatalf("it gave %s", dir)
			}
			if strings.HasSuffix(name, "changed") && !errors.Is(err, ErrSum) {
				t.Errorf("error %v", err)
			}
			h.lie = nil
			if dir, err = c.Model(t.Context(), r); err != nil {
				t.Fatal(err)
			}
			if content, _ := os.ReadFile(filepath.Join(dir, "model.safetensors")); string(content) != weights {
				t.Error("what was wrong was kept")
			}
		})
	}
}

// TestHostile holds that a hub can't make anything be written or read outside of the cache, whatever it lists.
func TestHostile(t *testing.T) {
	set := func(key string, value any) func([]map[string]any) []map[string]any {
		return func(list []map[string]any) []map[string]any {
			for _, f := range list {
				if f["path"] == "config.json" {
					f[key] = value
				}
			}
			return list
		}
	}
	for name, lister := range map[string]func([]map[string]any) []map[string]any{
		"up":        set("path", "../../../../evil/config.json"),
		"absolute":  set("path", "/tmp/config.json"),
		"dots":      set("path", "a/../../config.json"),
		"empty":     set("path", "a//config.json"),
		"backslash": set("path", `..\..\config.json`),
		"device":    set("path", "c:config.json"),
		"nul":       set("path", "config.json\x00"),
		"sum":       set("oid", "../../../evil"),
		"sha":       set("lfs", map[string]any{"oid": "../../../evil", "size": 3}),
		"size":      set("size", -5),
		"twice": func(list []map[string]any) []map[string]any {
			return append(list, list[len(list)-1])
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHub(t, modelFiles())
			h.lister = lister
			c := h.client()
			if dir, err := c.Model(t.Context(), Repo{Model, "some/thing", ""}); err == nil {
				t.Errorf("it gave %s", dir)
			}
			if _, err := os.Stat(filepath.Join(filepath.Dir(c.Cache), "evil")); err == nil {
				t.Error("it was written")
			}
			if _, err := os.Stat(c.Cache); err == nil {
				outside(t, c.Cache)
			}
		})
	}
	t.Run("an index", func(t *testing.T) {
		for _, part := range []string{"../../../../etc/passwd", "/etc/passwd", "none.safetensors"} {
			h := newHub(t, map[string]string{"config.json": "{}", "model.safetensors.index.json": `{"weight_map": {"a": "` + part + `"}}`})
			if dir, err := h.client().Model(t.Context(), Repo{Model, "some/thing", ""}); err == nil {
				t.Errorf("%s gave %s", part, dir)
			}
		}
	})
	t.Run("a commit", func(t *testing.T) {
		h := newHub(t, modelFiles())
		h.commit = "../../../evil"
		h.files[h.commit] = h.files[firstCommit]
		c := h.client()
		if dir, err := c.Model(t.Context(), Repo{Model, "some/thing", ""}); err == nil {
			t.Errorf("it gave %s", dir)
		}
		if _, err := c.File(t.Context(), Repo{Model, "some/thing", ""}, "config.json"); err == nil {
			t.Error("it gave a file")
		}
	})
	t.Run("links in the cache", func(t *testing.T) {
		h := newHub(t, map[string]string{"config.json": "{}", "model.safetensors": weights, "folder/config.json": "{ }", "modules.json": `[{"path": "folder"}]`})
		c := h.client()
		away := t.TempDir()
		snapshot := c.store(Repo{Model, "some/thing", ""}).snapshot(firstCommit)
		if err := errors.Join(os.MkdirAll(snapshot, 0o755), os.Symlink(away, filepath.Join(snapshot, "folder"))); err != nil {
			t.Fatal(err)
		}
		if _, err := c.Model(t.Context(), Repo{Model, "some/thing", ""}); err == nil || !strings.Contains(err.Error(), "lead out of the cache") {
			t.Error(err)
		}
		if entries, _ := os.ReadDir(away); len(entries) > 0 {
			t.Errorf("%v was written outside", entries)
		}
	})
	t.Run("a file that is a folder too", func(t *testing.T) {
		h := newHub(t, map[string]string{"modules.json": `[{"path": "config.json"}]`, "config.json": "{}", "config.json/config.json": "{ }", "model.safetensors": "x"})
		if _, err := h.client().Model(t.Context(), Repo{Model, "some/thing", ""}); err == nil {
			t.Error("it was taken")
		}
	})
}

// TestRefused tells what to do about repositories that can't be read.
func TestRefused(t *testing.T) {
	h := newHub(t, modelFiles())
	c := h.client()
	if _, err := c.Model(t.Context(), Repo{Model, "no/thing", ""}); err == nil || !strings.Contains(err.Error(), "has no model no/thing") {
		t.Error(err)
	}
	h.secret = "x"
	if _, err := c.Model(t.Context(), Repo{Model, "some/thing", ""}); err == nil || !strings.Contains(err.Error(), "set HF_TOKEN") {
		t.Error(err)
	}
	c.Token = "wrong"
	if _, err := c.Model(t.Context(), Repo{Model, "some/thing", ""}); err == nil || !strings.Contains(err.Error(), "the token may read") || strings.Contains(err.Error(), "wrong") {
		t.Error(err)
	}
	h.secret = ""
	h.files[firstCommit] = map[string]string{"README.md": "nothing"}
	if _, err := c.Model(t.Context(), Repo{Model, "some/thing", ""}); err == nil || !strings.Contains(err.Error(), "no weights") {
		t.Error(err)
	}
}

// TestTogether has several processes fetch the same.
func TestTogether(t *testing.T) {
	h := newHub(t, modelFiles())
	c := h.client()
	ends := make(chan error)
	for range 8 {
		go func() {
			own := &Client{Cache: c.Cache, Endpoint: c.Endpoint}
			_, err := own.Model(context.Background(), Repo{Model, "some/thing", ""})
			ends <- err
		}()
	}
	for range 8 {
		if err := <-ends; err != nil {
			t.Error(err)
		}
	}
	count := 0
	for _, q := range h.take() {
		if strings.HasPrefix(q, "GET /"+firstCommit+"/model.safetensors") {
			count++
		}
	}
	if count != 1 {
		t.Errorf("the weights were fetched %d times", count)
	}
}
