package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestCurationOfTraining takes records out and makes others, in commands that train, and goes on with such a run.
func TestCurationOfTraining(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	base := filepath.Join(dir, "base")
	pretrained(t, base)
	var lines strings.Builder
	for i := range 40 {
		fmt.Fprintf(&lines, "{\"prompt\": \"Line %d of\", \"completion\": \" the text\"}\n", i%30)
	}
	lines.WriteString("{\"prompt\": \"x\", \"completion\": \"secret\"}\n{\"prompt\": \"x\", \"completion\": \"y\"}\n")
	file := write(t, filepath.Join(dir, "a.jsonl"), lines.String())
	words := write(t, filepath.Join(dir, "words.txt"), "line: row\n")
	short := []string{"--max-steps=2", "--warmup-steps=0", "--sample-tokens=0", "--save-steps=1", "--batch-size=2"}
	run := filepath.Join(dir, "run")
	args := append([]string{"sft", "--model", base, "--data", file, "--dedup=exact", "--min-chars=4", "--reject=secret", "--augment=synonyms,swap", "--augment-copies=2",
		"--augment-synonyms", words, "--validation-split=0.2", "--output-dir", run}, short...)
	_, said := succeed(t, "", args...)
	for _, want := range []string{"taken out  1 record of 42 (--min-chars, --max-chars)", "a.jsonl:42: 3 characters", "taken out  1 record of 42 (--match, --reject)",
		"taken out  10 records of 42 (--dedup)", "a.jsonl:31: the same as", "augmented  48 records made by changing others"} {
		if !strings.Contains(said, want) {
			t.Errorf("sft says nothing of %q:\n%s", want, said)
		}
	}
	if p := read(t, filepath.Join(run, "provenance.json")); !strings.Contains(p, "words.txt") {
		t.Errorf("the provenance is without the synonyms: %s", p)
	}
	if err := os.Remove(words); err != nil {
		t.Fatal(err)
	}
	succeed(t, "", "resume", run, "--max-steps=3")
	out, said := succeed(t, "", append([]string{"plan", "sft", "--model", base, "--data", file, "--dedup=exact", "--augment=swap,deletion", "--validation-split=0.2", "--output-dir", filepath.Join(dir, "no")}, short...)...)
	if !strings.Contains(said, "augmented  24 records") || !strings.Contains(out, "7 to validate on") {
		t.Errorf("plan says\n%s%s", out, said)
	}
	if err := os.Mkdir(filepath.Join(dir, "texts"), 0o777); err != nil {
		t.Fatal(err)
	}
	texts := write(t, filepath.Join(dir, "texts", "a.txt"), "the same text in two files")
	write(t, filepath.Join(dir, "texts", "b.txt"), "the same text in two files")
	write(t, filepath.Join(dir, "texts", "c.txt"), "another text in the third file")
	if _, said := succeed(t, "", append([]string{"pretrain", "--data", filepath.Dir(texts), "--dedup=near", "--output-dir", filepath.Join(dir, "texts-run"), "--validation-split=0", "--tokenizer=char", "--seq-len=8",
		"--n-layer=1", "--n-head=1", "--n-embd=8"}, short...)...); !strings.Contains(said, "b.txt:1: the same as") {
		t.Errorf("pretrain says\n%s", said)
	}
	for want, args := range map[string][]string{
		"--match (: error parsing regexp":                             {"--match=("},
		"--augment synonyms needs --augment-synonyms":                 {"--augment=synonyms"},
		"--augment-synonyms is for --augment synonyms":                {"--augment=swap", "--augment-synonyms=x"},
		"--augment-synonyms: open":                                    {"--augment=synonyms", "--augment-synonyms", filepath.Join(dir, "none")},
		"no record is left of 42":                                     {"--match=nothing has it"},
		"lengths of 5 to 3 characters":                                {"--min-chars=5", "--max-chars=3"},
		"--augment-copies 0: expected 1 or more":                      {"--augment=swap", "--augment-copies=0"},
		"--augment-rate NaN: expected more than 0 and at most 1":      {"--augment-rate=NaN"},
		"--augment-copies and --augment-rate are for --augment":       {"--augment-copies=3"},
		"--near-similarity 1.5: expected more than 0 and at most 1":   {"--near-similarity=1.5"},
		"--near-similarity is for --dedup near":                       {"--near-similarity=0.5"},
		"a.txt:1: {\"text\"} can't be augmented, expected records wi": {"--augment=swap", "--data", filepath.Dir(texts)},
	} {
		if status, _, said := finetune(t, "", append([]string{"sft", "--model", base, "--data", file, "--output-dir", filepath.Join(dir, "no")}, args...)...); status != exitFailure || !strings.Contains(said, want) {
			t.Errorf("%v: %s, expected %q", args, said, want)
		}
	}
}
