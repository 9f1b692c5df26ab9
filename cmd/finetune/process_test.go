package main

import (
	"bytes"
	"errors"
	"fmt"
	"github.com/seahorse-ml/seahorse/adapt"
	"github.com/seahorse-ml/seahorse/agent/tool/script"
	"github.com/seahorse-ml/seahorse/task"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"time"
)

// asCommand is set in the environment of processes that are to be the command rather than its tests.
const asCommand = "FINETUNE_TEST_AS_COMMAND"

func TestMain(m *testing.M) {
	script.Main()
	if os.Getenv(asCommand) != "" {
		main()
	}
	os.Setenv("HF_HUB_OFFLINE", "1") // a name that no test serves is asked for nowhere
	os.Setenv("SUMS_KEY", "secret")  // of a server in a test
	setThreads = func(int) {}        // tests run side by side; see finetune
	var err error
	if fixtures.root, err = os.MkdirTemp("", "finetune-test-"); err != nil {
		panic(err)
	}
	status := m.Run()
	os.RemoveAll(fixtures.root)
	os.Exit(status)
}

// process returns a process of the command.
func process(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := exec.Command(self, args...)
	c.Env = append(os.Environ(), asCommand+"=1")
	return c
}

// small are the flags of a run that lasts long enough to be killed in its midst. Its dropout makes the random state count, its short text
// makes several epochs.
var small = []string{"--n-layer=2", "--n-head=2", "--n-embd=32", "--seq-len=32", "--batch-size=4", "--max-steps=40", "--eval-steps=4", "--save-steps=4",
	"--save-total-limit=3", "--warmup-steps=5", "--learning-rate=0.003", "--dropout=0.1", "--sample-tokens=0", "--gradient-accumulation-steps=2"}

// uninterrupted makes the whole run and returns its directory.
func uninterrupted(t *testing.T, text string, more ...string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "run")
	args := append(append([]string{"pretrain", "--data", text, "--output-dir", dir}, small...), more...)
	if out, err := process(t, args...).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return dir
}

// sameRun compares the models of two runs, byte by byte, and their metrics but for the speeds.
func sameRun(t *testing.T, what, a, b string) {
	t.Helper()
	files := []string{"model.safetensors", "config.json"}
	if isFile(a, adapt.ConfigName) {
		files = []string{adapt.WeightsName, adapt.ConfigName, adapt.BaseName}
	}
	files = append(files, "tokenizer.json", fmt.Sprintf("checkpoint-%d/optimizer.safetensors", lastCheckpoint(b)))
	for _, name := range files {
		x, err1 := os.ReadFile(filepath.Join(a, name))
		y, err2 := os.ReadFile(filepath.Join(b, name))
		if err := errors.Join(err1, err2); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(x, y) {
			t.Errorf("%s: %s differs", what, name)
		}
	}
	x, y := readMetrics(t, a), readMetrics(t, b)
	for _, lines := range [][]map[string]float64{x, y} {
		for _, m := range lines {
			delete(m, "tokens_per_second")
			delete(m, "rows_per_second")
		}
	}
	if !reflect.DeepEqual(x, y) {
		t.Errorf("%s: metrics differ:\n%v\n%v", what, x, y)
	}
}

// TestKillAndResume kills a run again and again at random moments, and compares what comes out in the end with a run that
// was left in peace. A run that ends before it was killed twice is tried again.
func TestKillAndResume(t *testing.T) {
	text := corpus(t, t.TempDir())
	begin := time.Now()
	want := uninterrupted(t, text)
	whole := time.Since(begin)
	kills := 0
	for attempt := 0; kills < 2 && attempt < 5; attempt++ {
		kills = killAndResume(t, text, want, whole)
		whole /= 2 // the first run may have been slow to start
	}
	if kills < 2 {
		t.Errorf("only %d of the runs were killed", kills)
	}
}

// killAndResume makes a run that is killed at moments within a time, compares it with the one that was not, and returns how often it
// was killed.
func killAndResume(t *testing.T, text, want string, whole time.Duration) (kills int) {
	dir := filepath.Join(t.TempDir(), "run")
	args := append([]string{"pretrain", "--data", text, "--output-dir", dir}, small...)
	for range 8 {
		if isFile(dir, task.RunName) {
			args = []string{"resume", dir}
		}
		c := process(t, args...)
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Duration(rand.Float64() * 0.6 * float64(whole)))
		if err := c.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
			t.Fatal(err)
		}
		if c.Wait() != nil {
			kills++
		}
	}
	if !isFile(dir, task.RunName) {
		t.Fatal("each run was killed before its first step")
	}
	if out, err := process(t, "resume", dir).CombinedOutput(); err != nil {
		t.Fatalf("resume: %v\n%s", err, out)
	}
	t.Logf("%d kills in runs of %v", kills, whole)
	sameRun(t, fmt.Sprintf("after %d kills", kills), dir, want)
	if entries := names(t, dir); strings.Contains(entries, ".checkpoint") {
		t.Errorf("left behind: %s", entries)
	}
	return kills
}

// TestThreads makes the same run on one thread and on several.
func TestThreads(t *testing.T) {
	t.Parallel()
	text := corpus(t, t.TempDir())
	one := uninterrupted(t, text, "--threads=1")
	for _, threads := range []string{"2", "3"} {
		sameRun(t, threads+" threads", uninterrupted(t, text, "--threads="+threads), one)
	}
}

// TestSignal stops a run as Ctrl-C does, resumes it elsewhere, and compares.
func TestSignal(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("a process cannot send Ctrl-C to another there")
	}
	text := corpus(t, t.TempDir())
	var dir string
	var said bytes.Buffer
	var c *exec.Cmd
	for attempt := 0; attempt == 0 || c.ProcessState.Success() && attempt < 5; attempt++ { // a run may end before it is signalled
		dir = filepath.Join(t.TempDir(), "run")
		said.Reset()
		c = process(t, append([]string{"pretrain", "--data", text, "--output-dir", dir}, small...)...)
		c.Stderr = &said
		signalWhen(t, c, os.Interrupt, func() bool { return lastCheckpoint(dir) >= 4 })
	}
	for _, want := range []string{"stopping; once more to stop at once, without saving\n", "go on with: finetune resume " + dir} {
		if c.ProcessState.ExitCode() != exitInterrupted || !strings.Contains(said.String(), want) {
			t.Fatalf("status %d, said nothing of %q: %s", c.ProcessState.ExitCode(), want, said.String())
		}
	}
	moved := filepath.Join(t.TempDir(), "moved")
	if err := os.Rename(dir, moved); err != nil {
		t.Fatal(err)
	}
	if out, err := process(t, "resume", moved, "--threads=1").CombinedOutput(); err != nil {
		t.Fatalf("resume: %v\n%s", err, out)
	}
	sameRun(t, "after a signal", moved, uninterrupted(t, text))
}

// TestSignalOfCommandThatSavesNothing stops one that waits for standard input.
func TestSignalOfCommandThatSavesNothing(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("a process cannot send Ctrl-C to another there")
	}
	c := process(t, "tokenizer", "train", "--data=-", "--output-dir", filepath.Join(t.TempDir(), "out"))
	in, err := c.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	var said bytes.Buffer
	c.Stderr = &said
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	// More than a pipe holds: once all is written the command reads, and so is ready for the signal.
	if _, err := in.Write(make([]byte, 4*readSize)); err != nil {
		t.Fatal(err)
	}
	if err := c.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	c.Wait()
	const want = "\nstopping; once more to stop at once\nfinetune: interrupted\n"
	if c.ProcessState.ExitCode() != exitInterrupted || said.String() != want {
		t.Errorf("status %d, said %q, want %q", c.ProcessState.ExitCode(), said.String(), want)
	}
}
