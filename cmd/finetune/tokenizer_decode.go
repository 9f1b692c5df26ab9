package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
)

// tokenizerDecodeCommand is `finetune tokenizer decode`.
type tokenizerDecodeCommand struct {
	tokenizerLines
	JSON              bool `name:"json" help:"Print each text as a JSON string, so that it takes one line whatever is in it."`
	SkipSpecialTokens bool `help:"Leave special tokens out of the text."`
}

// Help is shown below the command's summary.
func (tokenizerDecodeCommand) Help() string {
	return `Example:

    echo "15496 995" | finetune tokenizer decode --tokenizer tok`
}

// Run decodes line by line.
func (c *tokenizerDecodeCommand) Run(ctx context.Context, s *streams) error {
	t, in, closeInput, err := c.open(ctx, s)
	if err != nil {
		return err
	}
	defer closeInput()
	out := bufio.NewWriterSize(s.out, 1<<16)
	number := 0
	var ids []int32
	for batch, err := range lineBatches(ctx, in, c.Data) {
		if err != nil {
			return err
		}
		for _, line := range batch {
			number++
			if ids, err = parseIDs(ids[:0], line, t.VocabSize()); err != nil {
				return errors.Join(out.Flush(), fmt.Errorf("%s:%d: %w", c.Data, number, err))
			}
			text := t.Decode(ids, c.SkipSpecialTokens)
			if c.JSON {
				text = quoteJSON(text)
			}
			out.Write(text)
			out.WriteByte('\n')
		}
		if err := out.Flush(); err != nil {
			return err
		}
	}
	return nil
}

// parseIDs appends the ids of a line, which must be below vocab.
func parseIDs(dst []int32, line []byte, vocab int) ([]int32, error) {
	for word := range bytes.FieldsSeq(line) {
		id, err := strconv.ParseInt(string(word), 10, 32)
		if err != nil || id < 0 || id >= int64(vocab) {
			return dst, fmt.Errorf("%q is no id: expected numbers from 0 to %d", word, vocab-1)
		}
		dst = append(dst, int32(id))
	}
	return dst, nil
}

// quoteJSON returns text as a JSON string; bytes that form no character become U+FFFD, as JSON cannot hold them.
func quoteJSON(text []byte) []byte {
	var out bytes.Buffer
	printer := json.NewEncoder(&out)
	printer.SetEscapeHTML(false)
	printer.Encode(string(text)) // a string cannot fail
	return bytes.TrimSuffix(out.Bytes(), []byte("\n"))
}
