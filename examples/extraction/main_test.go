package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestWrite holds that each answer is JSON of what its sentence says, and that no name of the examination is learned.
func TestWrite(t *testing.T) {
	dir := t.TempDir()
	if err := write(dir, 3000, 300, 1); err != nil {
		t.Fatal(err)
	}
	train, test := read(t, filepath.Join(dir, "train.jsonl")), read(t, filepath.Join(dir, "test.jsonl"))
	learned := map[string]bool{}
	for _, word := range regexp.MustCompile(`\pL+`).FindAllString(train, -1) {
		learned[word] = true
	}
	for line := range strings.Lines(test) {
		var r struct{ Text, Answer string }
		var a struct{ Name, City, Currency string }
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal([]byte(r.Answer), &a); err != nil || !strings.Contains(r.Text, a.Name) || !strings.Contains(r.Text, a.City) || len(a.Currency) != 3 {
			t.Errorf("%s, %v", line, err)
		}
		for _, name := range append(strings.Fields(a.Name), a.City) {
			if learned[name] {
				t.Errorf("%s was learned", name)
			}
		}
	}
	if n := strings.Count(train, "\n"); n != 3000 {
		t.Errorf("%d sentences to learn from", n)
	}
	if err := write(dir, 0, 1, 1); err == nil {
		t.Error("no sentences were taken")
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}
