package data

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// drawDocuments returns counting tokens cut into documents, each with a prompt of some length that is not to be learned.
func drawDocuments(t *rapid.T) *Tokens {
	var stretches []stretch
	at := int32(0)
	take := func(n int, learn, ends bool) {
		s := stretch{learn: learn, ends: ends}
		for range n {
			s.ids = append(s.ids, at)
			at++
		}
		stretches = append(stretches, s)
	}
	take(2, true, true) // so that there is something to learn
	for range rapid.IntRange(0, 40).Draw(t, "documents") {
		take(rapid.IntRange(0, 20).Draw(t, "prompt"), false, false)
		take(rapid.IntRange(0, 30).Draw(t, "completion"), true, true)
	}
	return assembled(t, int(at), stretches)
}

// TestPackingLearnsAllOnce checks that packed and padded rows hold each target behind its token exactly once, documents apart.
func TestPackingLearnsAllOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		tokens := drawDocuments(t)
		length := rapid.IntRange(1, 25).Draw(t, "length")
		var want []int
		for d := range tokens.Documents() {
			lo, hi := tokens.Document(d)
			for i := lo + 1; i < hi; i++ {
				if tokens.Target(i) {
					want = append(want, i)
				}
			}
		}
		packed, err := NewPacked(tokens, length)
		if err != nil {
			t.Fatal(err)
		}
		padded, err := NewPadded(tokens, length)
		if err != nil {
			t.Fatal(err)
		}
		if packed.Len() > padded.Len() || packed.Padding() > padded.Padding() {
			t.Fatalf("packed in %d rows, padded in %d", packed.Len(), padded.Len())
		}
		for _, p := range []*Packed{packed, padded} {
			var targets []int
			padding := 0
			b := NewBatch(1, p.Layout())
			for i := range p.Len() {
				if err := FillSequential(b, p, i); err != nil {
					t.Fatal(err)
				}
				if b.Count == 0 {
					t.Fatalf("row %d has no target", i)
				}
				targets = append(targets, checkPairs(t, b)...)
				padding += checkSegments(t, tokens, b)
			}
			slices.Sort(targets)
			if !slices.Equal(targets, want) {
				t.Fatalf("targets are %v, expected %v", targets, want)
			}
			if got := p.Padding() * float64(p.Len()*length); int(got+0.5) != padding {
				t.Fatalf("%v positions of padding, expected %d", got, padding)
			}
		}
	})
}

// checkSegments checks that a row is segments of one document each, counted from 0, and then padding, which it counts.
func checkSegments(t *rapid.T, tokens *Tokens, b *Batch) (padding int) {
	for i, segment := range b.Ints(Segments) {
		switch {
		case segment == -1:
			padding++
			if b.Ints(IDs)[i] != 0 || b.Ints(Targets)[i] != Ignored {
				t.Fatalf("padding holds token %d, target %d", b.Ints(IDs)[i], b.Ints(Targets)[i])
			}
		case padding > 0:
			t.Fatal("a token behind padding")
		case i == 0 || segment != b.Ints(Segments)[i-1]:
			if i > 0 && segment != b.Ints(Segments)[i-1]+1 || i == 0 && segment != 0 {
				t.Fatalf("segments are %v", b.Ints(Segments))
			}
		case b.Ints(IDs)[i] != b.Ints(IDs)[i-1]+1 ||
			tokens.documentAt(int(b.Ints(IDs)[i])) != tokens.documentAt(int(b.Ints(IDs)[i-1])):
			t.Fatalf("segment %d holds %v", segment, b.Ints(IDs))
		}
	}
	return padding
}

// TestPackingIsTight packs lengths that best fit is known to fit without any padding.
func TestPackingIsTight(t *testing.T) {
	var stretches []stretch
	for _, n := range []int{1, 3, 4, 5, 5, 6, 7, 9, 10} { // falling lengths are what makes it fit
		for range 100 {
			stretches = append(stretches, stretch{make([]int32, n+1), true, true})
		}
	}
	p, err := NewPacked(assembled(t, 1, stretches), 10)
	if err != nil {
		t.Fatal(err)
	}
	if p.Len() != 500 || p.Padding() != 0 {
		t.Errorf("%d rows with %v padding, expected 500 with none", p.Len(), p.Padding())
	}
}

func TestPackingRefuses(t *testing.T) {
	nothing := assembled(t, 9, []stretch{{[]int32{1}, true, true}, {[]int32{1, 2}, false, true}})
	if _, err := NewPacked(nothing, 4); err == nil || !strings.Contains(err.Error(), "packing: no document has a token to learn behind its first (2 documents, 3 tokens)") {
		t.Errorf("error is %v", err)
	}
	if _, err := NewPadded(nothing, 0); err == nil || !strings.Contains(err.Error(), "padding: length 0") {
		t.Errorf("error is %v", err)
	}
}
