package data

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
)

// Encoder turns text into token ids, as a tokenizer does. AppendIDs must bear concurrent calls.
type Encoder interface {
	// AppendIDs appends the ids of text to dst, with the special tokens that a whole text starts or ends with if asked for.
	AppendIDs(dst []int32, text []byte, addSpecial bool) []int32
	// EndOfText returns the token that ends a document; ok is false where the vocabulary has none.
	EndOfText() (id int32, ok bool)
	// VocabSize returns a number that all ids are below.
	VocabSize() int
}

// EncodeConfig configures Encode and EncodeFile.
type EncodeConfig struct {
	// EndOfText appends the encoder's end-of-text token, if it has one, to each document, as a token to be learned.
	EndOfText bool
	// AddSpecial asks the encoder for special tokens at the start of each document (in its prompt, where there is one), as
	// models want it that start with a token of their own. An encoder that also ends texts with one, as BERT's, is
	// meant for single texts and not for this.
	AddSpecial bool
	// Workers is the number of goroutines that encode; 0 means GOMAXPROCS. The result doesn't depend on it.
	Workers int
	// Progress is called after each block of about 256 KiB of text, from one goroutine; nil for silence.
	Progress func(Progress)
}

// Validate returns an error that names a field out of its range.
func (c EncodeConfig) Validate() error {
	if c.Workers < 0 {
		return fmt.Errorf("data: encode: Workers is %d, expected 0 or more", c.Workers)
	}
	return nil
}

// Progress tells how far encoding has come.
type Progress struct {
	Read, Size int64 // bytes on disk, before decompression
	Documents  int64 // that have ended
	Tokens     int64
}

// Encode returns the tokens of a source in memory, two or four bytes a token. For a large corpus see EncodeFile.
func Encode(ctx context.Context, s *Source, e Encoder, c EncodeConfig) (*Tokens, error) {
	w, err := newMemoryWriter(e.VocabSize())
	if err != nil {
		return nil, err
	}
	if err := encode(ctx, s, e, c, w.assembler); err != nil {
		return nil, err
	}
	return w.tokens()
}

// EncodeFile writes the tokens of a source to a token file at path, for OpenTokens. It uses all cores and some megabytes of
// memory however large the source is. Where it returns an error, it leaves no file, and one that was there as it was.
func EncodeFile(ctx context.Context, path string, s *Source, e Encoder, c EncodeConfig) error {
	w, err := NewTokenWriter(path, e.VocabSize())
	if err != nil {
		return err
	}
	defer w.Abort()
	if err := encode(ctx, s, e, c, w.assembler); err != nil {
		return err
	}
	return w.Commit()
}

// job is a block on its way through a worker.
type job struct {
	*block
	ids  []int32
	runs []run
	done chan struct{} // closed when ids, runs and err are there
	err  error
}

// run is a stretch of a job's ids.
type run struct {
	end   int  // in ids; it starts where the one before ends
	text  int  // bytes of text that it was made from
	learn bool // whether the tokens are targets
	last  bool // whether a document ends with it
}

// encode hands the blocks of s to workers and writes what they return in the order of the blocks.
func encode(ctx context.Context, s *Source, e Encoder, c EncodeConfig, w *assembler) (err error) {
	if err := c.Validate(); err != nil {
		return err
	}
	workers := c.Workers
	if workers == 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	ctx, cancel := context.WithCancelCause(ctx)
	var (
		wait    sync.WaitGroup
		read    atomic.Int64
		buffers = sync.Pool{New: func() any { b := newBuffer(); return &b }}
		todo    = make(chan *job)
		order   = make(chan *job, 2*workers) // bounds how far reading runs ahead
		failed  error                        // of the reader; written before order is closed
	)
	defer wait.Wait()
	defer cancel(nil)
	wait.Go(func() {
		defer close(order)
		defer close(todo)
		for b, err := range s.blocks(&read, func() []byte { return *buffers.Get().(*[]byte) }) {
			if err != nil {
				failed = err
				return
			}
			j := &job{block: b, done: make(chan struct{})}
			for _, next := range []chan *job{order, todo} {
				select {
				case next <- j:
				case <-ctx.Done():
					return
				}
			}
		}
	})
	for range workers {
		wait.Go(func() {
			for j := range todo {
				j.encode(e, c)
				close(j.done)
			}
		})
	}
	for j := range order {
		select {
		case <-j.done:
		case <-ctx.Done():
			return fmt.Errorf("data: encode: %w", context.Cause(ctx))
		}
		if j.err != nil {
			return j.err
		}
		if err := j.write(w); err != nil {
			return fmt.Errorf("data: encode: %w", err)
		}
		text := j.text // not a field of the job, which would keep its ids alive
		buffers.Put(&text)
		if c.Progress != nil {
			c.Progress(Progress{Read: read.Load(), Size: s.Size(), Documents: int64(w.h.Documents), Tokens: int64(w.h.Tokens)})
		}
	}
	if err := context.Cause(ctx); err != nil {
		return fmt.Errorf("data: encode: %w", err)
	}
	switch {
	case failed != nil:
		return failed
	case w.h.Tokens == 0:
		return fmt.Errorf("%w in %s", errNoTokens, s.name)
	case w.h.Targets == 0:
		return fmt.Errorf("data: %s: nothing to learn: every completion is empty", s.name)
	}
	return nil
}

// encode fills in the ids and runs of the job.
func (j *job) encode(e Encoder, c EncodeConfig) {
	eot, hasEOT := e.EndOfText()
	j.ids = make([]int32, 0, len(j.text)/3) // tokens are rarely shorter on average
	for p, err := range j.pieces() {
		if err != nil {
			j.err = err
			return
		}
		if len(p.Prompt)+len(p.Text) == 0 {
			continue
		}
		special := c.AddSpecial && p.First
		if len(p.Prompt) > 0 {
			j.ids = e.AppendIDs(j.ids, p.Prompt, special)
			j.runs = append(j.runs, run{end: len(j.ids), text: len(p.Prompt)})
			special = false
		}
		j.ids = e.AppendIDs(j.ids, p.Text, special)
		if c.EndOfText && hasEOT && p.Last {
			j.ids = append(j.ids, eot)
		}
		j.runs = append(j.runs, run{end: len(j.ids), text: len(p.Text), learn: true, last: p.Last})
	}
}

// write appends the job's tokens to w.
func (j *job) write(w *assembler) error {
	start := 0
	for _, r := range j.runs {
		if err := w.Append(j.ids[start:r.end], r.learn); err != nil {
			return err
		}
		w.CountText(r.text)
		if r.last {
			if err := w.EndDocument(); err != nil {
				return err
			}
		}
		start = r.end
	}
	return nil
}
