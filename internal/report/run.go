// Package report shows runs: their figures as charts, their samples, settings and origin, one run alone or several over each other, as a page
// that needs nothing else, or as figures for papers.
package report

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/seahorse-ml/seahorse/internal/dirlock"
	"github.com/seahorse-ml/seahorse/internal/runlog"
	"github.com/seahorse-ml/seahorse/task"
	"github.com/seahorse-ml/seahorse/train"
)

// ErrNoRun says that a directory holds no run.
var ErrNoRun = errors.New("holds no run")

// A State tells whether a run goes on.
type State string

// States of a run.
const (
	Running  State = "running"
	Complete State = "complete"
	Stopped  State = "stopped"
)

// A Run is what is known of a run, but for its figures over the steps.
type Run struct {
	Dir      string
	Name     string // among the runs that are shown together
	State    State
	Step     int64 // of the last line of metrics
	MaxSteps int64 // 0: not known
	Settings []runlog.Setting
	Origin   *task.Provenance // nil: not known
	Samples  []runlog.Sample
	Events   []train.Event
	Spikes   []train.Spike
	Rollouts []Judged
	Spreads  []runlog.Histogram
	Data     *DataLook // nil: not there any more
	Notes    []string  // of what is damaged
}

// IsRun tells whether a directory holds a run.
func IsRun(dir string) bool {
	for _, name := range []string{train.MetricsName, task.RunName} {
		if info, err := os.Stat(filepath.Join(dir, name)); err == nil && info.Mode().IsRegular() {
			return true
		}
	}
	return false
}

// Read reads what is known of the run in a directory. What is damaged is left out and noted; a directory without a run is an ErrNoRun.
func Read(dir string) (*Run, error) {
	if !IsRun(dir) {
		return nil, fmt.Errorf("report: %s %w: it has neither %s nor %s", dir, ErrNoRun, train.MetricsName, task.RunName)
	}
	r := &Run{Dir: dir}
	r.note(r.readSettings())
	r.note(r.readOrigin())
	samples, damage, err := runlog.ReadLines[runlog.Sample](filepath.Join(dir, runlog.SamplesName), false)
	r.Samples = samples
	r.note(err)
	r.noteDamage(runlog.SamplesName, damage)
	r.Events, err = train.ReadEvents(dir)
	r.note(err)
	r.readSpikes()
	r.readRollouts()
	r.readSpreads()
	r.State = stateOf(dir, r.Origin)
	return r, nil
}

// StateOf tells whether the run in a directory goes on.
func StateOf(dir string) State {
	r := &Run{Dir: dir}
	if r.readOrigin() != nil {
		r.Origin = nil
	}
	return stateOf(dir, r.Origin)
}

// MaxSteps returns the steps that the run in a directory is to have; 0 where that isn't known.
func MaxSteps(dir string) int64 {
	r := &Run{Dir: dir}
	if r.readSettings() != nil {
		return 0
	}
	return r.MaxSteps
}

// stateOf tells whether the run in a directory goes on.
func stateOf(dir string, origin *task.Provenance) State {
	switch {
	case dirlock.Held(dir):
		return Running
	case origin != nil && origin.Ended != nil:
		return Complete
	}
	return Stopped
}

// note keeps what is wrong.
func (r *Run) note(err error) {
	if err != nil {
		r.Notes = append(r.Notes, err.Error())
	}
}

// noteDamage keeps that lines couldn't be read.
func (r *Run) noteDamage(name string, d runlog.Damage) {
	if d.Lines > 0 {
		r.Notes = append(r.Notes, fmt.Sprintf("%s: lines that can't be read and are left out: %d, the first is line %d", name, d.Lines, d.First))
	}
}

// readSettings reads run.yaml.
func (r *Run) readSettings() error {
	var err error
	if r.Settings, err = runlog.ReadSettings(filepath.Join(r.Dir, task.RunName)); err != nil {
		return err
	}
	if steps, err := strconv.ParseInt(r.Setting("max_steps"), 10, 64); err == nil {
		r.MaxSteps = steps
	}
	return nil
}

// Setting returns the value of an option, "" where it has none.
func (r *Run) Setting(key string) string {
	for _, s := range r.Settings {
		if s.Key == key {
			return s.Value
		}
	}
	return ""
}

// readOrigin reads provenance.json.
func (r *Run) readOrigin() error {
	p, err := task.ReadProvenance(filepath.Join(r.Dir, task.ProvenanceName))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil {
		r.Origin = &p
	}
	return err
}

// Took returns how long the run took or has gone on; 0 where that isn't known.
func (r *Run) Took(now time.Time) time.Duration {
	switch {
	case r.Origin == nil:
		return 0
	case r.Origin.Ended != nil:
		return r.Origin.Ended.Sub(r.Origin.Started)
	case r.State == Running:
		return now.Sub(r.Origin.Started).Round(time.Second)
	}
	return 0
}

// nameRuns gives the runs short names that differ: the last parts of their paths.
func nameRuns(runs []*Run) {
	for parts := 1; ; parts++ {
		seen := map[string]bool{}
		same := false
		longest := 0
		for _, r := range runs {
			r.Name = lastParts(r.Dir, parts)
			same = same || seen[r.Name]
			seen[r.Name] = true
			longest = max(longest, len(splitPath(r.Dir)))
		}
		if !same || parts >= longest {
			return
		}
	}
}

// lastParts returns the last n parts of a path.
func lastParts(path string, n int) string {
	parts := splitPath(path)
	return filepath.ToSlash(filepath.Join(parts[max(0, len(parts)-n):]...))
}

func splitPath(path string) []string {
	if abs, err := filepath.Abs(path); err == nil {
		path = abs
	}
	var parts []string
	for path = filepath.Clean(path); ; {
		dir, base := filepath.Split(path)
		if base == "" {
			if len(parts) == 0 {
				parts = []string{path}
			}
			return parts
		}
		parts = append([]string{base}, parts...)
		path = filepath.Clean(dir)
	}
}
