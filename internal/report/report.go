package report

import (
	"fmt"
	"path/filepath"
	"runtime"
	"sync"
	"time"

	"github.com/seahorse-ml/seahorse/internal/runlog"
	"github.com/seahorse-ml/seahorse/train"
)

// A Report has all that is shown of some runs.
type Report struct {
	Runs        []*Run
	Results     []Result // of the runs
	Charts      []*Chart
	Differences []Difference // of several runs
	Made        time.Time
}

// A Result is what a run came to.
type Result struct {
	Loss       *float64 // the smoothed last one of training
	Best       *float64 // the lowest of validation
	BestStep   int64
	Tokens     int64
	Speed      *float64 // the smoothed last one, in tokens or rows a second
	PeakMemory float64  // GiB; 0 where it wasn't noted
}

// Make reads runs and makes a report of them, on all cores. What is damaged in them is left out and noted.
func Make(dirs []string) (*Report, error) {
	r := &Report{Runs: make([]*Run, len(dirs)), Made: time.Now()}
	of := make([]figures, len(dirs))
	errs := make([]error, len(dirs))
	var wait sync.WaitGroup
	slots := make(chan struct{}, runtime.GOMAXPROCS(0))
	for i, dir := range dirs {
		wait.Add(1)
		slots <- struct{}{}
		go func() {
			defer func() { <-slots; wait.Done() }()
			r.Runs[i], of[i], errs[i] = readRun(dir)
		}()
	}
	wait.Wait()
	for _, err := range errs {
		if err != nil {
			return nil, err
		}
	}
	nameRuns(r.Runs)
	for _, f := range of {
		r.Results = append(r.Results, f.result())
	}
	r.Charts = charts(r.Runs, of)
	thin(r.Charts)
	if len(r.Runs) > 1 {
		r.Differences = differences(r.Runs)
	}
	return r, nil
}

// readRun reads one run.
func readRun(dir string) (*Run, figures, error) {
	r, err := Read(dir)
	if err != nil {
		return nil, figures{}, err
	}
	r.Data, err = Look(dir)
	r.note(err)
	f, err := readFigures(r)
	return r, f, err
}

// readFigures reads the figures of a run.
func readFigures(r *Run) (f figures, err error) {
	f.metrics, f.system = runlog.NewMetrics(filepath.Join(r.Dir, train.MetricsName)), runlog.NewMetrics(filepath.Join(r.Dir, runlog.SystemName))
	for _, m := range []*runlog.Metrics{f.metrics, f.system} {
		if _, err := m.Update(); err != nil {
			return f, fmt.Errorf("report: %s: %w", r.Dir, err)
		}
	}
	r.Step = f.metrics.Step
	r.noteDamage(train.MetricsName, f.metrics.Damage)
	r.noteDamage(runlog.SystemName, f.system.Damage)
	return f, nil
}

// result returns what a run came to.
func (f figures) result() Result {
	var r Result
	smoothed := func(names ...string) *float64 {
		for _, name := range names {
			if s := f.metrics.Get(name); s.Points() > 0 {
				last, _ := s.Smooth().Last()
				return &last
			}
		}
		return nil
	}
	r.Loss, r.Speed = smoothed("loss"), smoothed("tokens_per_second", "rows_per_second")
	if s := f.metrics.Get("eval_loss"); s.Points() > 0 {
		i := s.Lowest()
		r.Best, r.BestStep = &s.Values[i], s.Steps[i]
	}
	for _, name := range []string{"tokens", "rows"} {
		if last, ok := f.metrics.Get(name).Last(); ok {
			r.Tokens = int64(last)
		}
	}
	if m := f.memory(); m.Points() > 0 {
		r.PeakMemory = m.Values[m.Highest()]
	}
	return r
}
