package data

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
)

// pipeline moves jobs in a circle: from idle to the reader, to a worker and, in order, to the writer, which makes them idle
// again. How many jobs there are bounds how far reading runs ahead of writing.
type pipeline struct {
	idle, order chan *job // with room for all jobs, so that sending never blocks
	todo        chan *job
	bytes       atomic.Int64 // read from the disk
	failed      error        // of the reader; written before order is closed
	learned     int          // bytes of text to be learned that were written
	origins     bool         // are kept
}

func newPipeline(jobs int) *pipeline {
	p := &pipeline{idle: make(chan *job, jobs), order: make(chan *job, jobs), todo: make(chan *job)}
	for range jobs {
		p.idle <- &job{done: make(chan struct{}, 1)}
	}
	return p
}

// read makes a job of each block.
func (p *pipeline) read(ctx context.Context, s *Source) {
	defer close(p.order)
	defer close(p.todo)
	var texts [][]byte // buffers of jobs that are done
	take := func() []byte {
		n := len(texts)
		if n == 0 {
			return newBuffer()
		}
		text := texts[n-1]
		texts = texts[:n-1]
		return text
	}
	for b, err := range s.blocks(&p.bytes, take) {
		if err != nil {
			p.failed = err
			return
		}
		var j *job
		select {
		case j = <-p.idle:
		case <-ctx.Done():
			return
		}
		if j.block != nil {
			texts = append(texts, j.text)
		}
		j.block, j.ids, j.runs = b, j.ids[:0], j.runs[:0]
		p.order <- j
		select {
		case p.todo <- j:
		case <-ctx.Done():
			return
		}
	}
}

// work encodes jobs until there are no more.
func (p *pipeline) work(e Encoder, c EncodeConfig) {
	for j := range p.todo {
		j.err = j.encode(e, c)
		j.done <- struct{}{}
	}
}

// write writes jobs in order, and calls progress behind each, until there are no more or one has failed.
func (p *pipeline) write(ctx context.Context, w *assembler, progress func()) error {
	for j := range p.order {
		select {
		case <-j.done:
		case <-ctx.Done():
			return fmt.Errorf("data: encode: %w", context.Cause(ctx))
		}
		if j.err != nil {
			return j.err
		}
		if err := j.write(w, p.origins); err != nil {
			return fmt.Errorf("data: encode: %w", err)
		}
		for _, r := range j.runs {
			p.learned += r.learned
		}
		p.idle <- j
		progress()
	}
	if err := context.Cause(ctx); err != nil {
		return fmt.Errorf("data: encode: %w", err)
	}
	return p.failed
}

// job is a block on its way through a worker. Jobs and their buffers are used again.
type job struct {
	*block
	ids  []int32
	runs []run
	err  error
	done chan struct{} // receives when ids, runs and err are there

	joined []byte // a prompt with its completion
	learn  []bool // which of its tokens are to be learned
}

// run is a stretch of a job's ids.
type run struct {
	end     int  // in ids; it starts where the one before ends
	text    int  // bytes of text that it was made from
	learned int  // how many of those are to be learned
	learn   bool // whether the tokens are targets
	last    bool // whether a document ends with it
	weight  float32
	line    int // that it comes from
}

// encode fills in the ids and runs of the job.
func (j *job) encode(e Encoder, c EncodeConfig) error {
	for p, err := range j.pieces() {
		if err != nil {
			return err
		}
		runs := len(j.runs)
		if c.Instructions {
			p = p.Asked()
		}
		if c.Seen != nil {
			c.Seen(p.Shape)
		}
		if err = p.check(c); err == nil {
			if p.blank() && c.Blank != nil {
				c.Blank(j.fail(p.line, errBlank))
			}
			err = j.append(e, c, p)
		}
		for i := runs; i < len(j.runs); i++ {
			j.runs[i].weight, j.runs[i].line = p.Weight, max(p.line, j.line)
		}
		if err != nil {
			if err = j.fail(max(p.line, j.line), err); j.skipped.take(j.block, err) {
				continue
			}
			return err
		}
	}
	return nil
}

// append appends a piece.
func (j *job) append(e Encoder, c EncodeConfig, p Piece) error {
	switch {
	case p.Shape == MessagesShape:
		return j.appendConversation(c, p)
	case len(p.Prompt)+len(p.Text) == 0:
	case c.Pairs:
		j.ids = e.AppendPart(j.ids, p.Prompt, true, true, c.AddSpecial)
		j.runs = append(j.runs, run{end: len(j.ids), text: len(p.Prompt)})
		j.appendPart(e, c, p)
	case len(p.Prompt) > 0 || c.Limit.holds(p):
		return j.appendJoined(e, c, p)
	default:
		j.appendPart(e, c, p)
	}
	return nil
}

// appendPart appends a text all of which is to be learned.
func (j *job) appendPart(e Encoder, c EncodeConfig, p Piece) {
	start := len(j.ids)
	j.ids = e.AppendPart(j.ids, p.Text, p.First, p.Last, c.AddSpecial)
	if c.Unframed {
		j.unframe(e, p, start)
	}
	if p.Last {
		j.end(e, c, start)
	}
	j.runs = append(j.runs, run{end: len(j.ids), text: len(p.Text), learned: len(p.Text), learn: true, last: p.Last})
}

// appendJoined appends a prompt and its completion as the one text that they are.
func (j *job) appendJoined(e Encoder, c EncodeConfig, p Piece) error {
	start := len(j.ids)
	j.joined = append(append(j.joined[:0], p.Prompt...), p.Text...)
	span := [][2]int{{len(p.Prompt), len(j.joined)}}
	if c.LearnPrompts {
		span[0][0] = 0
	}
	j.ids, j.learn = e.AppendTargets(j.ids, j.learn[:0], j.joined, span, c.AddSpecial)
	if j.end(e, c, start) {
		j.learn = append(j.learn, true)
	}
	return j.endRecord(c, p, start, len(j.joined), len(p.Text))
}

// unframe takes the encoder's frame off the ids from start on, where they begin or end with it.
func (j *job) unframe(e Encoder, p Piece, start int) {
	begin, end := e.AppendPart(nil, nil, true, false, true), e.AppendPart(nil, nil, false, true, true)
	if ids := j.ids[start:]; p.Last && len(ids) >= len(end) && slices.Equal(ids[len(ids)-len(end):], end) {
		j.ids = j.ids[:len(j.ids)-len(end)]
	}
	if ids := j.ids[start:]; p.First && len(ids) >= len(begin) && slices.Equal(ids[:len(begin)], begin) {
		j.ids = slices.Delete(j.ids, start, start+len(begin))
	}
}

// end appends the token that ends documents, if it is asked for and not there yet, and reports whether it did.
func (j *job) end(e Encoder, c EncodeConfig, start int) bool {
	id, ok := e.EndOfText()
	if !ok || !c.EndOfText || len(j.ids) > start && j.ids[len(j.ids)-1] == id {
		return false
	}
	j.ids = append(j.ids, id)
	return true
}

// write appends the job's tokens to w, and where they come from.
func (j *job) write(w *assembler, origins bool) error {
	if j.format != plainText {
		w.markRecords()
	}
	start := 0
	for _, r := range j.runs {
		if origins {
			if err := w.From(Origin{Name: j.name, Line: r.line, Row: j.byRow, Text: j.format == plainText}); err != nil {
				return err
			}
		}
		if err := w.Append(j.ids[start:r.end], r.learn); err != nil {
			return err
		}
		w.CountText(r.text)
		if r.last {
			if err := errors.Join(w.Weigh(r.weight), w.EndDocument()); err != nil {
				return err
			}
		}
		start = r.end
	}
	return nil
}
