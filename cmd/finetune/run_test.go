package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// tiny are flags that make a run of a second.
var tiny = []string{"--n-layer=1", "--n-head=2", "--n-embd=16", "--seq-len=16", "--batch-size=4", "--max-steps=20", "--eval-steps=10", "--save-steps=10",
	"--warmup-steps=2", "--learning-rate=0.01", "--sample-tokens=5"}

// finetune runs a command line in this process and returns what it wrote. Tests run side by side, and threads are a process's: a command with --threads
// has one of its own.
func finetune(t *testing.T, stdin string, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	if slices.ContainsFunc(args, func(arg string) bool { return strings.HasPrefix(arg, "--threads") }) {
		c := process(t, args...)
		c.Stdin, c.Stdout, c.Stderr = strings.NewReader(stdin), &out, &errs
		if err := c.Run(); err != nil && c.ProcessState == nil {
			t.Fatal(err)
		}
		return c.ProcessState.ExitCode(), out.String(), errs.String()
	}
	status = execute(t.Context(), args, &streams{in: strings.NewReader(stdin), out: &out, err: &errs})
	return status, out.String(), errs.String()
}

// succeed is finetune for what must not fail.
func succeed(t *testing.T, stdin string, args ...string) (stdout, stderr string) {
	t.Helper()
	status, stdout, stderr := finetune(t, stdin, args...)
	if status != 0 {
		t.Fatalf("finetune %s: status %d: %s", strings.Join(args, " "), status, stderr)
	}
	return stdout, stderr
}

// corpus writes a text with some regularity and returns its path.
func corpus(t *testing.T, dir string) string {
	t.Helper()
	var text strings.Builder
	for i := range 300 {
		fmt.Fprintf(&text, "Line %d of the text: seven times %d is %d.\n", i, i%10, 7*(i%10))
	}
	return write(t, filepath.Join(dir, "corpus.txt"), text.String())
}

// readMetrics returns the lines of a run's metrics.jsonl.
func readMetrics(t *testing.T, dir string) []map[string]float64 {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, "metrics.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	var lines []map[string]float64
	for line := range strings.Lines(string(b)) {
		var m map[string]float64
		if err := json.Unmarshal([]byte(line), &m); err != nil {
			t.Fatalf("%v in %s", err, line)
		}
		lines = append(lines, m)
	}
	return lines
}

// TestWholeLife takes a text through all commands.
func TestWholeLife(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	text, run := corpus(t, dir), filepath.Join(dir, "run")
	_, said := succeed(t, "", append([]string{"pretrain", "--data", text, "--output-dir", run, "--tokenizer=bpe", "--vocab_size=300"}, tiny...)...)
	for _, want := range []string{"validation loss", "  | ", "finetune generate --model"} {
		if !strings.Contains(said, want) {
			t.Errorf("pretrain said nothing of %q:\n%s", want, said)
		}
	}
	lines := readMetrics(t, run)
	for _, key := range []string{"step", "loss", "grad_norm", "learning_rate", "tokens", "tokens_per_second", "eval_loss"} {
		if _, ok := lines[len(lines)-1][key]; !ok {
			t.Errorf("the last line of metrics lacks %s: %v", key, lines[len(lines)-1])
		}
	}
	first, last := lines[0]["loss"], lines[len(lines)-1]["loss"]
	if !(last < 0.9*first) {
		t.Errorf("the loss went from %g to %g", first, last)
	}

	out, _ := succeed(t, "", "info", run)
	for _, want := range []string{"finetune pretrain", "20 of 20", "gpt2", "300", "checkpoint-10, checkpoint-20", "<|endoftext|>"} {
		if !strings.Contains(out, want) {
			t.Errorf("info said nothing of %q:\n%s", want, out)
		}
	}

	out, _ = succeed(t, "", "generate", "--model", run, "--prompt", "Line 1", "--max-new-tokens=12", "--temperature=0", "--json")
	var g generated
	if err := json.Unmarshal([]byte(out), &g); err != nil || len(g.PromptIDs) == 0 || len(g.IDs) == 0 {
		t.Fatalf("generate --json printed %q: %v", out, err)
	}
	if out, _ := succeed(t, "", "generate", "--model", run, "--prompt", "Line 1", "--max-new-tokens=12", "--temperature=0"); out != "Line 1"+g.Text+"\n" {
		t.Errorf("generate printed %q, expected the prompt and %q", out, g.Text)
	}

	pairs := write(t, filepath.Join(dir, "pairs.jsonl"), strings.Repeat("{\"prompt\": \"Line 7\", \"completion\": \" of the text\"}\n", 20))
	tuned := filepath.Join(dir, "tuned")
	before := evalLoss(t, run, pairs)
	succeed(t, "", "sft", "--model", run, "--data", pairs, "--output-dir", tuned, "--max-steps=30", "--learning-rate=0.01", "--sample-tokens=0", "--batch-size=2")
	if after := evalLoss(t, tuned, pairs); !(after < before/2) {
		t.Errorf("sft brought the loss of the completions from %g to %g", before, after)
	}
	dropped := filepath.Join(dir, "dropped")
	succeed(t, "", "sft", "--model", run, "--data", pairs, "--output-dir", dropped, "--max-steps=1", "--dropout=0.25", "--sample-tokens=0")
	var config struct {
		Embd  float64 `json:"embd_pdrop"`
		Attn  float64 `json:"attn_pdrop"`
		Resid float64 `json:"resid_pdrop"`
	}
	if err := readJSON(filepath.Join(dropped, "config.json"), &config); err != nil || config.Embd != 0.25 || config.Attn != 0.25 || config.Resid != 0.25 {
		t.Errorf("--dropout=0.25 made a model with dropouts %+v, %v", config, err)
	}
}

// evalLoss returns the loss that eval measures.
func evalLoss(t *testing.T, model, data string) float64 {
	t.Helper()
	out, _ := succeed(t, "", "eval", "--model", model, "--data", data, "--json")
	var e measured
	if err := json.Unmarshal([]byte(out), &e); err != nil {
		t.Fatal(err)
	}
	return e.Loss
}

// TestEvalCountsEachTokenOnce compares eval with the validation of the run, and its figures with each other.
func TestEvalCountsEachTokenOnce(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	text, run := corpus(t, dir), filepath.Join(dir, "run")
	succeed(t, "", append([]string{"pretrain", "--data", text, "--output-dir", run, "--tokenizer=char", "--validation-split=0.25"}, tiny...)...)
	whole, err := os.ReadFile(text)
	if err != nil {
		t.Fatal(err)
	}
	held := whole[int(float64(len(whole))*0.75):]
	out, _ := succeed(t, "", "eval", "--model", run, "--data", write(t, filepath.Join(dir, "held.txt"), string(held)), "--json")
	var e measured
	if err := json.Unmarshal([]byte(out), &e); err != nil {
		t.Fatal(err)
	}
	lines := readMetrics(t, run)
	if want := lines[len(lines)-1]["eval_loss"]; math.Abs(e.Loss-want) > 1e-6 {
		t.Errorf("eval measures %g on the held-out text, the run measured %g", e.Loss, want)
	}
	if e.Tokens != len(held)-1 {
		t.Errorf("%d tokens, expected each of %d characters but the first", e.Tokens, len(held))
	}
	if bits := e.Loss * float64(e.Tokens) / math.Ln2 / float64(len(held)); math.Abs(*e.BitsPerByte-bits) > 1e-9 || math.Abs(*e.Perplexity-math.Exp(e.Loss)) > 1e-9 {
		t.Errorf("%g bits per byte, perplexity %g: don't follow from the loss", *e.BitsPerByte, *e.Perplexity)
	}
}

func TestStandardInput(t *testing.T) {
	t.Parallel()
	run := filepath.Join(t.TempDir(), "run")
	succeed(t, strings.Repeat("some text from a pipe\n", 100), append([]string{"pretrain", "--data=-", "--output-dir", run, "--validation-split=0"}, tiny...)...)
	if _, ok := readMetrics(t, run)[0]["eval_loss"]; ok {
		t.Error("a run without validation has validated")
	}
}

// TestDataFormat has data that standard input, or a file of any name, holds be what the same data are in a file whose name tells.
func TestDataFormat(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	run := filepath.Join(dir, "run")
	pretrained(t, run)
	lines := strings.Repeat("{\"prompt\": \"Line 1\", \"completion\": \" of the text\"}\n{\"text\": \"Line 7\"}\n", 20)
	text7 := strings.Repeat("Line 7 of the text: seven times 7 is 49.\n", 20)
	table := "text\n" + strings.Repeat("Line 1 of the text\n", 20)
	for _, c := range []struct{ format, suffix, content string }{{"jsonl", ".jsonl", lines}, {"csv", ".csv", table}, {"tsv", ".tsv", table}, {"text", ".txt", text7}} {
		named, other := write(t, filepath.Join(dir, "data"+c.suffix), c.content), write(t, filepath.Join(dir, "data."), c.content)
		want, _ := succeed(t, "", "eval", "--model", run, "--data", named, "--json")
		for _, args := range [][]string{{"--data=-", "--data-format", c.format}, {"--data", other, "--data-format", c.format}} {
			if got, _ := succeed(t, c.content, append([]string{"eval", "--model", run, "--json"}, args...)...); got != want {
				t.Errorf("eval %s: %s, of %s %s", strings.Join(args, " "), got, named, want)
			}
		}
		fromName, fromInput := filepath.Join(dir, "name-"+c.format), filepath.Join(dir, "input-"+c.format)
		tune := []string{"sft", "--model", run, "--max-steps=1", "--warmup-steps=0", "--sample-tokens=0"}
		succeed(t, "", append(tune, "--data", named, "--output-dir", fromName)...)
		succeed(t, c.content, append(tune, "--data=-", "--data-format", c.format, "--output-dir", fromInput)...)
		if read(t, filepath.Join(fromName, "tokens.bin")) != read(t, filepath.Join(fromInput, "tokens.bin")) {
			t.Errorf("sft learned from other tokens of standard input, format %s", c.format)
		}
	}
	mixed := "prompt,completion\nLine 1, of the text\n"
	for _, args := range [][]string{
		{"eval", "--model", run, "--data=-"}, {"sft", "--model", run, "--data=-", "--output-dir", filepath.Join(dir, "out")},
		append([]string{"pretrain", "--data=-", "--output-dir", filepath.Join(dir, "out")}, tiny...),
		{"tokenizer", "train", "--data=-", "--output-dir", filepath.Join(dir, "out")}, {"tokenizer", "inspect", "--tokenizer", run, "--data=-"}, {"tokenizer", "compare", run, "--data=-"},
	} {
		const want = "data: standard input: plain text by its name, but it begins like records: say what it is (--data-format text, jsonl, json, csv or tsv)\n"
		if status, out, said := finetune(t, mixed, args...); status != exitFailure || out != "" || !strings.HasSuffix(said, want) {
			t.Errorf("%s: status %d, %q, said %q", strings.Join(args, " "), status, out, said)
		}
	}
}

func TestBench(t *testing.T) {
	t.Parallel()
	out, said := succeed(t, "", "bench", "--preset=char", "--steps=4", "--batch-size=1", "--seq-len=8", "--profile")
	lines := strings.Split(strings.TrimSpace(out), "\n")
	if len(lines) != 5 {
		t.Fatalf("%d lines for 4 steps:\n%s", len(lines), out)
	}
	var step benchStep
	var summary benchSummary
	if err := json.Unmarshal([]byte(lines[3]), &step); err != nil || step.Step != 3 || !(step.Loss > 0 && step.GradNorm > 0 && step.Seconds > 0) {
		t.Errorf("step %s: %v", lines[3], err)
	}
	const parameters = 65*128 + 8*128 + 4*12*128*128 + 4*13*128 + 2*128
	if err := json.Unmarshal([]byte(lines[4]), &summary); err != nil || summary.Parameters != parameters || !(summary.TokensPerSecond > 0) {
		t.Errorf("summary %s: %v", lines[4], err)
	}
	for _, want := range []string{"linear", "attention", "optimizer", "GFLOP/s", "100.0%"} {
		if !strings.Contains(said, want) {
			t.Errorf("the profile lacks %q:\n%s", want, said)
		}
	}
}

// TestBenchTokens lets bench read the very tokens that it would make itself.
func TestBenchTokens(t *testing.T) {
	t.Parallel()
	flags := []string{"bench", "--preset=char", "--steps=2", "--batch-size=2", "--seq-len=8"}
	var file []byte
	for x, i := uint32(1), 0; i < 2*2*8+8+2; i++ {
		x = x*1664525 + 1013904223
		file = append(file, byte(uint64(x>>8)%65), 0)
	}
	path := write(t, filepath.Join(t.TempDir(), "tokens"), string(file))
	losses := func(args ...string) (list []float64) {
		out, _ := succeed(t, "", args...)
		for line := range strings.Lines(out) {
			var s benchStep
			if err := json.Unmarshal([]byte(line), &s); err != nil {
				t.Fatal(err)
			}
			list = append(list, s.Loss, s.GradNorm)
		}
		return list
	}
	if a, b := losses(flags...), losses(append(flags, "--tokens", path)...); fmt.Sprint(a) != fmt.Sprint(b) {
		t.Errorf("losses and norms %v from the generator, %v from a file of the same", a, b)
	}
}

// TestInterrupt stops a run by its context, as Ctrl-C does, and resumes it.
func TestInterrupt(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	run := filepath.Join(dir, "a run")
	ctx, cancel := context.WithCancelCause(t.Context())
	go func() {
		for {
			if _, err := os.Stat(filepath.Join(run, "checkpoint-10")); err == nil {
				cancel(errInterrupted)
				return
			}
			time.Sleep(time.Millisecond)
		}
	}()
	var said bytes.Buffer
	args := append([]string{"pretrain", "--data", corpus(t, dir), "--output-dir", run}, tiny...)
	status := execute(ctx, append(args, "--max-steps=100000"), &streams{in: strings.NewReader(""), out: &bytes.Buffer{}, err: &said})
	if status != exitInterrupted || !strings.Contains(said.String(), "go on with: finetune resume '"+run+"'") {
		t.Fatalf("status %d: %s", status, said.String())
	}
}

// readJSON reads a file into v.
func readJSON(path string, v any) error {
	b, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(b, v); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}
