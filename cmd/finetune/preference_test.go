package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// newWriter pretrains a llama of no size, which knows characters.
func newWriter(t *testing.T, dir string) string {
	t.Helper()
	from := fixed(t, "writer", func(dir string) {
		letters := write(t, filepath.Join(dir, "letters.txt"), strings.Repeat("abcdefghijklmnopqrstuvwxyz ABCDEFGHIJKLMNOPQRSTUVWXYZ. <|_>\n:#,'", 20))
		succeed(t, "", "pretrain", "--data", letters, "--output-dir", filepath.Join(dir, "base"), "--arch=llama", "--n-layer=1", "--n-head=2", "--n-embd=32", "--seq-len=160", "--batch-size=2",
			"--max-steps=1", "--warmup-steps=0", "--tokenizer=char", "--validation-split=0")
	})
	return copied(t, from, dir, "base")
}

// preferenceData returns pairs of which the answer in capitals is the better one, as texts and as messages, and the same judged one by one.
func preferenceData(t *testing.T, dir string) (pairs, talks, judged string) {
	t.Helper()
	var p, m, j strings.Builder
	j.WriteString("prompt,completion,label\n")
	for i := range 60 {
		letter := string(rune('a' + i%26))
		good, bad := strings.ToUpper(letter)+strings.Repeat(".", i%4), letter+strings.Repeat(" ", i%3)+"x"
		fmt.Fprintf(&p, "{\"prompt\":\"say %s:\",\"chosen\":%q,\"rejected\":%q}\n", letter, good, bad)
		ask := fmt.Sprintf(`{"role":"user","content":"say %s"}`, letter)
		answer := `[%s,{"role":"assistant","content":%q}]`
		fmt.Fprintf(&m, "{\"chosen\":"+answer+",\"rejected\":"+answer+"}\n", ask, good, ask, bad)
		fmt.Fprintf(&j, "say %s:,%s,%t\n", letter, []string{bad, good}[i%2], i%2 == 1)
	}
	return write(t, filepath.Join(dir, "pairs.jsonl"), p.String()), write(t, filepath.Join(dir, "talks.jsonl"), m.String()), write(t, filepath.Join(dir, "judged.csv"), j.String())
}

// TestPreferenceIsLearned learns the better of two answers by each command: the margin of the rewards grows, from nothing where there is a reference.
func TestPreferenceIsLearned(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	base := newWriter(t, dir)
	pairs, talks, judged := preferenceData(t, dir)
	for name, args := range map[string][]string{
		"dpo":       {"dpo", "--data", pairs},
		"messages":  {"dpo", "--data", talks, "--loss-type=ipo", "--group-by-length"},
		"lora":      {"dpo", "--data", pairs, "--lora-r=8"},
		"several":   {"dpo", "--data", pairs, "--loss-type=sigmoid,sft", "--loss-weights=1,0.5", "--ld-alpha=0.5"},
		"weighted":  {"dpo", "--data", pairs, "--use-weighting"},
		"reference": {"dpo", "--data", pairs, "--reference-model", base, "--loss-type=robust", "--label-smoothing=0.1"},
		"orpo":      {"orpo", "--data", pairs},
		"cpo":       {"cpo", "--data", pairs, "--loss-type=ipo", "--cpo-alpha=0.5"},
		"simpo":     {"simpo", "--data", pairs, "--beta=2", "--label-smoothing=0.1"},
		"kto":       {"kto", "--data", judged},
		"unpaired":  {"kto", "--data", pairs, "--loss-type=apo_zero_unpaired", "--group-by-length"},
	} {
		t.Run(name, func(t *testing.T) {
			run := filepath.Join(dir, name)
			_, said := succeed(t, "", append(args, "--model", base, "--output-dir", run, "--max-steps=40", "--batch-size=8", "--learning-rate=3e-3", "--warmup-steps=0", "--logging-steps=1",
				"--eval-steps=20", "--sample-tokens=5", "--seq-len=120")...)
			if withReference := args[0] == "dpo" || args[0] == "kto"; strings.Contains(said, "reference  ") != withReference {
				t.Errorf("%s said\n%s", args[0], said)
			}
			if name == "lora" && !strings.Contains(read(t, filepath.Join(run, "adapter_config.json")), `"lora_dropout": 0.0`) {
				t.Error("the adapter has dropout, which nobody asked for")
			}
			lines := readMetrics(t, run)
			first, last := lines[0], lines[len(lines)-1]
			margin := func(m map[string]float64) float64 { return m["rewards/chosen"] - m["rewards/rejected"] }
			if (args[0] == "dpo" || args[0] == "kto") && (margin(first) > 1e-4 || margin(first) < -1e-4) {
				t.Errorf("before it learns, the margin is %g", margin(first))
			}
			if grown := margin(last) - margin(first); !(grown > 0.05) || last["loss"] >= first["loss"] {
				t.Errorf("the margin grew by %g, the loss from %g to %g", grown, first["loss"], last["loss"])
			}
			if args[0] == "kto" {
				return
			}
			if _, ok := last["eval_logps/chosen"]; !ok || last["eval_rewards/accuracies"] < 0.8 || last["eval_rewards/margins"] <= 0 {
				t.Errorf("validation ends with %v", last)
			}
		})
	}
}

// TestKilledPreferenceIsExact kills runs and goes on with them without their data and references.
func TestKilledPreferenceIsExact(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	base := newWriter(t, dir)
	pairs, talks, judged := preferenceData(t, dir)
	for name, args := range map[string][]string{
		"dpo":  {"dpo", "--data", talks, "--validation-data", talks, "--loss-type=sigmoid,sft", "--loss-weights=1,0.5", "--ld-alpha=0.5"},
		"lora": {"dpo", "--data", pairs, "--lora-r=4", "--lora-dropout=0.1", "--gradient-checkpointing"},
		"orpo": {"orpo", "--data", pairs, "--dropout=0.1"},
		"kto":  {"kto", "--data", judged},
	} {
		t.Run(name, func(t *testing.T) {
			of := func(to, threads string) []string {
				return append(args[:len(args):len(args)], "--model", base, "--output-dir", to, "--threads", threads, "--max-steps=40", "--save-steps=4", "--save-total-limit=3", "--eval-steps=4",
					"--batch-size=4", "--gradient-accumulation-steps=2", "--learning-rate=3e-3", "--sample-tokens=0", "--seq-len=120")
			}
			want := filepath.Join(dir, name)
			succeed(t, "", of(want, "2")...)
			killed := killAfter(t, 8, func(attempt string) []string { return of(want+attempt, "2") })
			for _, threads := range []string{"1", "3"} {
				resumed := killed + "-" + threads
				if err := os.CopyFS(resumed, os.DirFS(killed)); err != nil {
					t.Fatal(err)
				}
				succeed(t, "", "resume", resumed, "--threads", threads)
				sameRun(t, "killed, and resumed on "+threads+" threads", resumed, want)
			}
			if name == "kto" { // a damaged reference is told
				write(t, filepath.Join(killed, "reference.bin"), "nothing")
				if _, _, said := finetune(t, "", "resume", killed); !strings.Contains(said, "reference.bin: 7 bytes, expected ") {
					t.Errorf("with a damaged reference, resume says %s", said)
				}
			}
		})
	}
}

// TestWrongPreferences gives what can't be learned, and looks for what is said of it; nothing is left behind.
func TestWrongPreferences(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	base := newWriter(t, dir)
	pairs, _, judged := preferenceData(t, dir)
	ok, made := `{"prompt":"a","chosen":"b","rejected":"c"}`, 0
	bad := func(line string) string { // a file whose second line is bad
		made++
		return write(t, filepath.Join(dir, fmt.Sprintf("%d_bad.jsonl", made)), ok+"\n"+line+"\n")
	}
	for _, c := range []struct {
		command, data, want string
		more                []string
	}{
		{"dpo", judged, `judged.csv:2: expected {"chosen", "rejected"}`, nil},
		{"dpo", bad(`{"prompt":"a","chosen":"b"}`), `bad.jsonl:2: expected {"chosen", "rejected"}`, nil},
		{"dpo", bad(`{"prompt":"a","chosen":"b","rejected":""}`), `bad.jsonl:2: "rejected": empty`, nil},
		{"dpo", bad(`{"prompt":"a","chosen":"b","rejected":5}`), `bad.jsonl:2: "rejected": expected a text or a list of messages, got a number`, nil},
		{"orpo", bad(`{"chosen":"b","rejected":"c"}`), "bad.jsonl:2: no token is left of a prompt", nil},
		{"orpo", bad(`{"chosen":"b","rejected":[]}`), `bad.jsonl:2: "chosen" is a text and "rejected" a list`, nil},
		{"dpo", bad(`{"prompt":[{"role":"user","content":"a"}],"chosen":[{"role":"bot","content":"a"}],"rejected":[{"role":"assistant","content":"b"}]}`), `bad.jsonl:2: "chosen": messages[1]: role "bot"`, nil},
		{"kto", pairs, "expected more than 0", []string{"--beta=0"}},
		{"cpo", pairs, "beta 0, expected more than 0", []string{"--beta=0"}},
		{"cpo", pairs, "not for --loss-type hinge", []string{"--loss-type=hinge", "--label-smoothing=0.1"}},
		{"simpo", pairs, "gamma -1 and alpha 0, expected 0 or more", []string{"--simpo-gamma=-1"}},
		{"kto", write(t, filepath.Join(dir, "unjudged.jsonl"), `{"prompt":"a","completion":"b"}`+"\n"), `unjudged.jsonl:1: expected "label"`, nil},
		{"kto", write(t, filepath.Join(dir, "maybe.jsonl"), `{"prompt":"a","completion":"b","label":"maybe"}`+"\n"), `maybe.jsonl:1: "label" is "maybe", expected true or false`, nil},
		{"dpo", pairs, "for the loss types robust, exo_pair, aot and aot_unpaired", []string{"--label-smoothing=0.1"}},
		{"dpo", pairs, "--ld-alpha 2: expected 0 to 1", []string{"--ld-alpha=2"}},
		{"dpo", pairs, "1 loss types and 2 weights", []string{"--loss-weights=1,2"}},
		{"dpo", pairs, "weights of pairs and the loss type sft", []string{"--loss-type=sigmoid,sft", "--use-weighting"}},
		{"dpo", pairs, "exo_pair needs a label smoothing", []string{"--loss-type=exo_pair"}},
		{"dpo", pairs, "computed before training in any case", []string{"--precompute-ref-log-probs=false"}},
		{"dpo", pairs, "--prompt-tuning is for sft", []string{"--prompt-tuning=3"}},
		{"dpo", pairs, "nosuch", []string{"--reference-model=nosuch"}},
		{"dpo", write(t, filepath.Join(dir, "long.jsonl"), strings.Replace(ok, "a", strings.Repeat("a", 40), 1)+"\n"), "long.jsonl:1: the prompt has 40 tokens, expected at most 9", []string{"--seq-len=9"}},
	} {
		out := filepath.Join(dir, "none")
		status, _, said := finetune(t, "", append([]string{c.command, "--model", base, "--data", c.data, "--output-dir", out, "--validation-split=0", "--max-steps=1"}, c.more...)...)
		if status == 0 || !strings.Contains(said, c.want) || isDir(out) {
			t.Errorf("%s %v: status %d, %s\nexpected %q, and no directory", c.command, c.more, status, said, c.want)
		}
	}
	mixed := write(t, filepath.Join(dir, "mixed.jsonl"), ok+"\n"+`{"prompt":"a","chosen":"b","rejected":""}`+"\n"+strings.Replace(ok, "a", strings.Repeat("a", 40), 1)+"\n")
	_, said := succeed(t, "", "dpo", "--model", base, "--data", mixed, "--output-dir", filepath.Join(dir, "mixed"), "--validation-split=0", "--max-steps=1", "--seq-len=9", "--skip-invalid", "--sample-tokens=0")
	for _, want := range []string{"1 row of ", "mixed.jsonl:2: ", "mixed.jsonl:3: the prompt has 40 tokens"} {
		if !strings.Contains(said, want) {
			t.Errorf("dpo says\n%s\nwithout %q", said, want)
		}
	}
}
