package words

import (
	"bufio"
	"bytes"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestSplitters(t *testing.T) {
	for _, c := range []struct {
		name  string
		split Splitter
		text  string
		want  string
	}{
		{"letters", Letters, "It's the Über-straße, No. 42_b!  诗 歌", "it s the über straße no 42_b 诗 歌"},
		{"spaces", Spaces, " It's\tthe  end.\n", "It's the end."},
		{"characters", Characters, "春眠，a1。", "春 眠 a 1"},
		{"broken", Letters, "a\xffb", "a b"},
	} {
		var got []string
		c.split([]byte(c.text), func(w []byte) { got = append(got, string(w)) })
		if strings.Join(got, " ") != c.want {
			t.Errorf("%s: %q gives %q, expected %q", c.name, c.text, got, c.want)
		}
	}
}

// TestParts compares parts with fastText's: of "<where>" those of three characters as its paper lists them, and its hash.
func TestParts(t *testing.T) {
	c := Config{MinN: 3, MaxN: 3, Buckets: 2_000_000}
	var want []int32
	for _, part := range []string{"<wh", "whe", "her", "ere", "re>"} {
		want = append(want, int32(partHash(part)%2_000_000))
	}
	if got := appendParts(nil, "where", c); !slices.Equal(got, want) {
		t.Errorf("got %v, expected %v", got, want)
	}
	// FNV-1a of the letter a is 0xe40c292c; bytes from 128 on are taken as signed, as fastText does: of 0x80, (2166136261 ^ 0xffffff80)·16777619.
	basis := uint32(2166136261)
	if got, want := []uint32{partHash("a"), partHash("\x80")}, []uint32{0xe40c292c, (basis ^ 0xffffff80) * 16777619}; !slices.Equal(got, want) {
		t.Errorf("hashes %#x, expected %#x", got, want)
	}
	if n := len(appendParts(nil, "诗", Config{MinN: 1, MaxN: 6, Buckets: 100})); n != 4 { // 诗, <诗, 诗>, <诗> and no lone end
		t.Errorf("%d parts, expected 4", n)
	}
}

// TestFormats writes vectors in every form and reads them back.
func TestFormats(t *testing.T) {
	v := &Vectors{Dim: 3, Values: []float32{1, -2.5, 1e-7, 0, 3.1415927, 5e20, 0.1, 0.2, 0.3}}
	var err error
	if v.Vocabulary, err = NewVocabulary([]string{"a", "诗", "it's"}, nil); err != nil {
		t.Fatal(err)
	}
	for _, f := range []Format{Word2VecText, Word2VecBinary, GloVeText} {
		path := filepath.Join(t.TempDir(), "vectors")
		if err := v.Save(path, f); err != nil {
			t.Fatal(err)
		}
		got, err := Open(path)
		if err != nil {
			t.Fatalf("%s: %v", f, err)
		}
		if !slices.Equal(got.Values, v.Values) || !slices.Equal(got.Vocabulary.words, v.Vocabulary.words) {
			t.Errorf("%s: read %v of %v", f, got.Values, got.Vocabulary.words)
		}
	}
	dir := t.TempDir()
	if err := v.SaveDir(dir, "letters"); err != nil {
		t.Fatal(err)
	}
	if got, err := OpenDir(dir); err != nil || !slices.Equal(got.Values, v.Values) {
		t.Errorf("a directory: %v", err)
	}
	v.Vocabulary.words[0] = "two words"
	if err := v.Save(filepath.Join(dir, "x"), Word2VecText); err == nil {
		t.Error("a word with a space was written")
	}
}

func TestDamagedFiles(t *testing.T) {
	for name, text := range map[string]string{
		"no vectors": "", "too few words": "3 2\na 1 2\n", "too many words": "1 2\na 1 2\nb 1 2\n", "other dimensions": "a 1 2\nb 1\n",
		"no number": "a 1 2\nb 1 x\n", "not a number": "a 1 NaN\n", "twice": "a 1 2\na 1 2\n", "huge": "999999999 100\na 1\n", "negative": "-1 2\na 1 2\n", "cut": "2 1\na \x00\x00\x80?\nb \x00",
	} {
		path := filepath.Join(t.TempDir(), "vectors")
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(path); err == nil {
			t.Errorf("%s: was read", name)
		}
	}
}

func FuzzRead(f *testing.F) {
	for _, seed := range []string{"1 2\na 1 2\n", "a 1 2\nb 3 4\n", "1 1\na \x00\x00\x80?\n", "9 9", "", "a 1\r\nb 2\r\n"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) == 0 {
			return
		}
		v, err := read(bufio.NewReaderSize(bytes.NewReader(b), lineBuffer), int64(len(b)))
		if err == nil && len(v.Values) != v.Dim*v.Vocabulary.Len() {
			t.Errorf("%d numbers for %d words of %d", len(v.Values), v.Vocabulary.Len(), v.Dim)
		}
	})
}

func TestEvaluation(t *testing.T) {
	pairs, err := ReadSimilarities(strings.NewReader("# WordSim\nword1\tword2\tmean\na\tb\t9\nA\tc\t5\nb\tc\t1\nb\tnone\t3\n"), "pairs")
	if err != nil || len(pairs) != 4 {
		t.Fatal(pairs, err)
	}
	sim, err := ReadSimilarities(strings.NewReader("word1\tword2\tPOS\tSimLex999\tother\nold\tnew\tA\t1.58\t7\n"), "simlex")
	if err != nil || len(sim) != 1 || sim[0].Score != 1.58 {
		t.Fatal(sim, err)
	}
	v := &Vectors{Dim: 2, Values: []float32{1, 0, 0.9, 0.1, 0.6, 0.8}}
	if v.Vocabulary, err = NewVocabulary([]string{"a", "b", "c"}, nil); err != nil {
		t.Fatal(err)
	}
	r := v.EvaluateSimilarity(pairs)
	if r.Pairs != 3 || r.Unknown != 1 || math.Abs(r.Spearman-0.5) > 1e-12 { // cosines in the order 1, 3, 2
		t.Errorf("got %+v", r)
	}
	for _, bad := range []string{"", "a b\n", "a b 1\na b x\n"} {
		if _, err := ReadSimilarities(strings.NewReader(bad), "bad"); err == nil {
			t.Errorf("%q was read", bad)
		}
	}
	if _, err := ReadAnalogies(strings.NewReader(": x\na b c\n"), "bad"); err == nil || !strings.Contains(err.Error(), "bad:2") {
		t.Errorf("three words: %v", err)
	}
}

// TestAnalogies answers questions in a plane where they have answers.
func TestAnalogies(t *testing.T) {
	v := &Vectors{Dim: 3, Values: []float32{1, 0, 0, 1, 1, 0, 0, 0, 1, 0, 1, 1, -1, -1, -1}}
	var err error
	if v.Vocabulary, err = NewVocabulary([]string{"man", "king", "woman", "queen", "stone"}, nil); err != nil {
		t.Fatal(err)
	}
	sections, err := ReadAnalogies(strings.NewReader(": royals\nMan King Woman Queen\nman king none queen\n"), "questions")
	if err != nil {
		t.Fatal(err)
	}
	r := v.EvaluateAnalogies(sections, 0)
	if len(r) != 1 || r[0] != (AnalogyResult{Section: "royals", Right: 1, RightMul: 1, Asked: 1, Unknown: 1}) {
		t.Errorf("got %+v", r)
	}
	near, err := v.Analogy("man", "king", "woman", 1)
	if err != nil || near[0].Word != "queen" {
		t.Errorf("got %v, %v", near, err)
	}
}

// TestPMI compares with the definition by hand: two words that are near each other three times in four pairs.
func TestPMI(t *testing.T) {
	texts := textsOf("a b\na b\na b\nc c\n")
	v, err := CountWords(texts, Letters, 1)
	if err != nil {
		t.Fatal(err)
	}
	near, err := CountCooccurrence(texts, Letters, v, CooccurrenceConfig{Window: 1, Weighting: Flat})
	if err != nil {
		t.Fatal(err)
	}
	p, err := near.PMI(PMIConfig{Smoothing: 1, Shift: 1})
	if err != nil {
		t.Fatal(err)
	}
	// p(a, b) = 3/8, p(a) = p(b) = 3/8; p(c, c) = 2/8 = p(c).
	want := []float64{math.Log(8. / 3), math.Log(8. / 3), math.Log(4)}
	for i := range want {
		if math.Abs(p.Weights[i]-want[i]) > 1e-12 {
			t.Errorf("got %v, expected %v", p.Weights, want)
		}
	}
	vectors, singular, err := p.SVD(SVDConfig{Dim: 3, Power: 1})
	if err != nil {
		t.Fatal(err)
	}
	// The matrix has the singular values log 4 and twice log 8/3; U·Σ keeps the rows' products.
	if math.Abs(singular[0]-math.Log(4)) > 1e-6 || math.Abs(singular[2]-math.Log(8./3)) > 1e-6 {
		t.Errorf("singular values %v", singular)
	}
	if n := float64(vectors.At(0)[0])*float64(vectors.At(1)[0]) + float64(vectors.At(0)[1])*float64(vectors.At(1)[1]) + float64(vectors.At(0)[2])*float64(vectors.At(1)[2]); math.Abs(n) > 1e-5 {
		t.Errorf("the product of the rows of a and b is %g, expected 0", n)
	}
}
