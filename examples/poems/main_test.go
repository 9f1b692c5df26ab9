package main

import (
	"os"
	"path/filepath"
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
}
