//go:build unix

package main

import (
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestSignals saves a run by SIGUSR1 in its midst, refuses others in its directory meanwhile, and ends it by SIGHUP with a checkpoint.
func TestSignals(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "run")
	text := filepath.Join(t.TempDir(), "text.txt")
	if err := os.WriteFile(text, []byte(strings.Repeat("the quick brown fox\n", 200)), 0o644); err != nil {
		t.Fatal(err)
	}
	args := []string{"pretrain", "--data", text, "--output-dir", dir, "--n-layer=1", "--n-head=1", "--n-embd=16", "--seq-len=16", "--batch-size=1",
		"--max-steps=100000000", "--eval-steps=0", "--save-steps=0", "--sample-tokens=0"}
	run := process(t, args...)
	var out strings.Builder
	run.Stdout, run.Stderr = &out, &out
	if err := run.Start(); err != nil {
		t.Fatal(err)
	}
	defer run.Process.Kill()
	wait(t, func() bool { return glob(t, dir, "metrics.jsonl") > 0 })
	if err := run.Process.Signal(syscall.SIGUSR1); err != nil {
		t.Fatal(err)
	}
	wait(t, func() bool { return glob(t, dir, "checkpoint-*") == 1 })
	for _, other := range [][]string{{"resume", dir}, args} {
		begin := time.Now()
		said, err := process(t, other...).CombinedOutput()
		if err == nil || !strings.Contains(string(said), "another process is at work in this directory: process ") {
			t.Errorf("%s meanwhile: %v, %s", other[0], err, said)
		}
		if took := time.Since(begin); took > 20*time.Second { // it takes a fraction of a second, and machines may be busy
			t.Errorf("%s was refused after %v", other[0], took)
		}
	}
	stop := syscall.SIGHUP
	if signal.Ignored(stop) { // under nohup, which runs obey
		stop = syscall.SIGTERM
	}
	if err := run.Process.Signal(stop); err != nil {
		t.Fatal(err)
	}
	err := run.Wait()
	if err == nil || run.ProcessState.ExitCode() != exitInterrupted || !strings.Contains(out.String(), "stopped and saved at step") {
		t.Fatalf("%v\n%s", err, out.String())
	}
	if n := glob(t, dir, "checkpoint-*"); n != 2 {
		t.Errorf("%d checkpoints, expected 2", n)
	}
	if n := glob(t, dir, ".lock"); n != 0 {
		t.Error("the lock is left behind")
	}
}

func glob(t *testing.T, dir, pattern string) int {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(dir, pattern))
	if err != nil {
		t.Fatal(err)
	}
	return len(found)
}

// wait waits until something is so.
func wait(t *testing.T, so func() bool) {
	t.Helper()
	for range 6000 {
		if so() {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatal("waited for a minute in vain")
}
