package main

import (
	"os"
	"path/filepath"
	"testing"
)

// TestTeacherIsLearned learns from a teacher that has learned capitals: from pairs and conversations, whole and by an adapter, from the teacher itself, from what it
// has said before, and from texts that both write.
func TestTeacherIsLearned(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	base, teacher := newWriter(t, dir), filepath.Join(dir, "teacher")
	pairs, talks := taughtData(t, dir)
	common := []string{"--seq-len=80", "--batch-size=8", "--learning-rate=1e-2", "--warmup-steps=0", "--sample-tokens=0", "--logging-steps=1", "--eval-steps=30"}
	succeed(t, "", append([]string{"sft", "--model", base, "--data", pairs, "--data", talks, "--output-dir", teacher, "--max-steps=60", "--chat-template=chatml"}, common...)...)
	said := filepath.Join(dir, "said-teacher.bin")
	succeed(t, "", "data", "prepare", "--data", pairs, "--teacher", teacher, "--top-k=8", "--seq-len=80", "--validation-split=0.2", "--output-dir", filepath.Join(dir, "said"))
	for name, args := range map[string][]string{
		"forward": {"--data", pairs, "--teacher", teacher, "--beta=0"},
		"talks":   {"--data", talks, "--teacher", teacher, "--no-packing", "--chat-template=chatml", "--teacher-temperature=2"},
		"lora":    {"--data", pairs, "--teacher", teacher, "--lora-r=8", "--learning-rate=3e-2", "--beta=0"},
		"said":    {"--data", filepath.Join(dir, "said"), "--teacher", said, "--beta=0.1"},
		"4 bits":  {"--data", pairs, "--teacher", teacher, "--teacher-load-in-4bit", "--beta=1"},
		"own":     {"--data", pairs, "--teacher", teacher, "--lmbda=0.5", "--seq-kd", "--max-new-tokens=6"},
	} {
		t.Run(name, func(t *testing.T) {
			run := filepath.Join(dir, name)
			succeed(t, "", append(append([]string{"sft", "--model", base, "--output-dir", run, "--max-steps=30"}, common...), args...)...)
			lines := readMetrics(t, run)
			first, last := lines[0], lines[len(lines)-1]
			part := 0.5
			if name == "lora" { // of a model that knows nothing yet an adapter can't change much
				part = 0.95
			}
			if !(last["eval_loss"] < part*first["loss"]) || !(last["eval_nll_loss"] < first["nll_loss"]-0.2) {
				t.Errorf("from %v to %v", first, last)
			}
			own := 0.0
			for _, line := range lines {
				own += line["on_policy"]
			}
			if name == "own" != (own > 5 && own < 25) {
				t.Errorf("%g steps on own texts", own)
			}
		})
	}
	for want, args := range map[string][]string{
		"write some by \"finetune data generate --model": {"--teacher", otherVocabulary(t, dir)},
		"are for learning from a --teacher":              {"--lmbda=0.5"},
		"need the teacher itself":                        {"--teacher", said, "--lmbda=0.5"},
		"expected 1 where a teacher's most probable":     {"--teacher", said, "--teacher-temperature=2"},
		"is none that the teacher has read":              {"--teacher", said},
		"--beta":                                         {"--teacher", teacher, "--beta=x"},
		"expected [0, 1]":                                {"--teacher", teacher, "--beta=2"},
		"--label-smoothing is for targets":               {"--teacher", teacher, "--label-smoothing=0.1"},
	} {
		fails(t, want, append([]string{"sft", "--model", base, "--data", talks, "--chat-template=chatml", "--output-dir", filepath.Join(dir, "never")}, args...)...)
	}
}

// taughtData returns pairs and conversations whose answers are capitals.
func taughtData(t *testing.T, dir string) (pairs, talks string) {
	t.Helper()
	p, m := "", ""
	for i := range 52 {
		letter, capital := string(rune('a'+i%26)), string(rune('A'+i%26))
		p += `{"prompt":"say ` + letter + `:","completion":"` + capital + `"}` + "\n"
		m += `{"messages":[{"role":"user","content":"say ` + letter + `"},{"role":"assistant","content":"` + capital + `"}]}` + "\n"
	}
	return write(t, filepath.Join(dir, "taught.jsonl"), p), write(t, filepath.Join(dir, "talked.jsonl"), m)
}

// otherVocabulary returns a model of another tokenizer.
func otherVocabulary(t *testing.T, dir string) string {
	t.Helper()
	other := filepath.Join(dir, "other")
	text := write(t, filepath.Join(dir, "digits.txt"), "0123456789 and so on. 0123456789 and so on. 0123456789 and so on.")
	succeed(t, "", "pretrain", "--data", text, "--output-dir", other, "--arch=llama", "--n-layer=1", "--n-head=2", "--n-embd=32", "--seq-len=16", "--batch-size=2", "--max-steps=1",
		"--warmup-steps=0", "--tokenizer=char", "--validation-split=0")
	return other
}

// TestKilledDistillationIsExact kills runs that learn from a teacher, from texts of their own and from what it has said, and goes on with them on other numbers of
// threads. What it has said needn't be there any more.
func TestKilledDistillationIsExact(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	base := newWriter(t, dir)
	pairs, _ := taughtData(t, dir)
	said := filepath.Join(dir, "said-teacher.bin")
	succeed(t, "", "data", "prepare", "--data", pairs, "--teacher", base, "--top-k=5", "--seq-len=80", "--output-dir", filepath.Join(dir, "said"))
	for name, teaching := range map[string][]string{
		"own":  {"--teacher", base, "--lmbda=0.5", "--seq-kd", "--max-new-tokens=6", "--dropout=0.1"},
		"said": {"--teacher", said},
	} {
		t.Run(name, func(t *testing.T) {
			args := func(to, threads string) []string {
				return append([]string{"sft", "--model", base, "--data", pairs, "--output-dir", to, "--threads", threads, "--max-steps=40", "--save-steps=4", "--save-total-limit=3", "--eval-steps=4",
					"--batch-size=4", "--gradient-accumulation-steps=2", "--seq-len=80", "--learning-rate=3e-3", "--warmup-steps=5", "--sample-tokens=0"}, teaching...)
			}
			want := filepath.Join(dir, name)
			succeed(t, "", args(want, "2")...)
			killed := killAfter(t, 8, func(attempt string) []string { return args(want+attempt, "2") })
			if name == "said" {
				os.Remove(said)
			}
			for _, threads := range []string{"1", "3"} {
				resumed := killed + "-" + threads
				if err := os.CopyFS(resumed, os.DirFS(killed)); err != nil {
					t.Fatal(err)
				}
				succeed(t, "", "resume", resumed, "--threads", threads)
				sameRun(t, "killed, and resumed on "+threads+" threads", resumed, want)
			}
		})
	}
}
