package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strconv"
	"time"

	"github.com/seahorse-ml/seahorse/data/tokenizer"
)

// tokenizerEncodeCommand is `finetune tokenizer encode`.
type tokenizerEncodeCommand struct {
	tokenizerLines
	JSON            bool     `name:"json" help:"Print an object a line: ids, tokens and offsets (in bytes of the text)."`
	JSONInput       bool     `name:"json-input" help:"Each line is a text as a JSON string, so that texts can have line ends."`
	NoSpecialTokens bool     `help:"Leave out the special tokens that frame a text."`
	Dropout         *float64 `placeholder:"P" help:"bpe: pass over each merge by this chance, anew in each line. Default: never."`
	Alpha           *float64 `placeholder:"A" help:"unigram: draw one of the ways to take each word apart, by their probabilities to the power of A: 0 draws all alike. Default: take the likeliest."`
	Seed            *uint64  `placeholder:"N" help:"Seed of --dropout or --alpha; the ids don't depend on the number of threads. Default: 0."`
	Bench           bool     `help:"Print the speed instead of ids."`
	Threads         int      `default:"0" placeholder:"N" help:"Threads to run on. Default: all cores that the process may use."`
}

// Help is shown below the command's summary.
func (tokenizerEncodeCommand) Help() string {
	return `Examples:

    echo "Hello world" | finetune tokenizer encode --tokenizer tok
    finetune tokenizer encode --tokenizer tok --data corpus.txt --json
    finetune tokenizer encode --tokenizer tok --data corpus.txt --dropout 0.1 --seed 7
    finetune tokenizer encode --tokenizer tok --data corpus.txt --bench`
}

// encodedLine is what --json prints for a line of text.
type encodedLine struct {
	IDs     []int32  `json:"ids"`
	Tokens  []string `json:"tokens"`
	Offsets [][2]int `json:"offsets"`
}

// Run encodes line by line.
func (c *tokenizerEncodeCommand) Run(ctx context.Context, s *streams) error {
	if err := checkThreads(c.Threads); err != nil {
		return err
	}
	useThreads(c.Threads)
	options, err := c.options()
	if err != nil {
		return err
	}
	t, in, closeInput, err := c.open(ctx, s)
	if err != nil {
		return err
	}
	defer closeInput()
	texts := lineBatches(ctx, in, c.Data)
	if c.JSONInput {
		texts = jsonStrings(texts, c.Data)
	}
	if c.Bench {
		return c.bench(ctx, texts, t, s.out)
	}
	out := bufio.NewWriterSize(s.out, 1<<16)
	for batch, err := range texts {
		if err != nil {
			return err
		}
		if err := c.encode(out, t, batch, options); err != nil {
			return err
		}
		if options.Sampling != nil {
			options.Sampling.Text += uint64(len(batch))
		}
		if err := out.Flush(); err != nil {
			return err
		}
	}
	return nil
}

// options returns what the flags ask for.
func (c *tokenizerEncodeCommand) options() (tokenizer.EncodeOptions, error) {
	o := tokenizer.EncodeOptions{AddSpecial: !c.NoSpecialTokens}
	if c.Dropout == nil && c.Alpha == nil {
		if c.Seed != nil {
			return o, errors.New("--seed is for --dropout and --alpha")
		}
		return o, nil
	}
	if c.Bench {
		return o, errors.New("--bench times encoding without --dropout and --alpha")
	}
	o.Sampling = &tokenizer.Sampling{Dropout: c.Dropout, Alpha: c.Alpha}
	if c.Seed != nil {
		o.Sampling.Seed = *c.Seed
	}
	return o, nil
}

// encode prints what becomes of some lines.
func (c *tokenizerEncodeCommand) encode(out *bufio.Writer, t *tokenizer.Tokenizer, lines [][]byte, o tokenizer.EncodeOptions) error {
	if c.JSON || o.Sampling != nil {
		encodings, err := t.EncodeBatch(lines, o)
		if err != nil {
			return err
		}
		printer := json.NewEncoder(out)
		printer.SetEscapeHTML(false)
		for _, e := range encodings {
			if !c.JSON {
				writeIDs(out, e.IDs)
				continue
			}
			line := encodedLine{append([]int32{}, e.IDs...), append([]string{}, e.Tokens...), append([][2]int{}, e.Offsets...)}
			if err := printer.Encode(line); err != nil {
				return err
			}
		}
		return nil
	}
	for _, ids := range t.EncodeIDs(lines, !c.NoSpecialTokens) {
		writeIDs(out, ids)
	}
	return nil
}

// writeIDs writes ids as a line of decimal numbers. Errors show at the flush.
func writeIDs(out *bufio.Writer, ids []int32) {
	var digits [12]byte
	for i, id := range ids {
		if i > 0 {
			out.WriteByte(' ')
		}
		out.Write(strconv.AppendInt(digits[:0], int64(id), 10))
	}
	out.WriteByte('\n')
}

// benchRuns is how often --bench encodes all texts once they have been seen.
const benchRuns = 5

// bench reads all texts into memory and prints the speed of encoding alone: the median of some runs, and the first run, which
// meets every word for the first time. Garbage is collected between the runs, so that the process holds the ids of one.
func (c *tokenizerEncodeCommand) bench(ctx context.Context, texts textBatches, t *tokenizer.Tokenizer, out io.Writer) error {
	var lines [][]byte
	for batch, err := range texts {
		if err != nil {
			return err
		}
		lines = append(lines, batch...)
	}
	size := 0
	for _, l := range lines {
		size += len(l)
	}
	if size == 0 {
		return errors.New("no text to encode")
	}
	var first time.Duration
	runs := make([]time.Duration, 0, benchRuns)
	tokens := 0
	for i := range benchRuns + 1 {
		if err := context.Cause(ctx); err != nil {
			return err
		}
		runtime.GC() // the ids of the run before are garbage
		begin := time.Now()
		ids := t.EncodeIDs(lines, !c.NoSpecialTokens)
		d := time.Since(begin)
		if i > 0 {
			runs = append(runs, d)
			continue
		}
		first = d
		for _, line := range ids {
			tokens += len(line)
		}
	}
	slices.Sort(runs)
	median := runs[benchRuns/2]
	speed := func(n int, d time.Duration) float64 { return float64(n) / 1e6 / d.Seconds() }
	_, err := fmt.Fprintf(out, "%.1f MB, %s tokens: %.1f MB/s, %.1f million tokens/s (median of %d runs; the first, before: %.1f MB/s)\n",
		float64(size)/1e6, grouped(int64(tokens)), speed(size, median), speed(tokens, median), benchRuns, speed(size, first))
	return err
}
