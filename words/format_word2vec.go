package words

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/seahorse-ml/seahorse/internal/atomicfile"
)

// Format is a form of a file of vectors.
type Format string

// The formats that Save writes and Open reads.
const (
	Word2VecText   Format = "word2vec"     // a line of V and D, then a word and its numbers a line; fastText's .vec too
	Word2VecBinary Format = "word2vec-bin" // the same with numbers of four bytes
	GloVeText      Format = "glove"        // word2vec's text without its first line
)

const (
	mostDim    = 1 << 16 // of vectors, learned or read
	mostWord   = 1 << 16 // bytes
	lineBuffer = 1 << 20
)

// Save writes vectors to a file, which replaces an older one only when it is complete.
func (v *Vectors) Save(path string, f Format) error {
	if f == KeyedVectors {
		if err := v.saveKeyedVectors(path); err != nil {
			return fmt.Errorf("words: %w", err)
		}
		return nil
	}
	if f != Word2VecText && f != Word2VecBinary && f != GloVeText {
		return fmt.Errorf("words: %s: the format %q is not known; known are %s, %s, %s and %s", path, f, Word2VecText, Word2VecBinary, GloVeText, KeyedVectors)
	}
	for i := range v.Vocabulary.Len() {
		if w := v.Vocabulary.Word(i); w == "" || strings.ContainsAny(w, " \n\t\r") {
			return fmt.Errorf("words: %s: the word %q has white space, which this format can't hold", path, w)
		}
	}
	err := atomicfile.Write(path, func(w io.Writer) error {
		if f != GloVeText {
			if _, err := fmt.Fprintf(w, "%d %d\n", v.Vocabulary.Len(), v.Dim); err != nil {
				return err
			}
		}
		var line []byte
		for i := range v.Vocabulary.Len() {
			line = append(line[:0], v.Vocabulary.Word(i)...)
			for j, x := range v.At(i) {
				if f == Word2VecBinary {
					if j == 0 {
						line = append(line, ' ')
					}
					line = binary.LittleEndian.AppendUint32(line, math.Float32bits(x))
				} else {
					line = strconv.AppendFloat(append(line, ' '), float64(x), 'g', -1, 32)
				}
			}
			if _, err := w.Write(append(line, '\n')); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("words: %w", err)
	}
	return nil
}

// Open reads a file of vectors in one of the formats, gensim's KeyedVectors with their .npy or fastText's .bin, which its beginning tells.
func Open(path string) (*Vectors, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("words: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("words: %w", err)
	}
	r := bufio.NewReaderSize(f, lineBuffer)
	start, _ := r.Peek(4)
	if isPickle(start) {
		v, err := openKeyedVectors(path)
		if err != nil {
			return nil, fmt.Errorf("words: %s: %w", path, err)
		}
		return v, nil
	}
	if isFastText(start) {
		m, err := OpenFastText(path)
		if err != nil {
			return nil, err
		}
		return m.Vectors(), nil
	}
	v, err := read(r, info.Size())
	if err != nil {
		return nil, fmt.Errorf("words: %s: %w", path, err)
	}
	return v, nil
}

// read reads vectors from a file of so many bytes.
func read(r *bufio.Reader, size int64) (*Vectors, error) {
	start, err := r.Peek(int(min(size, 256)))
	if err != nil {
		return nil, err
	}
	line, _, _ := strings.Cut(string(start), "\n")
	fields := strings.Fields(line)
	if len(fields) != 2 {
		return readText(r, 0, 0, 1)
	}
	n, err1 := strconv.Atoi(fields[0])
	dim, err2 := strconv.Atoi(fields[1])
	if err := errors.Join(err1, err2); err != nil || n < 1 || dim < 1 || dim > mostDim {
		return nil, fmt.Errorf("line 1: %q, expected the numbers of words and dimensions", line)
	}
	if int64(n) > size/2 || int64(n)*int64(dim) > size {
		return nil, fmt.Errorf("line 1: %d words of %d dimensions don't fit into %d bytes", n, dim, size)
	}
	r.Discard(len(line) + 1)
	if isBinary(r, dim) {
		return readBinary(r, n, dim)
	}
	return readText(r, n, dim, 2)
}

// isBinary tells whether the first vector is of bytes rather than of text: its numbers as text don't parse.
func isBinary(r *bufio.Reader, dim int) bool {
	start, _ := r.Peek(lineBuffer / 2)
	line, _, _ := strings.Cut(string(start), "\n")
	fields := strings.Fields(line)
	if len(fields) != dim+1 {
		return true
	}
	for _, f := range fields[1:] {
		if _, err := strconv.ParseFloat(f, 32); err != nil {
			return true
		}
	}
	return false
}

func readBinary(r *bufio.Reader, n, dim int) (*Vectors, error) {
	v := &Vectors{Dim: dim}
	var words []string
	numbers := make([]byte, 4*dim)
	for i := range n {
		word, err := r.ReadSlice(' ')
		if err != nil {
			return nil, fmt.Errorf("word %d of %d: expected a word and a space: %w", i+1, n, cut(err))
		}
		if len(word) > mostWord {
			return nil, fmt.Errorf("word %d of %d has %d bytes, expected at most %d", i+1, n, len(word), mostWord)
		}
		name := strings.TrimLeft(string(word[:len(word)-1]), "\n")
		if _, err := io.ReadFull(r, numbers); err != nil {
			return nil, fmt.Errorf("word %d of %d, %q: %w", i+1, n, name, cut(err))
		}
		if err := checkWord(name); err != nil {
			return nil, fmt.Errorf("word %d of %d: %w", i+1, n, err)
		}
		words = append(words, name)
		for j := range dim {
			v.Values = append(v.Values, math.Float32frombits(binary.LittleEndian.Uint32(numbers[4*j:])))
		}
	}
	return v.named(words)
}

// cut says of a file that ends too early what a person understands.
func cut(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errors.New("the file ends too early")
	}
	return err
}

func checkWord(word string) error {
	if word == "" || !utf8.ValidString(word) {
		return fmt.Errorf("%q is no word in UTF-8", word)
	}
	return nil
}

// readText reads lines of a word and its numbers; n of 0 is as many as there are, dim of 0 that of the first.
func readText(r *bufio.Reader, n, dim, line int) (*Vectors, error) {
	v := &Vectors{Dim: dim}
	var words []string
	for ; ; line++ {
		text, err := r.ReadString('\n')
		if errors.Is(err, io.EOF) && strings.TrimSpace(text) == "" {
			break
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, err
		}
		fields := strings.FieldsFunc(text, func(r rune) bool { return r == ' ' || r == '\n' || r == '\r' || r == '\t' })
		if v.Dim == 0 {
			v.Dim = len(fields) - 1
		}
		if v.Dim < 1 || v.Dim > mostDim || len(fields) != v.Dim+1 {
			return nil, fmt.Errorf("line %d: %d numbers behind a word, expected %d", line, len(fields)-1, v.Dim)
		}
		if err := checkWord(fields[0]); err != nil {
			return nil, fmt.Errorf("line %d: %w", line, err)
		}
		words = append(words, fields[0])
		for _, f := range fields[1:] {
			x, err := strconv.ParseFloat(f, 32)
			if err != nil {
				return nil, fmt.Errorf("line %d: %q is no number", line, f)
			}
			v.Values = append(v.Values, float32(x))
		}
	}
	if n > 0 && len(words) != n {
		return nil, fmt.Errorf("%d words, expected %d as the first line says", len(words), n)
	}
	return v.named(words)
}

// named completes vectors that were read.
func (v *Vectors) named(words []string) (*Vectors, error) {
	if len(words) == 0 {
		return nil, errors.New("no vectors")
	}
	for i, x := range v.Values {
		if math.IsNaN(float64(x)) || math.IsInf(float64(x), 0) {
			return nil, fmt.Errorf("the vector of %q has the number %v", words[i/v.Dim], x)
		}
	}
	var err error
	v.Vocabulary, err = NewVocabulary(words, nil)
	return v, err
}
