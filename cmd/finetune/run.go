package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/seahorse-ml/seahorse/data"
	"github.com/seahorse-ml/seahorse/data/tokenizer"
	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/models"
	"github.com/seahorse-ml/seahorse/optim"
	"github.com/seahorse-ml/seahorse/train"
)

// run is a run whose directory, model and data are ready.
type run struct {
	dir       string
	lock      *train.DirLock // of dir
	options   *trainingOptions
	model     trainable
	tokenizer *tokenizer.Tokenizer
	data      *runData
}

// train makes the steps that are left, and shows them.
func (r *run) train(ctx context.Context, s *streams, resume bool) error {
	boundGarbage()
	progress := train.NewProgress(s.err)
	sampler := &sampler{run: r, ctx: ctx, out: progress}
	t, err := train.New(r.model, r.config(progress, sampler))
	if err != nil {
		return err
	}
	defer t.Close()
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
		case from.State.Step >= *r.options.MaxSteps:
			s.say("the run is already complete: all of its %s are made; go on beyond its end with: finetune resume %s --max-steps N", plural(from.State.Step, "step"), shellQuote(r.dir))
		default:
			fmt.Fprintf(s.err, "going on from %s\n", from.Dir)
		}
	}
	r.introduce(s, t)
	s.saving.Store(true)
	s.save.Store(t)
	err = t.Run(ctx)
	s.save.Store(nil)
	s.saving.Store(false)
	var interrupted *train.Interrupted
	if errors.As(err, &interrupted) {
		return &stopped{dir: r.dir, step: interrupted.Step}
	}
	if err != nil {
		return err
	}
	fmt.Fprintf(s.err, "the model is in %s\n", r.dir)
	if try := sampler.suggestion(); try != "" {
		fmt.Fprintf(s.err, "try: %s\n", try)
	}
	return nil
}

// config returns what the trainer is told.
func (r *run) config(callbacks ...train.Callback) train.Config {
	o := r.options
	c := train.DefaultConfig()
	c.Dir, c.Lock, c.Train, c.Validation = r.dir, r.lock, r.data.train, r.data.validation
	c.MaxSteps, c.BatchSize, c.Accumulation, c.Seed = *o.MaxSteps, *o.BatchSize, o.GradientAccumulationSteps, o.Seed
	c.Schedule = o.schedule()
	c.Optimizer = o.optimizer
	c.LoggingSteps, c.EvalSteps, c.SaveSteps, c.SaveTotalLimit = o.LoggingSteps, *o.EvalSteps, *o.SaveSteps, o.SaveTotalLimit
	c.LabelSmoothing, c.GroupByLength = o.LabelSmoothing, o.GroupByLength
	c.EvalBatchSize = evalBatch(r.data.train.Layout())
	for _, name := range []string{"tokenizer.json", "tokenizer_config.json"} {
		if isFile(r.dir, name) {
			c.Files = append(c.Files, filepath.Join(r.dir, name))
		}
	}
	c.Callbacks = callbacks
	return c
}

// optimizer makes the AdamW that the options describe.
func (o *trainingOptions) optimizer(params []*graph.Param) (optim.Optimizer, error) {
	c := optim.DefaultAdamConfig()
	c.Beta1, c.Beta2, c.MaxGradNorm = o.Beta1, *o.Beta2, o.MaxGradNorm
	return optim.NewAdamW(optim.Groups(params, *o.WeightDecay), c)
}

// introduce says what is about to be trained on what.
func (r *run) introduce(s *streams, t *train.Trainer) {
	o := r.options
	validation := "no validation"
	if r.data.validation != nil {
		validation = fmt.Sprintf("%s to validate on", plural(r.data.validation.Len(), "row"))
	}
	s.say("run        %s", r.dir)
	layout := r.data.train.Layout()
	length := fmt.Sprint(layout.Length(data.TextLength))
	if source := layout.Length(data.SourceLength); source > 0 {
		length = fmt.Sprintf("%d and %s", source, length)
	}
	s.say("data       %s of %s tokens to learn from, %s; vocabulary of %s",
		plural(r.data.train.Len(), "row"), length, validation, grouped(int64(r.model.VocabSize())))
	for _, cut := range r.data.cut {
		s.say("cut        %s", cut)
	}
	if l := labelsOf(r.model); l.Kind == data.Regression {
		s.say("labels     %s", plural(len(l.Names), "value"))
	} else if l.Kind != "" {
		s.say("labels     %s: %s", pluralOf(len(l.Names), "class", "classes"), strings.Join(l.Names, ", "))
	}
	s.say("model      %s parameters, %s MiB to train on %s",
		grouped(models.CountParameters(r.model)), grouped(int64(t.Memory().Total())>>20), plural(graph.Workers(), "thread"))
	s.say("training   %s: %s of %s, %.3g times the data",
		objectiveOf(r.model), plural(*o.MaxSteps, "step"), plural(*o.BatchSize*o.GradientAccumulationSteps, "row"),
		float64(*o.MaxSteps)*float64(*o.BatchSize*o.GradientAccumulationSteps)/float64(r.data.train.Len()))
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

// evalBatch returns how many rows an evaluation takes at a time.
func evalBatch(l data.Layout) int {
	return max(1, evalTokens/(l.Length(data.TextLength)+l.Length(data.SourceLength)))
}
