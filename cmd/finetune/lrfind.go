package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/seahorse-ml/seahorse/internal/atomicfile"
	"github.com/seahorse-ml/seahorse/internal/report"
	"github.com/seahorse-ml/seahorse/train"
)

// lrFindCommand is `finetune lr-find`.
type lrFindCommand struct {
	Output  string   `default:"lr-find.svg" placeholder:"FILE" help:"The chart to write, .svg or .png (${default})."`
	From    float64  `default:"1e-7" placeholder:"X" help:"The first learning rate (${default})."`
	To      float64  `default:"1" placeholder:"X" help:"The last one (${default})."`
	Steps   int      `default:"100" placeholder:"N" help:"Steps from one to the other (${default})."`
	Command []string `arg:"" passthrough:"" help:"A command that trains, with its flags. --output-dir may be left out, and nothing is written there."`
}

// Help is shown below the command's summary.
func (lrFindCommand) Help() string {
	return `The model makes some steps, each with a higher learning rate than the one before (Smith, 2017), until its loss is too high; then it is thrown away. Suggested is the
rate at which the loss falls fastest, and at most a tenth of the one at which it is lowest. It is where to begin looking: what is best depends on the length of the run too.

Examples:

    finetune lr-find pretrain --data corpus.txt --preset mini
    finetune lr-find --output rates.png --to 0.1 sft --model smollm2 --data talks.jsonl`
}

// Run tries the rates.
func (c *lrFindCommand) Run(ctx context.Context, s *streams) error {
	format := strings.TrimPrefix(strings.ToLower(filepath.Ext(c.Output)), ".")
	if format != "svg" && format != "png" {
		return fmt.Errorf("--output %s: expected a name that ends in .svg or .png", c.Output)
	}
	test := train.RangeTest{From: c.From, To: c.To, Steps: c.Steps}
	if err := test.Validate(); err != nil {
		return err
	}
	j, dir, remove, err := plannedCommand(ctx, s, "lr-find", c.Command)
	defer remove()
	if err != nil {
		return err
	}
	rates, err := tryRates(ctx, s, j, dir, test)
	if err != nil {
		return err
	}
	if len(rates.Points) < 2 {
		return fmt.Errorf("the loss isn't finite at a learning rate of %g already; --from a lower one", c.From)
	}
	err = atomicfile.Write(c.Output, func(w io.Writer) error { return report.WriteRates(w, format, rates) })
	if err != nil {
		return err
	}
	fmt.Fprintf(s.out, "lowest      %.2g, loss %.4f\n", rates.Lowest, lowestOf(rates))
	if rates.Suggested == 0 {
		fmt.Fprintf(s.err, "the chart is in %s\n", c.Output)
		return errors.New("the loss doesn't fall by a hundredth at any of the rates, so that none is suggested; more --steps, or a higher --to, may help")
	}
	fmt.Fprintf(s.out, "steepest    %.2g\nsuggested   --learning-rate %.2g\n", rates.Steepest, rates.Suggested)
	fmt.Fprintf(s.err, "the chart is in %s\n", c.Output)
	return nil
}

// lowestOf returns the lowest smoothed loss.
func lowestOf(r train.Rates) float64 {
	lowest := r.Points[0].Smoothed
	for _, p := range r.Points {
		lowest = min(lowest, p.Smoothed)
	}
	return lowest
}

// tryRates prepares a run in a scratch directory and tries learning rates on it.
func tryRates(ctx context.Context, s *streams, j planned, dir string, test train.RangeTest) (rates train.Rates, err error) {
	o := j.common()
	if err := o.validate(); err != nil {
		return rates, err
	}
	useThreads(o.Threads)
	c, err := taskOf(s, j)
	if err != nil {
		return rates, err
	}
	c.Dir = dir
	r, err := prepare(ctx, s, j, c)
	if err != nil {
		return rates, hinted(interrupted(ctx, err), strings.Join(j.corpus(), ", "))
	}
	defer r.Close()
	if err := o.checkGrouping(r); err != nil {
		return rates, err
	}
	o.resolveSteps(r.Rows.Train.Len(), j.defaultSteps(r.Rows.Train.Len()))
	if err := o.schedule().Validate(); err != nil {
		return rates, err
	}
	if err := o.checkMemory(j, r); err != nil {
		return rates, err
	}
	boundGarbage()
	if r.NeedsReference() {
		if err := r.Refer(ctx); err != nil {
			return rates, interrupted(ctx, err)
		}
	}
	if err := r.Load(); err != nil {
		return rates, err
	}
	m := newRateMeter(s, "steps")
	defer m.done()
	made := int64(0)
	test.Progress = func(train.RatePoint) {
		made++
		m.show(made, int64(test.Steps))
	}
	o.team, o.LogHistograms = team{}, 0
	rates, err = train.FindRates(ctx, r.Learner(), o.trains(r), test)
	return rates, interrupted(ctx, err)
}
