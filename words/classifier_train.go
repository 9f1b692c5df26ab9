package words

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/seahorse-ml/seahorse/internal/kernels"
	"github.com/seahorse-ml/seahorse/internal/parallel"
	"github.com/seahorse-ml/seahorse/internal/random"
)

// classifierRound is how many texts have their means taken before any of them changes the vectors of words. The labels' vectors change with each text.
const classifierRound = 16

// progressWords is how many words, parts and word n-grams lie between two calls of Progress.
const progressWords = 1 << 17

// classifierTrainer learns from texts as rows of in.
type classifierTrainer struct {
	*Classifier
	features []int32
	ends     []int32 // of the texts, in features
	labels   []int32
	labelEnd []int32 // of the texts, in labels
	negative *alias
	random   source

	hiddens [classifierRound][]float32
	pulls   [classifierRound][]float32 // where labels draw the means
	scores  []float64                  // of labels
	watch   func(loss float64)         // is told each text's loss; nil but in tests
}

// TrainClassifier learns a classifier from texts, and returns the mean loss of its last epoch too. It goes through the texts twice, and holds them as
// numbers, four bytes for a word, a part of one or a word n-gram. Texts come in an order of their own in each epoch. It ends with the cause of ctx when
// that ends.
func TrainClassifier(ctx context.Context, examples Examples, split Splitter, c ClassifierConfig) (*Classifier, float64, error) {
	if err := c.Validate(); err != nil {
		return nil, 0, err
	}
	if c.Threads > 0 {
		parallel.SetWorkers(c.Threads)
	}
	m, err := newClassifier(examples, split, c)
	if err != nil {
		return nil, 0, err
	}
	t, err := newClassifierTrainer(m, examples, split)
	if err != nil {
		return nil, 0, err
	}
	loss, err := t.train(ctx)
	m.Config.Vectors, m.Config.Progress = nil, nil
	return m, loss, err
}

// newClassifier counts words and labels, and draws the vectors of the first.
func newClassifier(examples Examples, split Splitter, c ClassifierConfig) (*Classifier, error) {
	words, labels := newCounter(), newCounter()
	for e, err := range examples() {
		if err != nil {
			return nil, err
		}
		split(e.Text, func(word []byte) { words.add(word) })
		words.add([]byte(lineEnd))
		for _, label := range e.Labels {
			labels.add([]byte(LabelPrefix + label))
		}
	}
	m := &Classifier{Config: c, tokens: words.total + labels.total}
	var err error
	if m.Words, err = words.vocabulary(c.MinCount); err != nil {
		return nil, err
	}
	if m.Labels, err = labels.vocabulary(max(1, c.MinCountLabel)); err != nil {
		return nil, fmt.Errorf("words: classifier: no label is left to learn: %w", err)
	}
	if c.Vectors != nil {
		if m.Words, err = extended(m.Words, c.Vectors.Vocabulary); err != nil {
			return nil, err
		}
	}
	m.finish()
	m.in = make([]float32, (m.Words.Len()+m.buckets)*c.Dim)
	m.out = make([]float32, m.Labels.Len()*c.Dim)
	drawEvenly(m.in, c.Seed, 1/float64(c.Dim))
	if c.Vectors != nil {
		for i := range c.Vectors.Vocabulary.Len() {
			id, _ := m.Words.ID(c.Vectors.Vocabulary.Word(i))
			copy(m.in[id*c.Dim:], c.Vectors.At(i))
		}
	}
	return m, nil
}

// extended returns a vocabulary with the words of another behind its own.
func extended(v, more *Vocabulary) (*Vocabulary, error) {
	words, counts := slices.Clone(v.words), slices.Clone(v.counts)
	for _, w := range more.words {
		if _, ok := v.index[w]; !ok {
			words, counts = append(words, w), append(counts, 0)
		}
	}
	return NewVocabulary(words, counts)
}

// newClassifierTrainer reads the texts as numbers.
func newClassifierTrainer(m *Classifier, examples Examples, split Splitter) (*classifierTrainer, error) {
	t := &classifierTrainer{Classifier: m, scores: make([]float64, m.Labels.Len())}
	if m.Config.Loss == NegativeSampling {
		t.negative = newAlias(m.Labels.counts, 0.5)
	}
	for i := range t.hiddens {
		t.hiddens[i], t.pulls[i] = make([]float32, m.Config.Dim), make([]float32, m.Config.Dim)
	}
	var room []int32
	for e, err := range examples() {
		if err != nil {
			return nil, err
		}
		before := len(t.labels)
		for _, label := range e.Labels {
			if id, ok := m.Labels.index[LabelPrefix+label]; ok {
				t.labels = append(t.labels, id)
			}
		}
		if len(t.labels) == before {
			continue
		}
		begin := len(t.features)
		if t.features, room = m.appendFeatures(t.features, room, e.Text, split); len(t.features) == begin {
			t.labels = t.labels[:before]
			continue
		}
		if len(t.features) > math.MaxInt32 {
			return nil, fmt.Errorf("words: classifier: the texts have more than %d words, parts and word n-grams", math.MaxInt32)
		}
		t.ends, t.labelEnd = append(t.ends, int32(len(t.features))), append(t.labelEnd, int32(len(t.labels)))
	}
	if len(t.ends) == 0 {
		return nil, errors.New("words: classifier: no text has both a label and a word")
	}
	return t, nil
}

// span returns the stretch of text i in what ends says.
func span(ends []int32, i int) (begin, end int32) {
	if i > 0 {
		begin = ends[i-1]
	}
	return begin, ends[i]
}

func (t *classifierTrainer) train(ctx context.Context) (float64, error) {
	n, total := len(t.ends), int64(len(t.features))*int64(t.Config.Epochs)
	done, told, loss := int64(0), int64(0), 0.0
	for epoch := range t.Config.Epochs {
		loss = 0
		order := random.NewPermutation(uint64(n), t.Config.Seed, 20+2*uint64(epoch))
		var texts [classifierRound]int
		for first := 0; first < n; first += classifierRound {
			if ctx.Err() != nil {
				return 0, fmt.Errorf("words: classifier: %w", context.Cause(ctx))
			}
			round := texts[:min(classifierRound, n-first)]
			for i := range round {
				round[i] = int(order.At(uint64(first + i)))
			}
			t.random = source{random.Uint64(t.Config.Seed, 21+2*uint64(epoch), uint64(first))}
			loss += t.round(round, float32(t.Config.LearningRate*(1-float64(done)/float64(total))))
			for _, text := range round {
				begin, end := span(t.ends, text)
				done += int64(end - begin)
			}
			if t.Config.Progress != nil && (done-told >= progressWords || done == total) {
				told = done
				t.Config.Progress(done, total)
			}
		}
		if loss /= float64(n); math.IsNaN(loss) || math.IsInf(loss, 0) {
			return 0, fmt.Errorf("words: classifier: epoch %d: the loss is %v; a lower learning rate may help", epoch+1, loss)
		}
	}
	return loss, nil
}

// run does items side by side where they are work enough, which is told in numbers that are added.
func run(n, numbers int, body func(_, i int)) {
	const least = 1 << 15
	if numbers >= least {
		parallel.Run(n, body)
		return
	}
	for i := range n {
		body(0, i)
	}
}

// round learns from some texts and returns the sum of their losses: the means of all, then their labels one text after the other, then the words of all.
func (t *classifierTrainer) round(texts []int, rate float32) float64 {
	dim, words := t.Config.Dim, 0
	for _, text := range texts {
		begin, end := span(t.ends, text)
		words += int(end - begin)
	}
	run(len(texts), words*dim, func(_, i int) {
		begin, end := span(t.ends, texts[i])
		t.hidden(t.hiddens[i], t.features[begin:end])
	})
	sum := 0.0
	for i, text := range texts {
		begin, end := span(t.labelEnd, text)
		loss := t.learn(t.hiddens[i], t.pulls[i], t.labels[begin:end], rate)
		begin, end = span(t.ends, text)
		kernels.Scale(t.pulls[i], t.pulls[i], 1/float32(end-begin))
		if t.watch != nil {
			t.watch(loss)
		}
		sum += loss
	}
	parts := parallel.Workers()
	run(parts, words*dim, func(_, part int) { // of the dimensions, so that no two threads write the same numbers
		const line = 16 // numbers of a cache line
		lines := (dim + line - 1) / line
		lo, hi := min(dim, lines*part/parts*line), min(dim, lines*(part+1)/parts*line)
		if lo == hi {
			return
		}
		for i, text := range texts {
			begin, end := span(t.ends, text)
			pull := t.pulls[i][lo:hi]
			for _, row := range t.features[begin:end] {
				kernels.Accumulate(t.in[int(row)*dim+lo:][:hi-lo], pull)
			}
		}
	})
	return sum
}

// learn learns the labels of a text from its mean h, sets pull to where they draw it, and returns the loss.
func (t *classifierTrainer) learn(h, pull []float32, labels []int32, rate float32) (loss float64) {
	clear(pull)
	if t.Config.Loss == OneVsAll {
		for label := range int32(t.Labels.Len()) {
			loss += t.binary(h, pull, label, slices.Contains(labels, label), rate)
		}
		return loss
	}
	target := labels[0]
	if len(labels) > 1 {
		target = labels[t.random.below(uint32(len(labels)))]
	}
	switch t.Config.Loss {
	case HierarchicalSoftmax:
		for i, node := range t.tree.nodes[target] {
			loss += t.binary(h, pull, node, t.tree.second[target][i], rate)
		}
	case NegativeSampling:
		loss = t.binary(h, pull, target, true, rate)
		for range t.Config.Negative {
			if other := t.negative.draw(&t.random); other != target {
				loss += t.binary(h, pull, other, false, rate)
			}
		}
	default:
		loss = t.softmaxStep(h, pull, target, rate)
	}
	return loss
}

// softmaxStep learns all labels against each other.
func (t *classifierTrainer) softmaxStep(h, pull []float32, target int32, rate float32) float64 {
	const grain = 256 // labels
	n := len(t.scores)
	run((n+grain-1)/grain, n*len(h), func(_, piece int) {
		for i := piece * grain; i < min((piece+1)*grain, n); i++ {
			t.scores[i] = float64(kernels.Dot(t.row(int32(i)), h))
		}
	})
	softmax(t.scores)
	for i, p := range t.scores {
		slope := -rate * float32(p)
		if int32(i) == target {
			slope += rate
		}
		kernels.AXPY(pull, t.row(int32(i)), slope)
		kernels.AXPY(t.row(int32(i)), h, slope)
	}
	return -math.Log(max(t.scores[target], math.SmallestNonzeroFloat64))
}

// binary learns whether a row of out goes with a mean.
func (t *classifierTrainer) binary(h, pull []float32, row int32, label bool, rate float32) float64 {
	y := t.row(row)
	p := logistic(float64(kernels.Dot(y, h)))
	slope, loss := -rate*float32(p), -math.Log(max(1-p, math.SmallestNonzeroFloat64))
	if label {
		slope, loss = slope+rate, -math.Log(max(p, math.SmallestNonzeroFloat64))
	}
	kernels.AXPY(pull, y, slope)
	kernels.AXPY(y, h, slope)
	return loss
}
