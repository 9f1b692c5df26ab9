package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"strconv"
	"time"

	"github.com/seahorse-ml/seahorse/data/tokenizer"
)

// linesAtOnce is how many lines are encoded together, on all cores.
const linesAtOnce = 4096

// tokenizerEncodeCommand is `finetune tokenizer encode`.
type tokenizerEncodeCommand struct {
	Tokenizer       string `required:"" placeholder:"DIR|FILE" help:"A tokenizer or model directory, or a tokenizer's file."`
	Data            string `default:"-" placeholder:"FILE|-" help:"Text to encode. Default: standard input."`
	JSON            bool   `name:"json" help:"Print an object a line: ids, tokens and offsets (in bytes of the line)."`
	NoSpecialTokens bool   `help:"Leave out the special tokens that frame a text."`
	Bench           bool   `help:"Print the speed instead of ids."`
	Threads         int    `default:"0" placeholder:"N" help:"Threads to run on. Default: all cores."`
}

// Help is shown below the command's summary.
func (tokenizerEncodeCommand) Help() string {
	return `Examples:

    echo "Hello world" | finetune tokenizer encode --tokenizer tok
    finetune tokenizer encode --tokenizer tok --data corpus.txt --json`
}

// encodedLine is what --json prints for a line of text.
type encodedLine struct {
	IDs     []int32  `json:"ids"`
	Tokens  []string `json:"tokens"`
	Offsets [][2]int `json:"offsets"`
}

// Run encodes line by line.
func (c *tokenizerEncodeCommand) Run(ctx context.Context, s *streams) error {
	if err := atLeast("threads", &c.Threads, 0); err != nil {
		return err
	}
	useThreads(c.Threads)
	t, err := tokenizer.Load(c.Tokenizer)
	if err != nil {
		return err
	}
	in, closeInput, err := openText(c.Data, s.in)
	if err != nil {
		return err
	}
	defer closeInput()
	if c.Bench {
		return c.bench(in, t, s.out)
	}
	out := bufio.NewWriterSize(s.out, 1<<16)
	for batch, err := range lineBatches(in) {
		if err != nil {
			return fmt.Errorf("%s: %w", c.Data, err)
		}
		if err := context.Cause(ctx); err != nil {
			return err
		}
		if err := c.encode(out, t, batch); err != nil {
			return err
		}
		if err := out.Flush(); err != nil {
			return err
		}
	}
	return nil
}

// encode prints what becomes of some lines.
func (c *tokenizerEncodeCommand) encode(out *bufio.Writer, t *tokenizer.Tokenizer, lines [][]byte) error {
	if c.JSON {
		encodings, err := t.EncodeBatch(lines, tokenizer.EncodeOptions{AddSpecial: !c.NoSpecialTokens})
		if err != nil {
			return err
		}
		printer := json.NewEncoder(out)
		printer.SetEscapeHTML(false)
		for _, e := range encodings {
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

// bench reads everything into memory, encodes it line by line and prints the speed of encoding alone, once cold and then the best of some runs.
func (c *tokenizerEncodeCommand) bench(in io.Reader, t *tokenizer.Tokenizer, out io.Writer) error {
	var lines [][]byte
	size := 0
	for batch, err := range lineBatches(in) {
		if err != nil {
			return fmt.Errorf("%s: %w", c.Data, err)
		}
		lines = append(lines, batch...)
	}
	for _, l := range lines {
		size += len(l) + 1
	}
	if size == 0 {
		return errors.New("no text to encode")
	}
	var first, best time.Duration
	tokens := 0
	for i := range 5 {
		begin := time.Now()
		ids := t.EncodeIDs(lines, !c.NoSpecialTokens)
		d := time.Since(begin)
		if i == 0 {
			first, best = d, d
			for _, line := range ids {
				tokens += len(line)
			}
		}
		best = min(best, d)
	}
	speed := func(n int, d time.Duration) float64 { return float64(n) / 1e6 / d.Seconds() }
	_, err := fmt.Fprintf(out, "%.1f MB, %s tokens: %.1f MB/s, %.1f million tokens/s (first pass %.1f MB/s)\n",
		float64(size)/1e6, grouped(int64(tokens)), speed(size, best), speed(tokens, best), speed(size, first))
	return err
}

// tokenizerDecodeCommand is `finetune tokenizer decode`.
type tokenizerDecodeCommand struct {
	Tokenizer         string `required:"" placeholder:"DIR|FILE" help:"A tokenizer or model directory, or a tokenizer's file."`
	Data              string `default:"-" placeholder:"FILE|-" help:"Lines of ids. Default: standard input."`
	SkipSpecialTokens bool   `help:"Leave special tokens out of the text."`
}

// Help is shown below the command's summary.
func (tokenizerDecodeCommand) Help() string {
	return `Example:

    echo "15496 995" | finetune tokenizer decode --tokenizer tok`
}

// Run decodes line by line.
func (c *tokenizerDecodeCommand) Run(ctx context.Context, s *streams) error {
	t, err := tokenizer.Load(c.Tokenizer)
	if err != nil {
		return err
	}
	in, closeInput, err := openText(c.Data, s.in)
	if err != nil {
		return err
	}
	defer closeInput()
	out := bufio.NewWriterSize(s.out, 1<<16)
	number := 0
	var ids []int32
	for batch, err := range lineBatches(in) {
		if err != nil {
			return fmt.Errorf("%s: %w", c.Data, err)
		}
		if err := context.Cause(ctx); err != nil {
			return err
		}
		for _, line := range batch {
			number++
			ids = ids[:0]
			for word := range bytes.FieldsSeq(line) {
				id, err := strconv.ParseInt(string(word), 10, 32)
				if err != nil || id < 0 || id >= int64(t.VocabSize()) {
					return errors.Join(out.Flush(), fmt.Errorf("%s:%d: %q is no id: expected numbers from 0 to %d", c.Data, number, word, t.VocabSize()-1))
				}
				ids = append(ids, int32(id))
			}
			out.Write(t.Decode(ids, c.SkipSpecialTokens))
			out.WriteByte('\n')
		}
		if err := out.Flush(); err != nil {
			return err
		}
	}
	return nil
}

// openText opens a file, or standard input for "-".
func openText(path string, stdin io.Reader) (io.Reader, func() error, error) {
	if path == "-" {
		return stdin, func() error { return nil }, nil
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, nil, err
	}
	return f, f.Close, nil
}

// lineBatches yields the lines of r without their newlines, as many at a time as are there without waiting, up to linesAtOnce: a
// person who types gets an answer to each line.
func lineBatches(r io.Reader) iter.Seq2[[][]byte, error] {
	return func(yield func([][]byte, error) bool) {
		in := bufio.NewReaderSize(r, 1<<20)
		var batch [][]byte
		for {
			line, err := in.ReadBytes('\n')
			if len(line) > 0 {
				batch = append(batch, bytes.TrimSuffix(line, []byte("\n")))
			}
			if len(batch) == linesAtOnce || err != nil || in.Buffered() == 0 {
				if len(batch) > 0 && !yield(batch, nil) {
					return
				}
				batch = nil
			}
			if err != nil {
				if err != io.EOF {
					yield(nil, err)
				}
				return
			}
		}
	}
}
