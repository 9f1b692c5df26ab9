//go:build mpi && linux

package main

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seahorse-ml/seahorse/internal/mpi/mpitest"
)

// TestRanksRefuseOthersUnderLaunchers starts the second rank with something else. Both must end with what differs, and leave no run that has begun.
func TestRanksRefuseOthersUnderLaunchers(t *testing.T) {
	dir := t.TempDir()
	text := corpus(t, dir)
	other := write(t, filepath.Join(dir, "other.txt"), strings.Repeat("another text, of other letters\n", 300))
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	program, err := os.ReadFile(self)
	if err != nil {
		t.Fatal(err)
	}
	changed := filepath.Join(dir, "finetune")
	if err := os.WriteFile(changed, append(program, 0), 0o755); err != nil {
		t.Fatal(err)
	}
	vocabulary := filepath.Join(dir, "vocabulary")
	succeed(t, "", "tokenizer", "train", "--data", text, "--vocab-size=280", "--output-dir", vocabulary)
	for _, l := range mpitest.Launchers(t) {
		for name, c := range map[string]struct {
			program string
			change  []string
			said    string
		}{
			"binary":    {changed, nil, "rank 1 has another program than rank 0"},
			"flags":     {self, []string{"--learning-rate=0.002"}, "other options than rank 0: learning_rate is 0.002 here and 0.001 there"},
			"data":      {self, []string{"--data", other}, "data is [" + text + " " + other + "] here and [" + text + "] there"},
			"tokenizer": {self, []string{"--tokenizer", vocabulary}, "tokenizer is " + vocabulary + " here and char there"},
		} {
			t.Run(l.Name+", "+name, func(t *testing.T) {
				t.Parallel()
				run := filepath.Join(t.TempDir(), "run")
				args := append([]string{"pretrain", "--data", text, "--output-dir", run}, lasting...)
				command := l.Different(append([]string{self}, args...), append(append([]string{c.program}, args...), c.change...))
				command.Env = append(os.Environ(), asCommand+"=1")
				var failed *exec.ExitError
				out, err := command.CombinedOutput()
				if !errors.As(err, &failed) || !strings.Contains(string(out), c.said) {
					t.Errorf("error %v, said nothing of %q:\n%s", err, c.said, out)
				}
				if isFile(run, "metrics.jsonl") && len(readMetrics(t, run)) > 0 {
					t.Error("the run has made steps")
				}
			})
		}
	}
}
