package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seahorse-ml/seahorse/task"
)

// TestRerunOfEachObjective makes a run of each objective, with an adapter too, and again on other threads, and lets the data change after that.
func TestRerunOfEachObjective(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	encoder, writer := newModels(t, dir)
	decoder := filepath.Join(dir, "decoder")
	pretrained(t, decoder)
	cases := append(objectiveCases(), objectiveCase{objective: "causal", file: "causal.jsonl", content: strings.Repeat("{\"prompt\": \"Line 7\", \"completion\": \" of the text\"}\n", 20)})
	for _, c := range cases {
		t.Run(c.objective, func(t *testing.T) {
			model, more := encoder, []string(nil)
			switch c.objective {
			case "seq2seq":
				model = writer
			case "causal":
				model, more = decoder, []string{"--lora-r=2"}
			}
			text, run := write(t, filepath.Join(dir, c.file), c.content), filepath.Join(dir, c.objective)
			succeed(t, "", append([]string{"sft", "--model", model, "--data", text, "--objective", c.objective, "--output-dir", run,
				"--max-steps=4", "--batch-size=4", "--seq-len=16", "--dropout=0.1", "--warmup-steps=0", "--sample-tokens=0", "--threads=2"}, more...)...)
			p, err := task.ReadProvenance(filepath.Join(run, task.ProvenanceName))
			if err != nil || len(p.Data) != 1 || p.Data[0].Path != text || p.Ended == nil || len(p.Base) < 3 || p.Seed != 1337 || len(p.Result) != 3 {
				t.Fatalf("provenance %+v, %v", p, err)
			}
			succeed(t, "", "verify", run)
			again := run + "-rerun"
			out, _ := succeed(t, "", "rerun", filepath.Join(run, task.ProvenanceName), "--threads=1")
			if strings.Count(out, "the same: ") != 3 || !strings.Contains(out, "model.safetensors") {
				t.Errorf("rerun says\n%s", out)
			}
			if w := p.Result[0].Path; read(t, filepath.Join(again, w)) != read(t, filepath.Join(run, w)) {
				t.Errorf("rerun finds no difference in %s, which differs", w)
			}
			write(t, text, c.content+" ")
			status, _, said := finetune(t, "", "rerun", run, "--output-dir", run+"-changed")
			if status != exitFailure || !strings.Contains(said, "data: "+text+" has changed") {
				t.Errorf("of other data: status %d: %s", status, said)
			}
			if _, err := os.Stat(run + "-changed"); err == nil {
				t.Error("the refused run has left a directory")
			}
		})
	}
}

// TestRerunOfPretraining makes a run on a folder and standard input again, and has it find out what is changed, missing, new and damaged.
func TestRerunOfPretraining(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	texts, run := filepath.Join(dir, "texts"), filepath.Join(dir, "run")
	if err := os.MkdirAll(texts, 0o755); err != nil {
		t.Fatal(err)
	}
	a, b := write(t, filepath.Join(texts, "a.txt"), strings.Repeat("one text, of letters. ", 60)), write(t, filepath.Join(texts, "b.txt"), strings.Repeat("another of them. ", 60))
	succeed(t, "and a third\n", append([]string{"pretrain", "--data", texts, "--data=-", "--output-dir", run, "--tokenizer=char"}, tiny...)...)
	if out, _ := succeed(t, "and a third\n", "rerun", run); strings.Count(out, "the same: ") != 3 {
		t.Errorf("rerun says\n%s", out)
	}
	write(t, a, strings.Repeat("one text, of lettres. ", 60))
	if err := os.Rename(b, filepath.Join(texts, "c.txt")); err != nil {
		t.Fatal(err)
	}
	_, _, said := finetune(t, "and the third\n", "rerun", run)
	for _, want := range []string{"data: " + a + " has changed", "data: " + b + " is missing", "c.txt is new", "data: standard input has changed"} {
		if !strings.Contains(said, want) {
			t.Errorf("rerun doesn't say %q:\n%s", want, said)
		}
	}
	path := filepath.Join(run, task.ProvenanceName)
	write(t, path, strings.Replace(read(t, path), `"ended"`, `"other"`, 1))
	if status, _, said := finetune(t, "", "rerun", path); status != exitFailure || !strings.Contains(said, "isn't at its end") {
		t.Errorf("of a run that isn't at its end: status %d: %s", status, said)
	}
}

// TestRerunOfConversations has a chat template of the user's be found out where it has changed.
func TestRerunOfConversations(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	model, run := filepath.Join(dir, "model"), filepath.Join(dir, "run")
	pretrained(t, model)
	template := write(t, filepath.Join(dir, "chat.jinja"), "{% for m in messages %}{{ m.content }} {% endfor %}")
	chats := write(t, filepath.Join(dir, "chats.jsonl"), strings.Repeat(`{"messages": [{"role": "user", "content": "Line"}, {"role": "assistant", "content": "of"}]}`+"\n", 20))
	succeed(t, "", "sft", "--model", model, "--data", chats, "--chat-template", template, "--output-dir", run, "--max-steps=2", "--seq-len=16", "--sample-tokens=0")
	succeed(t, "", "rerun", run)
	write(t, template, "{% for m in messages %}{{ m.content }}. {% endfor %}")
	if status, _, said := finetune(t, "", "rerun", run); status != exitFailure || !strings.Contains(said, "objective: "+template+" has changed") {
		t.Errorf("of another template: status %d: %s", status, said)
	}
}

// TestRerunFindsAnotherResult has a run that went on beyond its end be told from one that was made in one go.
func TestRerunFindsAnotherResult(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	run := filepath.Join(dir, "run")
	succeed(t, "", append([]string{"pretrain", "--data", corpus(t, dir), "--output-dir", run, "--tokenizer=char"}, tiny...)...)
	succeed(t, "", "resume", run, "--max-steps=30")
	status, _, said := finetune(t, "", "rerun", run)
	for _, want := range []string{"warning: the result may differ: the run went on with other options after step 20", "came to another end", "result: model.safetensors has changed"} {
		if status != exitFailure || !strings.Contains(said, want) {
			t.Errorf("status %d, rerun doesn't say %q:\n%s", status, want, said)
		}
	}
}

// TestRerunOfPreference makes a run of DPO again, whose rows have the log-probabilities of a reference.
func TestRerunOfPreference(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	model, run := filepath.Join(dir, "model"), filepath.Join(dir, "run")
	pretrained(t, model)
	pairs := write(t, filepath.Join(dir, "pairs.jsonl"), strings.Repeat("{\"prompt\": \"Line\", \"chosen\": \" of\", \"rejected\": \" is\"}\n", 20))
	succeed(t, "", "dpo", "--model", model, "--data", pairs, "--output-dir", run, "--max-steps=2", "--seq-len=16", "--sample-tokens=0")
	if out, _ := succeed(t, "", "rerun", run); strings.Count(out, "the same: ") != 3 {
		t.Errorf("rerun says\n%s", out)
	}
	succeed(t, "", "verify", run)
}

// TestRerunOfEvents makes a run with events, and then that one again.
func TestRerunOfEvents(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	run := filepath.Join(dir, "run")
	succeed(t, "", append([]string{"pretrain", "--data", corpus(t, dir), "--output-dir", run, "--tokenizer=char", "--max-steps=8"}, tiny...)...)
	path := filepath.Join(run, task.ProvenanceName)
	told := strings.Replace(read(t, path), `"result"`, `"events": [{"step": 3, "event": "learning_rate", "factor": 0.5}, {"step": 6, "event": "stop"}], "result"`, 1)
	write(t, path, told)
	steered := filepath.Join(dir, "steered")
	if status, _, said := finetune(t, "", "rerun", run, "--output-dir", steered); status == 0 || !strings.Contains(said, "came to another end") {
		t.Errorf("events change nothing: %s", said)
	}
	p, err := task.ReadProvenance(filepath.Join(steered, task.ProvenanceName))
	if err != nil || len(p.Events) != 2 || p.Events[1].Step != 6 {
		t.Errorf("events: %+v, %v", p.Events, err)
	}
	if out, _ := succeed(t, "", "rerun", steered); strings.Count(out, "the same: ") != 3 {
		t.Errorf("rerun says\n%s", out)
	}
}
