package words

import (
	"context"
	"iter"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/seahorse-ml/seahorse/internal/parallel"
	"github.com/seahorse-ml/seahorse/internal/random"
)

func examplesOf(text string) Examples {
	return func() iter.Seq2[Example, error] {
		return func(yield func(Example, error) bool) {
			for e := range FastTextExamples([]byte(text)) {
				if !yield(e, nil) {
					return
				}
			}
		}
	}
}

// labelled is the text that fastText's classifiers of testdata learned from.
func labelledText(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("testdata/labelled.txt")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestFastTextClassifiers reads classifiers of fastText, predicts and evaluates as it does, and writes the same file back.
func TestFastTextClassifiers(t *testing.T) {
	// fastText tells probabilities 1e-5 too large, so that their logarithm is finite; of the latter two it reads them from a table of 512 places.
	for name, tolerance := range map[string]float64{"softmax": 1.3e-5, "hs": 1.3e-5, "ova": 0.01, "ns": 0.01} {
		golden := fastTextGoldens[struct {
			Predictions []struct {
				Text          string
				Labels        []string
				Probabilities []float64
			}
			Examples          int
			Precision, Recall float64
		}](t, "classifier-"+name)
		path := "testdata/classifier-" + name + ".bin"
		c, err := OpenClassifier(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range golden.Predictions {
			got := c.Predict([]byte(want.Text), Spaces, 0, 0)
			if len(got) != len(want.Labels) {
				t.Fatalf("%s: %q: %v, expected %v", name, want.Text, got, want.Labels)
			}
			for i, p := range got {
				if p.Label != want.Labels[i] || math.Abs(p.Probability-want.Probabilities[i]) > tolerance {
					t.Errorf("%s: %q: %v, expected %v with %v", name, want.Text, got, want.Labels, want.Probabilities)
					break
				}
			}
		}
		r, err := c.Evaluate(examplesOf(labelledText(t)), Spaces, 1, 0)
		if err != nil {
			t.Fatal(err)
		}
		if r.Texts != golden.Examples || math.Abs(r.All.Precision()-golden.Precision) > 1e-6 || math.Abs(r.All.Recall()-golden.Recall) > 1e-6 {
			t.Errorf("%s: %d texts, precision %g, recall %g, expected %d, %g, %g", name, r.Texts, r.All.Precision(), r.All.Recall(), golden.Examples, golden.Precision, golden.Recall)
		}
		back := filepath.Join(t.TempDir(), "model.bin")
		if err := c.Save(back); err != nil {
			t.Fatal(err)
		}
		before, _ := os.ReadFile(path)
		after, _ := os.ReadFile(back)
		if !slices.Equal(before, after) {
			t.Errorf("%s: other bytes were written than read", name)
		}
		if _, err := OpenFastText(path); err == nil {
			t.Errorf("%s: was read as a model of words", name)
		}
	}
	if _, err := OpenClassifier("testdata/fasttext-skipgram.bin"); err == nil {
		t.Error("a model of words was read as a classifier")
	}
}

func smallClassifier(l Loss) ClassifierConfig {
	c := DefaultClassifierConfig()
	c.Dim, c.Epochs, c.Loss, c.LearningRate, c.WordNgrams, c.MinN, c.MaxN, c.Buckets = 20, 5, l, 0.5, 2, 2, 3, 300
	return c
}

// TestClassifierLearns lets every loss tell two kinds of texts from each other, and gives the same bits on any number of threads.
func TestClassifierLearns(t *testing.T) {
	defer parallel.SetWorkers(parallel.Workers())
	for _, loss := range []Loss{Softmax, HierarchicalSoftmax, NegativeSampling, OneVsAll} {
		var in, out []float32
		for _, threads := range []int{1, 2, 3} {
			c := smallClassifier(loss)
			c.Threads, c.Epochs, c.Dim = threads, 20, 36
			m, mean, err := TrainClassifier(context.Background(), examplesOf(labelledText(t)), Spaces, c)
			if err != nil {
				t.Fatal(err)
			}
			if threads == 1 {
				in, out = m.in, m.out
				r, err := m.Evaluate(examplesOf(labelledText(t)), Spaces, 1, 0)
				if err != nil || r.All.Precision() < 0.99 || mean > 2 {
					t.Errorf("%s: precision %g with a loss of %g, %v", loss, r.All.Precision(), mean, err)
				}
				if got := m.Predict([]byte("moonlight sun"), Spaces, 1, 0); got[0].Label != "sky" {
					t.Errorf("%s: %v", loss, got)
				}
			} else if !slices.Equal(in, m.in) || !slices.Equal(out, m.out) {
				t.Errorf("%s: %d threads give other bits than one", loss, threads)
			}
		}
	}
}

// TestClassifierLosses compares the losses of the first texts with a plain reference in float64.
func TestClassifierLosses(t *testing.T) {
	for _, loss := range []Loss{Softmax, HierarchicalSoftmax, NegativeSampling, OneVsAll} {
		c := smallClassifier(loss)
		c.Epochs = 2
		examples := examplesOf(labelledText(t))
		m, err := newClassifier(examples, Spaces, c)
		if err != nil {
			t.Fatal(err)
		}
		tr, err := newClassifierTrainer(m, examples, Spaces)
		if err != nil {
			t.Fatal(err)
		}
		want := referenceLosses(tr)
		var got []float64
		tr.watch = func(loss float64) { got = append(got, loss) }
		if _, err := tr.train(context.Background()); err != nil {
			t.Fatal(err)
		}
		if len(got) != len(want) {
			t.Fatalf("%s: %d losses, expected %d", loss, len(got), len(want))
		}
		for i := range want {
			if math.Abs(got[i]-want[i]) > 2e-5 {
				t.Errorf("%s: text %d: loss %.8f, expected %.8f", loss, i, got[i], want[i])
				break
			}
		}
	}
}

// referenceLosses learns as TrainClassifier says that it does, in float64 and in plain loops.
func referenceLosses(t *classifierTrainer) (losses []float64) {
	dim, rate0 := t.Config.Dim, t.Config.LearningRate
	in, out := make([]float64, len(t.in)), make([]float64, len(t.out))
	for i, x := range t.in {
		in[i] = float64(x)
	}
	n, done := len(t.ends), 0
	for epoch := range t.Config.Epochs {
		order := random.NewPermutation(uint64(n), t.Config.Seed, 20+2*uint64(epoch))
		for first := 0; first < n; first += classifierRound {
			rate := rate0 * (1 - float64(done)/float64(len(t.features)*t.Config.Epochs))
			s := source{random.Uint64(t.Config.Seed, 21+2*uint64(epoch), uint64(first))}
			before := slices.Clone(in) // words move when the round has ended
			for place := first; place < min(n, first+classifierRound); place++ {
				text := int(order.At(uint64(place)))
				begin, end := span(t.ends, text)
				features := t.features[begin:end]
				done += len(features)
				begin, end = span(t.labelEnd, text)
				labels := t.labels[begin:end]
				h, pull := make([]float64, dim), make([]float64, dim)
				for _, row := range features {
					for k := range dim {
						h[k] += before[int(row)*dim+k] / float64(len(features))
					}
				}
				dot := func(row int32) (sum float64) {
					for k := range dim {
						sum += out[int(row)*dim+k] * h[k]
					}
					return sum
				}
				move := func(row int32, slope float64) {
					for k := range dim {
						pull[k] += slope * out[int(row)*dim+k]
						out[int(row)*dim+k] += slope * h[k]
					}
				}
				loss := 0.0
				binary := func(row int32, label bool) {
					p := 1 / (1 + math.Exp(-dot(row)))
					if label {
						loss -= math.Log(p)
						move(row, rate*(1-p))
					} else {
						loss -= math.Log(1 - p)
						move(row, -rate*p)
					}
				}
				target := labels[0]
				if len(labels) > 1 && t.Config.Loss != OneVsAll {
					target = labels[s.below(uint32(len(labels)))]
				}
				switch t.Config.Loss {
				case OneVsAll:
					for l := range t.Labels.Len() {
						binary(int32(l), slices.Contains(labels, int32(l)))
					}
				case HierarchicalSoftmax:
					for i, node := range t.tree.nodes[target] {
						binary(node, t.tree.second[target][i])
					}
				case NegativeSampling:
					binary(target, true)
					for range t.Config.Negative {
						if other := t.negative.draw(&s); other != target {
							binary(other, false)
						}
					}
				default:
					var scores []float64
					sum := 0.0
					for l := range t.Labels.Len() {
						scores = append(scores, math.Exp(dot(int32(l))))
						sum += scores[l]
					}
					loss = -math.Log(scores[target] / sum)
					for l := range scores {
						slope := -rate * scores[l] / sum
						if int32(l) == target {
							slope += rate
						}
						move(int32(l), slope)
					}
				}
				losses = append(losses, loss)
				for _, row := range features {
					for k := range dim {
						in[int(row)*dim+k] += pull[k] / float64(len(features))
					}
				}
			}
		}
	}
	return losses
}

// TestClassifierBeginsFromVectors takes in the words of vectors, also of those that no text has.
func TestClassifierBeginsFromVectors(t *testing.T) {
	v := &Vectors{Dim: 2, Values: []float32{1, 2, 3, 4}}
	var err error
	if v.Vocabulary, err = NewVocabulary([]string{"sun", "comet"}, nil); err != nil {
		t.Fatal(err)
	}
	c := DefaultClassifierConfig()
	c.Dim, c.Vectors, c.LearningRate = 2, v, 0
	m, _, err := TrainClassifier(context.Background(), examplesOf(labelledText(t)), Spaces, c)
	if err != nil {
		t.Fatal(err)
	}
	for i, word := range []string{"sun", "comet"} {
		id, ok := m.Words.ID(word)
		if !ok || !slices.Equal(m.in[id*2:][:2], v.At(i)) {
			t.Errorf("%s: row %d", word, id)
		}
	}
	for name, change := range map[string]func(*ClassifierConfig){
		"Dim": func(c *ClassifierConfig) { c.Dim = 3 }, "loss": func(c *ClassifierConfig) { c.Loss = "x" }, "Negative": func(c *ClassifierConfig) { c.Loss, c.Negative = NegativeSampling, 0 },
		"buckets": func(c *ClassifierConfig) { c.WordNgrams, c.Buckets = 2, 0 }, "parts": func(c *ClassifierConfig) { c.MinN, c.MaxN = 4, 3 },
	} {
		bad := c
		change(&bad)
		if bad.Validate() == nil {
			t.Errorf("%s: is fine", name)
		}
	}
	if _, _, err := TrainClassifier(context.Background(), examplesOf("no labels here\n"), Spaces, DefaultClassifierConfig()); err == nil {
		t.Error("a text without labels was learned")
	}
}
