package data

import (
	"math"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

const (
	testCLS, testSEP, testMASK = 0, 1, 2
	testVocab                  = 50
)

// framed returns documents of the given lengths between [CLS] and [SEP].
func framed(t testing.TB, lengths ...int) *Tokens {
	t.Helper()
	w, err := newMemoryWriter(testVocab)
	if err != nil {
		t.Fatal(err)
	}
	for d, n := range lengths {
		ids := []int32{testCLS}
		for i := range n {
			ids = append(ids, int32(3+(7*i+d)%(testVocab-3)))
		}
		if err := w.Append(append(ids, testSEP), true); err != nil {
			t.Fatal(err)
		}
		if err := w.EndDocument(); err != nil {
			t.Fatal(err)
		}
	}
	tokens, err := w.tokens()
	if err != nil {
		t.Fatal(err)
	}
	return tokens
}

func newMasked(t testing.TB, tokens *Tokens, length int, documents bool) *Masked {
	t.Helper()
	c := DefaultMasking(testMASK, testCLS, testSEP)
	c.Documents, c.Seed = documents, 5
	m, err := NewMasked(tokens, length, c)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// TestMaskingRecipe counts over 40,000 tokens: 15 of 100 are targets; of them 80 of 100 are hidden, 10
// replaced and 10 as they were. Four standard deviations are allowed.
func TestMaskingRecipe(t *testing.T) {
	tokens := framed(t, 40000)
	m := newMasked(t, tokens, 100, false)
	b := NewBatch(1, m.Layout())
	chosen, hidden, same := 0, 0, 0
	replaced := map[int32]int{}
	for i := range m.Len() {
		if err := FillSequential(b, m, i); err != nil {
			t.Fatal(err)
		}
		for k, target := range b.Ints(Targets) {
			if target == Ignored {
				if at := i*100 + k; at < tokens.Len() && b.Ints(IDs)[k] != tokens.At(at) {
					t.Fatalf("token %d was changed, but is no target", at)
				}
				continue
			}
			if target != tokens.At(i*100+k) || target <= testMASK {
				t.Fatalf("target %d for the token %d", target, tokens.At(i*100+k))
			}
			chosen++
			switch b.Ints(IDs)[k] {
			case testMASK:
				hidden++
			case target:
				same++
			default:
				replaced[b.Ints(IDs)[k]]++
			}
		}
	}
	near := func(what string, got, of int, share float64) {
		t.Helper()
		if d := float64(got) - share*float64(of); math.Abs(d) > 4*math.Sqrt(share*(1-share)*float64(of)) {
			t.Errorf("%s are %d of %d, expected %g", what, got, of, share)
		}
	}
	near("targets", chosen, 40000, 0.15)
	near("hidden tokens", hidden, chosen, 0.8)
	near("tokens that stay", same, chosen, 0.1+0.1/(testVocab-3)) // a random token may be the same
	for id := range replaced {
		if id <= testMASK {
			t.Errorf("special token %d was put in for another", id)
		}
	}
	if len(replaced) != testVocab-3 {
		t.Errorf("%d different tokens were put in, expected %d", len(replaced), testVocab-3)
	}
}

func TestMaskingHidesOthersInEachEpoch(t *testing.T) {
	m := newMasked(t, framed(t, 200), 202, false)
	fill := func(jitter uint64) ([]int32, []int32) {
		b := NewBatch(1, m.Layout())
		b.add(m, 0, 0, jitter)
		return b.Ints(IDs), b.Ints(Targets)
	}
	ids, targets := fill(1)
	again, _ := fill(1)
	_, other := fill(2)
	if !slices.Equal(ids, again) {
		t.Error("the same epoch hides others")
	}
	if slices.Equal(targets, other) {
		t.Error("two epochs hide the same")
	}
}

func TestMaskingGoesOnExactly(t *testing.T) {
	tokens := framed(t, 30, 5, 17, 80, 3, 41)
	for _, documents := range []bool{false, true} {
		load := func() *Loader {
			l, err := NewLoader(newMasked(t, tokens, 16, documents), LoaderConfig{Seed: 3})
			if err != nil {
				t.Fatal(err)
			}
			return l
		}
		l := load()
		b, c := NewBatch(3, l.layout), NewBatch(3, l.layout)
		for range 25 {
			resumed := load()
			if err := resumed.Restore(l.State()); err != nil {
				t.Fatal(err)
			}
			if err := l.Next(b); err != nil {
				t.Fatal(err)
			}
			if err := resumed.Next(c); err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(b.Ints(IDs), c.Ints(IDs)) || !slices.Equal(b.Ints(Targets), c.Ints(Targets)) || b.Count != c.Count {
				t.Fatalf("documents %v: at %+v a resumed loader gives %v, expected %v", documents, l.State(), c.Ints(IDs), b.Ints(IDs))
			}
		}
	}
}

// TestMaskingKeepsTheText puts the targets back: each token must then be there once, in its segment.
func TestMaskingKeepsTheText(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		lengths := rapid.SliceOfN(rapid.IntRange(1, 40), 1, 8).Draw(r, "lengths")
		length := rapid.IntRange(1, 30).Draw(r, "length")
		documents := rapid.Bool().Draw(r, "documents")
		tokens := framed(t, lengths...)
		m := newMasked(t, tokens, length, documents)
		b := NewBatch(1, m.Layout())
		var pieces [][]int32
		for i := range m.Len() {
			if err := FillSequential(b, m, i); err != nil {
				r.Fatal(err)
			}
			count, ordinary := 0, 0
			for k := range b.Ints(IDs) {
				if b.Ints(Targets)[k] != Ignored {
					count++
					b.Ints(IDs)[k] = b.Ints(Targets)[k]
				}
				if b.Ints(Segments)[k] >= 0 && b.Ints(IDs)[k] > testMASK {
					ordinary++
				}
				if k == 0 || b.Ints(Segments)[k] != b.Ints(Segments)[k-1] {
					pieces = append(pieces, nil)
				}
				if b.Ints(Segments)[k] >= 0 {
					pieces[len(pieces)-1] = append(pieces[len(pieces)-1], b.Ints(IDs)[k])
				}
			}
			if count != b.Count || ordinary > 0 && count == 0 {
				r.Fatalf("row %d has %d targets, says %d, of %d tokens", i, count, b.Count, ordinary)
			}
		}
		got := map[int32]int{}
		for _, id := range slices.Concat(pieces...) {
			got[id]++
		}
		for i := range tokens.Len() {
			got[tokens.At(i)]--
		}
		for id, n := range got {
			if n != 0 && id > testMASK { // a piece of special tokens only may be left out
				r.Fatalf("token %d is there %+d times more than in the text", id, n)
			}
		}
	})
}

// TestMaskingFrames checks that rows, or documents, stand between two tokens, with the text between them whole.
func TestMaskingFrames(t *testing.T) {
	tokens := counting(t, 40)
	for _, documents := range []bool{false, true} {
		c := DefaultMasking(39)
		c.Frame, c.Documents = []int32{37, 38}, documents
		m, err := NewMasked(tokens.Slice(0, 30), 9, c)
		if err != nil {
			t.Fatal(err)
		}
		b := NewBatch(m.Len(), m.Layout())
		if err := FillSequential(b, m, 0); err != nil {
			t.Fatal(err)
		}
		var text []int32
		for i := range m.Len() {
			row := b.row(i)
			n := slices.Index(row.Ints(Segments), -1)
			if n < 0 {
				n = len(row.Ints(Segments))
			}
			if row.Ints(IDs)[0] != 37 || row.Ints(IDs)[n-1] != 38 || row.Ints(Targets)[0] != Ignored || row.Ints(Targets)[n-1] != Ignored {
				t.Errorf("row %d is %v with targets %v", i, row.Ints(IDs), row.Ints(Targets))
			}
			for k := 1; k < n-1; k++ {
				if row.Ints(Targets)[k] != Ignored {
					row.Ints(IDs)[k] = row.Ints(Targets)[k]
				}
			}
			text = append(text, row.Ints(IDs)[1:n-1]...)
		}
		slices.Sort(text)
		if len(text) != 30 || text[0] != 0 || text[29] != 29 {
			t.Errorf("the text is %v", text)
		}
	}
	c := DefaultMasking(39)
	c.Frame = []int32{1, 2}
	if _, err := NewMasked(tokens, 2, c); err == nil || !strings.Contains(err.Error(), "length 2, expected 3 or more") {
		t.Errorf("error is %v", err)
	}
	c.Frame = []int32{1}
	if _, err := NewMasked(tokens, 2, c); err == nil || !strings.Contains(err.Error(), "a frame of 1 tokens") {
		t.Errorf("error is %v", err)
	}
}

func TestMaskingAllocatesNothing(t *testing.T) {
	m := newMasked(t, framed(t, 100, 20, 300), 64, true)
	b := NewBatch(1, m.Layout())
	if n := testing.AllocsPerRun(20, func() { m.Fill(b.row(0), 1, 7) }); n != 0 {
		t.Errorf("%g allocations", n)
	}
}

func TestMaskingRefuses(t *testing.T) {
	tokens := framed(t, 5)
	tests := []struct {
		name   string
		length int
		change func(*MaskingConfig)
		err    string
	}{
		{"no length", 0, func(*MaskingConfig) {}, "length 0"},
		{"no rate", 4, func(c *MaskingConfig) { c.Rate = 0 }, "rate 0"},
		{"shares beyond 1", 4, func(c *MaskingConfig) { c.Hide = 0.95 }, "hides 0.95 and replaces 0.1"},
		{"not a number", 4, func(c *MaskingConfig) { c.Hide = math.NaN() }, "hides NaN"},
		{"a mask outside", 4, func(c *MaskingConfig) { c.Mask = testVocab }, "special token 50 is outside"},
		{"tokens outside", 4, func(c *MaskingConfig) { c.Vocab = 4 }, "4"},
		{"nothing to hide", 4, func(c *MaskingConfig) {
			for id := range int32(testVocab) {
				c.Special = append(c.Special, id)
			}
		}, "can be hidden"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c := DefaultMasking(testMASK, testCLS, testSEP)
			test.change(&c)
			if _, err := NewMasked(tokens, test.length, c); err == nil || !strings.Contains(err.Error(), test.err) {
				t.Errorf("error %v, expected one with %q", err, test.err)
			}
		})
	}
}
