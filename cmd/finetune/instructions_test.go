package main

import (
	"path/filepath"
	"strings"
	"testing"
)

// TestInstructions learns instructions as conversations where the model has a template, and else by Alpaca's prompt, which is said.
func TestInstructions(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	base := filepath.Join(dir, "base")
	letters := write(t, filepath.Join(dir, "letters.txt"), strings.Repeat("abcdefghijklmnopqrstuvwxyz ABCDEFGHIJKLMNOPQRSTUVWXYZ. <|_>\n:#,'", 20))
	succeed(t, "", "pretrain", "--data", letters, "--output-dir", base, "--n-layer=1", "--n-head=2", "--n-embd=32", "--seq-len=256", "--batch-size=2", "--max-steps=1", "--warmup-steps=0", "--tokenizer=char",
		"--validation-split=0")
	record := `{"instruction": "add", "input": "a, b", "output": "c", "weight": 2}` + "\n" + `{"instruction": "say", "input": "", "output": "it"}` + "\n"
	file := write(t, filepath.Join(dir, "a.jsonl"), record)
	sft := func(run string, more ...string) string {
		_, said := succeed(t, "", append([]string{"sft", "--model", base, "--data", file, "--output-dir", filepath.Join(dir, run), "--max-steps=1", "--batch-size=2", "--validation-split=0", "--sample-tokens=0"}, more...)...)
		return said
	}
	seen := func(more ...string) string {
		out, _ := succeed(t, "", append([]string{"data", "inspect", "--model", base, "--data", file, "--json"}, more...)...)
		return out
	}
	const alpaca = "alpaca     instructions are written by the prompt of Stanford's Alpaca"
	if said := sft("plain"); !strings.Contains(said, alpaca) {
		t.Errorf("without a template sft says\n%s", said)
	}
	if out := seen(); !strings.Contains(out, "### Response:") {
		t.Errorf("without a template rows are\n%s", out)
	}
	write(t, filepath.Join(base, "chat_template.jinja"), "{% for m in messages %}<{{ m.role }}>{{ m.content }}{% endfor %}{% if add_generation_prompt %}<assistant>{% endif %}")
	if said := sft("chat"); strings.Contains(said, alpaca) || !strings.Contains(said, "template   "+filepath.Join(base, "chat_template.jinja")) || !strings.Contains(said, "weights    records count 1 to 2") {
		t.Errorf("with a template sft says\n%s", said)
	}
	out := seen()
	for _, want := range []string{`"text": "<user>add\na, b<assistant>c"`, `"text": "<user>say<assistant>it"`} {
		if !strings.Contains(out, want) {
			t.Errorf("with a template rows are\n%s\nwithout %s", out, want)
		}
	}
	if said := sft("old", "--instruction-format=alpaca"); !strings.Contains(said, alpaca) {
		t.Errorf("with --instruction-format alpaca sft says\n%s", said)
	}
	if out := seen("--instruction-format=alpaca"); !strings.Contains(out, "### Response:") {
		t.Errorf("with --instruction-format alpaca rows are\n%s", out)
	}
	for run, want := range map[string]string{"chat": "<user>", "old": "### Response"} { // eval writes them as the run did
		if _, said := succeed(t, "", "eval", "--model", filepath.Join(dir, run), "--data", file); strings.Contains(said, alpaca) != (want == "### Response") {
			t.Errorf("eval of the run %s says\n%s", run, said)
		}
	}
	bad := write(t, filepath.Join(dir, "bad.jsonl"), record+`{"instruction": "say", "output": ""}`)
	if status, _, said := finetune(t, "", "sft", "--model", base, "--data", bad, "--output-dir", filepath.Join(dir, "no")); status != exitFailure || !strings.Contains(said, "bad.jsonl:3: ") {
		t.Errorf("an empty output: %d, %s", status, said)
	}
}
