//go:build mpi && linux

package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/seahorse-ml/seahorse/internal/mpi"
	"github.com/seahorse-ml/seahorse/internal/mpi/mpitest"
)

// patience is how long the ranks of these tests wait for a sign of life.
const patience = 4 * time.Second

// lasting are the flags of a run that takes some seconds on two ranks.
var lasting = []string{"--tokenizer=char", "--n-layer=2", "--n-head=2", "--n-embd=32", "--seq-len=32", "--batch-size=4", "--max-steps=1600", "--eval-steps=800",
	"--save-steps=100", "--dropout=0.1", "--sample-tokens=0", "--logging-steps=100"}

// rankJob is a run under a launcher.
type rankJob struct {
	command *exec.Cmd
	said    bytes.Buffer
	ranks   []int // process ids
	done    chan error
}

// startRanks starts a run, and returns when its n ranks are there.
func startRanks(t *testing.T, c *exec.Cmd, n int) *rankJob {
	t.Helper()
	line := fmt.Sprintf("FINETUNE_TEST_JOB=%d-%p", os.Getpid(), c)
	c.Env = append(c.Env, line, fmt.Sprintf("%s=%v", mpi.LostVariable, patience))
	j := &rankJob{command: c, done: make(chan error, 1)}
	c.Stdout, c.Stderr = &j.said, &j.said
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { j.done <- c.Wait() }()
	t.Cleanup(func() { c.Process.Kill() })
	var err error
	if j.ranks, err = mpitest.Ranks(line, n); err != nil {
		t.Fatal(err)
	}
	return j
}

// await returns when a directory is there, and fails if the job ends before.
func (j *rankJob) await(t *testing.T, dir string) {
	t.Helper()
	for !isDir(dir) {
		select {
		case err := <-j.done:
			t.Fatalf("the run has ended before there was %s: %v\n%s", dir, err, j.said.String())
		case <-time.After(time.Millisecond):
		}
	}
}

// signal sends a signal to ranks.
func (j *rankJob) signal(t *testing.T, s syscall.Signal, ranks ...int) {
	t.Helper()
	for _, r := range ranks {
		if err := syscall.Kill(j.ranks[r], s); err != nil {
			t.Fatal(err)
		}
	}
}

// ends returns what was said when the job ends with an error, as it must within a minute, and looks whether it has left processes.
func (j *rankJob) ends(t *testing.T) string {
	t.Helper()
	select {
	case err := <-j.done:
		if err == nil {
			t.Fatalf("the run was disturbed, and ended well:\n%s", j.said.String())
		}
	case <-time.After(time.Minute):
		t.Fatalf("the run goes on for a minute after it was disturbed:\n%s", j.said.String())
	}
	for _, id := range j.ranks {
		for left := time.Now(); alive(id); time.Sleep(10 * time.Millisecond) {
			if time.Since(left) > 10*time.Second {
				t.Fatalf("process %d is left over:\n%s", id, j.said.String())
			}
		}
	}
	return j.said.String()
}

// alive tells whether a process is there and no corpse that nobody has buried.
func alive(id int) bool {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", id))
	_, state, _ := strings.Cut(string(raw), ") ")
	return err == nil && !strings.HasPrefix(state, "Z")
}

// TestRankFaults disturbs one of the ranks of a run. All must end within a minute and tell why, and what goes on from the last checkpoint must
// end with the bytes of a run that nobody disturbed. With -short, one launcher is tried.
func TestRankFaults(t *testing.T) {
	launchers := mpitest.Launchers(t)
	if testing.Short() {
		launchers = launchers[:1]
	}
	dir := t.TempDir()
	args := append([]string{"pretrain", "--data", corpus(t, dir)}, lasting...)
	want := filepath.Join(dir, "undisturbed")
	succeeds(t, process(t, append(args, "--output-dir", want, "--gradient-accumulation-steps=2")...))
	for _, l := range launchers {
		for name, fault := range map[string]struct {
			rank    int
			disturb func(t *testing.T, j *rankJob)
			said    string // "" for what the launcher says
		}{
			"rank 0 killed":  {0, func(t *testing.T, j *rankJob) { j.signal(t, syscall.SIGKILL, 0) }, ""},
			"rank 1 killed":  {1, func(t *testing.T, j *rankJob) { j.signal(t, syscall.SIGKILL, 1) }, ""},
			"rank 0 stopped": {0, func(t *testing.T, j *rankJob) { j.signal(t, syscall.SIGSTOP, 0) }, fmt.Sprintf("ends the run on all ranks: rank 0 has given no sign of life for %v", patience)},
			"rank 1 stopped": {1, func(t *testing.T, j *rankJob) { j.signal(t, syscall.SIGSTOP, 1) }, fmt.Sprintf("ends the run on all ranks: rank 1 has given no sign of life for %v", patience)},
		} {
			t.Run(l.Name+", "+name, func(t *testing.T) {
				t.Parallel()
				got := filepath.Join(t.TempDir(), "run")
				j := startRanks(t, launched(t, l, 2, append(args, "--output-dir", got)...), 2)
				j.await(t, filepath.Join(got, "checkpoint-300"))
				fault.disturb(t, j)
				if said := j.ends(t); !strings.Contains(said, fault.said) {
					t.Errorf("said nothing of %q:\n%s", fault.said, said)
				}
				succeeds(t, launched(t, l, 2, "resume", got))
				if err := alike(got, want); err != nil {
					t.Error(err)
				}
			})
		}
		t.Run(l.Name+", suspended", func(t *testing.T) {
			t.Parallel()
			suspended(t, l, args, want)
		})
		t.Run(l.Name+", started twice", func(t *testing.T) {
			t.Parallel()
			startedTwice(t, l, args, want)
		})
		t.Run(l.Name+", a full disk", func(t *testing.T) {
			t.Parallel()
			fullDisk(t, l, args, want)
		})
	}
}

// suspended stops all ranks for longer than they wait for a sign of life, and lets them go on.
func suspended(t *testing.T, l mpitest.Launcher, args []string, want string) {
	got := filepath.Join(t.TempDir(), "run")
	j := startRanks(t, launched(t, l, 2, append(args, "--output-dir", got)...), 2)
	j.await(t, filepath.Join(got, "checkpoint-200"))
	j.signal(t, syscall.SIGSTOP, 0, 1)
	time.Sleep(patience + time.Second)
	j.signal(t, syscall.SIGCONT, 1, 0)
	if err := <-j.done; err != nil {
		t.Fatalf("%v\n%s", err, j.said.String())
	}
	if err := alike(got, want); err != nil {
		t.Error(err)
	}
}

// startedTwice starts a run, and once more in the same directory, while the first stands still: it might be at its end else.
func startedTwice(t *testing.T, l mpitest.Launcher, args []string, want string) {
	got := filepath.Join(t.TempDir(), "run")
	args = append(args, "--output-dir", got)
	j := startRanks(t, launched(t, l, 2, args...), 2)
	j.await(t, filepath.Join(got, "checkpoint-100"))
	j.signal(t, syscall.SIGSTOP, 0, 1)
	for _, again := range [][]string{args, {"resume", got}} {
		if said := startRanks(t, launched(t, l, 2, again...), 2).ends(t); !strings.Contains(said, got) || !strings.Contains(said, "already") && !strings.Contains(said, "process") {
			t.Errorf("the second start says\n%s", said)
		}
	}
	j.signal(t, syscall.SIGCONT, 1, 0)
	if err := <-j.done; err != nil {
		t.Fatalf("%v\n%s", err, j.said.String())
	}
	if err := alike(got, want); err != nil {
		t.Error(err)
	}
}

// fullDisk lets the disk be full when the third checkpoint is written, goes on once there is room, and copies what comes of it.
func fullDisk(t *testing.T, l mpitest.Launcher, args []string, want string) {
	disk := t.TempDir()
	got, copied := filepath.Join(disk, "run"), filepath.Join(t.TempDir(), "run")
	if out, err := exec.Command("unshare", "-rm", "mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", disk).CombinedOutput(); err != nil {
		t.Skipf("a disk can't be made here: unshare: %v: %s", err, out)
	}
	const script = `mount -t tmpfs -o size=$SIZE tmpfs "$DISK" || exit 3
"$@"; status=$?
cp -r "$DISK/run" "$COPY"; exit $status`
	c := launched(t, l, 2, append(args, "--output-dir", got)...)
	c.Path, c.Args = "/usr/bin/unshare", append([]string{"unshare", "-rm", "sh", "-c", script, "sh", c.Path}, c.Args[1:]...)
	c.Env = append(c.Env, "SIZE=850k", "DISK="+disk, "COPY="+copied)
	said := startRanks(t, c, 2).ends(t)
	if !strings.Contains(said, "no space left on device") {
		t.Errorf("said nothing of the full disk:\n%s", said)
	}
	if checkpoints, _ := filepath.Glob(filepath.Join(copied, "checkpoint-*")); len(checkpoints) == 0 {
		t.Fatalf("no checkpoint is left:\n%s", said)
	}
	succeeds(t, launched(t, l, 2, "resume", copied))
	if err := alike(copied, want); err != nil {
		t.Error(err)
	}
}
