package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"os"

	"github.com/seahorse-ml/seahorse/data"
)

// textBatches are texts, some at a time.
type textBatches = iter.Seq2[[][]byte, error]

// linesAtOnce is how many lines are encoded together, on all cores.
const linesAtOnce = 4096

// openText opens a file, or standard input for "-", as text: without a byte order mark, its lines ending in \n.
func openText(path string, stdin io.Reader) (io.Reader, func() error, error) {
	if path == "-" {
		return data.NewTextReader(stdin), func() error { return nil }, nil
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, nil, err
	}
	return data.NewTextReader(f), f.Close, nil
}

// lineBatches yields the lines of r without their newlines, as many at a time as are there without waiting, up to linesAtOnce: a
// person who types gets an answer to each line. Errors have the name of r.
func lineBatches(ctx context.Context, r io.Reader, name string) textBatches {
	return func(yield func([][]byte, error) bool) {
		in := bufio.NewReaderSize(r, 1<<20)
		var batch [][]byte
		for {
			line, err := in.ReadBytes('\n')
			if len(line) > 0 {
				batch = append(batch, bytes.TrimSuffix(line, []byte("\n")))
			}
			if len(batch) == linesAtOnce || err != nil || in.Buffered() == 0 {
				if stop := context.Cause(ctx); stop != nil {
					yield(nil, stop)
					return
				}
				if len(batch) > 0 && !yield(batch, nil) {
					return
				}
				batch = nil
			}
			if err != nil {
				if err != io.EOF {
					yield(nil, fmt.Errorf("%s: %w", name, err))
				}
				return
			}
		}
	}
}

// jsonStrings turns lines that are JSON strings into their texts.
func jsonStrings(lines textBatches, name string) textBatches {
	return func(yield func([][]byte, error) bool) {
		number := 0
		for batch, err := range lines {
			for i, line := range batch {
				number++
				var text string
				if err := json.Unmarshal(line, &text); err != nil {
					yield(nil, fmt.Errorf("%s:%d: expected a JSON string: %w", name, number, err))
					return
				}
				batch[i] = []byte(text)
			}
			if !yield(batch, err) {
				return
			}
		}
	}
}
