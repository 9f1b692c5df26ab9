package report

import (
	"runtime"
	"sync"
	"time"
)

// A Report has all that is shown of some runs.
type Report struct {
	Runs        []*Run
	Results     []Result // of the runs
	Charts      []*Chart
	Differences []Difference // of several runs
	Made        time.Time

	ends Span // of the steps of all runs
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
	all := make([]*Follower, len(dirs))
	for i, dir := range dirs {
		all[i] = Follow(dir)
	}
	if _, err := UpdateAll(all); err != nil {
		return nil, err
	}
	return Of(all, nil), nil
}

// UpdateAll updates followers of different runs, on all cores, and tells how many have read something. It returns the error of the first that has one.
func UpdateAll(all []*Follower) (changed int, err error) {
	news, errs := make([]bool, len(all)), make([]error, len(all))
	var wait sync.WaitGroup
	slots := make(chan struct{}, runtime.GOMAXPROCS(0))
	for i, f := range all {
		slots <- struct{}{}
		wait.Go(func() {
			defer func() { <-slots }()
			news[i], errs[i] = f.Update()
		})
	}
	wait.Wait()
	for i, err := range errs {
		if err != nil {
			return changed, err
		}
		changed += bit(news[i])
	}
	return changed, nil
}

func bit(b bool) int {
	if b {
		return 1
	}
	return 0
}

// A Span is a part of the steps, both ends included.
type Span struct{ From, To int64 }

// ends returns the first and the last step of all lines.
func ends(all []*Chart) Span {
	var s Span
	for _, c := range all {
		for _, l := range c.Lines {
			if n := l.Whole.Points(); n > 0 {
				if s == (Span{}) || l.Whole.Steps[0] < s.From {
					s.From = l.Whole.Steps[0]
				}
				s.To = max(s.To, l.Whole.Steps[n-1])
			}
		}
	}
	return s
}

// Of makes a report of runs as they were at their last Update. With a span, the lines of charts have what lies in it.
func Of(all []*Follower, span *Span) *Report {
	r := &Report{Made: time.Now()}
	var of []figures
	for _, f := range all {
		run := *f.run
		r.Runs, of = append(r.Runs, &run), append(of, f.figures)
		r.Results = append(r.Results, f.figures.result())
	}
	nameRuns(r.Runs)
	r.Charts = charts(r.Runs, of)
	r.ends = ends(r.Charts)
	if span != nil {
		for _, c := range r.Charts {
			for i := range c.Lines {
				c.Lines[i].Whole = c.Lines[i].Whole.Range(span.From, span.To)
			}
		}
	}
	thin(r.Charts)
	if len(r.Runs) > 1 {
		r.Differences = differences(r.Runs)
	}
	return r
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
