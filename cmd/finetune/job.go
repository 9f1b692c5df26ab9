package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/alecthomas/kong"
	"github.com/seahorse-ml/seahorse/data"
	"github.com/seahorse-ml/seahorse/task"
)

// job is a command that trains. Its options are resolved, all but those that count steps.
type job interface {
	common() *trainingOptions
	// corpus returns the paths of the data.
	corpus() []string
	// config returns what is trained on what, but for the data and what all such commands have in common.
	config(s *streams) (task.Config, error)
	// modelType returns the model_type of the model's family.
	modelType() (string, error)
	// defaultSteps returns the steps of a run for which the user set neither steps nor epochs, over data of so many rows.
	defaultSteps(rows int) int
}

// taskOf returns what a job trains on what, but for the data.
func taskOf(s *streams, j job) (task.Config, error) {
	c, err := j.config(s)
	o := j.common()
	c.Split, c.Length, c.SourceLength, c.Seed = o.ValidationSplit, *o.SeqLen, *o.MaxSourceLength, o.Seed
	c.Expected = o.expected
	if err == nil {
		c.Exams, err = o.exams()
	}
	return c, err
}

// start prepares the directory of a new run and trains, alone or as one of several ranks. All that can be wrong with the options and the
// data shows before anything is left behind.
func start(ctx context.Context, s *streams, j job, command *kong.Node) error {
	t, err := joinRanks(s)
	if err != nil {
		return err
	}
	return t.leave(t.start(ctx, s, j, command))
}

// start is the function start, as one of the ranks.
func (t team) start(ctx context.Context, s *streams, j job, command *kong.Node) error {
	if t.Rank() > 0 {
		return t.follow(ctx, s, j, command, nil)
	}
	r, err := t.begin(ctx, s, j, command)
	if r != nil {
		defer r.Close()
	}
	if err := t.share(r, err); err != nil {
		return err
	}
	return j.common().train(ctx, s, r, false)
}

// begin prepares the directory of a new run. A run that it returns is to be closed.
func (t team) begin(ctx context.Context, s *streams, j job, command *kong.Node) (*task.Run, error) {
	o := j.common()
	if err := o.divide(t); err != nil {
		return nil, err
	}
	c, err := taskOf(s, j)
	if err != nil {
		return nil, err
	}
	if err := o.checkOutline(j, c); err != nil {
		return nil, err
	}
	r, err := prepare(ctx, s, j, c)
	if err != nil {
		return nil, hinted(interrupted(ctx, err), strings.Join(j.corpus(), ", "))
	}
	return r, o.begin(ctx, s, j, r, command)
}

// begin makes a run that is prepared one that has begun.
func (o *trainingOptions) begin(ctx context.Context, s *streams, j job, r *task.Run, command *kong.Node) error {
	if err := warnOfJob(s, j, r.Tokenizer); err != nil {
		return err
	}
	if err := o.checkGrouping(r); err != nil {
		return err
	}
	o.resolveSteps(r.Rows.Train.Len(), j.defaultSteps(r.Rows.Train.Len()))
	if err := o.schedule().Validate(); err != nil {
		return err
	}
	if err := o.checkMemory(j, r); err != nil {
		return err
	}
	settings, err := runConfig(command)
	if err != nil {
		return err
	}
	settle()
	if r.NeedsReference() {
		s.say("reference  what it makes of the data is computed once, before training")
		if err := r.Refer(ctx); err != nil {
			return interrupted(ctx, err)
		}
	}
	return r.Begin(settings)
}

// runConfig returns the content of a run's run.yaml.
func runConfig(command *kong.Node) ([]byte, error) {
	return formatConfig(command, "The options of this run, all of them resolved. Another run like it:\nfinetune "+commandName(command)+" --config run.yaml --output-dir DIR")
}

// prepare opens the data and makes a run of them.
func prepare(ctx context.Context, s *streams, j job, c task.Config) (*task.Run, error) {
	if err := j.common().weigh(&j.common().dataFormat, c.Objective); err != nil {
		return nil, err
	}
	source, err := j.common().open(j.corpus(), data.TrainPart, j.common().Seed, s)
	if err != nil {
		return nil, err
	}
	defer source.Close()
	validation := []string{j.common().ValidationData}
	if validation[0] == "" {
		validation, _ = held(j.corpus(), data.ValidationPart)
	}
	if len(validation) > 0 {
		if c.Validation, err = j.common().open(validation, data.ValidationPart, j.common().Seed, s); err != nil {
			return nil, err
		}
		defer c.Validation.Close()
	}
	share := c.Split
	if c.Validation != nil {
		share = 0
	}
	learn, apart, err := j.common().curated(ctx, s, source, task.Shapes(c.Objective), share)
	if err != nil {
		return nil, err
	}
	if c.Data = learn; apart != nil {
		c.Validation = apart
	}
	if path := j.common().AugmentSynonyms; path != "" {
		c.DataFiles = []string{path}
	}
	m := newMeter(s.err, "encoding the text")
	defer m.done()
	c.Encoding = func(p data.Progress) { m.show(p.Read, p.Size) }
	return task.Prepare(ctx, c)
}

// checkGrouping refuses to group rows that are all of a length.
func (o *trainingOptions) checkGrouping(r *task.Run) error {
	if _, sized := r.Rows.Train.(data.Sized); o.GroupByLength && !sized {
		return fmt.Errorf("--group-by-length is for pairs and labelled texts; of the objective %s, all rows are full", r.Objective.Name())
	}
	return nil
}

// hinted adds the flag that helps to an error about data at a path.
func hinted(err error, corpus string) error {
	switch {
	case errors.Is(err, task.ErrSplit):
		return fmt.Errorf("%w, or go without by --validation-split 0", err)
	case errors.Is(err, task.ErrHead):
		return fmt.Errorf("%s: %w; --new-head replaces it by a new one for the labels of the data", corpus, err)
	case errors.Is(err, task.ErrRunExists):
		return fmt.Errorf("%w; go on with it by \"finetune resume\", or give another --output-dir", err)
	}
	return err
}
