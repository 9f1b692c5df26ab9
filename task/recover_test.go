package task

import (
	"os"
	"path/filepath"
	"testing"
)

// TestRecover puts directories in order as a kill at various moments of a run's start leaves them.
func TestRecover(t *testing.T) {
	for _, test := range []struct {
		name         string
		before, want []string
	}{
		{"nothing was ready", []string{".preparing-1/tokenizer.json", ".preparing-1/.tokens.bin.123456789"}, nil},
		{"the options were ready, the provenance not", []string{".preparing-1/run.yaml", ".preparing-1/tokens.bin"}, nil},
		{"all was ready", []string{".preparing-1/run.yaml", ".preparing-1/provenance.json", ".preparing-1/tokens.bin"}, []string{"provenance.json", "run.yaml", "tokens.bin"}},
		{"some was moved", []string{"provenance.json", "tokens.bin", ".preparing-1/run.yaml"}, []string{"provenance.json", "run.yaml", "tokens.bin"}},
		{"all was moved", []string{"provenance.json", "run.yaml", "tokens.bin", ".preparing-1/"}, []string{"provenance.json", "run.yaml", "tokens.bin"}},
		{"a writer was killed", []string{"run.yaml", ".checksums.json.123456789", ".mine.1"}, []string{".mine.1", "run.yaml"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			for _, name := range test.before {
				path := filepath.Join(dir, filepath.FromSlash(name))
				if name[len(name)-1] == '/' {
					path = filepath.Join(path, "x")
				}
				if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
					t.Fatal(err)
				}
				if name[len(name)-1] == '/' {
					continue
				}
				if err := os.WriteFile(path, nil, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if err := Recover(dir); err != nil {
				t.Fatal(err)
			}
			entries, err := os.ReadDir(dir)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, e := range entries {
				got = append(got, e.Name())
			}
			if len(got) != len(test.want) {
				t.Fatalf("left %q, expected %q", got, test.want)
			}
			for i := range got {
				if got[i] != test.want[i] {
					t.Errorf("left %q, expected %q", got, test.want)
				}
			}
		})
	}
}
