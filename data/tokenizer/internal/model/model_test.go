package model

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// randomBPE makes a BPE of random merges over a few letters.
func randomBPE(r *rand.Rand, n int, change func(*BPEConfig)) *BPE {
	tokens := strings.Split("abcd", "")
	var merges [][2]string
	for len(merges) < n {
		m := [2]string{tokens[r.IntN(len(tokens))], tokens[r.IntN(len(tokens))]}
		if slices.Contains(merges, m) || len(m[0])+len(m[1]) > 12 {
			continue
		}
		merges = append(merges, m)
		if joined := m[0] + m[1]; !slices.Contains(tokens, joined) {
			tokens = append(tokens, joined)
		}
	}
	c := BPEConfig{Vocab: NewVocabList(tokens), Merges: merges}
	if change != nil {
		change(&c)
	}
	m, err := NewBPE(c)
	if err != nil {
		panic(err)
	}
	return m
}

// mergeSlowly is the definition: the merge of the lowest rank, the leftmost of several, until none is left.
func mergeSlowly(merges [][2]string, word string) []string {
	parts := strings.Split(word, "")
	for {
		rank, at := math.MaxInt, -1
		for i := range len(parts) - 1 {
			if k := slices.Index(merges, [2]string{parts[i], parts[i+1]}); k >= 0 && k < rank {
				rank, at = k, i
			}
		}
		if at < 0 {
			return parts
		}
		parts = slices.Replace(parts, at, at+2, parts[at]+parts[at+1])
	}
}

func spell(v *Vocab, tokens []Token) (out []string) {
	for _, t := range tokens {
		s, _ := v.Token(t.ID)
		out = append(out, s)
	}
	return out
}

func TestBPEMergesInOrder(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(rt, "seed"), 0))
		m := randomBPE(r, r.IntN(40), nil)
		word := make([]byte, r.IntN(3*shortWord))
		for i := range word {
			word[i] = "abcd"[r.IntN(4)]
		}
		got, err := m.Tokenize(nil, word)
		if err != nil {
			rt.Fatal(err)
		}
		var want []string
		if len(word) > 0 {
			want = mergeSlowly(m.config.Merges, string(word))
		}
		if s := spell(m.Vocab(), got); !slices.Equal(s, want) {
			rt.Fatalf("%s gives %v, want %v", word, s, want)
		}
		heap := m.mergeHeap(m.symbols(nil, word), nil)
		if !slices.Equal(heap, got) {
			rt.Fatalf("%s: with a heap %v, without %v", word, heap, got)
		}
		end := 0
		for _, k := range got {
			if k.Start != end {
				rt.Fatalf("%s: tokens %v leave a gap", word, got)
			}
			end = k.End
		}
	})
}

func TestBPESample(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	m := randomBPE(r, 30, nil)
	word := []byte("abcdabcdaabbccddabcabc")
	want, _ := m.Tokenize(nil, word)
	if got, _ := m.Sample(nil, word, 0, r.Float64); !slices.Equal(got, want) {
		t.Errorf("dropout 0 gives %v, want %v", got, want)
	}
	if got, _ := m.Sample(nil, word, 1, r.Float64); len(got) != len(word) {
		t.Errorf("dropout 1 gives %d tokens, want %d", len(got), len(word))
	}
	kinds := map[string]bool{}
	for range 50 {
		got, _ := m.Sample(nil, word, 0.3, r.Float64)
		kinds[fmt.Sprint(got)] = true
		if s := strings.Join(spell(m.Vocab(), got), ""); s != string(word) {
			t.Fatalf("the tokens spell %s", s)
		}
	}
	if len(kinds) < 5 {
		t.Errorf("50 samples are of only %d kinds", len(kinds))
	}
}

func TestBPEUnknown(t *testing.T) {
	tokens := []string{"<unk>", "a", "b", "ab"}
	for b := range 256 {
		tokens = append(tokens, FallbackToken(byte(b)))
	}
	for _, c := range []struct {
		name   string
		config BPEConfig
		word   string
		want   string
	}{
		{"dropped", BPEConfig{}, "axyb", "a b"},
		{"unknown", BPEConfig{Unknown: "<unk>"}, "axyb", "a <unk> <unk> b"},
		{"fused", BPEConfig{Unknown: "<unk>", FuseUnknown: true}, "axybz", "a <unk> b <unk>"},
		{"bytes", BPEConfig{Unknown: "<unk>", ByteFallback: true}, "aé", "a <0xC3> <0xA9>"},
		{"invalid", BPEConfig{ByteFallback: true}, "a\xff", "a <0xFF>"},
		{"merged", BPEConfig{Merges: [][2]string{{"a", "b"}}}, "abab", "ab ab"},
		{"whole", BPEConfig{IgnoreMerges: true}, "ab", "ab"},
	} {
		c.config.Vocab = NewVocabList(tokens)
		m, err := NewBPE(c.config)
		if err != nil {
			t.Fatal(err)
		}
		got, err := m.Tokenize(nil, []byte(c.word))
		if s := strings.Join(spell(m.Vocab(), got), " "); err != nil || s != c.want {
			t.Errorf("%s: %q gives %q, %v, want %q", c.name, c.word, s, err, c.want)
		}
	}
}

func TestBPERefuses(t *testing.T) {
	v := NewVocabList([]string{"a", "b"})
	for name, c := range map[string]BPEConfig{
		"unknown token": {Vocab: v, Unknown: "x"},
		"left":          {Vocab: v, Merges: [][2]string{{"x", "a"}}},
		"right":         {Vocab: v, Merges: [][2]string{{"a", "x"}}},
		"merged":        {Vocab: v, Merges: [][2]string{{"a", "b"}}},
		"dropout":       {Vocab: v, Dropout: 2},
	} {
		if _, err := NewBPE(c); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if _, err := NewVocab(map[string]int32{"a": math.MaxInt32}); err == nil {
		t.Error("an id far beyond the vocabulary: no error")
	}
	if _, err := NewVocab(map[string]int32{"a": -1}); err == nil {
		t.Error("a negative id: no error")
	}
}

func TestWordPiece(t *testing.T) {
	m, err := NewWordPiece(WordPieceConfig{Vocab: NewVocabList([]string{"[UNK]", "un", "##aff", "##able", "a", "##a"}), Unknown: "[UNK]", Prefix: "##", MaxChars: 10})
	if err != nil {
		t.Fatal(err)
	}
	for word, want := range map[string]string{"unaffable": "un ##aff ##able", "a": "a", "aa": "a ##a", "unx": "[UNK]", "aaaaaaaaaaa": "[UNK]", "": ""} {
		got, err := m.Tokenize(nil, []byte(word))
		if s := strings.Join(spell(m.Vocab(), got), " "); err != nil || s != want {
			t.Errorf("%q gives %q, %v, want %q", word, s, err, want)
		}
	}
	if _, err := NewWordPiece(WordPieceConfig{Vocab: NewVocabList(nil), Unknown: "[UNK]"}); err == nil {
		t.Error("a vocabulary without the unknown token: no error")
	}
}

func TestUnigram(t *testing.T) {
	pieces := []Piece{{"<unk>", 0}, {"a", -3}, {"b", -3}, {"ab", -4}, {"abc", -9}, {"c", -3}}
	m, err := NewUnigram(UnigramConfig{Pieces: pieces})
	if err != nil {
		t.Fatal(err)
	}
	for word, want := range map[string]string{"ab": "ab", "abc": "ab c", "abxyc": "ab <unk> c", "xy": "<unk>", "": ""} {
		got, err := m.Tokenize(nil, []byte(word))
		if s := strings.Join(spell(m.Vocab(), got), " "); err != nil || s != want {
			t.Errorf("%q gives %q, %v, want %q", word, s, err, want)
		}
	}
	// All three ways to take ab apart come up as their probabilities say.
	r := rand.New(rand.NewPCG(1, 2))
	const n = 20000
	whole := 0
	for range n {
		got, err := m.Sample(nil, []byte("ab"), 1, r.Float64)
		if err != nil {
			t.Fatal(err)
		}
		if len(got) == 1 {
			whole++
		}
	}
	p := math.Exp(-4) / (math.Exp(-4) + math.Exp(-6))
	if got := float64(whole) / n; math.Abs(got-p) > 4*math.Sqrt(p*(1-p)/n) {
		t.Errorf("ab stays whole with frequency %.4f, want %.4f", got, p)
	}
	if got, _ := m.Sample(nil, []byte("axyb"), 1, r.Float64); strings.Join(spell(m.Vocab(), got), " ") != "a <unk> b" {
		t.Errorf("unknown characters give %v", got)
	}
	if _, err := NewUnigram(UnigramConfig{Pieces: pieces, Unknown: 9}); err == nil {
		t.Error("an unknown id beyond the vocabulary: no error")
	}
	if _, err := NewUnigram(UnigramConfig{Pieces: []Piece{{"a", math.NaN()}}}); err == nil {
		t.Error("a score that is no number: no error")
	}
}

func TestTrie(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	want := map[string]int32{}
	var keys []string
	var values []int32
	for i := range 3000 {
		k := make([]byte, 1+r.IntN(6))
		for j := range k {
			k[j] = byte(r.IntN(1 << (1 + r.IntN(8))))
		}
		want[string(k)] = int32(i)
		keys, values = append(keys, string(k)), append(values, int32(i))
	}
	tr := newTrie(keys, values)
	find := func(k string) int32 {
		node := int32(0)
		for i := range len(k) {
			if node = tr.child(node, k[i]); node < 0 {
				return -1
			}
		}
		return tr.value[node]
	}
	for k, v := range want {
		if got := find(k); got != v {
			t.Fatalf("%q gives %d, want %d", k, got, v)
		}
		if k += "\x07"; want[k] == 0 && find(k) >= 0 && keys[0] != k {
			t.Fatalf("%q gives %d", k, find(k))
		}
	}
}

func TestByteAlphabet(t *testing.T) {
	seen := map[rune]bool{}
	for b := range 256 {
		r := ByteRune(byte(b))
		if got, ok := DecodeBytes(string(r)); seen[r] || !ok || string(got) != string([]byte{byte(b)}) {
			t.Errorf("byte %d is spelled %q", b, r)
		}
		seen[r] = true
	}
	if _, ok := DecodeBytes("a b"); ok {
		t.Error("a space decodes")
	}
}
