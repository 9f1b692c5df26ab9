package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestWordsSupervised takes a classifier from lines of fastText and from records to labels and their figures.
func TestWordsSupervised(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	lines, records := filepath.Join(dir, "train.txt"), filepath.Join(dir, "train.jsonl")
	write(t, lines, strings.Repeat("__label__sky the sun and the moon\n__label__food bread and butter\n", 50))
	write(t, records, strings.Repeat(`{"text": "The sun and the moon", "label": "sky"}`+"\n"+`{"text": "Bread and\nbutter", "label": ["food", 7]}`+"\n", 50))
	finetune := func(in string, args ...string) string {
		t.Helper()
		var out, err bytes.Buffer
		if status := execute(context.Background(), args, &streams{in: strings.NewReader(in), out: &out, err: &err}); status != 0 {
			t.Fatalf("%v: status %d\n%s", args, status, err.String())
		}
		return out.String()
	}
	for name, file := range map[string]string{"lines": lines, "records": records} {
		model := filepath.Join(dir, name)
		finetune("", "words", "supervised", "--data", file, "--output-dir", model, "--dim", "8", "--epochs", "20", "--learning-rate", "0.5")
		if got := finetune("", "words", "predict", "--model", model, "Moon!", "butter"); !strings.HasPrefix(got, "sky 0.") || strings.Count(got, "\n") != 2 {
			t.Errorf("%s: predicted %q", name, got)
		}
		var figures struct {
			Texts     int
			Precision float64
			Labels    []struct{ Label string }
		}
		if err := json.Unmarshal([]byte(finetune("", "words", "test", "--model", model, "--data", file, "--json")), &figures); err != nil || figures.Texts != 100 || figures.Precision < 0.99 {
			t.Errorf("%s: %+v, %v", name, figures, err)
		}
		finetune("", "words", "test", "--model", model, "--data", file)
	}
	bin := filepath.Join(dir, "lines", "model.bin")
	var line struct {
		Labels []struct{ Label string }
	}
	if err := json.Unmarshal([]byte(finetune("bread\n", "words", "predict", "--model", bin, "--json", "--top-k", "2")), &line); err != nil || len(line.Labels) != 2 || line.Labels[0].Label != "food" {
		t.Errorf("from a file: %+v, %v", line, err)
	}
	empty := filepath.Join(dir, "empty")
	if err := os.Mkdir(empty, 0o755); err != nil {
		t.Fatal(err)
	}
	bad := filepath.Join(dir, "bad.jsonl")
	write(t, bad, `{"text": "a", "label": "two words"}`+"\n")
	for args, want := range map[string]string{
		"words supervised --data " + lines + " --output-dir " + filepath.Join(dir, "lines"): "already holds",
		"words supervised --data " + bad + " --output-dir " + filepath.Join(dir, "x"):       "bad.jsonl:1",
		"words predict --model " + empty + " a":                                             "holds no classifier",
		"words test --model " + bin + " --data " + bad:                                      "without spaces",
		"words neighbors --model " + bin + " a":                                             "a classifier of texts",
	} {
		var out bytes.Buffer
		if status := execute(context.Background(), strings.Fields(args), &streams{in: strings.NewReader(""), out: &out, err: &out}); status != exitFailure || !strings.Contains(out.String(), want) {
			t.Errorf("%s: status %d, %s expected %q", args, status, out.String(), want)
		}
	}
}
