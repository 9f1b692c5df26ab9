package track_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/seahorse-ml/seahorse/internal/runlog"
	"github.com/seahorse-ml/seahorse/internal/tfevents"
	"github.com/seahorse-ml/seahorse/track"
	"github.com/seahorse-ml/seahorse/train"
)

// killedRun is the environment variable by which the test's binary is asked to make a run in a directory.
const killedRun = "SEAHORSE_TEST_KILLED_RUN"

// saying says each step, behind all other callbacks.
type saying struct{ train.Silent }

func (saying) Step(e train.StepEvent) error {
	time.Sleep(5 * time.Millisecond)
	_, err := fmt.Println(e.Step)
	return err
}

// TestKilledRunKeepsItsLines kills runs without any warning: each step that was logged by then is in all files, and of the lines of the system the last
// second may be missing.
func TestKilledRunKeepsItsLines(t *testing.T) {
	if dir := os.Getenv(killedRun); dir != "" {
		err := trainer(t, dir, 1_000_000, 1, track.NewJournal(dir), track.NewTensorBoard(dir, nil), track.NewCSV(dir), saying{}).Run(context.Background())
		t.Fatal("the run has ended: ", err)
	}
	for _, after := range []time.Duration{300 * time.Millisecond, 1700 * time.Millisecond} {
		dir := filepath.Join(t.TempDir(), "run")
		command := exec.Command(os.Args[0], "-test.run=^TestKilledRunKeepsItsLines$")
		command.Env = append(os.Environ(), killedRun+"="+dir)
		out, err := command.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := command.Start(); err != nil {
			t.Fatal(err)
		}
		said, killer := 0, (*time.Timer)(nil)
		for lines := bufio.NewScanner(out); lines.Scan(); {
			if killer == nil { // the time counts from the first step
				killer = time.AfterFunc(after, func() { command.Process.Kill() })
			}
			if said, err = strconv.Atoi(lines.Text()); err != nil {
				t.Fatalf("the run says %q", lines.Text())
			}
		}
		killed := time.Now()
		if command.Wait() == nil || said < 10 {
			t.Fatalf("killed behind step %d", said)
		}
		metrics, err := runlog.ReadMetrics(filepath.Join(dir, train.MetricsName))
		if err != nil || metrics.Get("loss").Points() < said {
			t.Errorf("%d of %d steps are in %s, %v", metrics.Get("loss").Points(), said, train.MetricsName, err)
		}
		table, err := os.ReadFile(filepath.Join(dir, track.CSVName))
		if lines := strings.Count(string(table), "\n") - 1; err != nil || lines < said {
			t.Errorf("%d of %d steps are in %s, %v", lines, said, track.CSVName, err)
		}
		if found := eventsOf(t, dir, "train/loss"); found < said {
			t.Errorf("%d of %d steps are in the event file", found, said)
		}
		for _, name := range []string{runlog.SystemName, runlog.GradientsName} {
			m, err := runlog.ReadMetrics(filepath.Join(dir, name))
			if err != nil || m.Step == 0 {
				t.Errorf("%s: step %d, %v", name, m.Step, err)
			}
			if last, ok := m.Get("time").Last(); ok && float64(killed.UnixMilli())/1000-last > 1.5 {
				t.Errorf("the last line of %s is of %.1f s before the kill", name, float64(killed.UnixMilli())/1000-last)
			}
		}
	}
}

// eventsOf counts the whole records of a directory's event files that have a tag.
func eventsOf(t *testing.T, dir, tag string) (n int) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "events.out.tfevents.*"))
	if err != nil || len(files) != 1 {
		t.Fatalf("event files: %v, %v", files, err)
	}
	raw, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	for r := bytes.NewReader(raw); ; {
		record, err := tfevents.ReadRecord(r)
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return n
		}
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(record, []byte(tag)) {
			n++
		}
	}
}
