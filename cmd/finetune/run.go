package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/seahorse-ml/seahorse/data"
	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/models"
	"github.com/seahorse-ml/seahorse/task"
	"github.com/seahorse-ml/seahorse/train"
)

// train makes the steps that are left, and shows them.
func (o *trainingOptions) train(ctx context.Context, s *streams, r *task.Run, resume bool) error {
	progress := train.NewProgress(s.err)
	callbacks := []train.Callback{progress}
	if o.team.Rank() == 0 {
		trackers, err := o.trackers(r.Dir)
		if err != nil {
			return err
		}
		sampler := &sampler{run: r, tokens: o.SampleTokens, ctx: ctx, out: progress, keep: trackers.Sample}
		callbacks = append(append(callbacks, sampler), trackers.callbacks...)
	}
	c := o.trains(r, callbacks...)
	if o.team.Size() > 1 {
		sum, err := program()
		if err != nil {
			return err
		}
		c.Identity = map[string]string{"program": sum}
	}
	settle()
	t, err := train.New(r.Learner(), c)
	if err != nil {
		return err
	}
	defer t.Close()
	settle()
	if resume {
		from, skipped, err := t.Resume()
		if err != nil {
			return err
		}
		for _, err := range skipped {
			fmt.Fprintf(s.err, "left out: %v\n", err)
		}
		switch {
		case from == nil:
			fmt.Fprintln(s.err, "no checkpoint yet: starting over")
		case from.State.Step >= *o.MaxSteps:
			s.say("the run is already complete: all of its %s are made; go on beyond its end with: finetune resume %s --max-steps N", plural(from.State.Step, "step"), shellQuote(r.Dir))
		default:
			fmt.Fprintf(s.err, "going on from %s\n", from.Dir)
		}
		if from != nil {
			for _, err := range from.Changed {
				fmt.Fprintf(s.err, "note: %v\n", err)
			}
		}
	}
	o.introduce(s, r, t)
	s.saving.Store(true)
	s.save.Store(t)
	err = t.Run(ctx)
	s.save.Store(nil)
	s.saving.Store(false)
	if c.Profile != nil && o.team.Rank() == 0 {
		if err := printProfile(s.err, c.Profile); err != nil {
			return err
		}
		if traffic, ok := t.Traffic(); ok {
			printTraffic(s.err, traffic)
		}
	}
	var interrupted *train.Interrupted
	if errors.As(err, &interrupted) {
		return &stopped{dir: r.Dir, step: interrupted.Step}
	}
	if err != nil {
		return err
	}
	if o.team.Rank() > 0 {
		return nil
	}
	if err := r.Finish(); err != nil {
		return err
	}
	what := "model"
	if r.Adapted != nil {
		what = "adapter"
	}
	fmt.Fprintf(s.err, "the %s is in %s\n", what, r.Dir)
	if try := suggestedTrial(r); try != "" {
		fmt.Fprintf(s.err, "try: %s\n", try)
	}
	return nil
}

// exams reads what the model is asked with each validation.
func (o *trainingOptions) exams() ([]*task.Exam, error) {
	var all []*task.Exam
	for _, path := range o.EvalTask {
		e, err := task.ReadExam(path)
		if err != nil {
			return nil, err
		}
		all = append(all, e)
	}
	return all, nil
}

// trains returns what the trainer of a run is told.
func (o *trainingOptions) trains(r *task.Run, callbacks ...train.Callback) train.Config {
	c := train.DefaultConfig()
	c.MaxSteps, c.BatchSize, c.Accumulation, c.Seed = *o.MaxSteps, *o.BatchSize, cmp.Or(o.accumulation, o.GradientAccumulationSteps*max(1, o.Ranks)), o.Seed
	c.Schedule = o.schedule()
	c.Optimizer = o.optimizer(r.Model)
	c.LoggingSteps, c.EvalSteps, c.SaveSteps, c.SaveTotalLimit = o.LoggingSteps, *o.EvalSteps, *o.SaveSteps, o.SaveTotalLimit
	c.SkipBadSteps, c.LookSteps = o.SkipBadSteps, o.LogHistograms
	c.Patience, c.BestMetric, c.KeepBest = o.EarlyStoppingPatience, strings.TrimPrefix(o.MetricForBestModel, "eval_"), o.LoadBestModelAtEnd
	c.LabelSmoothing, c.GroupByLength, c.Checkpointing, c.BFloat16 = o.LabelSmoothing, o.GroupByLength, o.GradientCheckpointing, o.BF16
	c.EvalBatchSize = task.EvalBatch(r.Rows.Train.Layout())
	c.Ranks, c.ShardOptimizer, c.RoundGradients = o.team.Ranks, o.shards(), o.RoundGradients
	c.Callbacks, c.Obey = callbacks, true
	if o.Profile {
		c.Profile = &graph.Profile{}
	}
	return r.Trains(c)
}

// shards tells whether ranks divide the optimizer's state: by default, unless the gradients are looked at, of which each would have a part only.
func (o *trainingOptions) shards() bool {
	if o.ShardOptimizer == nil {
		return o.LogHistograms == 0
	}
	return *o.ShardOptimizer
}

// introduce says what is about to be trained on what.
func (o *trainingOptions) introduce(s *streams, r *task.Run, t *train.Trainer) {
	validation := "no validation"
	if r.Rows.Validation != nil {
		validation = fmt.Sprintf("%s to validate on", plural(r.Rows.Validation.Len(), "row"))
	}
	s.say("run        %s", r.Dir)
	layout := r.Rows.Train.Layout()
	length := fmt.Sprint(layout.Length(data.TextLength))
	if source := layout.Length(data.SourceLength); source > 0 {
		length = fmt.Sprintf("%d and %s", source, length)
	}
	s.say("data       %s of %s tokens to learn from, %s; vocabulary of %s",
		plural(r.Rows.Train.Len(), "row"), length, validation, grouped(int64(r.Model.VocabSize())))
	s.tell(r.Report, r.Rows.Cut...)
	s.tellConversations(r.Report, r.Length)
	if l := task.LabelsOf(r.Model); l.Kind == data.Regression {
		s.say("labels     %s", plural(len(l.Names), "value"))
	} else if l.Kind != "" {
		s.say("labels     %s: %s", pluralOf(len(l.Names), "class", "classes"), strings.Join(l.Names, ", "))
	}
	s.say("model      %s parameters, %s MiB to train on %s",
		grouped(models.CountParameters(r.Model)), grouped(int64(t.Memory().Total())>>20), plural(graph.Workers(), "thread"))
	if n := o.team.Size(); n > 1 {
		s.say("ranks      %d, of which this is %d; %s of a step on each", n, o.team.Rank(), pluralOf(o.accumulation, "batch", "batches"))
	}
	if text := r.Rows.Text; text != nil && text.Weighted() {
		least, greatest := text.Weights()
		s.say("weights    records count %.4g to %.4g, as they say under weight (--no-weights)", least, greatest)
	}
	if r.Adapted != nil {
		s.say("adapter    %s parameters of it are trained", grouped(countParameters(r.Adapted.Params())))
	}
	s.say("training   %s: %s of %s, %.3g times the data",
		r.Objective.Name(), plural(*o.MaxSteps, "step"), plural(o.rowsPerStep(), "row"),
		float64(*o.MaxSteps)*float64(o.rowsPerStep())/float64(r.Rows.Train.Len()))
}

// plural returns "1 row" or "1,200 rows".
func plural(n int, what string) string { return pluralOf(n, what, what+"s") }

// pluralOf is plural for words that have another ending.
func pluralOf(n int, one, many string) string {
	if n == 1 {
		many = one
	}
	return grouped(int64(n)) + " " + many
}

// cutFlags are the flags that say how long texts may be.
var cutFlags = map[string]string{"text": "--seq-len", "target text": "--seq-len", "source": "--max-source-length"}

// tell says how many texts were too long, and what labels mean that don't have the name of their class.
func (s *streams) tell(r task.Report, cut ...task.Cut) {
	for _, c := range append(slices.Clone(r.Cut), cut...) {
		s.say("cut        %s of %s cut to %d tokens (%s)", plural(c.Count, c.What), grouped(int64(c.Of)), c.Length, cutFlags[c.What])
	}
	if len(r.Full) > 0 {
		s.say("left out   records that are too long for what is learned of them (--seq-len)")
		for _, err := range r.Full {
			s.say("           %v", err)
		}
	}
	if len(r.Renamed) > 0 {
		var renamed []string
		for _, x := range r.Renamed {
			renamed = append(renamed, x.String())
		}
		s.say("labels     %s", task.FirstOf(renamed, 10))
	}
}
