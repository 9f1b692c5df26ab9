package main

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/models"
	"github.com/seahorse-ml/seahorse/task"
)

// TestPretrainEmbedding begins models with vectors of words, trained or left as they are, and tells what has none.
func TestPretrainEmbedding(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	text := write(t, filepath.Join(dir, "text.txt"), strings.Repeat("line of the text line of the sun\n", 200))
	vectors := write(t, filepath.Join(dir, "vectors.txt"), "line "+strings.Repeat("0.5 ", 16)+"\nnowhere "+strings.Repeat("0.25 ", 16)+"\n")
	sizes := slices.DeleteFunc(slices.Clone(tiny), func(f string) bool { return strings.HasPrefix(f, "--n-embd") })
	table := func(model string) []float32 {
		t.Helper()
		m, err := models.Open(model, models.OpenConfig{})
		if err != nil {
			t.Fatal(err)
		}
		e, err := task.TokenTable(m)
		if err != nil {
			t.Fatal(err)
		}
		return graph.Data[float32](e.Weight)
	}
	for _, frozen := range []bool{false, true} {
		run := filepath.Join(dir, map[bool]string{false: "trained", true: "frozen"}[frozen])
		args := append([]string{"pretrain", "--data", text, "--output-dir", run, "--tokenizer=bpe", "--vocab-size=290", "--arch=llama", "--embedding", vectors}, sizes...)
		if frozen {
			args = append(args, "--freeze-embedding")
		}
		_, said := succeed(t, "", args...)
		if !strings.Contains(said, "begin with their vectors") || !strings.Contains(said, "have none there and are drawn") {
			t.Errorf("said %s", said)
		}
		half := 0
		for _, x := range table(run) {
			if x == 0.5 {
				half++
			}
		}
		if (half > 0) != frozen {
			t.Errorf("frozen %v: %d numbers are as the vectors have them", frozen, half)
		}
		before := table(run)
		succeed(t, "", "resume", run, "--max-steps=25")
		if slices.Equal(before, table(run)) != frozen {
			t.Errorf("frozen %v: the table after a resume", frozen)
		}
	}
	for want, flags := range map[string][]string{
		"have 16 dimensions, expected the --n-embd of 32": {"--embedding", vectors, "--n-embd=32"},
		"give that too": {"--freeze-embedding"},
		"none of the":   {"--embedding", vectors, "--tokenizer=char"},
	} {
		args := append(append([]string{"pretrain", "--data", text, "--output-dir", filepath.Join(dir, "x")}, sizes...), flags...)
		if status, _, said := finetune(t, "", args...); status == 0 || !strings.Contains(said, want) {
			t.Errorf("%v: status %d, %s", flags, status, said)
		}
	}
}
