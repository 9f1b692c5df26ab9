package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// TestKilledObjectivesAreExact kills a run of each objective that isn't causal on two threads, without any warning, goes on with it on one
// and on three, and compares what comes out with a run that was left in peace.
func TestKilledObjectivesAreExact(t *testing.T) {
	t.Parallel()
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
			killed := killAfter(t, 8, func(attempt string) []string { return args(want+attempt, "2") })
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

// killAfter starts a run and kills it once it has a checkpoint of a step or a later one, again until one was killed before it ended, at step 40. It
// returns its directory.
func killAfter(t *testing.T, step int, args func(attempt string) []string) string {
	t.Helper()
	for attempt := range 8 {
		a := args(fmt.Sprintf("-%d", attempt))
		dir := a[slices.Index(a, "--output-dir")+1]
		signalWhen(t, process(t, a...), os.Kill, func() bool { return lastCheckpoint(dir) >= step })
		if last := lastCheckpoint(dir); last >= step && last < 40 {
			return dir
		}
	}
	t.Fatal("no run was killed before it ended")
	return ""
}

// signalWhen starts a process, sends it a signal when something is so, and waits for its end; it returns false where that came before.
func signalWhen(t *testing.T, c *exec.Cmd, signal os.Signal, so func() bool) bool {
	t.Helper()
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { c.Wait(); close(ended) }()
	for {
		select {
		case <-ended:
			return false
		case <-time.After(time.Millisecond):
		}
		if so() {
			c.Process.Signal(signal)
			<-ended
			return true
		}
	}
}

// lastCheckpoint returns the step of the last checkpoint in a run's directory, 0 if there is none.
func lastCheckpoint(dir string) (last int) {
	all, _ := filepath.Glob(filepath.Join(dir, "checkpoint-*"))
	for _, path := range all {
		_, number, _ := strings.Cut(filepath.Base(path), "-")
		if step, err := strconv.Atoi(number); err == nil {
			last = max(last, step)
		}
	}
	return last
}
