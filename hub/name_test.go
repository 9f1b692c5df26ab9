package hub

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	for text, want := range map[string]struct {
		Repo
		file string
	}{
		"gpt2":                                     {Repo{Model, "gpt2", ""}, ""},
		"HuggingFaceTB/SmolLM2-135M":               {Repo{Model, "HuggingFaceTB/SmolLM2-135M", ""}, ""},
		"a/b@v1.0":                                 {Repo{Model, "a/b", "v1.0"}, ""},
		"a/b@refs/pr/1":                            {Repo{Model, "a/b", "refs/pr/1"}, ""},
		"hf://a/b":                                 {Repo{Model, "a/b", ""}, ""},
		"hf://models/a/b":                          {Repo{Model, "a/b", ""}, ""},
		"hf://a/b/x.gguf":                          {Repo{Model, "a/b", ""}, "x.gguf"},
		"hf://a/b@main/sub/x.gguf":                 {Repo{Model, "a/b", "main"}, "sub/x.gguf"},
		"hf://datasets/a/b/data/x.jsonl":           {Repo{Dataset, "a/b", ""}, "data/x.jsonl"},
		"hf://datasets/a/b@v2/x.jsonl":             {Repo{Dataset, "a/b", "v2"}, "x.jsonl"},
		"hf://datasets/a/b@refs/convert/parquet/x": {Repo{Dataset, "a/b", "refs/convert/parquet"}, "x"},
		"hf://datasets/a/b":                        {Repo{Dataset, "a/b", ""}, ""},
		"hf://datasets/a/b/":                       {Repo{Dataset, "a/b", ""}, ""},
	} {
		if text == "hf://datasets/a/b@refs/convert/parquet/x" {
			want.Revision, want.file = "refs/convert/parquet", "x"
		}
		r, file, err := ParseFile(text)
		if err != nil || r != want.Repo || file != want.file {
			t.Errorf("%s: %+v %q, %v", text, r, file, err)
		}
	}
	for _, text := range []string{"", "/", "a/", "/a", "a/b/c", "../a", "a/..", "a--b/c", "a/b.git", ".hidden", "a/b@", "a/b@../x", "a/b@x/../y", "a b", "-a", "a/-b", "ä/b", strings.Repeat("a", 97), "hf://datasets/", "a\\b", "c:/x", "a/b@x y"} {
		if r, _, err := ParseFile(text); !errors.Is(err, ErrName) {
			t.Errorf("%q is taken for %+v, %v", text, r, err)
		}
	}
}

func TestNameOf(t *testing.T) {
	dir := filepath.Join("x", "models--a--b", "snapshots", firstCommit)
	if r, file, ok := NameOf(filepath.Join(dir, "sub", "x.gguf")); !ok || r != (Repo{Model, "a/b", firstCommit}) || file != "sub/x.gguf" {
		t.Errorf("%+v %q %v", r, file, ok)
	}
	for _, path := range []string{"models--a--b", filepath.Join("models--a--b", "snapshots", "x"), filepath.Join("things--a--b", "snapshots", firstCommit), ""} {
		if r, _, ok := NameOf(path); ok {
			t.Errorf("%s is taken for %+v", path, r)
		}
	}
}

func TestFromEnvironment(t *testing.T) {
	for _, name := range []string{"HF_HOME", "HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "HF_ENDPOINT", "HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "HF_TOKEN_PATH", "HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE", "XDG_CACHE_HOME", "HF_HUB_DISABLE_IMPLICIT_TOKEN", "HF_HUB_DISABLE_SYMLINKS"} {
		t.Setenv(name, "")
	}
	home := t.TempDir()
	t.Setenv("HOME", home)
	expect := func(want Client) {
		t.Helper()
		c, err := FromEnvironment()
		if err != nil || c.Cache != want.Cache || c.Endpoint != want.Endpoint || c.Token != want.Token || c.Offline != want.Offline || c.NoLinks != want.NoLinks {
			t.Errorf("%+v, %v; expected %+v", c, err, want)
		}
	}
	want := Client{Cache: filepath.Join(home, ".cache", "huggingface", "hub"), Endpoint: DefaultEndpoint}
	expect(want)
	t.Setenv("XDG_CACHE_HOME", "/xdg")
	want.Cache = "/xdg/huggingface/hub"
	expect(want)
	t.Setenv("HF_HOME", home)
	if err := os.WriteFile(filepath.Join(home, "token"), []byte("hf_file\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	want.Cache, want.Token = filepath.Join(home, "hub"), "hf_file"
	expect(want)
	t.Setenv("HF_TOKEN", " hf_env ")
	t.Setenv("HF_HUB_CACHE", "~/here")
	t.Setenv("HF_ENDPOINT", "https://mirror.example/")
	t.Setenv("HF_HUB_OFFLINE", "yes")
	t.Setenv("HF_HUB_DISABLE_SYMLINKS", "1")
	want = Client{Cache: filepath.Join(home, "here"), Token: "hf_env", Endpoint: "https://mirror.example", Offline: true, NoLinks: true}
	expect(want)
	t.Setenv("HF_ENDPOINT", "mirror")
	if _, err := FromEnvironment(); err == nil {
		t.Error("an endpoint without a scheme was taken")
	}
}

// FuzzParse holds names to what becomes a path.
func FuzzParse(f *testing.F) {
	for _, text := range []string{"a/b@c", "hf://datasets/a/b@refs/pr/1/x", "..", "hf://a/b/../../x"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		r, file, err := ParseFile(text)
		if err != nil {
			return
		}
		s := (&Client{Cache: "cache"}).store(r)
		ref, err := filepath.Rel("cache", filepath.Join(s.dir, "refs", r.revision()))
		if err != nil || !filepath.IsLocal(ref) || strings.Count(r.folder(), "/") > 0 {
			t.Errorf("%q leads to %s", text, ref)
		}
		if checkFile(file) == nil && !filepath.IsLocal(filepath.FromSlash(file)) {
			t.Errorf("%q has the file %s", text, file)
		}
	})
}
