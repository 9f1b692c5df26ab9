package task

import (
	"context"
	"fmt"

	"github.com/seahorse-ml/seahorse/data"
	"github.com/seahorse-ml/seahorse/generate"
	"github.com/seahorse-ml/seahorse/internal/random"
	"github.com/seahorse-ml/seahorse/train"
)

// distillStream is the stream of random numbers by which steps are drawn whose texts are written.
const distillStream = 0x44495354 << 32

// distilled is the train.Feeder of Distill: it gives out the rows of the data in the order that they have without it, and lets the student or the teacher write
// some of their texts anew.
type distilled struct {
	run       *Run
	objective *Distill
	loader    *data.Loader // nil until it is needed
	rows      uint64       // of a step
	seed      uint64
	student   *generate.Batcher // nil until it is needed
	teacher   *generate.Batcher // likewise
}

func newDistilled(r *Run, o *Distill, c train.Config) *distilled {
	return &distilled{run: r, objective: o, rows: uint64(c.BatchSize * c.Accumulation), seed: c.Seed}
}

// Save and Restore have nothing to do: what is fed follows from the step and the parameters.
func (*distilled) Save(string, int) error    { return nil }
func (*distilled) Restore(string, int) error { return nil }

// Feed fills the micro-batches of a step.
func (d *distilled) Feed(ctx context.Context, step int, batches []*data.Batch) (train.Figures, error) {
	n, at := uint64(d.run.Rows.Train.Len()), uint64(step)*d.rows
	if d.loader == nil {
		l, err := data.NewLoader(d.run.Rows.Train, data.LoaderConfig{Seed: d.seed})
		if err != nil {
			return nil, err
		}
		d.loader = l
	}
	if err := d.loader.Restore(data.State{Seed: d.seed, Epoch: at / n, Position: at % n, Rows: n}); err != nil {
		return nil, err
	}
	for _, b := range batches {
		if err := d.loader.Next(b); err != nil {
			return nil, err
		}
	}
	own := random.Float64(d.seed, distillStream, uint64(step)) < d.objective.Lmbda
	if !own && !d.objective.SequenceLevel {
		return train.Figures{{Name: "on_policy", Value: 0}}, nil
	}
	writes, err := d.batcher(own)
	if err != nil {
		return nil, err
	}
	config := d.objective.Sampling
	config.Seed, config.Stop = random.Uint64(d.seed, distillStream+1, uint64(step)), d.writer().Ends()
	var all []rewritten
	var requests []generate.Request
	for _, b := range batches {
		for i := range b.Rows {
			w := rewrittenRow(b, i)
			c := config
			c.MaxNewTokens = min(c.MaxNewTokens, w.length-len(w.prompt)+1)
			requests = append(requests, generate.Request{Prompt: w.prompt, Config: c, Stream: uint64(len(all))})
			all = append(all, w)
		}
	}
	written, err := writes.Write(ctx, requests)
	if err != nil {
		return nil, err
	}
	for i := range all {
		all[i].written = written[i][0].IDs
	}
	rows := rewrittenRows{layout: d.run.Rows.Train.Layout(), rows: all}
	first := 0
	for _, b := range batches {
		if err := data.FillSequential(b, rows, first); err != nil {
			return nil, err
		}
		first += b.Rows
	}
	figure := train.Figures{{Name: "on_policy", Value: 0}}
	if own {
		figure[0].Value = 1
	}
	return figure, nil
}

// writer knows how texts of the student end.
func (d *distilled) writer() *Writer {
	m, _ := d.run.Model.(generate.Model)
	return &Writer{Model: m, Tokenizer: d.run.Tokenizer}
}

// batcher returns what writes texts by the student or the teacher.
func (d *distilled) batcher(own bool) (*generate.Batcher, error) {
	b, w := &d.teacher, d.writer()
	if own {
		b = &d.student
	} else {
		m, ok := d.objective.teacher.Model.(generate.Model)
		if !ok {
			return nil, fmt.Errorf("task: teacher: %s doesn't write texts", Described(d.objective.teacher.Model))
		}
		w.Model = m
	}
	if *b == nil {
		length := min(d.run.Length+1, w.Model.ContextLength())
		rows := int(min(d.rows, sideBySide))
		made, err := w.Batcher(generate.BatcherConfig{Rows: rows, Length: length, Cells: rows * length})
		if err != nil {
			return nil, err
		}
		*b = made
	}
	return *b, nil
}

// close gives back what writes texts.
func (d *distilled) close() {
	for _, b := range []*generate.Batcher{d.student, d.teacher} {
		if b != nil {
			b.Close()
		}
	}
	d.student, d.teacher = nil, nil
}

// rewritten is a row whose text is written anew behind its prompt.
type rewritten struct {
	length          int // T
	prompt, written []int32
}

// rewrittenRow takes the prompt of a row: what comes before the last stretch that is learned, at least the first token.
func rewrittenRow(b *data.Batch, i int) rewritten {
	n := b.Layout.Length(data.TextLength)
	ids, targets := b.Ints(data.IDs)[i*n:(i+1)*n], b.Ints(data.Targets)[i*n:(i+1)*n]
	last := n - 1
	for last > 0 && targets[last] < 0 {
		last--
	}
	for last > 0 && targets[last-1] >= 0 {
		last--
	}
	return rewritten{length: n, prompt: append([]int32{}, ids[:last+1]...)}
}

// rewrittenRows is a dataset of such rows.
type rewrittenRows struct {
	layout data.Layout
	rows   []rewritten
}

func (r rewrittenRows) Len() int            { return len(r.rows) }
func (r rewrittenRows) Layout() data.Layout { return r.layout }

// Fill writes row i.
func (r rewrittenRows) Fill(row data.Row, i int, _ uint64) {
	w := r.rows[i]
	ids, targets, segments := row.Ints(data.IDs), row.Ints(data.Targets), row.Ints(data.Segments)
	n := copy(ids, w.prompt)
	copy(targets[n-1:], w.written)
	n += copy(ids[n:], w.written[:max(0, len(w.written)-1)])
	for k := range segments {
		segments[k] = -1
		if k < n {
			segments[k] = 0
		}
	}
}
