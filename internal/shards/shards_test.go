package shards

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestFind(t *testing.T) {
	tests := []struct {
		name  string
		files map[string]string
		want  []File // with paths in the directory
		err   string
	}{
		{"one file", map[string]string{"all": "", "index": "no JSON"}, []File{{Path: "all"}}, ""},
		{"shards", map[string]string{"index": `{"weight_map": {"b": "2", "c": "1", "a": "2"}}`, "1": "", "2": ""}, []File{{"1", []string{"c"}}, {"2", []string{"a", "b"}}}, ""},
		{"nothing", nil, nil, "neither all nor index"},
		{"a shard is missing", map[string]string{"index": `{"weight_map": {"b": "2", "c": "1", "a": "2"}}`, "1": ""}, nil, `index: tensor "a" is in "2": `},
		{"no JSON", map[string]string{"index": "{"}, nil, "index: "},
		{"no tensors", map[string]string{"index": "{}"}, nil, "lists no tensors"},
		{"outside", map[string]string{"index": `{"weight_map": {"a": "../1"}}`}, nil, `tensor "a" is in "../1", outside`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			for name, content := range test.files {
				if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			got, err := Find(dir, "all", "index")
			if test.err != "" {
				if err == nil || !strings.Contains(err.Error(), test.err) || errors.Is(err, fs.ErrNotExist) != (test.name == "nothing" || test.name == "a shard is missing") {
					t.Errorf("error %v, expected one with %q", err, test.err)
				}
				return
			}
			for i := range test.want {
				test.want[i].Path = filepath.Join(dir, test.want[i].Path)
			}
			if d := cmp.Diff(test.want, got); err != nil || d != "" {
				t.Errorf("%v %s", err, d)
			}
		})
	}
}
