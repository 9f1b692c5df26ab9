package tokenizer

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
)

// Corpus is a text to train on: a stream of documents. Ranging over it reads it
// from the start. A document is valid until the next one; words don't reach
// from one document into another.
type Corpus = iter.Seq2[[]byte, error]

// Texts is a corpus of the given documents.
func Texts(documents ...string) Corpus {
	return func(yield func([]byte, error) bool) {
		for _, d := range documents {
			if !yield([]byte(d), nil) {
				return
			}
		}
	}
}

// maxLine bounds the memory that a line takes; a longer one is cut at white space if it has any.
const maxLine = 16 << 20

// Lines is a corpus of the lines of files, each with the newline that ends it.
func Lines(paths ...string) Corpus {
	return func(yield func([]byte, error) bool) {
		for _, path := range paths {
			if !lines(path, yield) {
				return
			}
		}
	}
}

func lines(path string, yield func([]byte, error) bool) bool {
	f, err := os.Open(path)
	if err != nil {
		yield(nil, fmt.Errorf("tokenizer: corpus: %w", err))
		return false
	}
	defer f.Close()
	r := bufio.NewReaderSize(f, 1<<20)
	var line []byte
	for {
		part, err := r.ReadSlice('\n')
		if err != nil && err != io.EOF && !errors.Is(err, bufio.ErrBufferFull) {
			yield(nil, fmt.Errorf("tokenizer: corpus: %s: %w", path, err))
			return false
		}
		switch {
		case err == nil && len(line) == 0:
			if !yield(part, nil) {
				return false
			}
			continue
		case errors.Is(err, bufio.ErrBufferFull) && len(line)+len(part) < maxLine:
			line = append(line, part...)
			continue
		}
		line = append(line, part...)
		cut := len(line)
		if errors.Is(err, bufio.ErrBufferFull) {
			cut = cutAtSpace(line)
		}
		if cut > 0 && !yield(line[:cut], nil) {
			return false
		}
		line = append(line[:0], line[cut:]...)
		if err == io.EOF {
			return true
		}
	}
}

// cutAtSpace returns where a text that goes on can be cut: before its last run
// of white space in the second half, or else at a character.
func cutAtSpace(b []byte) int {
	for i := len(b) - 1; i > len(b)/2; i-- {
		if b[i] == ' ' && b[i-1] != ' ' {
			return i
		}
	}
	return len(b) - partial(b)
}
