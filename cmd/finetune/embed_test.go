package main

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// embedPairs writes pairs of questions and answers that have a word in common, and returns the files of those to learn and those held out.
func embedPairs(t *testing.T, dir string) (learn, held string) {
	t.Helper()
	var all [2]strings.Builder
	for i := range 120 {
		k := 0
		if i%6 == 0 {
			k = 1
		}
		word := fmt.Sprintf("k%s%s", string(rune('a'+i%20)), string(rune('a'+i/20)))
		fmt.Fprintf(&all[k], "{\"anchor\": \"where is %s now\", \"positive\": \"the %s lies over there\"}\n", word, word)
	}
	learn, held = filepath.Join(dir, "learn.jsonl"), filepath.Join(dir, "held.jsonl")
	for i, path := range []string{learn, held} {
		if err := os.WriteFile(path, []byte(all[i].String()), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return learn, held
}

// wordVectors trains vectors of words on the pairs and makes a table of them.
func wordVectors(t *testing.T, dir string, data ...string) string {
	t.Helper()
	var text []byte
	for _, path := range data {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		text = append(text, b...)
	}
	plain := strings.NewReplacer("{", "", "}", "", "\"", "").Replace(string(text))
	corpus := filepath.Join(dir, "corpus.txt")
	if err := os.WriteFile(corpus, []byte(plain), 0o666); err != nil {
		t.Fatal(err)
	}
	vectors, static := filepath.Join(dir, "words"), filepath.Join(dir, "static")
	ranWell(t, "words", "train", "--data", corpus, "--output-dir", vectors, "--dim", "16", "--min-count", "1", "--epochs", "1")
	ranWell(t, "embed", "static", "--vectors", vectors, "--output-dir", static)
	return static
}

// ranWell carries out a command that must succeed, and returns its output.
func ranWell(t *testing.T, args ...string) string {
	t.Helper()
	status, out, errs := finetune(t, "", args...)
	if status != 0 {
		t.Fatalf("finetune %s: %s", strings.Join(args, " "), errs)
	}
	return out
}

// TestEmbedCommands goes from vectors of words to a table, mines negatives, learns, interrupts and resumes, and measures.
func TestEmbedCommands(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	learn, held := embedPairs(t, dir)
	static := wordVectors(t, dir, learn, held)
	measure := func(model string) float64 {
		var f retrievalFigures
		if err := json.Unmarshal([]byte(ranWell(t, "embed", "eval", "--model", model, "--data", held, "--json")), &f); err != nil {
			t.Fatal(err)
		}
		if f.Anchors != 20 || f.Texts != 20 {
			t.Errorf("%d anchors among %d texts, expected 20 among 20", f.Anchors, f.Texts)
		}
		return f.MRR
	}
	triplets := filepath.Join(dir, "triplets.jsonl")
	ranWell(t, "embed", "mine", "--model", static, "--data", learn, "--negatives", "2", "--output", triplets)
	var first struct {
		Anchor, Positive string
		Negative         []string
	}
	b, err := os.ReadFile(triplets)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(strings.SplitN(string(b), "\n", 2)[0]), &first); err != nil || len(first.Negative) != 2 || first.Negative[0] == first.Positive {
		t.Fatalf("mined %+v, %v", first, err)
	}
	train := func(name string, more ...string) string {
		out := filepath.Join(dir, name)
		ranWell(t, append([]string{"embed", "train", "--model", static, "--output-dir", out, "--batch-size", "16", "--max-steps", "40", "--validation-split", "0", "--save-steps", "20", "--matryoshka-dims", "16,8"}, more...)...)
		return out
	}
	whole := train("whole", "--data", triplets)
	if before, after := measure(static), measure(whole); after < before || after < 0.8 {
		t.Errorf("MRR %.3f before and %.3f after training", before, after)
	}
	halves := train("halves", "--data", triplets, "--max-steps", "20")
	ranWell(t, "resume", halves, "--max-steps", "40")
	again := filepath.Join(dir, "again")
	ranWell(t, "rerun", filepath.Join(whole, "provenance.json"), "--output-dir", again)
	for _, other := range []string{again} {
		a, _ := os.ReadFile(filepath.Join(whole, "model.safetensors"))
		b, _ := os.ReadFile(filepath.Join(other, "model.safetensors"))
		if string(a) != string(b) || len(a) == 0 {
			t.Errorf("%s differs from %s", other, whole)
		}
	}
	var line struct{ Embedding []float64 }
	if err := json.Unmarshal([]byte(ranWell(t, "embed", "encode", "--model", halves, "--text", "where is kaa now", "--dimensions", "8")), &line); err != nil || len(line.Embedding) != 8 {
		t.Fatalf("%d dimensions, %v", len(line.Embedding), err)
	}
	sum := 0.0
	for _, x := range line.Embedding {
		sum += x * x
	}
	if math.Abs(sum-1) > 1e-5 {
		t.Errorf("cut vectors have the length² %v, expected 1", sum)
	}
}

// TestEmbedLearnsFromATeacher distils an encoder's vectors into a table.
func TestEmbedLearnsFromATeacher(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	learn, held := embedPairs(t, dir)
	static := wordVectors(t, dir, learn, held)
	ranWell(t, "embed", "train", "--model", static, "--output-dir", filepath.Join(dir, "teacher"), "--data", learn, "--max-steps", "30", "--validation-split", "0")
	texts := filepath.Join(dir, "texts.jsonl")
	b, _ := os.ReadFile(learn)
	var out strings.Builder
	for _, line := range strings.Split(strings.TrimSpace(string(b)), "\n") {
		var p struct{ Positive string }
		if err := json.Unmarshal([]byte(line), &p); err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&out, "{\"text\": %q}\n", p.Positive)
	}
	if err := os.WriteFile(texts, []byte(out.String()), 0o666); err != nil {
		t.Fatal(err)
	}
	student := filepath.Join(dir, "student")
	ranWell(t, "embed", "train", "--model", static, "--output-dir", student, "--data", texts, "--loss", "mse", "--teacher", filepath.Join(dir, "teacher"), "--max-steps", "60", "--logging-steps", "1")
	metrics, err := os.ReadFile(filepath.Join(student, "metrics.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(metrics)), "\n")
	var from, to struct{ Loss float64 }
	json.Unmarshal([]byte(lines[0]), &from)
	json.Unmarshal([]byte(lines[len(lines)-1]), &to)
	if !(to.Loss < from.Loss/2) {
		t.Errorf("loss %v after %v, expected less than half", to.Loss, from.Loss)
	}
}

func TestEmbedRefuses(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	learn, held := embedPairs(t, dir)
	static := wordVectors(t, dir, learn, held)
	odd := filepath.Join(dir, "odd.jsonl")
	os.WriteFile(odd, []byte("{\"anchor\": \"a k\", \"positive\": \"the k\"}\n{\"anchor\": \"a k\", \"positive\": \"the k\", \"negative\": \"x\"}\n"), 0o666)
	scores := filepath.Join(dir, "scores.jsonl")
	os.WriteFile(scores, []byte("{\"text\": \"the\", \"text_pair\": \"the\", \"label\": \"near\"}\n"), 0o666)
	tests := []struct {
		args []string
		err  string
	}{
		{[]string{"--data", odd}, "odd.jsonl:2: 3 texts, expected 2"},
		{[]string{"--data", scores, "--loss", "cosent"}, `scores.jsonl:1: "label" is "near", expected a number`},
		{[]string{"--data", learn, "--loss", "triplet"}, "learn.jsonl:1: 2 texts, expected 3"},
		{[]string{"--data", learn, "--loss", "mse"}, "--teacher goes with --loss mse"},
		{[]string{"--data", learn, "--matryoshka-dims", "32"}, "32 dimensions of vectors of 16"},
		{[]string{"--data", learn, "--scale", "0"}, "a scale of 0"},
	}
	for _, test := range tests {
		out := filepath.Join(dir, "run")
		status, _, errs := finetune(t, "", append([]string{"embed", "train", "--model", static, "--output-dir", out, "--validation-split", "0"}, test.args...)...)
		if status == 0 || !strings.Contains(errs, test.err) {
			t.Errorf("%v: %q, expected %q", test.args, errs, test.err)
		}
		if _, err := os.Stat(out); err == nil {
			t.Errorf("%v: left a directory", test.args)
		}
	}
}
