package words

import (
	"context"
	"errors"
	"iter"
	"math"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/seahorse-ml/seahorse/internal/parallel"
)

// themes is a text of two kinds of sentences, each of words of its own: what belongs together is known.
func themes(sentences int) string {
	r := rand.New(rand.NewPCG(1, 2))
	kinds := [][]string{strings.Fields("sun moon star sky cloud rain wind light"), strings.Fields("bread butter cheese apple milk honey salt sugar")}
	var text strings.Builder
	for i := range sentences {
		words := kinds[i%2]
		for range 8 {
			text.WriteString(words[r.IntN(len(words))] + " ")
		}
		text.WriteString("\n")
	}
	return text.String()
}

func textsOf(text string) Texts {
	return func() iter.Seq2[[]byte, error] {
		return func(yield func([]byte, error) bool) { yield([]byte(text), nil) }
	}
}

func small(m Method) Config {
	c := DefaultConfig(m)
	c.Dim, c.Epochs, c.LearningRate, c.Sample, c.Buckets = 16, 5, 0.05, 0, min(c.Buckets, 500)
	return c
}

// together fails unless the neighbours of a word are of its own kind.
func checkThemes(t *testing.T, v *Vectors) {
	t.Helper()
	for word, kind := range map[string]string{"sun": "moon star sky cloud rain wind light", "bread": "butter cheese apple milk honey salt sugar"} {
		vector, err := v.Of(word)
		if err != nil {
			t.Fatal(err)
		}
		near, err := v.Neighbors(vector, 7, word)
		if err != nil {
			t.Fatal(err)
		}
		for _, n := range near {
			if !slices.Contains(strings.Fields(kind), n.Word) {
				t.Errorf("%s is among the neighbours of %s: %v", n.Word, word, near)
			}
		}
	}
}

// TestMethodsLearn lets each method tell the two kinds of sentences from each other.
func TestMethodsLearn(t *testing.T) {
	texts := textsOf(themes(3000))
	for _, m := range []Method{SkipGram, CBOW, FastText} {
		for _, hierarchical := range []bool{false, true} {
			c := small(m)
			if c.Hierarchical = hierarchical; hierarchical {
				c.Negative = 0
			}
			model, err := Train(context.Background(), texts, Letters, c)
			if err != nil {
				t.Fatal(err)
			}
			t.Run(string(m), func(t *testing.T) { checkThemes(t, model.Vectors()) })
		}
	}
	v, err := CountWords(texts, Letters, 5)
	if err != nil {
		t.Fatal(err)
	}
	near, err := CountCooccurrence(texts, Letters, v, CooccurrenceConfig{Window: 5})
	if err != nil {
		t.Fatal(err)
	}
	g := DefaultGloVeConfig()
	g.Dim = 8
	vectors, _, err := near.GloVe(context.Background(), g)
	if err != nil {
		t.Fatal(err)
	}
	t.Run("glove", func(t *testing.T) { checkThemes(t, vectors) })
	pmi, err := near.PMI(PMIConfig{Smoothing: 0.75, Shift: 1})
	if err != nil {
		t.Fatal(err)
	}
	if vectors, _, err = pmi.SVD(SVDConfig{Dim: 4, Power: 0.5}); err != nil {
		t.Fatal(err)
	}
	t.Run("svd", func(t *testing.T) { checkThemes(t, vectors) })
}

// TestThreadsDontMatter learns the same bits on any number of threads, by every method.
func TestThreadsDontMatter(t *testing.T) {
	defer parallel.SetWorkers(parallel.Workers())
	texts := textsOf(themes(2500))
	learn := func(threads int) [][]float32 {
		parallel.SetWorkers(threads)
		var all [][]float32
		for _, m := range []Method{SkipGram, CBOW, FastText} {
			c := small(m)
			c.Epochs, c.Sample = 2, 1e-2
			model, err := Train(context.Background(), texts, Letters, c)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, model.in.values, model.out)
		}
		v, _ := CountWords(texts, Letters, 5)
		near, err := CountCooccurrence(texts, Letters, v, CooccurrenceConfig{Window: 3, Weighting: Linear})
		if err != nil {
			t.Fatal(err)
		}
		g := DefaultGloVeConfig()
		g.Dim, g.Epochs = 8, 3
		vectors, _, err := near.GloVe(context.Background(), g)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, vectors.Values)
		if vectors, _, err = near.SVD(SVDConfig{Dim: 5, Power: 1}); err != nil {
			t.Fatal(err)
		}
		return append(all, vectors.Values)
	}
	want := learn(1)
	for _, threads := range []int{2, 3, 8} {
		for i, got := range learn(threads) {
			if !slices.Equal(got, want[i]) {
				t.Errorf("%d threads: matrix %d differs from that of one thread", threads, i)
			}
		}
	}
}

// TestSkipGramStep compares a place of a sentence with the equations in float64.
func TestSkipGramStep(t *testing.T) {
	v, err := NewVocabulary([]string{"a", "b", "c", "d", "e"}, []int64{5, 4, 3, 2, 1})
	if err != nil {
		t.Fatal(err)
	}
	c := small(SkipGram)
	c.Dim = 5
	m := newModel(c, v)
	r := rand.New(rand.NewPCG(3, 4))
	for i := range m.out {
		m.in.values[i], m.out[i] = float32(r.NormFloat64()), float32(r.NormFloat64())
	}
	p := newPiece(&trainer{model: m, in: m.in})
	p.rate = 0.3
	p.inputs = []int32{p.in.at(1), p.in.at(2), p.in.at(4)}
	p.outputs, p.labels = []int32{p.out.at(0), p.out.at(3)}, []float32{1, 0}
	p.pairs()
	in, out := []int{1, 2, 4}, []int{0, 3}
	wantIn, wantOut := map[int][]float64{}, map[int][]float64{}
	inputs := m.in.values
	at := func(x []float32, row, k int) float64 { return float64(x[row*c.Dim+k]) }
	for _, row := range in {
		wantIn[row] = make([]float64, c.Dim)
	}
	for j, o := range out {
		wantOut[o] = make([]float64, c.Dim)
		for _, i := range in {
			dot := 0.0
			for k := range c.Dim {
				dot += at(inputs, i, k) * at(m.out, o, k)
			}
			slope := 0.3 * (float64(p.labels[j]) - 1/(1+math.Exp(-dot)))
			for k := range c.Dim {
				wantIn[i][k] += slope * at(m.out, o, k)
				wantOut[o][k] += slope * at(inputs, i, k)
			}
		}
	}
	const tolerance = 1e-6
	check := func(name string, r *rows, want map[int][]float64) {
		for i, row := range r.asked {
			for k := range c.Dim {
				if got := float64(r.row(int32(i))[k]) - float64(r.of(row)[k]); math.Abs(got-want[int(row)][k]) > tolerance {
					t.Errorf("%s of word %d, dimension %d: changed by %g, expected %g", name, row, k, got, want[int(row)][k])
				}
			}
		}
	}
	check("input", p.in, wantIn)
	check("output", p.out, wantOut)
}

// TestMergeAddsUp adds the changes of pieces: as they are where one piece has a row, and damped where several have it.
func TestMergeAddsUp(t *testing.T) {
	matrix := []float32{1, 1, 2, 2, 3, 3}
	a, b := newRows(matrix, 2), newRows(matrix, 2)
	a.row(a.at(0))[0] += 10
	b.row(b.at(1))[1] += 20
	for range 1000 {
		a.at(2)
		b.at(2)
	}
	a.row(a.at(2))[0] += 4
	b.row(b.at(2))[0] += 6
	for part := range 2 {
		merge([]*rows{a, b}, part, 2, 10)
	}
	want := []float32{11, 1, 2, 22, 3 + 5, 3} // the mean of 4 and 6, as both have gone all of their way
	for i := range want {
		if math.Abs(float64(matrix[i]-want[i])) > 0.1 {
			t.Fatalf("got %v, expected about %v", matrix, want)
		}
	}
}

// TestSaveAndGoOn saves a model, opens it, and learns on to the bits of one that wasn't saved.
func TestSaveAndGoOn(t *testing.T) {
	texts := textsOf(themes(500))
	for _, method := range []Method{SkipGram, FastText} {
		dir := t.TempDir()
		m, err := Train(context.Background(), texts, Letters, small(method))
		if err != nil {
			t.Fatal(err)
		}
		if err := m.SaveDir(dir, "letters"); err != nil {
			t.Fatal(err)
		}
		opened, split, err := OpenModel(dir)
		if err != nil || split != "letters" {
			t.Fatal(err, split)
		}
		more := small(method)
		more.Seed = 9
		for _, m := range []*Model{m, opened} {
			if err := m.Continue(context.Background(), texts, Letters, more); err != nil {
				t.Fatal(err)
			}
		}
		if !slices.Equal(m.in.values, opened.in.values) || !slices.Equal(m.out, opened.out) {
			t.Errorf("%s: a model that was saved learns on otherwise", method)
		}
		if _, err := opened.Vector("moonlight"); (err == nil) != (method == FastText) {
			t.Errorf("%s: a word that isn't known: %v", method, err)
		}
	}
}

func TestErrors(t *testing.T) {
	texts := textsOf("a b c\n")
	if _, err := Train(context.Background(), texts, Letters, DefaultConfig(SkipGram)); !errors.Is(err, ErrNoWords) {
		t.Errorf("rare words only: %v", err)
	}
	ended, end := context.WithCancel(context.Background())
	end()
	if _, err := Train(ended, textsOf(themes(100)), Letters, small(CBOW)); !errors.Is(err, context.Canceled) {
		t.Errorf("an ended context: %v", err)
	}
	for name, change := range map[string]func(*Config){
		"method": func(c *Config) { c.Method = "glove" }, "Dim": func(c *Config) { c.Dim = 0 }, "hierarchical": func(c *Config) { c.Hierarchical = true },
		"LearningRate": func(c *Config) { c.LearningRate = math.NaN() }, "MinLearningRate": func(c *Config) { c.MinLearningRate = 1 }, "MinCount": func(c *Config) { c.MinCount = 0 },
	} {
		c := DefaultConfig(SkipGram)
		change(&c)
		if err := c.Validate(); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, _, err := OpenModel(filepath.Join(t.TempDir(), "none")); err == nil {
		t.Error("a directory that isn't there was opened")
	}
}
