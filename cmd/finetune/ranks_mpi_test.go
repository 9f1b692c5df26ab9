//go:build mpi && linux

package main

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"syscall"
	"testing"

	"github.com/seahorse-ml/seahorse/adapt"
	"github.com/seahorse-ml/seahorse/internal/cpu"
	"github.com/seahorse-ml/seahorse/internal/mpi/mpitest"
	"github.com/seahorse-ml/seahorse/task"
	"github.com/seahorse-ml/seahorse/train"
)

// launched returns the command as n ranks under a launcher.
func launched(t *testing.T, l mpitest.Launcher, n int, args ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := l.Command(n, append([]string{self}, args...)...)
	c.Env = append(os.Environ(), asCommand+"=1")
	return c
}

// succeeds runs a command that is to succeed.
func succeeds(t *testing.T, c *exec.Cmd) {
	t.Helper()
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", strings.Join(c.Args, " "), err, out)
	}
}

// alike tells how a run differs from another one: the bytes of its model and of its last optimizer, and its metrics but for speeds.
func alike(got, want string) error {
	var errs []error
	last, _, err := train.LastCheckpoint(want)
	if err != nil {
		return err
	}
	if last == nil {
		return fmt.Errorf("%s has no checkpoint", want)
	}
	files := []string{"model.safetensors", "tokenizer.json"}
	if isFile(want, adapt.ConfigName) {
		files[0] = adapt.WeightsName
	}
	for _, name := range append(files, filepath.Join(filepath.Base(last.Dir), "optimizer.safetensors")) {
		x, err1 := os.ReadFile(filepath.Join(want, name))
		y, err2 := os.ReadFile(filepath.Join(got, name))
		if err := errors.Join(err1, err2); err != nil {
			errs = append(errs, err)
		} else if !bytes.Equal(x, y) {
			errs = append(errs, fmt.Errorf("%s in %s isn't that in %s", name, got, want))
		}
	}
	return errors.Join(errs...)
}

// sameMetrics compares what two runs have told of their steps, but for speeds.
func sameMetrics(t *testing.T, a, b string) {
	t.Helper()
	x, y := readMetrics(t, a), readMetrics(t, b)
	for _, m := range append(x[:len(x):len(x)], y...) {
		maps.DeleteFunc(m, func(name string, _ float64) bool { return strings.HasSuffix(name, "_per_second") })
	}
	if !reflect.DeepEqual(x, y) {
		t.Errorf("metrics differ:\n%v\n%v", x, y)
	}
}

// TestRanksUnderLaunchers makes runs on 2 and 4 ranks and in one process with 2 and 4 times the accumulation, to the same bytes. With -short, each
// number of ranks is tried with another launcher, if there are two.
func TestRanksUnderLaunchers(t *testing.T) {
	launchers := mpitest.Launchers(t)
	dir := t.TempDir()
	text := corpus(t, dir)
	encoder, writer := newModels(t, dir)
	var classes, pairs string
	for _, c := range objectiveCases() {
		switch path := filepath.Join(dir, c.file); c.objective {
		case "classification":
			classes = write(t, path, c.content)
		case "seq2seq":
			pairs = write(t, path, c.content)
		}
	}
	rest := []string{"--sample-tokens=0", "--logging-steps=1"}
	for name, args := range map[string][]string{
		"char":      {"pretrain", "--data", text, "--tokenizer=char", "--n-layer=2", "--n-head=2", "--n-embd=32", "--seq-len=32", "--batch-size=4", "--max-steps=12", "--eval-steps=5", "--dropout=0.1"},
		"unsharded": {"pretrain", "--data", text, "--tokenizer=char", "--n-layer=2", "--n-head=2", "--n-embd=32", "--seq-len=32", "--batch-size=4", "--max-steps=12", "--eval-steps=5", "--no-shard-optimizer"},
		"rounded":   {"pretrain", "--data", text, "--tokenizer=char", "--n-layer=2", "--n-head=2", "--n-embd=32", "--seq-len=32", "--batch-size=4", "--max-steps=12", "--eval-steps=5", "--round-gradients"},
		"mini":      {"pretrain", "--data", text, "--preset=mini", "--vocab-size=300", "--seq-len=16", "--batch-size=1", "--max-steps=2", "--save-steps=0", "--eval-steps=0", "--validation-split=0"},
		"LoRA":      {"sft", "--model", encoder, "--data", classes, "--objective=classification", "--lora-r=4", "--lora-dropout=0.1", "--seq-len=24", "--batch-size=4", "--max-steps=12", "--eval-steps=5"},
		"grouped":   {"sft", "--model", writer, "--data", pairs, "--objective=seq2seq", "--group-by-length", "--seq-len=24", "--batch-size=4", "--max-steps=12", "--eval-steps=5", "--dropout=0.1"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			args := append(args, rest...)
			for i, n := range []int{2, 4} {
				launchers := launchers
				if testing.Short() {
					launchers = launchers[i%len(launchers):][:1]
				}
				want := filepath.Join(dir, fmt.Sprintf("%s-alone-%d", name, n))
				succeeds(t, process(t, append(args, "--output-dir", want, fmt.Sprintf("--gradient-accumulation-steps=%d", n))...))
				for _, l := range launchers {
					got := filepath.Join(dir, fmt.Sprintf("%s-%s-%d", name, l.Name, n))
					succeeds(t, launched(t, l, n, append(args, "--output-dir", got)...))
					if err := alike(got, want); err != nil {
						t.Errorf("%s on %d ranks: %v", l.Name, n, err)
					}
					sameMetrics(t, got, want)
				}
			}
		})
	}
}

// TestProcessorsUnderLaunchers lets the second rank use other instructions: the same bytes come of those whose bits are the same, and others are refused.
func TestProcessorsUnderLaunchers(t *testing.T) {
	if !cpu.Has(cpu.AVX512) {
		t.Skip("this processor has one kind of instructions only beside plain Go")
	}
	dir := t.TempDir()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	args := []string{"pretrain", "--data", corpus(t, dir), "--tokenizer=char", "--n-layer=2", "--n-head=2", "--n-embd=32", "--seq-len=32", "--batch-size=4", "--max-steps=12", "--eval-steps=5", "--dropout=0.1", "--sample-tokens=0"}
	want := filepath.Join(dir, "alone")
	succeeds(t, process(t, append(args, "--output-dir", want, "--gradient-accumulation-steps=2")...))
	for _, l := range mpitest.Launchers(t) {
		for level, refused := range map[cpu.Level]bool{cpu.AVX2: false, cpu.Generic: true} {
			got := filepath.Join(dir, l.Name+level.String())
			of := func(level cpu.Level) []string {
				return append([]string{"/usr/bin/env", fmt.Sprintf("%s=%v", cpu.Variable, level), self}, append(args, "--output-dir", got)...)
			}
			c := l.Different(of(cpu.AVX512), of(level))
			c.Env = append(os.Environ(), asCommand+"=1")
			if !refused {
				succeeds(t, c)
				if err := alike(got, want); err != nil {
					t.Errorf("%s, AVX-512 beside %v: %v", l.Name, level, err)
				}
				continue
			}
			out, err := c.CombinedOutput()
			if err == nil || !strings.Contains(string(out), "rank 1 has another kind of instructions than rank 0: plain Go") {
				t.Errorf("%s, AVX-512 beside %v: error %v\n%s", l.Name, level, err, out)
			}
		}
	}
}

// TestApplyingUnderLaunchers evaluates and writes on 3 ranks what one process does.
func TestApplyingUnderLaunchers(t *testing.T) {
	dir := t.TempDir()
	model, text := newWriter(t, dir), corpus(t, dir)
	prompts := write(t, filepath.Join(dir, "prompts.txt"), "say a:\nsay b:\nsay c:\nsay d:\n")
	for _, args := range [][]string{
		{"eval", "--model", model, "--data", text, "--seq-len=32", "--json"},
		{"generate", "--model", model, "--prompts-file", prompts, "--no-chat", "--temperature=1.2", "--max-new-tokens=9"},
	} {
		want, _ := succeed(t, "", args...)
		for _, l := range mpitest.Launchers(t) {
			out, err := launched(t, l, 3, args...).Output()
			if err != nil || string(out) != want {
				t.Errorf("%s, %s: error %v, printed %s, expected %s", l.Name, args[0], err, out, want)
			}
		}
	}
}

// TestRanksGoOnAsOthersUnderLaunchers kills a run of 4 ranks, goes on with it on 2, kills that, and ends it in one process.
func TestRanksGoOnAsOthersUnderLaunchers(t *testing.T) {
	t.Parallel()
	launchers := mpitest.Launchers(t)
	if testing.Short() {
		launchers = launchers[len(launchers)-1:]
	}
	for _, l := range launchers {
		dir := t.TempDir()
		args := append([]string{"pretrain", "--data", corpus(t, dir)}, lasting...)
		want, got := filepath.Join(dir, "alone"), filepath.Join(dir, "run")
		succeeds(t, process(t, append(args, "--output-dir", want, "--gradient-accumulation-steps=4")...))
		for i, c := range []*exec.Cmd{launched(t, l, 4, append(args, "--output-dir", got)...), launched(t, l, 2, "resume", got)} {
			j := startRanks(t, c, []int{4, 2}[i])
			j.await(t, filepath.Join(got, []string{"checkpoint-200", "checkpoint-400"}[i]))
			j.signal(t, syscall.SIGKILL, 1)
			j.ends(t)
		}
		if !isFile(got, task.RunName) || isFile(got, "model.safetensors") {
			t.Fatalf("%s: nobody has killed the run in its midst", l.Name)
		}
		succeeds(t, process(t, "resume", got))
		if err := alike(got, want); err != nil {
			t.Errorf("%s: %v", l.Name, err)
		}
	}
}
