package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/seahorse-ml/seahorse/data"
	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/task"
	"github.com/seahorse-ml/seahorse/train"
)

// planCommand is `finetune plan`.
type planCommand struct {
	Ranks   int      `default:"0" placeholder:"N" help:"Plan for so many ranks, each on a machine like this one: what each takes, what is sent, and how fast a network is to be."`
	Command []string `arg:"" passthrough:"" help:"A command that trains, with its flags. --output-dir may be left out, and nothing is written there."`
}

// Help is shown below the command's summary.
func (planCommand) Help() string {
	return `The data are encoded and the rows made as for the run. Memory is what the run will lay out, and what the process has taken besides; that and the time come from some seconds of training
steps, whose result is thrown away. What doesn't fit is told, with a batch that would. With --ranks, memory is that of one rank, and the time that of a network of 10 Gbit/s.

Examples:

    finetune plan sft --model smollm2 --data talks.jsonl
    finetune plan pretrain --data corpus.txt --preset mini
    finetune plan --ranks 8 pretrain --data corpus.txt --preset gpt2`
}

// Run plans the command.
func (c *planCommand) Run(ctx context.Context, s *streams) error {
	const mostRanks = 1 << 20
	if err := between("ranks", &c.Ranks, 0, mostRanks); err != nil {
		return err
	}
	j, dir, remove, err := plannedCommand(ctx, s, "plan", c.Command)
	defer remove()
	if err != nil {
		return err
	}
	if c.Ranks > 0 {
		j.common().Ranks = c.Ranks
	}
	if err := j.common().validate(); err != nil {
		return err
	}
	return plan(ctx, s, j, dir)
}

// plan prepares a run in a scratch directory and tells what it takes.
func plan(ctx context.Context, s *streams, j planned, dir string) error {
	o := j.common()
	useThreads(o.Threads)
	forgetPeak()
	c, err := taskOf(s, j)
	if err != nil {
		return err
	}
	c.Dir = dir
	r, err := prepare(ctx, s, j, c)
	if err != nil {
		return hinted(interrupted(ctx, err), strings.Join(j.corpus(), ", "))
	}
	defer r.Close()
	if err := o.checkGrouping(r); err != nil {
		return err
	}
	o.resolveSteps(r.Rows.Train.Len(), j.defaultSteps(r.Rows.Train.Len()))
	if err := o.schedule().Validate(); err != nil {
		return err
	}
	ranks := max(1, o.Ranks)
	o.accumulation = o.GradientAccumulationSteps
	config := o.trains(r)
	s.planRows(r, config, ranks)
	if ranks > 1 {
		config.Ranks = train.PlannedRanks(ranks)
	}
	use, err := train.EstimateMemory(r.Learner(), config)
	if err != nil {
		return err
	}
	free, known := freeMemory()
	s.planModel(r)
	if known && int64(use.Total()) > free {
		s.planMemory(append(trainingParts(use), memoryPart{int(residentMemory()), "the program"}), free, known)
		advice, err := fitting(j, r, config, free)
		if err != nil {
			return err
		}
		fmt.Fprintf(s.out, "fits        %s\n", advice)
		return errDoesNotFit
	}
	settle()
	if err := r.Load(); err != nil {
		return err
	}
	settle()
	config.Ranks = nil // what follows is made here alone
	laidOut, err := train.EstimateMemory(r.Learner(), config)
	if err != nil {
		return err
	}
	times, err := train.MeasureTimes(ctx, r.Learner(), config, timedSeconds)
	if err != nil {
		return interrupted(ctx, err)
	}
	sample, err := o.timeSample(ctx, r)
	if err != nil {
		return interrupted(ctx, err)
	}
	exams, err := r.ExamSeconds(ctx)
	if err != nil {
		return interrupted(ctx, err)
	}
	s.planMemory(append(trainingParts(use), programPart(laidOut.Total())), free, known)
	if ranks > 1 {
		s.planRanks(config, times, ranks)
		times.Step = times.Together(config, ranks).Step(train.Network{Speed: 10 * gigabit, Latency: plannedLatency})
		times.Evaluation /= float64(ranks)
	}
	s.planTime(config, times, sample, exams, ranks)
	return nil
}

// planRows tells what is learned from on so many ranks.
func (s *streams) planRows(r *task.Run, c train.Config, ranks int) {
	held := 0
	if c.Validation != nil {
		held = c.Validation.Len()
	}
	fmt.Fprintf(s.out, "data        %s to learn from, %s to validate on\n", plural(c.Train.Len(), "row"), grouped(int64(held)))
	positions, used, targets := countPositions(c.Train)
	if positions > 0 {
		fmt.Fprintf(s.out, "tokens      %s in a pass, of which %s are learned; %.1f%% of the rows is padding\n", grouped(used), grouped(targets), 100*(1-float64(used)/float64(positions)))
	}
	s.tell(r.Report, r.Rows.Cut...)
	s.tellConversations(r.Report, r.Length)
	perStep := c.BatchSize * c.Accumulation * ranks
	fmt.Fprintf(s.out, "steps       %s of %s, %.3g times the data\n", grouped(int64(c.MaxSteps)), plural(perStep, "row"), float64(c.MaxSteps)*float64(perStep)/float64(c.Train.Len()))
}

// sampledRows is how many rows of large data are looked at.
const sampledRows = 20_000

// countPositions returns the positions of all rows, those that aren't padding, and those with a target; of many rows they are estimated from some.
func countPositions(d data.Dataset) (positions, used, targets int64) {
	layout := d.Layout()
	length := layout.Length(data.TextLength)
	if length == 0 || layout.Index(data.Targets) < 0 {
		return 0, 0, 0
	}
	n := min(d.Len(), sampledRows)
	loader, err := data.NewLoader(d, data.LoaderConfig{Sequential: true})
	if err != nil {
		return 0, 0, 0
	}
	batch := data.NewBatch(1, layout)
	for range n {
		if err := loader.Next(batch); err != nil {
			return 0, 0, 0
		}
		row := batch.Ints(data.Targets)
		for _, t := range row {
			if t >= 0 {
				targets++
			}
		}
		if segments := batch.Ints(data.Segments); segments != nil {
			for _, segment := range segments {
				if segment >= 0 {
					used++
				}
			}
		} else {
			used += int64(length)
		}
	}
	scale := float64(d.Len()) / float64(n)
	return int64(scale * float64(n*length)), int64(scale * float64(used)), int64(scale * float64(targets))
}

// planModel tells how many parameters are trained.
func (s *streams) planModel(r *task.Run) {
	params := r.Model.Params()
	if r.Adapted != nil {
		params = slices.Concat(params, r.Adapted.Params())
	}
	var trained, frozen int64
	for _, p := range params {
		if p.Frozen {
			frozen += int64(p.Len())
		} else {
			trained += int64(p.Len())
		}
	}
	fmt.Fprintf(s.out, "parameters  %s trained, %s frozen\n", grouped(trained), grouped(frozen))
}

// planMemory tells where memory goes.
func (s *streams) planMemory(parts []memoryPart, free int64, known bool) {
	room := ""
	if known {
		room = fmt.Sprintf(", and %s MiB are free", grouped(free>>20))
	}
	fmt.Fprintf(s.out, "memory      %s MiB%s\n", grouped(sum(parts)>>20), room)
	for _, p := range parts {
		if p.bytes > 0 {
			fmt.Fprintf(s.out, "  %9s  %s\n", grouped(int64(p.bytes)>>20), p.what)
		}
	}
}

// errDoesNotFit is the result of a plan that doesn't fit.
var errDoesNotFit = errors.New("the run doesn't fit into the memory that is free")

// Steps are timed for about so many seconds, and so many tokens of a sample.
const (
	timedSeconds = 6.0
	timedTokens  = 16
)

// timeSample returns how long the sample takes that is shown after an evaluation: some of its tokens are written, and the rest counted
// like them.
func (o *trainingOptions) timeSample(ctx context.Context, r *task.Run) (seconds float64, err error) {
	if o.SampleTokens == 0 {
		return 0, nil
	}
	n := min(o.SampleTokens, timedTokens)
	begin := time.Now()
	_, writes, err := r.Sample(ctx, n)
	if !writes || err != nil {
		return 0, err
	}
	return time.Since(begin).Seconds() * float64(o.SampleTokens) / float64(n), nil
}

// planTime tells how long the run will take on so many ranks, where a sample takes so many seconds, and the questions of an evaluation so many.
func (s *streams) planTime(c train.Config, times train.Times, sample, exams float64, ranks int) {
	validation, questions := times.Evaluation*float64(c.Evaluations()), exams*float64(c.Evaluations())
	samples := sample * float64(max(1, c.Evaluations()))
	layout := c.Train.Layout()
	tokens := float64(ranks*c.BatchSize*c.Accumulation*layout.Length(data.TextLength)) / times.Step
	on := plural(graph.Workers(), "thread")
	if ranks > 1 {
		on = fmt.Sprintf("%d ranks of %s", ranks, on)
	}
	fmt.Fprintf(s.out, "time        about %s: %.3g s a step (%s tokens a second on %s)", roughly(times.Total(c)+samples+questions), times.Step, grouped(int64(tokens)), on)
	if validation > 0 {
		fmt.Fprintf(s.out, ", %s for validation", roughly(validation))
	}
	if questions > 0 {
		fmt.Fprintf(s.out, ", %s for the questions of --eval-task", roughly(questions))
	}
	if saves := times.Save * float64(c.Saves()); saves >= 1 {
		fmt.Fprintf(s.out, ", %s for checkpoints", roughly(saves))
	}
	if samples > 0 {
		fmt.Fprintf(s.out, ", %s for samples", roughly(samples))
	}
	fmt.Fprintln(s.out)
}

// roughly shows a time as one says it.
func roughly(seconds float64) string {
	switch {
	case seconds < 100:
		return fmt.Sprintf("%.2g seconds", seconds)
	case seconds < 100*60:
		return fmt.Sprintf("%.0f minutes", seconds/60)
	case seconds < 72*3600:
		return fmt.Sprintf("%.1f hours", seconds/3600)
	}
	return fmt.Sprintf("%.1f days", seconds/86400)
}
