package data

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// weighedRecords are records of which some say what they count.
const weighedRecords = `{"text": "abc"}
{"text": "de", "weight": 2.5}
{"text": "fgh", "weight": null}
{"text": "i", "weight": 0}
`

// TestWeights reads what records count, in memory and from a file, in every kind of rows.
func TestWeights(t *testing.T) {
	s := openText(t, "a.jsonl", weighedRecords)
	path := filepath.Join(t.TempDir(), "tokens")
	if err := EncodeFile(t.Context(), path, s, byteEncoder{}, EncodeConfig{}); err != nil {
		t.Fatal(err)
	}
	f, err := OpenTokens(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := f.Verify(); err != nil {
		t.Fatal(err)
	}
	inMemory, err := Encode(t.Context(), s, byteEncoder{}, EncodeConfig{})
	if err != nil {
		t.Fatal(err)
	}
	for _, tokens := range []*Tokens{f.Tokens, inMemory} {
		var all []float32
		for d := range tokens.Documents() {
			all = append(all, tokens.Weight(d))
		}
		if !tokens.Weighted() || !slices.Equal(all, []float32{1, 2.5, 1, 0}) {
			t.Errorf("weighted %v: %v", tokens.Weighted(), all)
		}
		if least, greatest := tokens.Weights(); least != 0 || greatest != 2.5 {
			t.Errorf("weights of %v to %v", least, greatest)
		}
		if part := tokens.Slice(4, tokens.Len()); part.Weight(0) != 2.5 || part.Weight(1) != 1 {
			t.Errorf("a part has the weights %v, %v", part.Weight(0), part.Weight(1))
		}
	}
	rows := func(d Dataset, err error) string {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		b := NewBatch(d.Len(), d.Layout())
		if err := FillSequential(b, d, 0); err != nil {
			t.Fatal(err)
		}
		sum := 0.0
		for i, w := range b.Floats(Weights) {
			if sum += float64(w); b.Ints(Targets)[i] < 0 && w != 0 {
				t.Errorf("%T: position %d without a target counts %v", d, i, w)
			}
		}
		if got := b.Total(Weights); got != sum {
			t.Errorf("%T: the total is %v, expected %v", d, got, sum)
		}
		return fmt.Sprint(b.Floats(Weights))
	}
	// Without ends, the documents are abc, de, fgh and i.
	for _, c := range []struct{ got, want string }{
		{rows(NewPacked(inMemory, 5)), "[1 1 2.5 1 1]"},
		{rows(NewPadded(inMemory, 3)), "[1 1 0 2.5 0 0 1 1 0]"},
		{rows(NewWindows(inMemory, 8)), "[1 1 2.5 2.5 1 1 1 0]"},
		{rows(NewSequential(inMemory, 5)), "[1 1 2.5 2.5 1 1 1 0 0 0]"},
	} {
		if c.got != c.want {
			t.Errorf("weights %s, expected %s", c.got, c.want)
		}
	}
	m := DefaultMasking(0)
	m.Rate, m.Hide, m.Replace, m.Documents, m.Vocab = 1, 1, 0, true, 256
	if got := rows(NewMasked(inMemory, 4, m)); got != "[1 1 1 0 1 1 1 0 2.5 2.5 0 0]" {
		t.Errorf("weights %s of hidden tokens", got)
	}
	pairs, err := Encode(t.Context(), openText(t, "b.csv", "prompt,completion,weight\nab,cde,3\nf,g,\n"), byteEncoder{}, EncodeConfig{Pairs: true})
	if err != nil {
		t.Fatal(err)
	}
	if got := rows(NewPairs(pairs, PairsConfig{End: -1})); got != "[3 3 3 1 0 0]" {
		t.Errorf("weights %s of pairs", got)
	}
	l := Labels{Kind: Classification, Names: []string{"x", "y"}}
	labelled, _, err := EncodeLabelled(t.Context(), openText(t, "c.jsonl", `{"text": "ab", "label": "x", "weight": 0.5}`+"\n"+`{"text": "c", "label": "y"}`), letterFramer{}, LabelledConfig{Labels: l, MaxLength: 9})
	if err != nil {
		t.Fatal(err)
	}
	d, err := NewLabelled(labelled, 0)
	if err != nil {
		t.Fatal(err)
	}
	n := d.Layout().Length(TextLength)
	want := make([]float32, 2*n)
	want[0], want[n] = 0.5, 1
	if got := rows(d, nil); got != fmt.Sprint(want) {
		t.Errorf("weights %s of labelled texts, expected %v", got, want)
	}
}

// TestWeightsRefused checks what is no weight, and that weights are passed over where nobody wants them.
func TestWeightsRefused(t *testing.T) {
	for _, bad := range []string{"-1", `"2"`, "true", "[1]", "1e39"} {
		s := openText(t, "a.jsonl", `{"text": "a b"}`+"\n"+`{"text": "abc", "weight": `+bad+`}`)
		if _, err := Encode(t.Context(), s, byteEncoder{}, EncodeConfig{}); err == nil || !strings.Contains(err.Error(), `a.jsonl:2: "weight" must be a number of 0 or more`) {
			t.Errorf("a weight of %s: error is %v", bad, err)
		}
	}
	path := writeFile(t, t.TempDir(), "b.jsonl", weighedRecords)
	s, err := Open(SourceConfig{Paths: []string{path}, Unweighted: true})
	if err != nil {
		t.Fatal(err)
	}
	tokens, err := Encode(t.Context(), s, byteEncoder{}, EncodeConfig{})
	if err != nil {
		t.Fatal(err)
	}
	if tokens.Weighted() {
		t.Error("records are weighted that aren't to be")
	}
	w, err := newMemoryWriter(9)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Weigh(-1); err == nil {
		t.Error("a weight of -1 is taken")
	}
}
