package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// A job is a run that is made again and again: what it is started with, and what is there when nobody disturbs it.
type job struct {
	binary string
	work   string // a directory of its own
	args   []string
	want   map[string][]byte // the files of an undisturbed run, by name
}

// newJob makes the undisturbed run of a job.
func newJob(binary, work, name string) (*job, error) {
	args, ok := jobs[name]
	if !ok {
		return nil, fmt.Errorf("unknown job %q, there are %q", name, slices.Sorted(maps.Keys(jobs)))
	}
	j := &job{binary: binary, work: work}
	for _, a := range append(slices.Clone(args), common...) {
		j.args = append(j.args, strings.Replace(a, "@/", work+"/", 1))
	}
	if err := j.materials(); err != nil {
		return nil, err
	}
	dir := filepath.Join(work, "undisturbed")
	if status, out := j.run(j.start(dir)...); status != 0 {
		return nil, fmt.Errorf("the undisturbed run ended with %d:\n%s", status, out)
	}
	var err error
	j.want, err = readRun(dir)
	return j, err
}

// start are the arguments of the run in a directory.
func (j *job) start(dir string) []string { return append(slices.Clone(j.args), "--output-dir", dir) }

// run executes the command and returns its status, -1 where it was killed, and what it wrote.
func (j *job) run(args ...string) (status int, output string) {
	out, err := exec.Command(j.binary, args...).CombinedOutput()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return exit.ExitCode(), string(out)
	}
	if err != nil {
		return -1, err.Error()
	}
	return 0, string(out)
}

// finish goes on with a run that was disturbed: by resume, or by the same command again where nothing was saved of it yet.
func (j *job) finish(dir string) error {
	status, out := j.run("resume", dir)
	if panicked(out) {
		return fmt.Errorf("resume panicked:\n%s", out)
	}
	if status != 0 {
		if checkpoints, _ := filepath.Glob(filepath.Join(dir, "checkpoint-*")); len(checkpoints) > 0 {
			return fmt.Errorf("resume ended with %d although there are checkpoints:\n%s", status, out)
		}
		if again, text := j.run(j.start(dir)...); again != 0 {
			return fmt.Errorf("resume ended with %d and a new start with %d:\n%s\n%s", status, again, out, text)
		}
	}
	return j.compare(dir)
}

// compare tells how what is in a run's directory differs from the undisturbed run.
func (j *job) compare(dir string) error {
	got, err := readRun(dir)
	if err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(got)) {
		if name == ".lock" { // one that no process holds does no harm
			continue
		}
		if _, ok := j.want[name]; !ok {
			return fmt.Errorf("%s is left over", name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(j.want)) {
		content, ok := got[name]
		if !ok {
			return fmt.Errorf("%s is missing", name)
		}
		if !bytes.Equal(content, j.want[name]) {
			return fmt.Errorf("%s differs from the undisturbed run's", name)
		}
	}
	return nil
}

// seconds are the time that a run took, and the checksum of the file that tells it.
var seconds = regexp.MustCompile(`(?m)^  "(seconds|crc32c)": .*\n`)

// speeds is the sum of metrics.jsonl, which tells of the speed.
var speeds = regexp.MustCompile(`(?s)  "metrics": \{[^}]*\},\n`)

// readRun reads the files of a run but for what must differ: where it lay, when it was made, and how fast it was.
func readRun(dir string) (map[string][]byte, error) {
	files := map[string][]byte{}
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		raw, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		switch filepath.Base(name) {
		case "provenance.json", "checksums.json", "run.yaml", "system.jsonl", "gradients.jsonl": // the last two have at most a line a second
			raw = nil
		case "trainer_state.json":
			raw = speeds.ReplaceAll(seconds.ReplaceAll(raw, nil), nil)
		case "metrics.jsonl":
			raw, err = withoutSpeeds(raw)
		}
		files[name] = raw
		return err
	})
	return files, err
}

// withoutSpeeds drops from metrics what depends on the machine's hour.
func withoutSpeeds(raw []byte) ([]byte, error) {
	var kept bytes.Buffer
	for line := range bytes.Lines(raw) {
		var m map[string]any
		if err := json.Unmarshal(line, &m); err != nil {
			return nil, fmt.Errorf("metrics.jsonl: %q: %w", line, err)
		}
		maps.DeleteFunc(m, func(name string, _ any) bool { return strings.HasSuffix(name, "_per_second") })
		line, err := json.Marshal(m)
		if err != nil {
			return nil, err
		}
		kept.Write(append(line, '\n'))
	}
	return kept.Bytes(), nil
}

// panicked tells whether a process ended by a fault of its own rather than by an error that it told.
func panicked(output string) bool {
	return strings.Contains(output, "goroutine ") || strings.Contains(output, "panic:") || strings.Contains(output, "SIGSEGV") || strings.Contains(output, "SIGBUS")
}

// complaint is the part of what a process wrote that says why it ended.
func complaint(output string) string {
	lines := strings.Split(strings.TrimSpace(output), "\n")
	return strings.Join(lines[max(0, len(lines)-3):], " | ")
}
