package data

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
)

// Framer turns texts into the ids that an encoder reads, as a tokenizer does. Frame must bear concurrent calls.
type Framer interface {
	// Frame returns the ids of a text, or of a pair of texts where pair is not nil, with the special tokens around them; for each
	// token whether it is of the first (0) or the second text (1), and which bytes of its text it stands for, none for
	// special tokens. If there are more than maxLength tokens the texts are cut, the longer one first.
	Frame(text, pair []byte, maxLength int) (ids, types []int32, offsets [][2]int, cut bool, err error)
	// VocabSize returns a number that all ids are below.
	VocabSize() int
}

// LabelledConfig configures EncodeLabelled and EncodeLabelledFile.
type LabelledConfig struct {
	// Labels are what the texts may have as labels. Another one is an error.
	Labels Labels
	// MaxLength is the most tokens of a text, special ones included, > 0. Longer texts are cut.
	MaxLength int
	// Origins keeps where texts come from beside the token file; see ReadOrigins. Default false.
	Origins bool
	// Progress is called after each block of about 256 KiB of text; nil for silence.
	Progress func(Progress)
}

// LabelledReport tells what EncodeLabelled did.
type LabelledReport struct {
	Examples int
	Cut      int // texts that were longer than MaxLength
	// Renamed are labels that mean a class by another name than the class has; see Labels.Unknown.
	Renamed []Renamed
}

// EncodeLabelled returns the tokens and labels of a source of the shape that ReadLabels documents, in memory.
func EncodeLabelled(ctx context.Context, s *Source, f Framer, c LabelledConfig) (*Tokens, LabelledReport, error) {
	w, err := newMemoryWriter(f.VocabSize())
	if err != nil {
		return nil, LabelledReport{}, err
	}
	report, err := encodeLabelled(ctx, s, f, c, w.assembler)
	if err != nil {
		return nil, report, err
	}
	t, err := w.tokens()
	return t, report, err
}

// EncodeLabelledFile writes them to a token file at path, for OpenTokens. Where it returns an error, it leaves no file, and one
// that was there as it was.
func EncodeLabelledFile(ctx context.Context, path string, s *Source, f Framer, c LabelledConfig) (LabelledReport, error) {
	w, err := NewTokenWriter(path, f.VocabSize())
	if err != nil {
		return LabelledReport{}, err
	}
	defer w.Abort()
	report, err := encodeLabelled(ctx, s, f, c, w.assembler)
	if err != nil {
		return report, err
	}
	return report, w.Commit()
}

func encodeLabelled(ctx context.Context, s *Source, f Framer, c LabelledConfig, w *assembler) (LabelledReport, error) {
	var report LabelledReport
	if c.MaxLength < 1 {
		return report, fmt.Errorf("data: labelled texts: MaxLength is %d, expected 1 or more", c.MaxLength)
	}
	if err := w.Describe(c.Labels); err != nil {
		return report, err
	}
	e := labelEncoder{framer: f, config: c, classes: newClassIndex(c.Labels.Names)}
	renamed := map[string]string{}
	var read atomic.Int64
	for b, err := range s.blocks(&read, newBuffer) {
		if err == nil {
			err = context.Cause(ctx)
		}
		if err != nil {
			return report, err
		}
		encoded, err := e.block(b)
		if err != nil {
			return report, s.gather(err, checkLabelled(c.Labels.Kind))
		}
		for _, x := range encoded {
			if c.Origins {
				if err := w.From(Origin{Name: b.name, Line: x.line, Row: b.byRow}); err != nil {
					return report, err
				}
			}
			if err := errors.Join(w.Weigh(x.weight), w.AppendExample(x.Example)); err != nil {
				return report, err
			}
			report.Examples++
			report.Cut += bit(x.cut)
			for _, r := range x.renamed {
				renamed[r.Label] = r.Class
			}
		}
		if c.Progress != nil {
			c.Progress(Progress{Read: read.Load(), Size: s.Size(), Documents: int64(w.h.Documents), Tokens: int64(w.h.Tokens)})
		}
	}
	report.Renamed = sortRenamed(renamed)
	if report.Examples == 0 {
		return report, fmt.Errorf("%w in %s", errNoTokens, s.name)
	}
	return report, nil
}

// labelEncoder turns labelled texts into examples.
type labelEncoder struct {
	framer  Framer
	config  LabelledConfig
	classes classIndex
}

// encodedExample is an example, and whether its text was cut.
type encodedExample struct {
	Example
	cut     bool
	renamed []Renamed
	weight  float32
	line    int
	err     error
}

// block encodes the texts of a block, on all cores.
func (e *labelEncoder) block(b *block) ([]encodedExample, error) {
	var texts []labelledText
	for x, err := range b.labelledTexts(e.config.Labels.Kind) {
		if err != nil {
			return nil, err
		}
		texts = append(texts, x)
	}
	out := make([]encodedExample, len(texts))
	var next atomic.Int64
	var wait sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(texts)) {
		wait.Go(func() {
			for i := int(next.Add(1)) - 1; i < len(texts); i = int(next.Add(1)) - 1 {
				out[i] = e.text(texts[i])
			}
		})
	}
	wait.Wait()
	for i, x := range out {
		if x.err != nil {
			return nil, b.fail(texts[i].line, x.err)
		}
	}
	return out, nil
}

// text encodes one text.
func (e *labelEncoder) text(x labelledText) encodedExample {
	out := encodedExample{weight: x.weight, line: x.line}
	if len(x.values) != e.config.Labels.values() {
		out.err = fmt.Errorf("%d values to find, expected %d", len(x.values), e.config.Labels.values())
		return out
	}
	classes := make([]int32, len(x.names))
	for i, name := range x.names {
		if name == IgnoredLabel && e.config.Labels.Kind == TokenClassification {
			classes[i] = Ignored
			continue
		}
		class, ok := e.classes.class(name)
		if !ok {
			out.err = fmt.Errorf("label %q is not one of %s", name, strings.Join(e.config.Labels.Names, ", "))
			return out
		}
		classes[i] = class
		if known := e.config.Labels.Names[class]; known != name {
			out.renamed = append(out.renamed, Renamed{name, known})
		}
	}
	var first []int
	out.IDs, out.Types, first, out.cut, out.err = x.Frame(e.framer, e.config.MaxLength)
	if out.err == nil && len(out.IDs) == 0 {
		out.err = fmt.Errorf("the text has no tokens")
	}
	if !slices.Contains(out.Types, 1) {
		out.Types = nil
	}
	switch e.config.Labels.Kind {
	case Classification:
		out.Class = classes[0]
	case TokenClassification:
		out.Classes = atFirst(first, classes, len(out.IDs))
	}
	out.Values = x.values
	return out
}

// atFirst gives the first token of each word the class of the word, and Ignored to the others, as Hugging Face's recipe does.
func atFirst(first []int, classes []int32, tokens int) []int32 {
	out := make([]int32, tokens)
	fill(out, Ignored)
	for word, token := range first {
		if token >= 0 {
			out[token] = classes[word]
		}
	}
	return out
}
