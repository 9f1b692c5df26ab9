package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/alecthomas/kong"
	"github.com/seahorse-ml/seahorse/task"
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
	t, err := joinRanks(s)
	if err != nil {
		return err
	}
	return t.leave(c.run(ctx, s, t))
}

// run goes on with the run as one of its ranks.
func (c *resumeCommand) run(ctx context.Context, s *streams, t team) error {
	if t.Rank() > 0 {
		return t.follow(ctx, s, nil, nil, c.Threads)
	}
	r, o, err := c.begin(s, t)
	if r != nil {
		defer r.Close()
	}
	if err := t.share(r, err); err != nil {
		return err
	}
	return o.train(ctx, s, r, true)
}

// begin reopens the run. One that it returns is to be closed.
func (c *resumeCommand) begin(s *streams, t team) (*task.Run, *trainingOptions, error) {
	j, command, err := c.readJob(s)
	if err != nil {
		return nil, nil, err
	}
	o := j.common()
	if err := o.divide(t); err != nil {
		return nil, nil, err
	}
	if err := c.checkBase(j); err != nil {
		return nil, nil, err
	}
	config, err := taskOf(s, j)
	if err != nil {
		return nil, nil, err
	}
	r, err := task.Reopen(config)
	if err != nil {
		return nil, nil, hinted(err, strings.Join(j.corpus(), ", "))
	}
	return r, o, c.beginReopened(s, j, r, command)
}

// checkBase tells where the model that a run has started from isn't where it was. Whether it is the same, adapters tell as they are put on it.
func (c *resumeCommand) checkBase(j job) error {
	var dir string
	switch from := j.(type) {
	case interface{ base() task.Pretrained }:
		dir = from.base().Dir
	case *embedTrainCommand:
		if a, err := from.adapter(from.adapterFlag, from.Model, from.Seed); err != nil || a == nil {
			return err // the checkpoints have the model
		}
		dir = from.Model
	default:
		return nil
	}
	if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return fmt.Errorf("the model that the run has started from was in %s, and isn't there any more: put it back, or write where it is now as model into %s", dir, filepath.Join(c.Dir, task.RunName))
}

// beginReopened lets a reopened run begin.
func (c *resumeCommand) beginReopened(s *streams, j job, r *task.Run, command *kong.Node) (err error) {
	s.warn(c.Dir, r.Tokenizer)
	var settings []byte // as before
	if c.MaxSteps != nil {
		if made := r.Made(); made > *c.MaxSteps {
			return fmt.Errorf("--max-steps %d: the run has made %d steps already", *c.MaxSteps, made)
		}
		if settings, err = runConfig(command); err != nil {
			return err
		}
	}
	if changed, err := r.SettingsChanged(); err != nil {
		return err
	} else if changed {
		fmt.Fprintf(s.err, "note: %s isn't what it was when the run began or last went on; it goes on as it says now\n", filepath.Join(c.Dir, task.RunName))
	}
	if err := r.CheckOrigins(); err != nil {
		fmt.Fprintf(s.err, "note: where rows come from isn't told: %v\n", err)
	}
	if err := j.common().checkMemory(j, r); err != nil {
		return err
	}
	boundGarbage()
	return r.Begin(settings)
}

// readJob returns the command that started the run, with its options, as a job and as parsed.
func (c *resumeCommand) readJob(s *streams) (job, *kong.Node, error) {
	if !isFile(c.Dir, task.RunName) && isDir(c.Dir) {
		if err := task.Recover(c.Dir); err != nil {
			return nil, nil, err
		}
	}
	if !isFile(c.Dir, task.RunName) {
		return nil, nil, fmt.Errorf("%s holds no run: it has no %s", c.Dir, task.RunName)
	}
	path := filepath.Join(c.Dir, task.RunName)
	j, parsed, err := readJob(s, path, c.Dir, c.Threads, c.MaxSteps)
	if err != nil {
		return nil, nil, err
	}
	return j, parsed.Selected(), j.common().validate()
}

// readJob parses the options that a run has kept in a file, for a directory; threads and maxSteps are nil where they are as before.
func readJob(s *streams, path, dir string, threads, maxSteps *int) (job, *kong.Context, error) {
	entries, err := readConfig(path)
	if err != nil {
		return nil, nil, err
	}
	var cs commands
	name := ""
	if i := slices.IndexFunc(entries, func(e entry) bool { return e.key == commandKey }); i >= 0 {
		name = entries[i].value
	}
	parser, err := newParser(&cs, s, strings.Fields(name)...)
	if err != nil {
		return nil, nil, err
	}
	j, _ := jobNamed(parser, name)
	if j == nil {
		if parser, err = newParser(&cs, s); err != nil {
			return nil, nil, err
		}
		_, known := jobNamed(parser, name)
		return nil, nil, fmt.Errorf("%s: expected a line \"%s: %s\"", path, commandKey, strings.Join(known, "\" or \""+commandKey+": "))
	}
	args := append(strings.Fields(name), "--config="+path, "--output-dir="+dir)
	if threads != nil {
		args = append(args, "--threads="+strconv.Itoa(*threads))
	}
	if maxSteps != nil {
		args = append(args, "--max-steps="+strconv.Itoa(*maxSteps))
	}
	parsed, err := parser.Parse(args)
	if err != nil {
		return nil, nil, err
	}
	return j, parsed, j.common().resolved(path)
}

// jobNamed returns the command of a name that trains, or nil, and the names of all such commands.
func jobNamed(parser *kong.Kong, name string) (named job, known []string) {
	for _, command := range trainingCommands(parser.Model.Children) {
		known = append(known, commandName(command))
		if commandName(command) == name {
			named = command.Target.Addr().Interface().(job)
		}
	}
	return named, known
}

// trainingCommands returns those among commands, and below them, that train.
func trainingCommands(commands []*kong.Node) []*kong.Node {
	var all []*kong.Node
	for _, c := range commands {
		if _, ok := c.Target.Addr().Interface().(job); ok {
			all = append(all, c)
		}
		all = append(all, trainingCommands(c.Children)...)
	}
	return all
}
