package data

import (
	"context"
	"fmt"
	"runtime"
	"sync"
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
	// Pairs makes it an error if a document has no prompt or no completion, as models need both that write one text about another.
	Pairs bool
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

// encode hands the blocks of s to workers and writes what they return in the order of the blocks.
func encode(ctx context.Context, s *Source, e Encoder, c EncodeConfig, w *assembler) error {
	if err := c.Validate(); err != nil {
		return err
	}
	workers := c.Workers
	if workers == 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	ctx, cancel := context.WithCancel(ctx)
	p := newPipeline(3 * workers)
	var wait sync.WaitGroup
	defer wait.Wait()
	defer cancel()
	wait.Go(func() { p.read(ctx, s) })
	for range workers {
		wait.Go(func() { p.work(e, c) })
	}
	err := p.write(ctx, w, func() {
		if c.Progress != nil {
			c.Progress(Progress{Read: p.bytes.Load(), Size: s.Size(), Documents: int64(w.h.Documents), Tokens: int64(w.h.Tokens)})
		}
	})
	switch {
	case err != nil:
		return err
	case w.h.Tokens == 0:
		return fmt.Errorf("%w in %s", errNoTokens, s.name)
	case p.learned == 0: // the tokens that end documents alone are nothing to learn
		return fmt.Errorf("data: %s: nothing to learn: every completion is empty", s.name)
	}
	return nil
}
