package words

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/seahorse-ml/seahorse/internal/atomicfile"
	"github.com/seahorse-ml/seahorse/internal/safetensors"
	"gorgonia.org/tensor"
)

// Files of a directory of vectors.
const (
	settingsName   = "words.json"
	vocabularyName = "vocabulary.tsv" // a word and its count a line
	matricesName   = "words.safetensors"
)

// settings is the content of words.json.
type settings struct {
	Dim    int     `json:"dim"`
	Split  string  `json:"split,omitempty"`  // how the text was split, for whoever goes on learning
	Config *stored `json:"config,omitempty"` // of a model; nil where there are vectors only
	Drawn  *drawn  `json:"drawn,omitempty"`  // of a model that keeps only the rows of parts that words have; nil where it keeps all
}

// drawn is what the rows that aren't kept are drawn by: drawFrom's numbers, of which row i has those from i·dim on, within ±1/dim.
type drawn struct {
	Seed uint64 `json:"seed"`
}

// stored are those settings of a Config that a model keeps.
type stored struct {
	Method           Method  `json:"method"`
	Window           int     `json:"window"`
	MinCount         int     `json:"min_count"`
	Negative         int     `json:"negative"`
	NegativeExponent float64 `json:"negative_exponent"`
	Hierarchical     bool    `json:"hierarchical"`
	Sample           float64 `json:"sample"`
	MinN             int     `json:"min_n,omitempty"`
	MaxN             int     `json:"max_n,omitempty"`
	Buckets          int     `json:"buckets,omitempty"`
}

// SaveDir writes a model to a directory, from which OpenDir reads its vectors and OpenModel all of it. Split names how the text was split.
func (m *Model) SaveDir(dir, split string) error {
	c := m.Config
	s := settings{Dim: c.Dim, Split: split, Config: &stored{c.Method, c.Window, c.MinCount, c.Negative, c.NegativeExponent, c.Hierarchical, c.Sample, c.MinN, c.MaxN, c.Buckets}}
	if m.in.place != nil {
		s.Drawn = &drawn{m.in.seed}
	}
	return saveDir(dir, s, m.Vocabulary, []safetensors.Tensor{
		{Name: "in", Shape: []int{len(m.in.values) / c.Dim, c.Dim}, Data: m.in.values},
		{Name: "out", Shape: []int{len(m.out) / c.Dim, c.Dim}, Data: m.out},
	})
}

// SaveDir writes vectors to a directory, from which OpenDir reads them.
func (v *Vectors) SaveDir(dir, split string) error {
	return saveDir(dir, settings{Dim: v.Dim, Split: split}, v.Vocabulary, []safetensors.Tensor{{Name: "vectors", Shape: []int{v.Vocabulary.Len(), v.Dim}, Data: v.Values}})
}

func saveDir(dir string, s settings, v *Vocabulary, tensors []safetensors.Tensor) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("words: %w", err)
	}
	if err := safetensors.Write(filepath.Join(dir, matricesName), tensors, nil); err != nil {
		return fmt.Errorf("words: %w", err)
	}
	err := atomicfile.Write(filepath.Join(dir, vocabularyName), func(w io.Writer) error {
		for i := range v.Len() {
			if strings.ContainsAny(v.Word(i), "\t\n\r") {
				return fmt.Errorf("the word %q has a tab or a line end", v.Word(i))
			}
			if _, err := fmt.Fprintf(w, "%s\t%d\n", v.Word(i), v.Count(i)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("words: %w", err)
	}
	raw, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return fmt.Errorf("words: %w", err)
	}
	if err := atomicfile.WriteBytes(filepath.Join(dir, settingsName), append(raw, '\n')); err != nil {
		return fmt.Errorf("words: %w", err)
	}
	return nil
}

// IsDir tells whether a directory holds vectors.
func IsDir(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, settingsName))
	return err == nil
}

// readSettings reads words.json.
func readSettings(dir string) (s settings, err error) {
	path := filepath.Join(dir, settingsName)
	raw, err := os.ReadFile(path)
	if err != nil {
		return s, fmt.Errorf("words: %w", err)
	}
	if err := json.Unmarshal(raw, &s); err != nil {
		return s, fmt.Errorf("words: %s: %w", path, err)
	}
	if s.Dim < 1 || s.Dim > mostDim {
		return s, fmt.Errorf("words: %s: dim is %d, expected 1 to %d", path, s.Dim, mostDim)
	}
	return s, nil
}

// readDir reads what all directories of vectors have.
func readDir(dir string) (s settings, v *Vocabulary, err error) {
	if s, err = readSettings(dir); err != nil {
		return s, nil, err
	}
	path := filepath.Join(dir, vocabularyName)
	f, err := os.Open(path)
	if err != nil {
		return s, nil, fmt.Errorf("words: %w", err)
	}
	defer f.Close()
	var words []string
	var counts []int64
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, mostWord)
	for line := 1; lines.Scan(); line++ {
		word, count, ok := strings.Cut(lines.Text(), "\t")
		n, err := strconv.ParseInt(count, 10, 64)
		if !ok || err != nil || n < 0 {
			return s, nil, fmt.Errorf("words: %s:%d: expected a word, a tab and a count", path, line)
		}
		words, counts = append(words, word), append(counts, n)
	}
	if err := lines.Err(); err != nil {
		return s, nil, fmt.Errorf("words: %s: %w", path, err)
	}
	v, err = NewVocabulary(words, counts)
	if err != nil {
		return s, nil, fmt.Errorf("%s: %w", path, err)
	}
	return s, v, nil
}

// OpenDir reads the vectors of a directory that SaveDir wrote.
func OpenDir(dir string) (*Vectors, error) {
	s, v, err := readDir(dir)
	if err != nil {
		return nil, err
	}
	if s.Config != nil {
		m, _, err := OpenModel(dir)
		if err != nil {
			return nil, err
		}
		return m.Vectors(), nil
	}
	values, err := readMatrix(dir, "vectors", s.Dim, v.Len())
	if err != nil {
		return nil, err
	}
	return &Vectors{Vocabulary: v, Dim: s.Dim, Values: values}, nil
}

// OpenModel reads a model that Model.SaveDir wrote, and how its text was split, or one of a .bin file of fastText, which splits at spaces.
func OpenModel(dir string) (m *Model, split string, err error) {
	if info, err := os.Stat(dir); err == nil && info.Mode().IsRegular() {
		m, err := OpenFastText(dir)
		return m, "spaces", err
	}
	s, v, err := readDir(dir)
	if err != nil {
		return nil, "", err
	}
	if s.Config == nil {
		return nil, "", fmt.Errorf("words: %s holds vectors only, and no model that could learn on", dir)
	}
	c := DefaultConfig(s.Config.Method)
	c.Dim, c.Window, c.MinCount, c.Negative, c.NegativeExponent = s.Dim, s.Config.Window, s.Config.MinCount, s.Config.Negative, s.Config.NegativeExponent
	c.Hierarchical, c.Sample, c.MinN, c.MaxN, c.Buckets = s.Config.Hierarchical, s.Config.Sample, s.Config.MinN, s.Config.MaxN, s.Config.Buckets
	if err := c.Validate(); err != nil {
		return nil, "", fmt.Errorf("%s: %w", filepath.Join(dir, settingsName), err)
	}
	m = &Model{Config: c, Vocabulary: v}
	rows := v.Len()
	if c.parts() {
		rows += c.Buckets
		m.makeParts()
	}
	kept := rows
	if s.Drawn != nil {
		if m.parts == nil {
			return nil, "", fmt.Errorf("words: %s: rows are drawn in a model without parts of words", filepath.Join(dir, settingsName))
		}
		kept = len(distinctRows(m.parts))
	}
	values, err := readMatrix(dir, "in", s.Dim, kept)
	if err != nil {
		return nil, "", err
	}
	if m.in = wholeTable(values, s.Dim); s.Drawn != nil {
		m.in = drawnTable(rows, s.Dim, m.parts, s.Drawn.Seed, values)
	}
	m.out, err = readMatrix(dir, "out", s.Dim, v.Len())
	return m, s.Split, err
}

// SplitOf returns how the text of a model was split that OpenModel reads.
func SplitOf(dir string) (string, error) {
	if info, err := os.Stat(dir); err == nil && info.Mode().IsRegular() {
		return "spaces", nil
	}
	s, err := readSettings(dir)
	return s.Split, err
}

// readMatrix reads a matrix of rows·dim.
func readMatrix(dir, name string, dim, rows int) (values []float32, err error) {
	f, err := safetensors.Open(filepath.Join(dir, matricesName))
	if err != nil {
		return nil, fmt.Errorf("words: %w", err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	shape, ok := f.Shape(name)
	if !ok || len(shape) != 2 || shape[0] != rows || shape[1] != dim {
		return nil, fmt.Errorf("words: %s: the matrix %q has the shape %v, expected [%d %d]", filepath.Join(dir, matricesName), name, shape, rows, dim)
	}
	values = make([]float32, rows*dim)
	if err := f.Read(name, tensor.New(tensor.WithShape(rows, dim), tensor.WithBacking(values))); err != nil {
		return nil, fmt.Errorf("words: %w", err)
	}
	return values, nil
}
