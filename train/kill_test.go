package train

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"testing"

	"gorgonia.org/tensor"
)

// killedRun is the environment variable by which the test's binary is asked to make a run in
// a directory, as a process of its own that can be killed.
const killedRun = "SEAHORSE_TEST_KILLED_RUN"

// TestKilledRunIsExact kills a run in the middle of a step, without any warning, and resumes it.
func TestKilledRunIsExact(t *testing.T) {
	c := testConfig(t)
	if dir := os.Getenv(killedRun); dir != "" {
		c.Dir = dir
		c.Callbacks = []Callback{hooks{step: func(e StepEvent) error { _, err := fmt.Println("step", e.Step); return err }}}
		if err := newTestTrainer(t, newTestModel(t, tensor.Float32, 0.1), c).Run(context.Background()); err != nil {
			t.Fatal(err)
		}
		return
	}
	want := straight(t, testConfig(t))
	for _, step := range []string{"step 4", "step 10", "step 25"} {
		c := testConfig(t)
		command := exec.Command(os.Args[0], "-test.run=^TestKilledRunIsExact$")
		command.Env = append(os.Environ(), killedRun+"="+c.Dir, "TMPDIR="+t.TempDir()) // nobody tidies up after a process that is killed
		out, err := command.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := command.Start(); err != nil {
			t.Fatal(err)
		}
		for lines := bufio.NewScanner(out); lines.Scan() && lines.Text() != step; {
		}
		command.Process.Kill()
		if err := command.Wait(); err == nil {
			t.Fatalf("%s: the run ended before it was killed", step)
		}
		if err := runUntil(t, c, "none", true); err != nil {
			t.Fatal(err)
		}
		readOutcome(t, c.Dir).compare(t, want)
	}
}
