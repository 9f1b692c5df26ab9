package task

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/seahorse-ml/seahorse/adapt"
	"github.com/seahorse-ml/seahorse/data"
	"github.com/seahorse-ml/seahorse/generate"
	"github.com/seahorse-ml/seahorse/internal/random"
	"github.com/seahorse-ml/seahorse/layers"
	"github.com/seahorse-ml/seahorse/prefer"
	"github.com/seahorse-ml/seahorse/reward"
	"github.com/seahorse-ml/seahorse/train"
)

// rollouts is the train.Feeder of GRPO: it draws samples of the model as it is, has them judged, and gives them out in parts.
type rollouts struct {
	run       *Run
	objective GRPO
	rows      *promptRows
	batch     int // rows of a micro-batch
	step      int // rows of a step
	seed      uint64

	writer    *Writer
	batcher   *generate.Batcher // nil until it is needed
	reference prefer.Model      // likewise
	round     int               // that drawn is of; -1 for none
	drawn     []prefer.Drawn
	figures   train.Figures // of the round
	log       samplesFile
	stage     *stage // of an environment; nil until it is needed, and without one
}

func newRollouts(r *Run, o GRPO, c train.Config) *rollouts {
	rows, _ := r.Rows.Train.(*promptRows)
	return &rollouts{run: r, objective: o, rows: rows, batch: c.BatchSize, step: c.BatchSize * c.Accumulation, seed: c.Seed, round: -1, log: samplesFile{dir: r.Dir}}
}

// held returns the prompts to validate on.
func (r *rollouts) held() []prompt { return r.rows.held }

// first returns the first prompt to validate on, or else to learn from.
func (r *rollouts) first() prompt {
	if len(r.rows.held) > 0 {
		return r.rows.held[0]
	}
	return r.rows.train[0]
}

// samples returns how many samples are drawn together.
func (r *rollouts) samples() int { return r.step * r.objective.Updates }

// steps returns how many steps are made of what is drawn together.
func (r *rollouts) steps() int { return r.objective.Updates * r.objective.Iterations }

// Validate tells what is wrong with the sizes, or nil.
func (r *rollouts) validate() error {
	if n := r.samples(); n%r.objective.Group != 0 {
		return fmt.Errorf("task: grpo: %d samples are drawn together, expected a multiple of the %d of a group", n, r.objective.Group)
	}
	return nil
}

// Feed fills the micro-batches of a step.
func (r *rollouts) Feed(ctx context.Context, step int, batches []*data.Batch) (train.Figures, error) {
	round, within := step/r.steps(), step%r.steps()
	if r.round != round {
		if err := r.draw(ctx, round, step); err != nil {
			return nil, err
		}
	}
	iteration, part := within/r.objective.Updates, within%r.objective.Updates
	order := random.NewPermutation(uint64(len(r.drawn)), r.seed, promptStream+1<<31+uint64(round)<<8+uint64(iteration))
	config := r.rows.samples
	if config.Sampled != 0 {
		config.Sampled = float32(r.learned()) / float32(r.objective.Updates)
	}
	mine := make([]prefer.Drawn, r.step)
	for i := range mine {
		mine[i] = r.drawn[order.At(uint64(part*r.step+i))]
	}
	rows, err := prefer.NewSamples(mine, config)
	if err != nil {
		return nil, err
	}
	for i, b := range batches {
		if err := data.FillSequential(b, rows, i*r.batch); err != nil {
			return nil, err
		}
	}
	return r.figures, nil
}

// learned returns how many tokens of the round are learned, at least 1.
func (r *rollouts) learned() int {
	n := 0
	for _, d := range r.drawn {
		n += d.Learned()
	}
	return max(n, 1)
}

// draw samples a round, whose first step is told, and judges it.
func (r *rollouts) draw(ctx context.Context, round, step int) error {
	if err := r.validate(); err != nil {
		return err
	}
	if err := r.begin(); err != nil {
		return err
	}
	o := r.objective
	prompts := make([]prompt, r.samples()/o.Group)
	requests := make([]generate.Request, len(prompts))
	config := o.Sampling
	config.Seed = random.Uint64(r.seed, promptStream-2, uint64(round))
	for i := range prompts {
		n := uint64(len(r.rows.train))
		at := uint64(round*len(prompts) + i)
		prompts[i] = r.rows.train[random.NewPermutation(n, r.seed, promptStream+at/n).At(at%n)]
		requests[i] = r.request(prompts[i], config)
		requests[i].Samples, requests[i].Stream = o.Group, uint64(i*o.Group)
	}
	written, err := r.write(ctx, requests)
	if err != nil {
		return err
	}
	judged, drawn, err := r.samplesOf(ctx, prompts, requests, written)
	if err != nil {
		return err
	}
	for i, s := range judged {
		drawn[i].Masked = o.MaskTruncated && !s.Ended
	}
	r.drawn = drawn
	sums, by, err := o.Rewards.Rewards(ctx, judged)
	if err != nil {
		return err
	}
	standing, err := prefer.Advantages(sums, o.Group, o.Scaling)
	if err != nil {
		return err
	}
	for i, a := range standing.Advantages {
		r.drawn[i].Advantage = float32(a)
	}
	if err := r.compare(ctx); err != nil {
		return err
	}
	r.round, r.figures = round, r.tell(judged, sums, by, standing)
	return r.log.add(step+1, o.Rewards.Names(), judged, sums, by, standing.Advantages)
}

// compare finds the log-probabilities that samples are learned beside.
func (r *rollouts) compare(ctx context.Context) error {
	config := r.rows.samples
	rows := max(1, EvalBatch(r.rows.Layout())/2)
	all, err := prefer.NewSamples(r.drawn, prefer.SamplesConfig{Length: config.Length})
	if err != nil {
		return err
	}
	if config.Old {
		policy, err := r.objective.at(r.run.Model)
		if err != nil {
			return err
		}
		found, err := all.LogProbs(ctx, policy, rows)
		if err != nil {
			return err
		}
		for i := range found {
			r.drawn[i].Old = found[i]
		}
	}
	if !config.Reference {
		return nil
	}
	if r.reference == nil {
		if r.reference, err = r.openReference(); err != nil {
			return err
		}
	}
	found, err := all.LogProbs(ctx, r.reference, rows)
	if err != nil {
		return err
	}
	for i := range found {
		r.drawn[i].Reference = found[i]
	}
	return nil
}

// openReference opens the model that the policy is held to: another one, or that which the run started from, with the adapter that it started with.
func (r *rollouts) openReference() (prefer.Model, error) {
	o := r.objective
	if o.Reference != "" {
		m, err := r.run.otherReference(o.Reference)
		if err != nil {
			return nil, err
		}
		return o.at(m)
	}
	m, err := r.run.Base.Open(o, r.run.Tokenizer, r.run.Labels, false)
	if err != nil {
		return nil, fmt.Errorf("task: reference: %w", err)
	}
	if a := r.run.Adapter; a != nil && a.Dir != "" {
		if _, err := adapt.Open(a.Dir, m, adapt.OpenConfig{AnyBase: a.AnyBase}); err != nil {
			return nil, fmt.Errorf("task: reference: %w", err)
		}
	}
	return o.at(m)
}

// request is how a prompt is continued.
func (r *rollouts) request(p prompt, config generate.Config) generate.Request {
	config.MaxNewTokens, config.Stop = r.objective.Config.MaxLength, r.stops()
	return generate.Request{Prompt: p.ids, Config: config}
}

// text returns what knows how texts end.
func (r *rollouts) text() *Writer {
	if r.writer == nil {
		m, _ := r.run.Model.(generate.Model)
		r.writer = &Writer{Model: m, Tokenizer: r.run.Tokenizer}
	}
	return r.writer
}

// sideBySide is the most texts that are written side by side.
const sideBySide = 64

// write continues prompts by the model as it is.
func (r *rollouts) write(ctx context.Context, requests []generate.Request) ([][]generate.Written, error) {
	if r.batcher == nil {
		length := r.rows.longest + r.objective.Config.MaxLength
		rows := max(r.objective.Group, min(r.samples(), sideBySide))
		b, err := r.text().Batcher(generate.BatcherConfig{Rows: rows, Length: length, Cells: rows * length, Keep: r.objective.Environment != nil})
		if err != nil {
			return nil, err
		}
		r.batcher = b
	}
	return r.batcher.Write(ctx, requests)
}

// samplesOf makes samples of what was written for prompts, group by group; in an environment the model goes on from there.
func (r *rollouts) samplesOf(ctx context.Context, prompts []prompt, requests []generate.Request, written [][]generate.Written) (judged []reward.Sample, drawn []prefer.Drawn, err error) {
	if r.objective.Environment != nil {
		return r.play(ctx, prompts, requests, written)
	}
	for i, group := range written {
		for _, w := range group {
			s, err := r.sample(prompts[i], w.IDs)
			if err != nil {
				return nil, nil, err
			}
			judged = append(judged, s)
			drawn = append(drawn, prefer.Drawn{Prompt: prompts[i].ids, Completion: w.IDs})
		}
	}
	return judged, drawn, nil
}

// sample is what checkers are shown of a text.
func (r *rollouts) sample(p prompt, ids []int32) (reward.Sample, error) {
	text, err := r.text().Text(ids)
	return reward.Sample{
		Prompt: p.Prompt, Answer: text, Expected: p.Expected, Record: p.Record, Tokens: len(ids),
		Ended: len(ids) > 0 && slices.Contains(r.stops(), ids[len(ids)-1]),
	}, err
}

// measure answers the prompts that are kept apart with the best token each time, and has the answers judged. The loss is minus the mean reward.
func (r *rollouts) measure(ctx context.Context, progress func(done, total int)) (train.Evaluation, error) {
	var e train.Evaluation
	var judged []reward.Sample
	if err := r.begin(); err != nil {
		return e, err
	}
	for part := range slices.Chunk(r.rows.held, sideBySide) {
		var requests []generate.Request
		for _, p := range part {
			requests = append(requests, r.request(p, generate.Config{}))
		}
		written, err := r.write(ctx, requests)
		if err != nil {
			return e, err
		}
		found, _, err := r.samplesOf(ctx, part, requests, written)
		if err != nil {
			return e, err
		}
		judged = append(judged, found...)
		progress(len(judged), len(r.rows.held))
	}
	sums, by, err := r.objective.Rewards.Rewards(ctx, judged)
	if err != nil {
		return e, err
	}
	mean := meanOf(sums)
	if math.IsNaN(mean) {
		return e, errors.New("task: grpo: no checker judges any answer to a validation prompt")
	}
	e = train.Evaluation{Loss: -mean, Targets: len(judged), Unit: layers.PerRow, Figures: train.Figures{{Name: "reward", Value: mean}}}
	for i, name := range r.objective.Rewards.Names() {
		e.Figures = addFigure(e.Figures, "rewards/"+name, meanOf(by[i]))
	}
	return e, nil
}

// close gives back what writes texts.
func (r *rollouts) close() {
	if r.batcher != nil {
		r.batcher.Close()
		r.batcher = nil
	}
}
