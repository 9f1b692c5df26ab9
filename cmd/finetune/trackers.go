package main

import (
	"errors"
	"path/filepath"
	"slices"

	"github.com/seahorse-ml/seahorse/task"
	"github.com/seahorse-ml/seahorse/track"
	"github.com/seahorse-ml/seahorse/train"
)

// trackers write down what happens in a run.
type trackers struct {
	callbacks []train.Callback
	samples   []func(step int, text string) error // of those that keep samples
}

// trackers returns those that the options ask for, and the journal that each run has.
func (o *trainingOptions) trackers(dir string) (*trackers, error) {
	journal := track.NewJournal(dir)
	all := &trackers{callbacks: []train.Callback{journal}, samples: []func(int, string) error{journal.Sample}}
	if o.LogHistograms > 0 {
		all.callbacks = append(all.callbacks, track.NewHistograms(dir))
	}
	if slices.Contains(o.ReportTo, "tensorboard") {
		settings, err := track.ReadSettings(filepath.Join(dir, task.RunName))
		if err != nil {
			return nil, err
		}
		board := track.NewTensorBoard(dir, settings)
		all.callbacks, all.samples = append(all.callbacks, board), append(all.samples, board.Sample)
	}
	if slices.Contains(o.ReportTo, "csv") {
		all.callbacks = append(all.callbacks, track.NewCSV(dir))
	}
	return all, nil
}

// Sample keeps what the model wrote after a step.
func (t *trackers) Sample(step int, text string) error {
	var errs []error
	for _, keep := range t.samples {
		errs = append(errs, keep(step, text))
	}
	return errors.Join(errs...)
}

// checkReportTo refuses none beside others.
func (o *trainingOptions) checkReportTo() error {
	if len(o.ReportTo) > 1 && slices.Contains(o.ReportTo, "none") {
		return errors.New("--report-to: none stands alone")
	}
	return nil
}
