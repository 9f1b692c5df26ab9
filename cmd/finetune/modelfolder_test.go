package main

import (
	"os"
	"path/filepath"
	"testing"
)

// TestModelBelowAFolder applies a model where sentence-transformers puts it: in the folder of its first module.
func TestModelBelowAFolder(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	_, run := newModels(t, t.TempDir())
	folder := filepath.Join(root, "0_Transformer")
	if err := os.CopyFS(folder, os.DirFS(run)); err != nil {
		t.Fatal(err)
	}
	modules := `[{"idx": 0, "name": "0", "path": "0_Transformer", "type": "sentence_transformers.models.Transformer"}]`
	if err := os.WriteFile(filepath.Join(root, "modules.json"), []byte(modules), 0o644); err != nil {
		t.Fatal(err)
	}
	args := []string{"generate", "--prompt", "a", "--max-new-tokens", "3", "--temperature", "0", "--model"}
	want, _ := succeed(t, "", append(args, run)...)
	if got, _ := succeed(t, "", append(args, root)...); got != want {
		t.Errorf("%q, expected %q", got, want)
	}
}
