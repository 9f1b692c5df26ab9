package board

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/seahorse-ml/seahorse/internal/report"
	"github.com/seahorse-ml/seahorse/internal/runlog"
	"github.com/seahorse-ml/seahorse/train"
)

// Bounds of the search for runs.
const (
	deepest   = 6      // folders below the one that is shown
	mostRuns  = 2000   // that are listed
	mostSeen  = 100000 // files and folders that are looked at
	scanPause = time.Second
)

// finder finds the runs below a folder, again and again as they appear.
type finder struct {
	root string

	mutex  sync.Mutex
	looked time.Time
	found  []string        // paths below root, with slashes; "." is root itself
	known  map[string]bool // the same
}

// runs returns the runs that there are.
func (f *finder) runs() []string {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	if time.Since(f.looked) >= scanPause {
		f.scan()
		f.looked = time.Now()
	}
	return f.found
}

// dir returns the directory of a run that was found, and whether it was: no other path leads anywhere.
func (f *finder) dir(id string) (string, bool) {
	f.runs()
	f.mutex.Lock()
	defer f.mutex.Unlock()
	if !f.known[id] {
		return "", false
	}
	return filepath.Join(f.root, filepath.FromSlash(id)), true
}

// scan looks for runs. Links aren't followed, so that nothing outside of the folder is shown.
func (f *finder) scan() {
	f.found, f.known = nil, map[string]bool{}
	seen := 0
	filepath.WalkDir(f.root, func(path string, e fs.DirEntry, err error) error {
		if seen++; seen > mostSeen || len(f.found) == mostRuns {
			return filepath.SkipAll
		}
		if err != nil {
			if e != nil && e.IsDir() {
				return filepath.SkipDir
			}
			return nil
		}
		if !e.IsDir() {
			return nil
		}
		below, err := filepath.Rel(f.root, path)
		if err != nil {
			return filepath.SkipDir
		}
		if below != "." && (strings.HasPrefix(e.Name(), ".") || strings.Count(below, string(filepath.Separator)) >= deepest) {
			return filepath.SkipDir
		}
		if !report.IsRun(path) {
			return nil
		}
		id := filepath.ToSlash(below)
		f.found, f.known[id] = append(f.found, id), true
		return filepath.SkipDir
	})
}

// brief is what the list tells of a run.
type brief struct {
	ID       string       `json:"id"`
	State    report.State `json:"state"`
	Step     int64        `json:"step"`
	MaxSteps int64        `json:"max_steps,omitempty"`
	Loss     *float64     `json:"loss,omitempty"`
	EvalLoss *float64     `json:"eval_loss,omitempty"`
	Speed    *float64     `json:"speed,omitempty"`
	Changed  int64        `json:"changed"` // seconds since 1970

	modified time.Time
}

// lister keeps what the list tells of runs.
type lister struct {
	mutex sync.Mutex
	known map[string]brief
}

// brief looks at a run again where something has come since.
func (l *lister) brief(id, dir string) brief {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	b, ok := l.known[id]
	path := filepath.Join(dir, train.MetricsName)
	var modified time.Time
	if info, err := os.Stat(path); err == nil {
		modified = info.ModTime()
	}
	state := report.StateOf(dir)
	if ok && b.modified.Equal(modified) && b.State == state {
		return b
	}
	b = brief{ID: id, State: state, modified: modified}
	if !modified.IsZero() {
		b.Changed = modified.Unix()
	}
	if m, err := runlog.ReadTail(path); err == nil {
		b.Step = m.Step
		b.Loss, b.EvalLoss = lastOf(m.Get("loss")), lastOf(m.Get("eval_loss"))
		if b.Speed = lastOf(m.Get("tokens_per_second")); b.Speed == nil {
			b.Speed = lastOf(m.Get("rows_per_second"))
		}
	}
	b.MaxSteps = report.MaxSteps(dir)
	if l.known == nil {
		l.known = map[string]brief{}
	}
	l.known[id] = b
	return b
}

// lastOf returns the mean of the last few values of a figure.
func lastOf(s *runlog.Series) *float64 {
	if s.Points() == 0 {
		return nil
	}
	last, _ := s.Smooth().Last()
	return &last
}
