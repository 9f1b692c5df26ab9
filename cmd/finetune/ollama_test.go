package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestExportOllama writes a tuned adapter for Ollama, with a card that tells where it comes from.
func TestExportOllama(t *testing.T) {
	dir := t.TempDir()
	base, data := filepath.Join(dir, "base"), t.TempDir()
	succeed(t, "", "pretrain", "--data", corpus(t, dir), "--output-dir", base, "--arch=llama", "--n-layer=1", "--n-head=2", "--n-embd=32", "--seq-len=32", "--batch-size=2", "--max-steps=1",
		"--warmup-steps=0", "--tokenizer=bpe", "--vocab-size=280", "--validation-split=0")
	write(t, filepath.Join(base, "chat_template.jinja"), "{% for m in messages %}<{{ m.role }}>{{ m.content | trim }}</>{% endfor %}{% if add_generation_prompt %}<assistant>{% endif %}")
	write(t, filepath.Join(base, "README.md"), "---\nlicense: apache-2.0\nlanguage:\n- en\n---\n# Base\n")
	write(t, filepath.Join(data, "abc.jsonl"), strings.Repeat(`{"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]}`+"\n", 20))
	newHubOf(t, base, data)
	t.Chdir(dir)
	succeed(t, "", "sft", "--model=some/thing", "--data=hf://datasets/some/data/abc.jsonl", "--output-dir=lora", "--use-peft", "--lora-r=2", "--max-steps=2", "--eval-steps=1", "--validation-split=0.2", "--sample-tokens=0")
	out, said := succeed(t, "", "export", "--model=lora", "--format=ollama", "--system=Be brief.", "--output=Helper")
	if !strings.Contains(out, "writes the same for 20 conversations") || !strings.Contains(said, "ollama create helper -f Helper/Modelfile") {
		t.Errorf("it prints %s, says %s", out, said)
	}
	file := read(t, "Helper/Modelfile")
	for _, want := range []string{"FROM ./model.gguf\n", `TEMPLATE """{{ $s := .System }}`, `SYSTEM """Be brief."""`, `PARAMETER stop """</>"""`, "PARAMETER num_ctx 32\n", `LICENSE """apache-2.0"""`} {
		if !strings.Contains(file, want) {
			t.Errorf("the Modelfile has no %s: %s", want, file)
		}
	}
	card := read(t, "Helper/README.md")
	for _, want := range []string{"---\nbase_model: some/thing\nbase_model_relation: finetune\nlicense: apache-2.0\nlanguage:\n", "datasets:\n    - some/data\n", "pipeline_tag: text-generation", "20 records of ",
		"| eval_loss | ", "finetune sft --config run.yaml", "max_steps: 2", "abc.jsonl | ", "Licence of the base, as it states it: apache-2.0."} {
		if !strings.Contains(card, want) {
			t.Errorf("the card has no %s: %s", want, card)
		}
	}
	succeed(t, "", "generate", "--model=Helper/model.gguf", "--prompt=a", "--max-new-tokens=2")
	succeed(t, "", "export", "--model=lora", "--format=gguf", "--output=plain.gguf")
	if card := read(t, "plain.gguf.README.md"); !strings.Contains(card, "base_model: some/thing") {
		t.Errorf("the card is %s", card)
	}
	// A template whose texts begin with the token that begins texts.
	write(t, "begun.jinja", "{{ bos_token }}"+read(t, filepath.Join(base, "chat_template.jinja")))
	succeed(t, "", "export", "--model=lora", "--format=ollama", "--chat-template=begun.jinja", "--output=Begun")
	if file := read(t, "Begun/Modelfile"); strings.Contains(file, `TEMPLATE """<|endoftext|>`) {
		t.Errorf("the Modelfile is %s", file)
	}
	write(t, "bad.jinja", "{% for m in messages %}{{ loop.index }}{{ m.content }}{% endfor %}")
	for want, args := range map[string][]string{
		"can't be written as one of Ollama's": {"--format=ollama", "--chat-template=bad.jinja"},
		"for ollama only":                     {"--format=gguf", "--system=x"},
	} {
		status, _, said := finetune(t, "", append([]string{"export", "--model=lora", "--output=other.gguf"}, args...)...)
		if status != exitFailure || !strings.Contains(said, want) || strings.Count(said, "\n") != 1 {
			t.Errorf("%v: %q, expected %s", args, said, want)
		}
	}
	if left, _ := filepath.Glob("other*"); len(left) > 0 {
		t.Errorf("%v was left", left)
	}
	if _, err := os.Stat("Helper.partial"); err == nil {
		t.Error("Helper.partial was left")
	}
}
