package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/seahorse-ml/seahorse/internal/atomicfile"
	"github.com/seahorse-ml/seahorse/internal/view"
	"github.com/seahorse-ml/seahorse/models"
	"github.com/seahorse-ml/seahorse/task"
)

// showLandscapeCommand is `finetune show landscape`.
type showLandscapeCommand struct {
	Model     string   `required:"" placeholder:"DIR" help:"A model or run directory."`
	Data      []string `required:"" sep:"none" placeholder:"FILE|DIR|-" help:"What the loss is measured on, as eval takes it. Several may be given."`
	Points    int      `default:"11" placeholder:"N" help:"Points along each direction, an odd number (${default}). The loss is measured N·N times."`
	Reach     float64  `default:"1" placeholder:"X" help:"How far to go along each direction to both sides; 1 is as long as the parameters themselves (${default})."`
	Rows      int      `default:"64" placeholder:"N" help:"Rows of the data that the loss is the mean of at most, spread evenly; 0 for all (${default})."`
	Seed      uint64   `default:"0" placeholder:"N" help:"Decides the directions (${default})."`
	SeqLen    *int     `placeholder:"T" help:"The most tokens in a row. Default: as in the run that made the model, else the model's context and at most 2048."`
	BatchSize *int     `placeholder:"B" help:"Rows that go through the model at once. Default: about 4096 tokens."`
	SVG       string   `name:"svg" placeholder:"FILE" help:"Write the picture alone to this file, on white."`
	Threads   int      `default:"0" placeholder:"N" help:"Threads to run on. Default: all cores that the process may use."`

	showOutput
	dataFormat
	memoryFlag
}

// Help is shown below the command's summary.
func (showLandscapeCommand) Help() string {
	return `The model's matrices are moved along two directions that are drawn at random, in which each filter is as long as the model's own (Li et al., 2018), so
that landscapes of different models can be compared; vectors stay as they are. The loss at each point is that of eval. A wide valley often goes with a
model that does well on new data.

Examples:

    finetune show landscape --model runs/mine --data held-out.txt
    finetune show landscape --model runs/mine --data held-out.txt --points 21 --html landscape.html --svg landscape.svg`
}

// Run measures and shows the landscape.
func (c *showLandscapeCommand) Run(ctx context.Context, s *streams) error {
	config := task.LandscapeConfig{Points: c.Points, Reach: c.Reach, Rows: c.Rows, Seed: c.Seed}
	if err := errors.Join(config.Validate(), checkThreads(c.Threads), atLeast("seq-len", c.SeqLen, 1), atLeast("batch-size", c.BatchSize, 1)); err != nil {
		return err
	}
	useThreads(c.Threads)
	t, err := c.sketch(s, c.Model, task.OpenConfig{Storage: models.FloatStorage})
	if err != nil {
		return err
	}
	eval := evalCommand{Model: c.Model, Data: c.Data, SeqLen: c.SeqLen, BatchSize: c.BatchSize, dataFormat: c.dataFormat, memoryFlag: c.memoryFlag}
	m, _, err := eval.measure(ctx, s, t, team{})
	if err != nil {
		return interrupted(ctx, err)
	}
	s.tell(m.Report)
	if err := c.checkLandscape(m, t); err != nil {
		return err
	}
	if err := load(t); err != nil {
		return err
	}
	progress := newMeter(s.err, "measuring")
	config.Progress = func(done, total int) { progress.show(int64(done), int64(total)) }
	found, err := m.Landscape(ctx, config)
	progress.done()
	if err != nil {
		return interrupted(ctx, err)
	}
	v := &view.Landscape{Subject: view.Subject{Model: publicName(c.Model)}, Data: strings.Join(c.Data, ", "), Rows: found.Rows, Along: found.Along, Losses: found.Losses}
	if c.SVG != "" {
		if err := atomicfile.Write(c.SVG, v.SVG); err != nil {
			return err
		}
		fmt.Fprintf(s.err, "the picture is in %s\n", c.SVG)
		if c.HTML == "" && !c.JSON {
			return nil
		}
	}
	return c.show(s, v)
}

// checkLandscape refuses a model that takes more memory than is free with the places of its parameters and two directions beside it.
func (c *showLandscapeCommand) checkLandscape(m *task.Measurement, t *task.Trained) error {
	batch := batchPart(min(m.Config.BatchSize, m.Rows.Len()), m.Rows.Layout())
	return c.check("a smaller --batch-size, --seq-len or model takes less", batch, func() ([]memoryPart, error) {
		use, err := m.Estimate()
		const copies = 3
		return append(runningParts(use), memoryPart{times(copies*parameterBytes, int(models.CountParameters(t.Model))), "places and directions"}), err
	})
}
