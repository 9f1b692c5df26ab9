package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

// A kind of fault: what happens to which calls from the chosen one on, and how often it is tried.
type kind struct {
	name   string
	hits   func(Call) bool                     // the calls that it can happen to
	action func(dir string, first bool) Action // first is true for the chosen call, false for the later ones

	after   func(dir string) error // puts the disk in order again
	crashes bool                   // Go's runtime can't go on after it, and prints its stacks
}

// once is a fault of one call.
func once(a Action) func(string, bool) Action {
	return func(_ string, first bool) Action {
		if first {
			return a
		}
		return Action{}
	}
}

func named(names ...string) func(Call) bool {
	return func(c Call) bool { return slices.Contains(names, c.Name) }
}

func onFiles(c Call) bool { return c.Name != "mmap" }

// kinds are all faults, by the names that the program's flags have.
func kinds() []kind {
	full := Action{Error: syscall.ENOSPC}
	return []kind{
		{name: "kill", hits: onFiles, action: once(Action{Kill: true})},
		{name: "full-disk", hits: named("write", "pwrite64", "openat", "mkdirat", "copy_file_range", "ftruncate", "fsync"), action: func(string, bool) Action { return full }},
		{name: "write-error", hits: named("write", "pwrite64", "copy_file_range"), action: once(Action{Error: syscall.EIO})},
		{name: "sync-error", hits: named("fsync", "fdatasync", "close"), action: once(Action{Error: syscall.EIO})},
		{name: "name-error", hits: named("renameat", "renameat2", "unlinkat", "mkdirat", "openat", "fchmod"), action: once(Action{Error: syscall.EIO})},
		{name: "read-error", hits: named("read", "pread64"), action: once(Action{Error: syscall.EIO})},
		{name: "short", hits: named("read", "pread64", "write", "pwrite64"), action: func(string, bool) Action { return Action{Short: true} }},
		{name: "vanish", hits: onFiles, action: vanish, after: reappear},
		{name: "no-memory", hits: named("mmap"), action: func(string, bool) Action { return Action{Error: syscall.ENOMEM} }, crashes: true},
	}
}

// vanish moves the run's directory away, as an unmounted disk does.
func vanish(dir string, first bool) Action {
	if !first {
		return Action{}
	}
	return Action{Run: func() error {
		if err := os.Rename(dir, dir+".away"); err != nil && !os.IsNotExist(err) {
			return err
		}
		return nil
	}}
}

// reappear brings it back; what was written in its place meanwhile goes.
func reappear(dir string) error {
	if _, err := os.Stat(dir + ".away"); err != nil {
		return nil
	}
	if err := os.RemoveAll(dir); err != nil {
		return err
	}
	return os.Rename(dir+".away", dir)
}

// disturb makes the run with one fault, at a call that chance draws, goes on with it without faults, and compares.
func (j *job) disturb(k kind, calls int, random *rand.Rand) error {
	dir := filepath.Join(j.work, k.name)
	if err := os.RemoveAll(dir); err != nil {
		return err
	}
	at := 1 + random.IntN(calls)
	var victim *Call
	seen := 0
	outcome, err := trace(dir, append([]string{j.binary}, j.start(dir)...), func(c Call) Action {
		if !k.hits(c) {
			return Action{}
		}
		if seen++; seen < at {
			return Action{}
		}
		if victim == nil {
			victim = &c
		}
		return k.action(dir, seen == at)
	})
	if err != nil {
		return err
	}
	if k.after != nil {
		if err := k.after(dir); err != nil {
			return err
		}
	}
	if victim == nil { // this run made fewer calls than the counted one
		return j.compare(dir)
	}
	fail := func(format string, args ...any) error {
		return fmt.Errorf("%s at call %d (%s %s): %s", k.name, at, victim.Name, strings.TrimPrefix(victim.Path, j.work), fmt.Sprintf(format, args...))
	}
	switch {
	case panicked(outcome.Output) && !(k.crashes && !strings.Contains(outcome.Output, "panic:")):
		return fail("it panicked:\n%s", outcome.Output)
	case outcome.Exit == 0:
		if err := j.compare(dir); err != nil {
			return fail("it ended as if nothing had happened, and %v", err)
		}
		return nil
	case outcome.Exit > 0 && !k.crashes && !strings.Contains(outcome.Output, "finetune: "):
		return fail("it ended with %d and didn't say why: %s", outcome.Exit, complaint(outcome.Output))
	}
	if err := j.finish(dir); err != nil {
		return fail("it ended with %d (%s); then %v", outcome.Exit, complaint(outcome.Output), err)
	}
	return nil
}

// count returns how many calls of an undisturbed run a kind of fault can happen to.
func (j *job) count(k kind) (int, error) {
	dir := filepath.Join(j.work, "counted")
	if err := os.RemoveAll(dir); err != nil {
		return 0, err
	}
	n := 0
	outcome, err := trace(dir, append([]string{j.binary}, j.start(dir)...), func(c Call) Action {
		if k.hits(c) {
			n++
		}
		return Action{}
	})
	if err == nil && outcome.Exit != 0 {
		err = fmt.Errorf("a run that was only watched ended with %d:\n%s", outcome.Exit, outcome.Output)
	}
	if err == nil {
		err = j.compare(dir)
	}
	return n, err
}
