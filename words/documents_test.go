package words

import (
	"encoding/json"
	"iter"
	"maps"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// gensimGolden is what gensim makes of a text, as testdata/gensim_goldens.py wrote it.
type gensimGolden struct {
	Text    string
	Phrases []struct {
		Name   string
		Scores map[string]float64
		Lines  []string
	}
	TFIDF, BM25 []map[string]float64
	Singular    []float64
}

func readGensim(t *testing.T) (g gensimGolden) {
	t.Helper()
	raw, err := os.ReadFile("testdata/gensim.json")
	if err == nil {
		err = json.Unmarshal(raw, &g)
	}
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// TestPhrases finds the phrases that gensim finds, and splits as it does, before and after they were saved.
func TestPhrases(t *testing.T) {
	g := readGensim(t)
	for i, c := range []PhrasesConfig{
		{MinCount: 1, Threshold: 0.4, Scoring: OriginalScoring, Delimiter: "_"},
		{MinCount: 2, Threshold: 0.3, Scoring: NPMIScoring, Delimiter: "_"},
		{MinCount: 1, Threshold: 0.5, Scoring: OriginalScoring, Delimiter: "_", Connectors: EnglishConnectors},
	} {
		want := g.Phrases[i]
		p, err := LearnPhrases(textsOf(g.Text), Spaces, c)
		if err != nil {
			t.Fatal(err)
		}
		if len(p.Scores) != len(want.Scores) {
			t.Errorf("%s: %v, expected %v", want.Name, p.Scores, want.Scores)
		}
		for phrase, score := range want.Scores {
			if math.Abs(p.Scores[phrase]-score) > 1e-12 {
				t.Errorf("%s: %s scores %g, expected %g", want.Name, phrase, p.Scores[phrase], score)
			}
		}
		path := filepath.Join(t.TempDir(), "phrases.json")
		if err := SavePhrases(path, []*Phrases{p}); err != nil {
			t.Fatal(err)
		}
		opened, err := OpenPhrases(path)
		if err != nil || !maps.Equal(opened[0].Scores, p.Scores) {
			t.Fatal(opened, err)
		}
		var got []string
		opened[0].Splitter(Spaces)([]byte(g.Text), func(w []byte) { got = append(got, string(w)) })
		if all := strings.Join(want.Lines, " "); strings.Join(got, " ") != all {
			t.Errorf("%s: split to %q, expected %q", want.Name, got, all)
		}
	}
	for _, bad := range []PhrasesConfig{{}, {MinCount: 1, Threshold: 2, Scoring: NPMIScoring, Delimiter: "_"}, {MinCount: 1, Threshold: 1, Scoring: "x", Delimiter: "_"}, {MinCount: 1, Threshold: 1, Scoring: OriginalScoring}} {
		if bad.Validate() == nil {
			t.Errorf("%+v is fine", bad)
		}
	}
}

// TestDocuments weighs words as gensim does, and reduces documents to the singular values that NumPy finds.
func TestDocuments(t *testing.T) {
	g := readGensim(t)
	texts := func() iter.Seq2[[]byte, error] {
		return func(yield func([]byte, error) bool) {
			for line := range strings.Lines(g.Text) {
				if !yield([]byte(line), nil) {
					return
				}
			}
		}
	}
	v, err := CountWords(texts, Spaces, 1)
	if err != nil {
		t.Fatal(err)
	}
	d, err := CountDocuments(texts, Spaces, v)
	if err != nil {
		t.Fatal(err)
	}
	bm25, err := d.BM25(1.5, 0.75)
	if err != nil {
		t.Fatal(err)
	}
	tfidf := d.TFIDF()
	for name, c := range map[string]struct {
		got  *Documents
		want []map[string]float64
	}{"tfidf": {tfidf, g.TFIDF}, "bm25": {bm25, g.BM25}} {
		for i, terms := range c.got.Terms {
			if len(terms) != len(c.want[i]) {
				t.Errorf("%s: document %d has %d words, expected %d", name, i, len(terms), len(c.want[i]))
			}
			for _, term := range terms {
				if want := c.want[i][v.Word(int(term.ID))]; math.Abs(term.Weight-want) > 1e-6 {
					t.Errorf("%s: %q of document %d weighs %g, expected %g", name, v.Word(int(term.ID)), i, term.Weight, want)
				}
			}
		}
	}
	for _, term := range d.OneHot().Terms[0] {
		if term.Weight != 1 {
			t.Errorf("one-hot: a weight of %g", term.Weight)
		}
	}
	l, err := tfidf.LSA(SVDConfig{Dim: 3, Power: 1})
	if err != nil {
		t.Fatal(err)
	}
	for i, s := range l.Singular {
		if math.Abs(s-g.Singular[i]) > 1e-6 {
			t.Errorf("singular values %v, expected %v", l.Singular, g.Singular)
		}
	}
	squares := make([]float64, 3) // of V·Σ, whose columns are as long as the singular values
	for line := range strings.Lines(g.Text) {
		for k, x := range l.Document([]byte(line), Spaces) {
			squares[k] += float64(x) * float64(x)
		}
	}
	for k := range squares {
		if math.Abs(math.Sqrt(squares[k])-l.Singular[k]) > 1e-5 {
			t.Errorf("documents have the length %g in dimension %d, expected %g", math.Sqrt(squares[k]), k, l.Singular[k])
		}
	}
	if _, err := tfidf.LSA(SVDConfig{Dim: 7}); err == nil {
		t.Error("more dimensions than documents")
	}
}
