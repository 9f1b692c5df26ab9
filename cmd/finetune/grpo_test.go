package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
)

// promptData returns prompts, as texts and as messages, with answers to compare with.
func promptData(t *testing.T, dir string) (texts, talks string) {
	t.Helper()
	var p, m strings.Builder
	for i := range 40 {
		letter := string(rune('a' + i%26))
		fmt.Fprintf(&p, "{\"prompt\":\"say %s:\",\"answer\":%q,\"kind\":%d}\n", letter, strings.ToUpper(letter), i%2)
		fmt.Fprintf(&m, "{\"prompt\":[{\"role\":\"user\",\"content\":\"say %s\"}],\"answer\":%q}\n", letter, strings.ToUpper(letter))
	}
	return write(t, filepath.Join(dir, "prompts.jsonl"), p.String()), write(t, filepath.Join(dir, "asked.jsonl"), m.String())
}

// TestGRPOIsLearned learns to write capitals by what checkers say, from texts and messages, whole and by an adapter, with a reference and without.
func TestGRPOIsLearned(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	base := newWriter(t, dir)
	texts, talks := promptData(t, dir)
	for name, args := range map[string][]string{
		"dapo":     {"--data", texts},
		"messages": {"--data", talks, "--loss-type=grpo", "--beta=0.01", "--chat-template=chatml"},
		"lora":     {"--data", texts, "--lora-r=8", "--loss-type=dr_grpo", "--scale-rewards=none", "--learning-rate=2e-2"},
		"several":  {"--data", texts, "--steps-per-generation=2", "--num-iterations=2", "--temperature=1.2", "--reward=length:3", "--reward-weights=1,0.1", "--max-steps=100", "--lr-scheduler-type=constant"},
	} {
		t.Run(name, func(t *testing.T) {
			run := filepath.Join(dir, name)
			_, said := succeed(t, "", append([]string{"grpo", "--model", base, "--output-dir", run, "--reward=regex:^[A-Z]", "--max-completion-length=4", "--batch-size=16", "--num-generations=8", "--max-steps=40",
				"--learning-rate=1e-2", "--warmup-steps=0", "--logging-steps=1", "--eval-steps=20", "--seq-len=120"}, args...)...)
			if shown := regexp.MustCompile(`  \| .*say [a-z].*\n`); !shown.MatchString(said) { // a prompt, and what comes behind it
				t.Errorf("no sample is shown:\n%s", said)
			}
			lines := readMetrics(t, run)
			first, last := lines[0], lines[len(lines)-1]
			if last["rewards/regex/mean"] < first["rewards/regex/mean"]+0.25 || last["eval_rewards/regex"] < 0.75 || last["completions/mean_length"] == 0 {
				t.Errorf("the rewards went from %v to %v", first, last)
			}
			samples := strings.Count(read(t, filepath.Join(run, "rollouts.jsonl")), "\n")
			want := 40 * 16
			if name == "several" { // of a hundred steps, each round makes four
				want = 100 / 4 * 32
			}
			if samples != want {
				t.Errorf("%d samples are kept, expected %d", samples, want)
			}
		})
	}
}

// TestKilledGRPOIsExact kills runs while they sample, while answers are judged, and in the midst of the updates of a round, and goes on with them on other numbers
// of threads. What a run has written tells in which moment it was killed; one that was killed in another is made again.
func TestKilledGRPOIsExact(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("the program that judges is for sh")
	}
	const round, samples = 4, 16 // steps and samples of a round
	dir := t.TempDir()
	base := newWriter(t, dir)
	texts, talks := promptData(t, dir)
	lines := func(path string) int {
		raw, _ := os.ReadFile(path)
		return bytes.Count(raw, []byte("\n"))
	}
	// A program that judges, for the fourth time those of the third round, since a validation comes before. Then it waits as long as there is a file.
	marks, hold := filepath.Join(dir, "marks"), filepath.Join(dir, "hold")
	holding := "--reward=exec:echo >>" + marks + "; [ $(wc -l <" + marks + ") -ne 4 ] || while [ -e " + hold + " ]; do sleep 0.01; done; " +
		"while read -r line; do case \"$line\" in *'\"answer\":\"'[A-Z]*) echo 1;; *) echo 0;; esac; done"
	for name, c := range map[string]struct {
		args  []string
		when  func(run string) bool // tells that the moment has come
		drawn int                   // rounds that are kept when it was killed in that moment, of steps up to the eighth
	}{
		"sampling": {
			[]string{"--data", texts, "--dropout=0.1", "--max-completion-length=40"},
			func(run string) bool { return lines(filepath.Join(run, "metrics.jsonl")) >= 2*round }, 2,
		},
		"rewards": {[]string{"--data", texts, "--lora-r=4", "--beta=0.1", holding}, func(string) bool { return lines(marks) >= 4 }, 2},
		"update": {
			[]string{"--data", talks, "--loss-type=grpo", "--importance-sampling-level=sequence"},
			func(run string) bool { return lines(filepath.Join(run, "rollouts.jsonl")) >= 3*samples }, 3,
		},
	} {
		t.Run(name, func(t *testing.T) {
			of := func(to string) []string {
				return append([]string{"grpo", "--model", base, "--output-dir", to, "--threads=2", "--reward=regex:^[A-Z]", "--max-completion-length=4", "--batch-size=4", "--num-generations=4",
					"--gradient-accumulation-steps=2", "--steps-per-generation=4", "--num-iterations=2", "--max-steps=20", "--save-steps=3", "--save-total-limit=3", "--eval-steps=6", "--logging-steps=1",
					"--learning-rate=3e-3", "--sample-tokens=0", "--seq-len=120", "--validation-split=0.2"}, c.args...)
			}
			want, killed := filepath.Join(dir, name), ""
			succeed(t, "", of(want)...)
			for attempt := 0; killed == ""; attempt++ {
				if attempt == 20 {
					t.Fatal("no run was killed in the moment")
				}
				run := fmt.Sprint(want, attempt)
				os.Remove(marks)
				write(t, hold, "")
				hit := signalWhen(t, process(t, of(run)...), os.Kill, func() bool { return c.when(run) })
				os.Remove(hold)
				if hit && lines(filepath.Join(run, "metrics.jsonl")) == 2*round && lines(filepath.Join(run, "rollouts.jsonl")) == c.drawn*samples && lastCheckpoint(run) == 6 {
					killed = run
				}
			}
			for _, threads := range []string{"1", "3"} {
				resumed := killed + "-" + threads
				if err := os.CopyFS(resumed, os.DirFS(killed)); err != nil {
					t.Fatal(err)
				}
				succeed(t, "", "resume", resumed, "--threads", threads)
				sameRun(t, "killed while "+name, resumed, want)
				if read(t, filepath.Join(resumed, "rollouts.jsonl")) != read(t, filepath.Join(want, "rollouts.jsonl")) {
					t.Error("the samples differ")
				}
			}
		})
	}
}

// TestGRPOOfRewardModel has answers judged by a reward model, and looks at what is kept.
func TestGRPOOfRewardModel(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	base := newWriter(t, dir)
	pairs, _, _ := preferenceData(t, dir)
	texts, _ := promptData(t, dir)
	judge, run := filepath.Join(dir, "judge"), filepath.Join(dir, "run")
	succeed(t, "", "sft", "--objective=reward", "--model", base, "--data", pairs, "--output-dir", judge, "--max-steps=20", "--learning-rate=3e-3", "--seq-len=120", "--sample-tokens=0")
	succeed(t, "", "grpo", "--model", base, "--data", texts, "--output-dir", run, "--reward=model:"+judge, "--reward=exact", "--max-completion-length=4", "--num-generations=4", "--max-steps=2", "--sample-tokens=0",
		"--validation-split=0", "--seq-len=100")
	var line struct {
		Step           int
		Prompt, Answer string
		Rewards        map[string]float64
		Reward         float64
	}
	for text := range strings.Lines(read(t, filepath.Join(run, "rollouts.jsonl"))) {
		if err := json.Unmarshal([]byte(text), &line); err != nil || line.Step == 0 || !strings.HasPrefix(line.Prompt, "say ") || line.Rewards["model"]+line.Rewards["exact"] != line.Reward || line.Rewards["model"] == 0 {
			t.Fatalf("%s: %+v, %v", text, line, err)
		}
	}
}

// TestWrongGRPO gives what can't be learned, and looks for what is said of it.
func TestWrongGRPO(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	base := newWriter(t, dir)
	texts, _ := promptData(t, dir)
	bare := write(t, filepath.Join(dir, "bare.jsonl"), `{"prompt":"a"}`+"\n")
	number := write(t, filepath.Join(dir, "number.jsonl"), `{"prompt":"a","answer":"1"}`+"\n"+`{"prompt":5,"answer":"1"}`+"\n")
	for _, c := range []struct {
		data, want string
		more       []string
	}{
		{bare, `bare.jsonl:1: no "answer", which the rewards compare with`, nil},
		{number, `number.jsonl:2: "prompt": expected a text or a list of messages, got a number`, nil},
		{texts, "expected one of exact, exact:PATTERN", []string{"--reward=best"}},
		{texts, "expected a reward model", []string{"--reward=model:" + base}},
		{texts, "2 weights for 1 checkers", []string{"--reward-weights=1,2"}},
		{texts, "--num-generations 3: expected a divisor of the 8 answers", []string{"--num-generations=3"}},
		{texts, "expected a multiple of --gradient-accumulation-steps 2", []string{"--gradient-accumulation-steps=2", "--steps-per-generation=3"}},
		{texts, "expected grpo or luspo", []string{"--importance-sampling-level=sequence"}},
		{texts, "a temperature of 0, expected more than 0", []string{"--temperature=0"}},
		{texts, "no room for a prompt", []string{"--seq-len=4"}},
		{texts, "held to by --beta, which is 0", []string{"--reference-model", base}},
		{texts, "--group-by-length is for rows", []string{"--group-by-length"}},
		{texts, "delta 1, expected more than 1 + epsilon 0.2", []string{"--delta=1"}},
		{texts, "prompts.jsonl:1: the prompt has 6 tokens, expected at most 3", []string{"--seq-len=7"}},
	} {
		out := filepath.Join(dir, "none")
		status, _, said := finetune(t, "", append([]string{"grpo", "--model", base, "--data", c.data, "--output-dir", out, "--reward=exact", "--max-completion-length=4", "--max-steps=1", "--validation-split=0"}, c.more...)...)
		if status == 0 || !strings.Contains(said, c.want) || isDir(out) {
			t.Errorf("grpo %v: status %d, %s\nexpected %q, and no directory", c.more, status, said, c.want)
		}
	}
	// A program at fault ends the run, which can go on.
	run := filepath.Join(dir, "fault")
	status, _, said := finetune(t, "", "grpo", "--model", base, "--data", texts, "--output-dir", run, "--reward=exec:echo bad >&2; exit 1", "--max-completion-length=4", "--max-steps=1", "--validation-split=0")
	if status == 0 || !strings.Contains(said, "step 1: reward: exec: ") || !strings.Contains(said, "exit status 1: bad") {
		t.Errorf("a program at fault: status %d, %s", status, said)
	}
}
