package main

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// TestKilledObjectivesAreExact kills a run of each objective that isn't causal on two threads, without any warning, goes on with it on one
// and on three, and compares what comes out with a run that was left in peace.
func TestKilledObjectivesAreExact(t *testing.T) {
	dir := t.TempDir()
	encoder, writer := newModels(t, dir)
	for _, c := range objectiveCases() {
		t.Run(c.objective, func(t *testing.T) {
			model := encoder
			if c.objective == "seq2seq" {
				model = writer
			}
			args := func(to string, threads string) []string {
				return []string{"sft", "--model", model, "--data", filepath.Join(dir, c.file), "--objective", c.objective, "--output-dir", to, "--threads", threads,
					"--max-steps=40", "--save-steps=4", "--save-total-limit=3", "--eval-steps=4", "--batch-size=4", "--gradient-accumulation-steps=2", "--seq-len=24",
					"--learning-rate=3e-3", "--warmup-steps=5", "--dropout=0.1", "--sample-tokens=0"}
			}
			write(t, filepath.Join(dir, c.file), c.content)
			want := filepath.Join(dir, c.objective)
			succeed(t, "", args(want, "2")...)
			killed := killAfter(t, "checkpoint-8", func(attempt string) []string { return args(want+attempt, "2") })
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

// killAfter starts a run and kills it once it has a checkpoint, again until one was killed before it ended. It returns its directory.
func killAfter(t *testing.T, checkpoint string, args func(attempt string) []string) string {
	t.Helper()
	for _, attempt := range []string{"-a", "-b", "-c", "-d", "-e"} {
		a := args(attempt)
		var dir string
		for i, arg := range a {
			if arg == "--output-dir" {
				dir = a[i+1]
			}
		}
		c := process(t, a...)
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		ended := make(chan error, 1)
		go func() { ended <- c.Wait() }()
		running := true
		for running && !isDir(filepath.Join(dir, checkpoint)) {
			select {
			case <-ended:
				running = false
			case <-time.After(time.Millisecond):
			}
		}
		if running {
			if err := c.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
				t.Fatal(err)
			}
			<-ended
		}
		if isDir(filepath.Join(dir, checkpoint)) && !isDir(filepath.Join(dir, "checkpoint-40")) {
			return dir
		}
	}
	t.Fatal("no run was killed before it ended")
	return ""
}
