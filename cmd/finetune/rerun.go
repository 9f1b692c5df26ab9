package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/seahorse-ml/seahorse/task"
)

// rerunCommand is `finetune rerun`.
type rerunCommand struct {
	File      string `arg:"" help:"The provenance.json of a run that is at its end, or the run's directory."`
	OutputDir string `placeholder:"DIR" help:"Directory of the new run. Default: beside the old one, with -rerun behind its name."`
	Threads   *int   `placeholder:"N" help:"Threads to run on. Default: as before. The result does not depend on it."`
}

// Help is shown below the command's summary.
func (rerunCommand) Help() string {
	return `The options are those of the run. Before anything is trained, the hashes of the data, and of the model and adapter that the run started
from, are compared with those that it noted; what has changed is named, and the exit status is 1. At the end the files of the new model are
compared with the old ones: they are the same to the byte where the program and the instructions of the processor are, on any number
of threads. Data from standard input must be given again.

Examples:

    finetune rerun runs/mine/provenance.json
    finetune rerun runs/mine --output-dir runs/again
    zcat pairs.jsonl.gz | head -1000 | finetune rerun runs/part`
}

// Run makes the run again.
func (c *rerunCommand) Run(ctx context.Context, s *streams) error {
	path := c.File
	if isDir(path) {
		path = filepath.Join(path, task.ProvenanceName)
	}
	was, err := task.ReadProvenance(path)
	if err != nil {
		return err
	}
	if len(was.Result) == 0 || was.Ended == nil {
		return fmt.Errorf("%s: the run isn't at its end, so that there is nothing to compare with", path)
	}
	if c.OutputDir == "" {
		dir, err := filepath.Abs(filepath.Dir(path))
		if err != nil {
			return err
		}
		c.OutputDir = freeDir(filepath.Dir(dir), filepath.Base(dir)+"-rerun")
	}
	c.tellChanges(s, was)
	if err := c.again(ctx, s, path, was); err != nil {
		return err
	}
	is, err := task.ReadProvenance(filepath.Join(c.OutputDir, task.ProvenanceName))
	if err != nil {
		return err
	}
	if different := was.ResultDifferences(is); len(different) > 0 {
		return fmt.Errorf("the run in %s came to another end than that of %s:\n%w", c.OutputDir, path, errors.Join(different...))
	}
	for _, h := range is.Result {
		fmt.Fprintf(s.out, "the same: %s, %s bytes, SHA-256 %s\n", h.Path, grouped(h.Size), h.SHA256)
	}
	return nil
}

// again trains by the options of the old run.
func (c *rerunCommand) again(ctx context.Context, s *streams, path string, was task.Provenance) error {
	options, err := os.CreateTemp("", "seahorse-options-*.yaml")
	if err != nil {
		return err
	}
	defer os.Remove(options.Name())
	_, err = options.WriteString(was.Options)
	if err := errors.Join(err, options.Close()); err != nil {
		return err
	}
	j, parsed, err := readJob(s, options.Name(), c.OutputDir, c.Threads, nil)
	if err != nil {
		return fmt.Errorf("%s: options: %w", path, err)
	}
	j.common().expected = &was
	parsed.BindTo(ctx, (*context.Context)(nil))
	parsed.Bind(s, parsed)
	return parsed.Run()
}

// tellChanges says what may lead to another result although nothing of the data has changed.
func (c *rerunCommand) tellChanges(s *streams, was task.Provenance) {
	var changes []string
	note := func(what, before, now string) {
		if before != now {
			changes = append(changes, fmt.Sprintf("%s %s, was %s", what, now, before))
		}
	}
	b, m := task.ThisBinary(), task.ThisMachine()
	note("finetune is", was.Binary.Version+" "+was.Binary.Revision, b.Version+" "+b.Revision)
	note("Go is", was.Binary.Go, b.Go)
	note("the processor's architecture is", was.Machine.Arch, m.Arch)
	note("the kernels are for", was.Machine.Kernels, m.Kernels)
	for _, r := range was.Resumed {
		if r.Changed {
			changes = append(changes, fmt.Sprintf("the run went on with other options after step %d, which can't be made again in one go", r.Step))
		}
	}
	if len(changes) > 0 {
		fmt.Fprintf(s.err, "warning: the result may differ: %s\n", strings.Join(changes, "; "))
	}
}
