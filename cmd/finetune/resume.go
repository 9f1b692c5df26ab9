package main

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"

	"github.com/alecthomas/kong"
	"github.com/seahorse-ml/seahorse/data"
	"github.com/seahorse-ml/seahorse/data/tokenizer"
	"github.com/seahorse-ml/seahorse/internal/atomicfile"
	"github.com/seahorse-ml/seahorse/models"
	"github.com/seahorse-ml/seahorse/train"
)

// resumeCommand is `finetune resume`.
type resumeCommand struct {
	Dir      string `arg:"" help:"The run's directory."`
	MaxSteps *int   `placeholder:"N" help:"Steps that the run is to have in all, more or fewer than before; it becomes the run's own. The learning rate goes on as if the run had begun with it."`
	Threads  *int   `placeholder:"N" help:"Threads to run on. Default: as before. The result does not depend on it."`
}

// Help is shown below the command's summary.
func (resumeCommand) Help() string {
	return `The run goes on from its last checkpoint with the options of its run.yaml, and ends with the very model that it would have
made without the stop. A run that is complete goes on beyond its end with --max-steps.

Examples:

    finetune resume runs/mine
    finetune resume runs/mine --max-steps 10000`
}

// Run goes on with the run.
func (c *resumeCommand) Run(ctx context.Context, s *streams) error {
	j, command, err := c.readJob(s)
	if err != nil {
		return err
	}
	lock, err := train.LockDir(c.Dir)
	if err != nil {
		return err
	}
	defer lock.Release()
	if err := c.checkSteps(); err != nil {
		return err
	}
	useThreads(j.common().Threads)
	t, err := loadTokenizer(s, c.Dir)
	if err != nil {
		return err
	}
	d, err := openData(j.common(), c.Dir)
	if err != nil {
		return err
	}
	defer d.close()
	sketch, err := lastModel(j, t, d.stream.Labels(), c.Dir, true)
	if err != nil {
		return err
	}
	if err := d.makeRows(j, sketch, t); err != nil {
		return err
	}
	r := run{dir: c.Dir, lock: lock, options: j.common(), model: sketch, tokenizer: t, data: d}
	if err := r.checkMemory(); err != nil {
		return err
	}
	if r.model, err = lastModel(j, t, d.stream.Labels(), c.Dir, false); err != nil {
		return err
	}
	if c.MaxSteps != nil {
		config, err := runConfig(command)
		if err != nil {
			return err
		}
		if err := atomicfile.WriteBytes(filepath.Join(c.Dir, runName), config); err != nil {
			return err
		}
	}
	return r.train(ctx, s, true)
}

// checkSteps returns an error if the run has made more steps than it is to have.
func (c *resumeCommand) checkSteps() error {
	if c.MaxSteps == nil {
		return nil
	}
	last, _, err := train.LastCheckpoint(c.Dir)
	if err != nil {
		return err
	}
	if last != nil && last.State.Step > *c.MaxSteps {
		return fmt.Errorf("--max-steps %d: the run has made %d steps already", *c.MaxSteps, last.State.Step)
	}
	return nil
}

// lastModel returns the model of the last checkpoint, or where there is none that which the run started from; or a sketch of it.
func lastModel(j job, t *tokenizer.Tokenizer, l data.Labels, dir string, sketch bool) (trainable, error) {
	last, _, err := train.LastCheckpoint(dir)
	if err != nil {
		return nil, err
	}
	if last == nil {
		return j.openModel(t, l, sketch)
	}
	m, err := models.Open(last.Dir, models.OpenConfig{Sketch: sketch})
	if err != nil {
		return nil, err
	}
	learner, ok := m.(trainable)
	if !ok {
		return nil, fmt.Errorf("%s holds a model without a head", last.Dir)
	}
	return learner, nil
}

// readJob returns the command that started the run, with its options, as a job and as parsed.
func (c *resumeCommand) readJob(s *streams) (job, *kong.Node, error) {
	path := filepath.Join(c.Dir, runName)
	if !isFile(c.Dir, runName) {
		return nil, nil, fmt.Errorf("%s holds no run: it has no %s", c.Dir, runName)
	}
	entries, err := readConfig(path)
	if err != nil {
		return nil, nil, err
	}
	var cs commands
	jobs := map[string]job{"pretrain": &cs.Pretrain, "sft": &cs.SFT}
	i := slices.IndexFunc(entries, func(e entry) bool { return e.key == commandKey })
	if i < 0 || jobs[entries[i].value] == nil {
		return nil, nil, fmt.Errorf("%s: expected a line \"%s: pretrain\" or \"%s: sft\"", path, commandKey, commandKey)
	}
	name := entries[i].value
	args := []string{name, "--config=" + path, "--output-dir=" + c.Dir}
	if c.Threads != nil {
		args = append(args, "--threads="+strconv.Itoa(*c.Threads))
	}
	if c.MaxSteps != nil {
		args = append(args, "--max-steps="+strconv.Itoa(*c.MaxSteps))
	}
	parser, err := newParser(&cs, s)
	if err != nil {
		return nil, nil, err
	}
	parsed, err := parser.Parse(args)
	if err != nil {
		return nil, nil, err
	}
	j := jobs[name]
	if err := j.common().resolved(path); err != nil {
		return nil, nil, err
	}
	return j, parsed.Selected(), j.common().validate()
}
