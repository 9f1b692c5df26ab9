package track

import (
	"errors"
	"iter"
	"math"
	"path/filepath"
	"time"

	"github.com/seahorse-ml/seahorse/internal/runlog"
	"github.com/seahorse-ml/seahorse/train"
)

// journalPause is the least time between two lines of the system.
const journalPause = time.Second

// A Journal is a train.Callback that keeps in a run's directory when its steps were and what memory they took (system.jsonl: step, time in
// seconds since 1970, memory in bytes) and the norms of the gradients of layers (gradients.jsonl), at logged steps and at most once a second, and the samples
// that it is given (samples.jsonl: step, text). Reports show all of it.
type Journal struct {
	train.Silent
	dir       string
	samples   *runlog.Appender
	system    *runlog.Appender
	gradients *runlog.Appender
	last      time.Time
	normed    time.Time // when norms were noted last
}

// NewJournal returns the journal of the run in a directory.
func NewJournal(dir string) *Journal { return &Journal{dir: dir} }

// Blind says that it doesn't look at the model.
func (*Journal) Blind() {}

// Step notes the time of a logged step.
func (j *Journal) Step(e train.StepEvent) error {
	if err := j.open(int64(e.Step)); err != nil {
		return err
	}
	now := time.Now()
	if !e.Logged || now.Sub(j.last) < journalPause && e.Step != e.MaxSteps {
		return nil
	}
	j.last = now
	return j.system.Append(runlog.System{Step: int64(e.Step), Time: seconds(now), Memory: residentMemory()})
}

// Norms notes the norms of the gradients of layers.
func (j *Journal) Norms(step int, all iter.Seq2[string, float64]) error {
	if err := j.open(int64(step)); err != nil {
		return err
	}
	now := time.Now()
	if now.Sub(j.normed) < journalPause {
		return nil
	}
	j.normed = now
	line := map[string]float64{}
	for name, norm := range all {
		line[gradientNorm+"/"+layerOf(name)] += norm * norm
	}
	for key, squares := range line {
		line[key] = math.Sqrt(squares)
	}
	line["step"] = float64(step)
	return j.gradients.Append(line)
}

// open opens the files, if they aren't, for a run that goes on with a step.
func (j *Journal) open(step int64) (err error) {
	if j.samples != nil {
		return nil
	}
	if j.samples, err = runlog.NewAppender(filepath.Join(j.dir, runlog.SamplesName), step); err != nil {
		return err
	}
	if j.gradients, err = runlog.NewAppender(filepath.Join(j.dir, runlog.GradientsName), step); err != nil {
		return err
	}
	j.system, err = runlog.NewAppender(filepath.Join(j.dir, runlog.SystemName), step)
	return err
}

// Sample keeps what the model wrote after a step.
func (j *Journal) Sample(step int, text string) error {
	if err := j.open(int64(step)); err != nil {
		return err
	}
	return j.samples.Append(runlog.Sample{Step: int64(step), Text: text})
}

// End closes the files.
func (j *Journal) End(train.EndEvent) error {
	if j.samples == nil || j.gradients == nil || j.system == nil {
		return nil
	}
	return errors.Join(j.samples.Close(), j.gradients.Close(), j.system.Close())
}
