package words

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"slices"

	"github.com/seahorse-ml/seahorse/internal/atomicfile"
)

// fastText's .bin begins with these numbers; all numbers of the file are little-endian.
const (
	fastTextMagic   = 793712314
	fastTextVersion = 12
)

// Values of fastText's enumerations.
const (
	fastTextHS, fastTextNS, fastTextSoftmax, fastTextOVA = 1, 2, 3, 4
	fastTextCBOW, fastTextSG, fastTextSupervised         = 1, 2, 3
)

// fastTextArgs are the settings that a .bin file keeps, in its order.
type fastTextArgs struct {
	Dim, Window, Epoch, MinCount, Negative, WordNgrams, Loss, Model, Bucket, MinN, MaxN, RateUpdates int32
	Sample                                                                                           float64
}

// fastTextFile is the content of a .bin file: words first, then labels.
type fastTextFile struct {
	args   fastTextArgs
	words  *Vocabulary
	labels *Vocabulary // nil where there are none
	tokens int64       // of the text that the model learned from
	in     *table      // [words + buckets, dim]
	out    []float32   // [words or labels, dim]
}

// isFastText tells whether a file begins as fastText's .bin files do.
func isFastText(start []byte) bool {
	return len(start) >= 4 && binary.LittleEndian.Uint32(start) == fastTextMagic
}

// write writes the file.
func (f *fastTextFile) write(path string) error {
	labels := 0
	if f.labels != nil {
		labels = f.labels.Len()
	}
	err := atomicfile.Write(path, func(file io.Writer) error {
		w := bufio.NewWriterSize(file, lineBuffer)
		put := func(values ...any) {
			for _, v := range values {
				binary.Write(w, binary.LittleEndian, v) // the writer keeps the first error
			}
		}
		put(int32(fastTextMagic), int32(fastTextVersion), f.args)
		put(int32(f.words.Len()+labels), int32(f.words.Len()), int32(labels), f.tokens, int64(-1))
		entries := func(v *Vocabulary, kind byte) error {
			for i := range v.Len() {
				if word := v.Word(i); word == "" || bytes.ContainsAny([]byte(word), "\x00 \n\t\v\f\r") {
					return fmt.Errorf("the word %q has white space or a zero byte, which this format can't hold", word)
				}
				w.WriteString(v.Word(i))
				put(byte(0), v.Count(i), kind)
			}
			return nil
		}
		if err := entries(f.words, 0); err != nil {
			return err
		}
		if labels > 0 {
			if err := entries(f.labels, 1); err != nil {
				return err
			}
		}
		var number [4]byte
		room := make([]float32, f.args.Dim)
		for _, m := range []*table{f.in, wholeTable(f.out, int(f.args.Dim))} {
			put(byte(0), int64(m.rows), int64(m.dim))
			for row := range m.rows {
				for _, x := range m.row(int32(row), room) {
					binary.LittleEndian.PutUint32(number[:], math.Float32bits(x))
					w.Write(number[:])
				}
			}
		}
		return w.Flush()
	})
	if err != nil {
		return fmt.Errorf("words: %w", err)
	}
	return nil
}

// openFastText reads a .bin file.
func openFastText(path string) (*fastTextFile, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("words: %w", err)
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, fmt.Errorf("words: %w", err)
	}
	f, err := readFastText(bufio.NewReaderSize(file, lineBuffer), info.Size())
	if err != nil {
		return nil, fmt.Errorf("words: %s: %w", path, err)
	}
	return f, nil
}

// readFastText reads a .bin file of so many bytes.
func readFastText(r *bufio.Reader, size int64) (*fastTextFile, error) {
	f := &fastTextFile{}
	var head struct{ Magic, Version int32 }
	if err := get(r, &head); err != nil {
		return nil, err
	}
	if head.Magic != fastTextMagic || head.Version != 11 && head.Version != fastTextVersion {
		return nil, fmt.Errorf("magic %d and version %d, expected fastText's %d and 11 or %d", head.Magic, head.Version, fastTextMagic, fastTextVersion)
	}
	if err := get(r, &f.args); err != nil {
		return nil, err
	}
	if head.Version == 11 && f.args.Model == fastTextSupervised {
		f.args.MaxN = 0 // classifiers had no parts of words then
	}
	if err := f.args.check(); err != nil {
		return nil, err
	}
	var counts struct {
		Size, Words, Labels int32
		Tokens, Pruned      int64
	}
	if err := get(r, &counts); err != nil {
		return nil, err
	}
	const leastEntry = 10 // bytes of a word
	switch {
	case counts.Words < 0 || counts.Labels < 0 || counts.Tokens < 0 || int64(counts.Size) != int64(counts.Words)+int64(counts.Labels) || int64(counts.Size) > size/leastEntry:
		return nil, fmt.Errorf("%d entries of %d words and %d labels of %d tokens in %d bytes", counts.Size, counts.Words, counts.Labels, counts.Tokens, size)
	case counts.Pruned >= 0:
		return nil, errors.New("the buckets are pruned, as in a quantized model (.ftz); only whole models are read")
	}
	f.tokens = counts.Tokens
	var err error
	if f.words, err = readEntries(r, int(counts.Words), 0); err != nil {
		return nil, err
	}
	if counts.Labels > 0 {
		if f.labels, err = readEntries(r, int(counts.Labels), 1); err != nil {
			return nil, err
		}
	}
	rows := int64(f.words.Len()) + int64(f.args.Bucket)
	in, err := f.matrix(r, "input", rows, size)
	if err != nil {
		return nil, err
	}
	f.in = wholeTable(in, int(f.args.Dim))
	rows = int64(f.words.Len())
	if f.args.Model == fastTextSupervised {
		rows = int64(counts.Labels)
	}
	if f.out, err = f.matrix(r, "output", rows, size); err != nil {
		return nil, err
	}
	if _, err := r.ReadByte(); !errors.Is(err, io.EOF) {
		return nil, errors.New("something follows the output matrix")
	}
	return f, nil
}

// get reads numbers.
func get(r io.Reader, dst any) error { return cut(binary.Read(r, binary.LittleEndian, dst)) }

func (a fastTextArgs) check() error {
	if a.Dim < 1 || a.Dim > mostDim || a.Bucket < 0 || a.WordNgrams < 0 || a.MaxN > 0 && (a.MinN < 1 || a.MinN > a.MaxN || a.Bucket < 1) || a.WordNgrams > 1 && a.Bucket < 1 {
		return fmt.Errorf("%d dimensions, parts of %d to %d characters, %d words together, %d buckets", a.Dim, a.MinN, a.MaxN, a.WordNgrams, a.Bucket)
	}
	if a.Loss < fastTextHS || a.Loss > fastTextOVA || a.Model < fastTextCBOW || a.Model > fastTextSupervised {
		return fmt.Errorf("loss %d and model %d, expected 1 to 4 and 1 to 3", a.Loss, a.Model)
	}
	return nil
}

// readEntries reads words or labels with their counts.
func readEntries(r *bufio.Reader, n int, kind byte) (*Vocabulary, error) {
	var words []string
	var counts []int64
	for i := range n {
		word, err := r.ReadSlice(0)
		if err != nil {
			return nil, fmt.Errorf("entry %d of %d: expected a word and a zero byte: %w", i+1, n, cut(err))
		}
		if len(word) > mostWord {
			return nil, fmt.Errorf("entry %d of %d: a word of %d bytes, expected at most %d", i+1, n, len(word), mostWord)
		}
		words = append(words, string(word[:len(word)-1]))
		var rest struct {
			Count int64
			Kind  byte
		}
		if err := get(r, &rest); err != nil {
			return nil, fmt.Errorf("entry %d of %d: %w", i+1, n, err)
		}
		if rest.Kind != kind || rest.Count < 0 {
			return nil, fmt.Errorf("entry %d of %d, %q: kind %d and count %d, expected kind %d", i+1, n, words[i], rest.Kind, rest.Count, kind)
		}
		counts = append(counts, rest.Count)
	}
	return NewVocabulary(words, counts)
}

// matrix reads a matrix of so many rows.
func (f *fastTextFile) matrix(r *bufio.Reader, name string, rows, size int64) ([]float32, error) {
	var head struct {
		Quantized byte
		M, N      int64
	}
	if err := get(r, &head.Quantized); err != nil {
		return nil, err
	}
	if head.Quantized != 0 {
		return nil, fmt.Errorf("the %s matrix is quantized; only whole models (.bin) are read", name)
	}
	if err := errors.Join(get(r, &head.M), get(r, &head.N)); err != nil {
		return nil, err
	}
	if head.M != rows || head.N != int64(f.args.Dim) || rows > size/4/head.N {
		return nil, fmt.Errorf("the %s matrix is [%d, %d] in a file of %d bytes, expected [%d, %d]", name, head.M, head.N, size, rows, f.args.Dim)
	}
	values := make([]float32, rows*head.N)
	buffer := make([]byte, 1<<16)
	for rest := values; len(rest) > 0; {
		part := buffer[:min(len(buffer), 4*len(rest))]
		if _, err := io.ReadFull(r, part); err != nil {
			return nil, fmt.Errorf("the %s matrix: %w", name, cut(err))
		}
		for i := range len(part) / 4 {
			rest[i] = math.Float32frombits(binary.LittleEndian.Uint32(part[4*i:]))
		}
		rest = rest[len(part)/4:]
	}
	if i := slices.IndexFunc(values, func(x float32) bool { return math.IsNaN(float64(x)) || math.IsInf(float64(x), 0) }); i >= 0 {
		return nil, fmt.Errorf("the %s matrix has %v in row %d", name, values[i], i/int(head.N))
	}
	return values, nil
}

// SaveFastText writes a model as a .bin file of fastText, from which it and gensim's load_facebook_model read vectors, also those of unknown words.
func (m *Model) SaveFastText(path string) error {
	c := m.Config
	a := fastTextArgs{
		Dim: int32(c.Dim), Window: int32(c.Window), Epoch: int32(c.Epochs), MinCount: int32(c.MinCount), Negative: int32(c.Negative), WordNgrams: 1,
		Loss: fastTextNS, Model: fastTextSG, RateUpdates: 100, Sample: c.Sample,
	}
	if c.Hierarchical {
		a.Loss = fastTextHS
	}
	if c.Method == CBOW {
		a.Model = fastTextCBOW
	}
	if c.parts() {
		a.Bucket, a.MinN, a.MaxN = int32(c.Buckets), int32(c.MinN), int32(c.MaxN)
	}
	return (&fastTextFile{args: a, words: m.Vocabulary, tokens: m.Vocabulary.total(), in: m.in, out: m.out}).write(path)
}

// OpenFastText reads a model from a .bin file of fastText (version 11 or 12, not quantized), which can learn on. Classifiers are read by OpenClassifier.
func OpenFastText(path string) (*Model, error) {
	f, err := openFastText(path)
	if err != nil {
		return nil, err
	}
	m, err := f.model()
	if err != nil {
		return nil, fmt.Errorf("words: %s: %w", path, err)
	}
	return m, nil
}

// model makes a model of the file's content.
func (f *fastTextFile) model() (*Model, error) {
	a := f.args
	switch {
	case a.Model == fastTextSupervised:
		return nil, errors.New("a classifier of texts, expected a model of words")
	case a.Loss != fastTextHS && a.Loss != fastTextNS:
		return nil, fmt.Errorf("loss %d, expected hierarchical softmax (%d) or negative sampling (%d)", a.Loss, fastTextHS, fastTextNS)
	case f.labels != nil:
		return nil, fmt.Errorf("%d labels in a model of words", f.labels.Len())
	case f.words.Len() == 0:
		return nil, errors.New("no words")
	}
	c := DefaultConfig(SkipGram)
	if a.Model == fastTextCBOW {
		c.Method = CBOW
	} else if a.MaxN > 0 {
		c.Method = FastText
	}
	c.Dim, c.Window, c.Epochs, c.MinCount, c.Negative = int(a.Dim), int(a.Window), int(a.Epoch), int(a.MinCount), int(a.Negative)
	c.Sample, c.MinN, c.MaxN, c.Buckets = a.Sample, int(a.MinN), int(a.MaxN), int(a.Bucket)
	if c.Hierarchical = a.Loss == fastTextHS; c.Hierarchical {
		c.Negative = 0
	}
	if a.MaxN <= 0 {
		c.MinN, c.MaxN, c.Buckets = 0, 0, 0
		f.in = wholeTable(f.in.values[:f.words.Len()*c.Dim], c.Dim) // without buckets that nothing uses
	}
	c.NegativeExponent = 0.5 // fastText's
	if err := c.Validate(); err != nil {
		return nil, err
	}
	m := &Model{Config: c, Vocabulary: f.words, in: f.in, out: f.out}
	if c.parts() {
		m.makeParts()
	}
	return m, nil
}
