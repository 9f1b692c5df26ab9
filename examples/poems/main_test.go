package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestConvert(t *testing.T) {
	dir := t.TempDir()
	for name, content := range map[string]string{
		"ci.song.0.json":    `[{"author": "某", "rhythmic": "调一", "paragraphs": ["甲，乙。", "丙。"]}, {"rhythmic": "空", "paragraphs": []}]`,
		"ci.song.1000.json": `[{"rhythmic": "调二", "paragraphs": ["丁<戊>。"]}]`,
		"author.song.json":  `{}`,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	out := filepath.Join(dir, "out.jsonl")
	if n, err := convert(filepath.Join(dir, "ci.song.*.json"), out); n != 2 || err != nil {
		t.Fatalf("%d poems, %v", n, err)
	}
	got, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	if want := "{\"text\":\"调一\\n甲，乙。\\n丙。\"}\n{\"text\":\"调二\\n丁<戊>。\"}\n"; string(got) != want {
		t.Errorf("wrote %q, expected %q", got, want)
	}
	if _, err := convert(filepath.Join(dir, "nothing*"), out); err == nil {
		t.Error("no files are no error")
	}
	// A file that can't be read leaves what was there.
	if _, err := convert(filepath.Join(dir, "*.json"), out); err == nil || !strings.Contains(err.Error(), "author.song.json") {
		t.Errorf("error %v for a file without poems", err)
	}
	if now, err := os.ReadFile(out); err != nil || !bytes.Equal(now, got) {
		t.Errorf("an error left %q, %v", now, err)
	}
}
