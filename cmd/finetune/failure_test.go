package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestFailures gives commands what they cannot work with. Each must end with status 1 and one clear line, and leave nothing behind.
func TestFailures(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := func(name string) string { return filepath.Join(dir, name) }
	text, model := corpus(t, dir), path("model")
	pretrained(t, model)
	copyModel := func(name string, damage func(dir string)) string {
		to := path(name)
		if err := os.CopyFS(to, os.DirFS(model)); err != nil {
			t.Fatal(err)
		}
		damage(to)
		return to
	}
	truncated := copyModel("truncated", func(d string) {
		if err := os.Truncate(filepath.Join(d, "model.safetensors"), 5000); err != nil {
			t.Fatal(err)
		}
	})
	lacking := copyModel("lacking", func(d string) {
		if err := os.Remove(filepath.Join(d, "model.safetensors")); err != nil {
			t.Fatal(err)
		}
	})
	unknown := copyModel("unknown", func(d string) { write(t, filepath.Join(d, "config.json"), `{"model_type": "hal9000"}`) })
	out := path("out") // of commands that must not write it
	pretrain := func(args ...string) []string {
		return append(append([]string{"pretrain", "--output-dir", out}, tiny...), args...)
	}
	sft := func(args ...string) []string {
		return append([]string{"sft", "--output-dir", out, "--max-steps=2"}, args...)
	}
	for name, c := range map[string]struct {
		args []string
		want string
	}{
		"empty corpus":          {pretrain("--data", write(t, path("empty.txt"), "")), "empty.txt: no text"},
		"missing corpus":        {pretrain("--data", path("nowhere")), "no such file or folder"},
		"corpus too short":      {pretrain("--data", write(t, path("short.txt"), "a few words"), "--seq-len=64"), "too few for a sequence length of 64"},
		"validation too short":  {pretrain("--data", write(t, path("shortish.txt"), "some more words in here"), "--seq-len=8", "--validation-split=0.01"), "validation"},
		"binary corpus":         {pretrain("--data", write(t, path("binary"), "\x7fELF\x00\x01\x02\x00")), "binary"},
		"heads and width":       {pretrain("--data", text, "--n-head=3"), "width 16 is not divisible by 3 heads"},
		"full rows by length":   {pretrain("--data", text, "--group-by-length"), "--group-by-length is for pairs and labelled texts"},
		"unknown arch":          {pretrain("--data", text, "--arch=lama"), `did you mean "llama"?; known are albert, bert`},
		"grouped GPT-2":         {pretrain("--data", text, "--n-kv-head=1"), "1 key/value heads for 2 heads"},
		"occupied directory":    {append(pretrain("--data", text), "--output-dir", model), "already holds a run"},
		"vocabulary of chars":   {pretrain("--data", text, "--tokenizer=char", "--vocab-size=9"), "--vocab-size is for"},
		"missing tokenizer":     {pretrain("--data", text, "--tokenizer", path("nowhere")), "no such file"},
		"negative number":       {pretrain("--data", text, "--batch-size=-1"), "--batch-size -1: expected 1 or more"},
		"no learning rate":      {pretrain("--data", text, "--learning-rate=0"), "learning rate 0, expected more than 0"},
		"rates crossed":         {pretrain("--data", text, "--min-learning-rate=1"), "--min-learning-rate 1 is above"},
		"unknown flag":          {pretrain("--data", text, "--lerning_rate=1"), `unknown flag --lerning-rate; did you mean "--learning-rate"?`},
		"invalid UTF-8, chars":  {pretrain("--data", write(t, path("latin1.txt"), strings.Repeat("na\xefve text ", 50)), "--tokenizer=char"), "UTF-8"},
		"truncated model":       {[]string{"generate", "--model", truncated, "--prompt", "a"}, "model.safetensors"},
		"model without weights": {[]string{"generate", "--model", lacking, "--prompt", "a"}, "lacking"},
		"no model":              {[]string{"generate", "--model", path("nowhere"), "--prompt", "a"}, "nowhere does not exist"},
		"unknown family":        {[]string{"eval", "--model", unknown, "--data", text}, `model_type "hal9000" is not known; known are`},
		"top-p above 1":         {[]string{"generate", "--model", model, "--prompt", "a", "--top-p=7"}, "top-p 7"},
		"eval window":           {[]string{"eval", "--model", model, "--data", text, "--seq-len=999"}, "context is 16"},
		"nothing to learn":      {sft("--model", model, "--data", write(t, path("none.jsonl"), "{\"prompt\": \"a\", \"completion\": \"\"}\n")), "none.jsonl:1: an empty completion"},
		"bad line":              {sft("--model", model, "--data", write(t, path("bad.jsonl"), "{\"text\": \"a\"}\n{\"txt\": 1}\n")), "bad.jsonl:2:"},
		"sft window":            {sft("--model", model, "--data", text, "--seq-len=999"), "context is 16"},
		"resume nothing":        {[]string{"resume", path("nowhere")}, "holds no run"},
		"resume a file":         {[]string{"resume", text}, "holds no run"},
		"info on nothing":       {[]string{"info", dir}, "holds no model"},
		"sft of no model":       {sft("--model", path("none.gguf"), "--data", text), "--model: models: " + path("none.gguf") + " does not exist"},
		"sft of no adapter":     {sft("--model", model, "--data", text, "--adapter", path("none.gguf")), "adapt: " + path("none.gguf") + ": it does not exist"},
		"info on a cut file":    {[]string{"info", write(t, filepath.Join(t.TempDir(), "cut.gguf"), "GGUF\x03\x00\x00\x00\x01")}, "cut.gguf"},
		"decode words":          {[]string{"tokenizer", "decode", "--tokenizer", model, "--data", text}, "is no id"},
		"tokenizer occupied":    {[]string{"tokenizer", "train", "--data", text, "--output-dir", model}, "already there"},
	} {
		t.Run(name, func(t *testing.T) {
			before := names(t, dir) + "|" + names(t, model)
			status, stdout, stderr := finetune(t, "", c.args...)
			if status != exitFailure || !strings.Contains(stderr, c.want) || strings.Count(stderr, "\n") != 1 || !strings.HasPrefix(stderr, "finetune: ") {
				t.Errorf("status %d, %q; expected one line with %q", status, stderr, c.want)
			}
			if stdout != "" {
				t.Errorf("printed %q", stdout)
			}
			if after := names(t, dir) + "|" + names(t, model); after != before {
				t.Errorf("the directories hold %s, before %s", after, before)
			}
		})
	}
}

// names returns what is in a directory.
func names(t *testing.T, dir string) string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, e := range entries {
		list = append(list, e.Name())
	}
	return strings.Join(list, " ")
}
