package main

import (
	"math/rand/v2"
	"path/filepath"
	"testing"
)

// TestTorture makes some of each fault that the program makes many of.
func TestTorture(t *testing.T) {
	if !canTrace {
		t.Skip("processes are traced on linux/amd64 only")
	}
	work, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := trace(work, []string{"/bin/true"}, func(Call) Action { return Action{} }); err != nil {
		t.Skipf("this machine doesn't let a process be traced: %v", err)
	}
	binary, err := build(work)
	if err != nil {
		t.Fatal(err)
	}
	j, err := newJob(binary, work, "pretrain")
	if err != nil {
		t.Fatal(err)
	}
	random := rand.New(rand.NewPCG(uint64(len(work)), 5))
	for _, k := range kinds() {
		t.Run(k.name, func(t *testing.T) {
			times := 4
			if k.name == "kill" {
				times = 15
			}
			calls, err := j.count(k)
			if err != nil {
				t.Fatal(err)
			}
			if calls == 0 {
				t.Fatal("no call can be hit")
			}
			for range times {
				if err := j.disturb(k, calls, random); err != nil {
					t.Error(err)
				}
			}
		})
	}
	t.Run("bits", func(t *testing.T) {
		from, err := j.stopped()
		if err != nil {
			t.Fatal(err)
		}
		for range 25 {
			if _, err := j.flip(from, random); err != nil {
				t.Error(err)
			}
		}
	})
}
