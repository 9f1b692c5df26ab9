package main

import (
	"path/filepath"
	"testing"
)

// TestOneRecord checks that one record is learned like several: though it is shorter than a row, and with the token that ends it.
func TestOneRecord(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	model := filepath.Join(dir, "model")
	succeed(t, "", "pretrain", "--data", corpus(t, dir), "--tokenizer=bpe", "--vocab-size=300", "--n-layer=1", "--n-head=1", "--n-embd=8",
		"--seq-len=64", "--max-steps=1", "--warmup-steps=0", "--batch-size=2", "--output-dir", model)
	tokens := func(name, content string) float64 {
		data, out := write(t, filepath.Join(dir, name), content), filepath.Join(dir, name+".run")
		succeed(t, "", "sft", "--model", model, "--data", data, "--validation-split=0", "--max-steps=1", "--warmup-steps=0", "--batch-size=1",
			"--sample-tokens=0", "--logging-steps=1", "--output-dir", out)
		return readMetrics(t, out)[0]["tokens"]
	}
	const record = "{\"text\":\"Xyz uvw\"}\n" // seven characters, no pairs of them are known: six targets and the end
	for name, content := range map[string]string{"one.jsonl": record, "one.csv": "text\nXyz uvw\n"} {
		if got := tokens(name, content); got != 7 {
			t.Errorf("%s: %g targets, want 7", name, got)
		}
	}
	if got := tokens("two.jsonl", record+record); got != 14 {
		t.Errorf("two records: %g targets, want 14", got)
	}
}
