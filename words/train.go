package words

import (
	"context"
	"fmt"

	"github.com/seahorse-ml/seahorse/internal/parallel"
	"github.com/seahorse-ml/seahorse/internal/random"
)

// Work is cut in the same way for any number of threads, so the result doesn't depend on it: a round is so many pieces of so many words.
const (
	roundPieces = 8
	pieceWords  = 1000
)

// relaxRate is the relax of merge for a learning rate of 1: a row with a vector and a slope of usual size goes 1-1/e of its way in so many uses.
const relaxRate = 2.5

// Train learns vectors from a text, which it goes through once, and whose words it holds by their numbers, four bytes each. It ends with the cause of ctx when that ends.
func Train(ctx context.Context, texts Texts, split Splitter, c Config) (*Model, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	v, text, err := readCounted(texts, split, c.MinCount)
	if err != nil {
		return nil, err
	}
	m := newModel(c, v)
	if err := m.learn(ctx, text); err != nil {
		return nil, err
	}
	return m, nil
}

// Continue learns on from another text, by the model's settings but for Epochs and the learning rates, which are c's. Words that the
// vocabulary doesn't have are left out.
func (m *Model) Continue(ctx context.Context, texts Texts, split Splitter, c Config) error {
	m.Config.Epochs, m.Config.LearningRate, m.Config.MinLearningRate = c.Epochs, c.LearningRate, c.MinLearningRate
	m.Config.Seed, m.Config.Threads, m.Config.Progress = c.Seed, c.Threads, c.Progress
	if err := m.Config.Validate(); err != nil {
		return err
	}
	text, err := readCorpus(texts, split, m.Vocabulary)
	if err != nil {
		return err
	}
	return m.learn(ctx, text)
}

// trainer is what the pieces of a training share.
type trainer struct {
	model    *Model
	corpus   *corpus
	keep     []float64 // nil keeps all words
	negative *alias
	tree     *huffman
	ends     []int // of pieces, in sentences
	starts   []int64
	total    int64 // words of all epochs
	pieces   []*piece
	inputs   float64 // how many words a hidden vector is the mean of: each has that part of a say in it

	in    *table     // the model's, or of those rows alone that words have as parts
	parts *wordParts // nil without parts
}

func (m *Model) learn(ctx context.Context, text *corpus) error {
	c := m.Config
	if m.Vocabulary.Len() < 2 {
		return fmt.Errorf("words: a vocabulary of one word, %q: there is nothing to tell it from", m.Vocabulary.Word(0))
	}
	if c.Threads > 0 {
		parallel.SetWorkers(c.Threads)
	}
	t := newTrainer(m, text)
	defer m.in.take(t.in)
	for epoch := range c.Epochs {
		for first := 0; first < len(t.ends); first += roundPieces {
			if ctx.Err() != nil {
				return fmt.Errorf("words: training: %w", context.Cause(ctx))
			}
			t.round(epoch, first)
		}
	}
	return nil
}

// newTrainer cuts a text into pieces and makes room for those of a round.
func newTrainer(m *Model, text *corpus) *trainer {
	c := m.Config
	t := &trainer{model: m, corpus: text, keep: keepRates(m.Vocabulary, c.Sample), total: int64(len(text.ids)) * int64(c.Epochs), in: m.in}
	if c.Hierarchical {
		t.tree = newHuffman(m.Vocabulary)
	} else {
		t.negative = newAlias(m.Vocabulary.counts, c.NegativeExponent)
	}
	t.inputs = 1
	if c.Method == CBOW {
		t.inputs = float64(c.Window + 1) // on average to both sides
	}
	if m.parts != nil {
		t.in = m.in.compact(m.parts)
		t.parts = newWordParts(t.in, m.parts)
	}
	t.cut()
	for range roundPieces {
		t.pieces = append(t.pieces, newPiece(t))
	}
	return t
}

// cut divides the corpus into pieces of whole sentences.
func (t *trainer) cut() {
	begin := 0
	for s, end := range t.corpus.ends {
		if int(end)-begin >= pieceWords || s == len(t.corpus.ends)-1 {
			t.ends = append(t.ends, s+1)
			t.starts = append(t.starts, int64(begin))
			begin = int(end)
		}
	}
}

// round learns from the pieces first to first+roundPieces side by side, and then adds up what they changed.
func (t *trainer) round(epoch, first int) {
	c := t.model.Config
	pieces := t.pieces[:min(roundPieces, len(t.ends)-first)]
	before := int64(epoch)*int64(len(t.corpus.ids)) + t.starts[first]
	parallel.Run(len(pieces), func(_, i int) {
		p := pieces[i]
		from := 0
		if first+i > 0 {
			from = t.ends[first+i-1]
		}
		p.random = source{random.Uint64(c.Seed, 2+uint64(epoch), uint64(first+i))}
		p.rate = t.rate(int64(epoch)*int64(len(t.corpus.ids)) + t.starts[first+i])
		p.learn(from, t.ends[first+i])
	})
	in, out := make([]*rows, len(pieces)), make([]*rows, len(pieces))
	for i, p := range pieces {
		in[i], out[i] = p.in, p.out
	}
	relax := relaxRate / float64(t.rate(before))
	relaxIn := relax * t.inputs
	mergeIn := merge
	if t.parts != nil {
		mergeIn = mergeWords
	}
	parts := parallel.Workers()
	parallel.Run(2*parts, func(_, i int) {
		if i < parts {
			mergeIn(in, i, parts, relaxIn)
		} else {
			merge(out, i-parts, parts, relax)
		}
	})
	if t.parts != nil {
		parallel.Run(parts, func(_, i int) { t.parts.mergeParts(in, i, parts, relax) })
	}
	parallel.Run(len(pieces), func(_, i int) {
		pieces[i].in.forget()
		pieces[i].out.forget()
	})
	if c.Progress != nil {
		done := int64(epoch) * int64(len(t.corpus.ids))
		if next := first + len(pieces); next < len(t.starts) {
			done += t.starts[next]
		} else {
			done += int64(len(t.corpus.ids))
		}
		c.Progress(done, t.total)
	}
}

// rate returns the learning rate after so many words.
func (t *trainer) rate(done int64) float32 {
	c := t.model.Config
	return float32(c.LearningRate - (c.LearningRate-c.MinLearningRate)*float64(done)/float64(t.total))
}
