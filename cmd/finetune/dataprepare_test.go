package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestDataPrepare prepares records and learns from what comes of them.
func TestDataPrepare(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	run := filepath.Join(dir, "run")
	pretrained(t, run)
	var lines strings.Builder
	for i := range 40 {
		fmt.Fprintf(&lines, "{\"q\": \"Line %d\", \"completion\": \" of the text\"}\n", i%30)
	}
	file := write(t, filepath.Join(dir, "a.jsonl"), lines.String()+"{\"q\": \"x\", \"completion\": \"secret\"}\n")
	for _, format := range []string{"jsonl", "parquet"} {
		out := filepath.Join(dir, format)
		said, _ := succeed(t, "", "data", "prepare", "--data", file, "--prompt-column=q", "--dedup=exact", "--reject=secret", "--shuffle", "--validation-split=0.1", "--format", format, "--tokenizer", run, "--output-dir", out)
		for _, want := range []string{"read       41 records", "exact      10 taken out", "match      1 taken out", "a.jsonl:31: the same as", "train      27 records", "validation 3 records"} {
			if !strings.Contains(said, want) {
				t.Errorf("%q isn't in %s", want, said)
			}
		}
		for _, name := range []string{"train." + format, "validation." + format, "../" + format + "-tokens/train.bin", "../" + format + "-report.json"} {
			if _, err := os.Stat(filepath.Join(out, name)); err != nil {
				t.Error(err)
			}
		}
		_, told := succeed(t, "", "sft", "--model", run, "--data", out, "--max-steps=1", "--warmup-steps=0", "--sample-tokens=0", "--output-dir", out+"-run")
		if !strings.Contains(told, "of the parts of the folder, validation: validation."+format) {
			t.Errorf("sft says %s", told)
		}
	}
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"--output-dir", filepath.Join(dir, "jsonl")}, "train.jsonl is already there"}, {[]string{"--match=(", "--output-dir", filepath.Join(dir, "o")}, "--match (: error parsing regexp"},
		{[]string{"--validation-split=1", "--output-dir", filepath.Join(dir, "o")}, "shares of 1 and 0"},
	} {
		status, _, said := finetune(t, "", append([]string{"data", "prepare", "--data", file, "--prompt-column=q"}, c.args...)...)
		if status != exitFailure || !strings.Contains(said, c.want) {
			t.Errorf("status %d, said %q, want %q", status, said, c.want)
		}
	}
}
