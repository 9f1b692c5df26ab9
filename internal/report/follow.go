package report

import (
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/seahorse-ml/seahorse/internal/runlog"
	"github.com/seahorse-ml/seahorse/task"
	"github.com/seahorse-ml/seahorse/train"
)

// A Follower keeps up with a run. It is not safe for concurrent use.
type Follower struct {
	dir     string
	run     *Run
	figures figures
	files   [8]time.Time // when those of described were changed
	look    *DataLook
	looked  bool
	notes   []string // of the look
}

// described are the files, beside figures, that a run is known by.
var described = [8]string{task.RunName, task.ProvenanceName, runlog.SamplesName, runlog.HistogramsName, train.EventsName, train.SpikesName, train.SumsName, task.RolloutsName}

// Follow returns a follower of the run in a directory, which has read nothing yet.
func Follow(dir string) *Follower {
	return &Follower{dir: dir, figures: figures{
		metrics: runlog.NewMetrics(filepath.Join(dir, train.MetricsName)), system: runlog.NewMetrics(filepath.Join(dir, runlog.SystemName)),
		layers: runlog.NewMetrics(filepath.Join(dir, runlog.LayersName)), gradients: runlog.NewMetrics(filepath.Join(dir, runlog.GradientsName)),
	}}
}

// Run returns what is known of the run; nil before the first Update.
func (f *Follower) Run() *Run { return f.run }

// Update reads what has come since the last call, and tells whether that is anything.
func (f *Follower) Update() (changed bool, err error) {
	for _, m := range []*runlog.Metrics{f.figures.metrics, f.figures.system, f.figures.layers, f.figures.gradients} {
		more, err := m.Update()
		if err != nil {
			return false, fmt.Errorf("report: %s: %w", f.dir, err)
		}
		changed = changed || more
	}
	var files [8]time.Time
	for i, name := range described {
		if info, err := os.Stat(filepath.Join(f.dir, name)); err == nil {
			files[i] = info.ModTime()
		}
	}
	before := f.run
	if f.run == nil || files != f.files || before.State != stateOf(f.dir, before.Origin) {
		if f.run, err = Read(f.dir); err != nil {
			f.run = before
			return false, err
		}
		f.files, changed = files, true
		if !f.looked {
			f.looked = true
			f.look, err = Look(f.dir)
			if err != nil {
				f.notes = append(f.notes, err.Error())
			}
		}
		f.run.Data, f.run.Notes = f.look, append(f.run.Notes, f.notes...)
		f.run.noteDamage(train.MetricsName, f.figures.metrics.Damage)
		f.run.noteDamage(runlog.SystemName, f.figures.system.Damage)
		f.run.noteDamage(runlog.LayersName, f.figures.layers.Damage)
		f.run.noteDamage(runlog.GradientsName, f.figures.gradients.Damage)
	}
	f.run.Step = f.figures.metrics.Step
	return changed, nil
}
