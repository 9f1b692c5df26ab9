package main

import (
	"path/filepath"
	"strings"
	"testing"
)

// TestConversations learns conversations by a template, which the run and its checkpoints keep, and measures by it.
func TestConversations(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	base := filepath.Join(dir, "base")
	letters := write(t, filepath.Join(dir, "letters.txt"), strings.Repeat("abcdefghijklmnopqrstuvwxyz ABCDEFGHIJKLMNOPQRSTUVWXYZ. <|_>\n:#,'", 20))
	succeed(t, "", "pretrain", "--data", letters, "--output-dir", base, "--n-layer=1", "--n-head=2", "--n-embd=32", "--seq-len=256", "--batch-size=2", "--max-steps=1", "--warmup-steps=0", "--tokenizer=char",
		"--validation-split=0")
	turn := func(long string) string {
		return `{"messages": [{"role": "user", "content": "say it` + long + `"}, {"role": "assistant", "content": "it"}]}` + "\n"
	}
	talks := write(t, filepath.Join(dir, "talks.jsonl"), strings.Repeat(turn(""), 12)+turn(strings.Repeat(" again", 60))+turn(""))
	sft := func(run string, more ...string) (string, string) {
		out := filepath.Join(dir, run)
		_, said := succeed(t, "", append([]string{"sft", "--model", base, "--data", talks, "--output-dir", out, "--max-steps=2", "--batch-size=2", "--seq-len=200", "--validation-split=0.2"}, more...)...)
		return out, said
	}
	run, said := sft("run")
	for _, want := range []string{"template   the built-in chatml, as the model has none of its own", "dropped    1 record of more than 200 tokens", "talks.jsonl:13: "} {
		if !strings.Contains(said, want) {
			t.Errorf("sft says\n%s\nwithout %q", said, want)
		}
	}
	template := read(t, filepath.Join(run, "chat_template.jinja"))
	if !strings.Contains(template, "<|im_start|>") || read(t, filepath.Join(run, "checkpoint-2", "chat_template.jinja")) != template {
		t.Errorf("the run has the template\n%s\nand its checkpoint another", template)
	}
	// The run's own template is found, and cuts are told.
	if _, said = sft("again", "--model", run, "--truncation=right", "--no-packing", "--completion-only-loss"); !strings.Contains(said, "template   "+filepath.Join(run, "chat_template.jinja")) ||
		!strings.Contains(said, "nothing to learn when cut to 200 tokens") {
		t.Errorf("sft by the template of a run says\n%s", said)
	}
	if out, _ := succeed(t, "", "eval", "--model", run, "--data", talks, "--seq-len=200"); !strings.Contains(out, "loss") {
		t.Errorf("eval says\n%s", out)
	}
	for want, args := range map[string][]string{
		"talks.jsonl:13: ":                         {"--truncation=error"},
		"expected a file or one of alpaca, chatml": {"--chat-template=nosuch"},
		"can't be used together":                   {"--train-on-prompt", "--completion-only-loss"},
	} {
		if _, _, said := finetune(t, "", append([]string{"sft", "--model", base, "--data", talks, "--output-dir", filepath.Join(dir, "no"), "--seq-len=200"}, args...)...); !strings.Contains(said, want) {
			t.Errorf("%v: %s\nexpected %q", args, said, want)
		}
	}
}

// TestGenerateAnswers asks a model with a template as its users are: a prompt is what a user says, and only the answer is shown.
func TestGenerateAnswers(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	base := filepath.Join(dir, "base")
	letters := write(t, filepath.Join(dir, "letters.txt"), strings.Repeat("abcdefghijklmnopqrstuvwxyz ABCDEFGHIJKLMNOPQRSTUVWXYZ. <|_>\n:#,'", 20))
	succeed(t, "", "pretrain", "--data", letters, "--output-dir", base, "--n-layer=1", "--n-head=2", "--n-embd=32", "--seq-len=256", "--batch-size=2", "--max-steps=1", "--warmup-steps=0", "--tokenizer=char",
		"--validation-split=0")
	some := []string{"--model", base, "--max-new-tokens=3"}
	if all := objects(t, append(some, "--prompt=abc")...); all[0].Prompt != "abc" {
		t.Errorf("without a template the prompt is %q", all[0].Prompt)
	}
	write(t, filepath.Join(base, "chat_template.jinja"), "{% for m in messages %}<{{ m.role }}>{{ m.content }}{% endfor %}{% if add_generation_prompt %}<a>{% endif %}")
	if all := objects(t, append(some, "--prompt=abc", "--system=be")...); all[0].Prompt != "<system>be<user>abc<a>" {
		t.Errorf("the prompt is %q", all[0].Prompt)
	}
	if out, _ := succeed(t, "", append([]string{"generate", "--prompt=abc"}, some...)...); strings.Contains(out, "abc<a>") {
		t.Errorf("the answer is shown with its prompt: %q", out)
	}
	if all := objects(t, append(some, "--prompt=abc", "--no-chat")...); all[0].Prompt != "abc" {
		t.Errorf("with --no-chat the prompt is %q", all[0].Prompt)
	}
	talks := write(t, filepath.Join(dir, "talks.jsonl"), `{"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}, {"role": "user", "content": "c"}]}`+"\n")
	if all := objects(t, append(some, "--messages", talks)...); len(all) != 1 || all[0].Prompt != "<user>a<assistant>b<user>c<a>" {
		t.Errorf("of --messages the prompts are %+v", all)
	}
	for want, args := range map[string][]string{
		"are for conversations":            {"--no-chat", "--system=x", "--prompt=a"},
		"talks.jsonl:1: expected":          {"--messages", write(t, filepath.Join(dir, "bad_talks.jsonl"), "{\"text\": 1}\n{}\n")},
		"expected a file or one of alpaca": {"--chat-template=none", "--prompt=a"},
	} {
		if _, _, said := finetune(t, "", append([]string{"generate", "--model", base}, args...)...); !strings.Contains(said, want) {
			t.Errorf("%v: %s, expected %q", args, said, want)
		}
	}
}
