package data

import (
	"context"
	"fmt"
	"runtime"
	"sync"

	"github.com/seahorse-ml/seahorse/internal/orderedjson"
)

// Encoder turns text into token ids, as a tokenizer does. Its methods must bear concurrent calls.
type Encoder interface {
	// AppendPart appends the ids of a document, or of a part of a long one, to dst. First and last tell whether the document begins
	// and ends with the part; one that goes on from another gets no mark of a beginning. With addSpecial the special tokens
	// that frame a text stand at the ends of the document, and are not doubled where the text has them itself.
	AppendPart(dst []int32, text []byte, first, last, addSpecial bool) []int32
	// AppendTargets appends the ids of a whole text, which don't depend on the spans, and for each whether it is to be learned:
	// whether it stands, at least in part, for the bytes [start, end) of a span. Spans ascend and don't overlap. Special tokens
	// around the text are to be learned where a span reaches that end of it.
	AppendTargets(ids []int32, targets []bool, text []byte, spans [][2]int, addSpecial bool) ([]int32, []bool)
	// EndOfText returns the token that ends a document; ok is false where the vocabulary has none.
	EndOfText() (id int32, ok bool)
	// VocabSize returns a number that all ids are below.
	VocabSize() int
}

// EncodeConfig configures Encode and EncodeFile.
//
// A prompt and its completion are encoded as the one text that they are together; a token that reaches over the bound between
// them is one to be learned.
type EncodeConfig struct {
	// EndOfText appends the encoder's end-of-text token, if it has one, to each document that doesn't end with it already, as
	// a token to be learned.
	EndOfText bool
	// AddSpecial asks the encoder for the special tokens that frame a text, around each document.
	AddSpecial bool
	// Unframed leaves out what frames a text where a document begins or ends with it itself, for rows that get a frame of their own.
	Unframed bool
	// Pairs encodes prompts and completions as two texts, each framed, as models want it that write one text about another. A
	// document without a prompt or without a completion is then an error.
	Pairs bool
	// Conversation encodes a record of the shape MessagesShape; its calls may be concurrent. Nil makes such records errors.
	Conversation func(record *orderedjson.Object) (EncodedRecord, error)
	// Instructions makes a record of the shape InstructionShape a conversation of one question and its answer, for Conversation; else it is a
	// prompt as Alpaca has it, and its completion.
	Instructions bool
	// Seen is called with the shape of each record, by several goroutines at once; nil for nobody.
	Seen func(Shape)
	// Blank is called with the place of each record without any text, which leaves no document, by several goroutines at once; nil for nobody.
	Blank func(place error)
	// Limit bounds the tokens of records, and counts those beyond; nil doesn't. Pairs have limits of their own.
	Limit *LengthLimit
	// LearnPrompts makes the tokens of prompts such to be learned too.
	LearnPrompts bool
	// Origins keeps where documents come from beside the token file; see ReadOrigins. Default false.
	Origins bool
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
	if c.Limit != nil {
		return c.Limit.Validate()
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
	p.origins = c.Origins
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
		return s.gather(err, checkEncoded(c))
	case w.h.Tokens == 0 && c.Limit != nil && c.Limit.Report().Dropped > 0:
		return fmt.Errorf("data: %s: nothing is left: all records are too long, %w", s.name, c.Limit.Report().First[0])
	case w.h.Tokens == 0:
		return fmt.Errorf("%w in %s", errNoTokens, s.name)
	case p.learned == 0: // the tokens that end documents alone are nothing to learn
		return fmt.Errorf("data: %s: nothing to learn: every completion is empty", s.name)
	}
	return nil
}
