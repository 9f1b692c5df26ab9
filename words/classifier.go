package words

import (
	"bytes"
	"errors"
	"fmt"
	"iter"
	"math"
	"slices"
	"strings"

	"github.com/seahorse-ml/seahorse/internal/kernels"
)

// Loss is how a classifier tells labels from each other.
type Loss string

// The losses of TrainClassifier, as fastText calls them.
const (
	Softmax             Loss = "softmax" // all labels against each other
	HierarchicalSoftmax Loss = "hs"      // the way to a label in a Huffman tree, quick with many labels
	NegativeSampling    Loss = "ns"      // the label against some that are drawn
	OneVsAll            Loss = "ova"     // each label for itself, for texts of several labels
)

// LabelPrefix is what labels begin with in fastText's files.
const LabelPrefix = "__label__"

// ClassifierConfig configures TrainClassifier. Start from DefaultClassifierConfig: what a field says holds, a zero too.
type ClassifierConfig struct {
	Dim    int // D, > 0
	Epochs int // passes over the texts, > 0
	// MinCount and MinCountLabel are how often a word or a label must be there; labels that aren't are left out, and texts without a label.
	MinCount, MinCountLabel int
	// WordNgrams is the most words in a row that have a vector of their own, by the buckets; 1 is single words only.
	WordNgrams int
	// MinN and MaxN are the lengths of the parts of a word, in characters; a MaxN of 0 is without parts.
	MinN, MaxN int
	Buckets    int // vectors that word n-grams and parts share; unused without either
	Loss       Loss
	Negative   int // labels drawn against each, of NegativeSampling
	// LearningRate falls evenly to 0.
	LearningRate float64
	Seed         uint64
	Threads      int // 0 means all; the result doesn't depend on it
	// Vectors are where words begin; nil draws them all. Words that only Vectors has are taken in.
	Vectors *Vectors
	// Progress is told how many words are done of all epochs'; nil for silence.
	Progress func(done, total int64)
}

// DefaultClassifierConfig returns fastText's settings for supervised learning.
func DefaultClassifierConfig() ClassifierConfig {
	return ClassifierConfig{Dim: 100, Epochs: 5, MinCount: 1, WordNgrams: 1, Buckets: 2_000_000, Loss: Softmax, Negative: 5, LearningRate: 0.1, Seed: 1}
}

// Validate tells what is wrong with the settings, or nil.
func (c ClassifierConfig) Validate() error {
	for _, b := range []bound{
		{"Dim", c.Dim, 1, mostDim}, {"Epochs", c.Epochs, 1, math.MaxInt32}, {"MinCount", c.MinCount, 1, math.MaxInt}, {"MinCountLabel", c.MinCountLabel, 0, math.MaxInt}, {"WordNgrams", c.WordNgrams, 1, mostWindow},
		{"Negative", c.Negative, 0, mostWindow}, {"MinN", c.MinN, 0, mostWindow}, {"MaxN", c.MaxN, 0, mostWindow}, {"Buckets", c.Buckets, 0, math.MaxInt32}, {"Threads", c.Threads, 0, math.MaxInt32},
	} {
		if err := b.check(); err != nil {
			return fmt.Errorf("words: classifier: %w", err)
		}
	}
	switch {
	case !slices.Contains([]Loss{Softmax, HierarchicalSoftmax, NegativeSampling, OneVsAll}, c.Loss):
		return fmt.Errorf("words: classifier: loss %q is not known; known are %s, %s, %s and %s", c.Loss, Softmax, HierarchicalSoftmax, NegativeSampling, OneVsAll)
	case c.Loss == NegativeSampling && c.Negative < 1:
		return fmt.Errorf("words: classifier: Negative is %d, expected 1 or more", c.Negative)
	case !(c.LearningRate >= 0) || math.IsInf(c.LearningRate, 0):
		return fmt.Errorf("words: classifier: LearningRate is %g, expected 0 or more", c.LearningRate)
	case c.MaxN > 0 && (c.MinN < 1 || c.MinN > c.MaxN):
		return fmt.Errorf("words: classifier: parts of %d to %d characters, expected at least one and no more than the second", c.MinN, c.MaxN)
	case c.hashes() && c.Buckets < 1:
		return errors.New("words: classifier: word n-grams and parts of words need buckets")
	case c.Vectors != nil && c.Vectors.Dim != c.Dim:
		return fmt.Errorf("words: classifier: vectors of %d dimensions, expected Dim, %d", c.Vectors.Dim, c.Dim)
	}
	return nil
}

// hashes tells whether anything has its vector in a bucket.
func (c ClassifierConfig) hashes() bool { return c.MaxN > 0 || c.WordNgrams > 1 }

// Classifier finds the labels of texts from the mean of the vectors of their words (Joulin et al., 2016). It is fastText's, in its files too.
type Classifier struct {
	Config ClassifierConfig
	Words  *Vocabulary
	Labels *Vocabulary // with LabelPrefix

	tokens  int64
	in      []float32 // [V + Buckets, D]
	out     []float32 // [labels, D], or of inner nodes of the tree
	parts   [][]int32 // of each word, itself first, as rows of in; nil without parts
	tree    *huffman  // of HierarchicalSoftmax
	buckets int       // 0 where nothing has its vector in one
}

// Example is a text with its labels, which are without LabelPrefix.
type Example struct {
	Text   []byte
	Labels []string
}

// Examples are texts with labels. They are gone through more than once.
type Examples func() iter.Seq2[Example, error]

// FastTextExamples returns the examples of a text in fastText's form, one a line: what begins with LabelPrefix is a label, all else is the text.
func FastTextExamples(text []byte) iter.Seq[Example] {
	return func(yield func(Example) bool) {
		for line := range bytes.Lines(text) {
			var e Example
			for _, word := range bytes.Fields(line) {
				if label, ok := bytes.CutPrefix(word, []byte(LabelPrefix)); ok {
					e.Labels = append(e.Labels, string(label))
					continue
				}
				if len(e.Text) > 0 {
					e.Text = append(e.Text, ' ')
				}
				e.Text = append(e.Text, word...)
			}
			if (len(e.Text) > 0 || len(e.Labels) > 0) && !yield(e) {
				return
			}
		}
	}
}

// appendFeatures appends the rows of in that a text is the mean of: its words or their parts, a line's end behind them as in fastText, and word n-grams.
// Hashes is room.
func (c *Classifier) appendFeatures(dst []int32, hashes []int32, text []byte, split Splitter) (features, room []int32) {
	hashes = hashes[:0]
	word := func(w []byte) {
		hashes = append(hashes, int32(partHash(string(w))))
		if id, ok := c.Words.index[string(w)]; ok {
			if c.parts != nil {
				dst = append(dst, c.parts[id]...)
			} else {
				dst = append(dst, id)
			}
		} else if string(w) != lineEnd {
			at := len(dst)
			dst = appendParts(dst, string(w), Config{MinN: c.Config.MinN, MaxN: c.Config.MaxN, Buckets: c.buckets})
			for i := at; i < len(dst); i++ {
				dst[i] += int32(c.Words.Len())
			}
		}
	}
	split(text, word)
	word([]byte(lineEnd))
	const factor = 116049371 // of fastText's hash of words in a row
	for i := range hashes {
		h := uint64(int64(hashes[i]))
		for j := i + 1; j < min(len(hashes), i+c.Config.WordNgrams); j++ {
			h = h*factor + uint64(int64(hashes[j]))
			dst = append(dst, int32(c.Words.Len())+int32(h%uint64(c.buckets)))
		}
	}
	return dst, hashes
}

// hidden sets dst to the mean of rows of in.
func (c *Classifier) hidden(dst []float32, features []int32) {
	clear(dst)
	dim := len(dst)
	for _, row := range features {
		kernels.Accumulate(dst, c.in[int(row)*dim:][:dim])
	}
	kernels.Scale(dst, dst, 1/float32(max(1, len(features))))
}

// row returns a row of out.
func (c *Classifier) row(i int32) []float32 { return c.out[int(i)*c.Config.Dim:][:c.Config.Dim] }

// Prediction is a label with its probability: of OneVsAll and NegativeSampling each label's own, else all together are 1.
type Prediction struct {
	Label       string
	Probability float64
}

// Predict returns the k likeliest labels of a text (0 for all) whose probability is at least threshold, the likeliest first.
func (c *Classifier) Predict(text []byte, split Splitter, k int, threshold float64) []Prediction {
	features, _ := c.appendFeatures(nil, nil, text, split)
	if len(features) == 0 {
		return nil
	}
	h := make([]float32, c.Config.Dim)
	c.hidden(h, features)
	p := c.probabilities(h)
	order := make([]int, len(p))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		switch {
		case p[a] > p[b]:
			return -1
		case p[a] < p[b]:
			return 1
		}
		return 0
	})
	var found []Prediction
	for _, i := range order {
		if k > 0 && len(found) == k || p[i] < threshold {
			break
		}
		found = append(found, Prediction{strings.TrimPrefix(c.Labels.Word(i), LabelPrefix), p[i]})
	}
	return found
}

// probabilities returns those of all labels, given the mean of a text.
func (c *Classifier) probabilities(h []float32) []float64 {
	p := make([]float64, c.Labels.Len())
	for i := range p {
		p[i] = float64(kernels.Dot(c.row(int32(i)), h))
	}
	switch c.Config.Loss {
	case Softmax:
		softmax(p)
	case HierarchicalSoftmax:
		nodes := slices.Clone(p)
		for i := range p {
			p[i] = 1
			for at, node := range c.tree.nodes[i] {
				second := logistic(nodes[node])
				if !c.tree.second[i][at] {
					second = 1 - second
				}
				p[i] *= second
			}
		}
	default:
		for i := range p {
			p[i] = logistic(p[i])
		}
	}
	return p
}

// softmax turns scores into probabilities.
func softmax(x []float64) {
	most, sum := slices.Max(x), 0.0
	for i := range x {
		x[i] = math.Exp(x[i] - most)
		sum += x[i]
	}
	for i := range x {
		x[i] /= sum
	}
}

// logistic returns 1/(1+e^-x).
func logistic(x float64) float64 { return 1 / (1 + math.Exp(-x)) }

// finish makes what follows from the words, the labels and the settings.
func (c *Classifier) finish() {
	if c.Config.hashes() {
		c.buckets = c.Config.Buckets
	}
	if c.Config.MaxN > 0 {
		m := &Model{Vocabulary: c.Words, Config: Config{MinN: c.Config.MinN, MaxN: c.Config.MaxN, Buckets: c.buckets}}
		m.makeParts()
		c.parts = m.parts
	}
	if c.Config.Loss == HierarchicalSoftmax {
		c.tree = newHuffman(c.Labels)
	}
}
