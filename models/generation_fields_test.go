package models

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"gorgonia.org/tensor"

	"github.com/seahorse-ml/seahorse/graph"
)

// TestGenerationSettingsAreKept opens and saves models whose generation_config.json says more than their config.json.
func TestGenerationSettingsAreKept(t *testing.T) {
	for _, arch := range []string{"llama", "gpt2", "gemma3_text", "t5", "transformer"} {
		m, err := newOf(arch, tinySize(), graph.NewParams(tensor.Float32, 1))
		if err != nil {
			t.Fatal(err)
		}
		dir, saved := t.TempDir(), t.TempDir()
		if err := m.Save(dir); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(dir, generationName)
		want := map[string]any{}
		read(t, path, &want)
		want["eos_token_id"], want["temperature"] = []any{3.0, 5.0}, 0.5
		data, err := json.Marshal(want)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		opened, err := Open(dir, OpenConfig{})
		if err != nil {
			t.Fatal(err)
		}
		if err := opened.Save(saved); err != nil {
			t.Fatal(err)
		}
		got := map[string]any{}
		read(t, filepath.Join(saved, generationName), &got)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", arch, diff)
		}
	}
}

func read(t *testing.T, path string, to any) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err == nil {
		err = json.Unmarshal(data, to)
	}
	if err != nil {
		t.Fatal(err)
	}
}
