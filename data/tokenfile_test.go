package data

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// stretch is equal tokens of a document, for the tests that build token files.
type stretch struct {
	ids   []int32
	learn bool
	ends  bool
}

func drawStretches(t *rapid.T, vocab int) []stretch {
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) stretch {
		return stretch{
			ids:   rapid.SliceOfN(rapid.Int32Range(0, int32(vocab-1)), 0, 40).Draw(t, "ids"),
			learn: rapid.Bool().Draw(t, "learn"),
			ends:  rapid.Bool().Draw(t, "ends"),
		}
	}), 1, 30).Draw(t, "stretches")
}

func assemble(w *assembler, stretches []stretch) error {
	for _, s := range stretches {
		if err := w.Append(s.ids, s.learn); err != nil {
			return err
		}
		w.CountText(3 * len(s.ids))
		if s.ends {
			if err := w.EndDocument(); err != nil {
				return err
			}
		}
	}
	return nil
}

// assembled returns the stretches as Tokens in memory.
func assembled(t interface{ Fatal(...any) }, vocab int, stretches []stretch) *Tokens {
	w, err := newMemoryWriter(vocab)
	if err == nil {
		err = assemble(w.assembler, stretches)
	}
	if err != nil {
		t.Fatal(err)
	}
	tokens, err := w.tokens()
	if err != nil {
		t.Fatal(err)
	}
	return tokens
}

// TestTokensRoundTrip writes tokens in memory and in a file and compares both with what went in, also in views of them.
func TestTokensRoundTrip(t *testing.T) {
	path := filepath.Join(t.TempDir(), "tokens")
	rapid.Check(t, func(t *rapid.T) {
		vocab := rapid.SampledFrom([]int{1, 256, 1 << 16, 1<<16 + 1, 1<<31 - 1}).Draw(t, "vocab")
		stretches := drawStretches(t, vocab)
		var ids []int32
		var learn []bool
		var ends []int
		targets := 0
		for i, s := range stretches {
			ids = append(ids, s.ids...)
			for range s.ids {
				learn = append(learn, s.learn)
				targets += bit(s.learn)
			}
			if last := i == len(stretches)-1; (s.ends || last) && len(ids) > 0 && (len(ends) == 0 || ends[len(ends)-1] < len(ids)) {
				ends = append(ends, len(ids))
			}
		}
		w, err := NewTokenWriter(path, vocab)
		if err != nil {
			t.Fatal(err)
		}
		if err := assemble(w.assembler, stretches); err != nil {
			t.Fatal(err)
		}
		if err := w.Commit(); len(ids) == 0 {
			if err == nil || !strings.Contains(err.Error(), "no text") {
				t.Fatalf("error is %v, expected one for no tokens", err)
			}
			return
		} else if err != nil {
			t.Fatal(err)
		}
		file, err := OpenTokens(path)
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		if err := file.Verify(); err != nil {
			t.Fatal(err)
		}
		lo := rapid.IntRange(0, len(ids)).Draw(t, "lo")
		hi := rapid.IntRange(lo, len(ids)).Draw(t, "hi")
		for _, tokens := range []*Tokens{file.Tokens, assembled(t, vocab, stretches)} {
			if tokens.Len() != len(ids) || tokens.Vocab() != vocab || tokens.Documents() != len(ends) ||
				tokens.Targets() != targets || tokens.TextBytes() != int64(3*len(ids)) {
				t.Fatalf("%d tokens below %d in %d documents, %d targets, %d bytes, expected %d, %d, %d, %d, %d", tokens.Len(), tokens.Vocab(),
					tokens.Documents(), tokens.Targets(), tokens.TextBytes(), len(ids), vocab, len(ends), targets, 3*len(ids))
			}
			view := tokens.Slice(lo, hi)
			for i := range view.Len() {
				if view.At(i) != ids[lo+i] || view.Target(i) != learn[lo+i] {
					t.Fatalf("token %d is %d (%v), expected %d (%v)", lo+i, view.At(i), view.Target(i), ids[lo+i], learn[lo+i])
				}
			}
			count := 0
			for _, l := range learn[lo:hi] {
				count += bit(l)
			}
			if view.Targets() != count {
				t.Fatalf("%d targets in [%d, %d), expected %d", view.Targets(), lo, hi, count)
			}
			at := 0
			for d := range view.Documents() {
				start, end := view.Document(d)
				whole := end == view.Len()
				for _, e := range ends {
					whole = whole || lo+end == e
				}
				if start != at || end <= start || !whole || view.documentAt(start) != d || view.documentAt(end-1) != d {
					t.Fatalf("document %d of [%d, %d) is [%d, %d) of %v", d, lo, hi, start, end, ends)
				}
				at = end
			}
			if at != view.Len() {
				t.Fatalf("the documents hold %d of %d tokens", at, view.Len())
			}
		}
	})
}

func TestSplitDocuments(t *testing.T) {
	document := func(n int) stretch { return stretch{make([]int32, n), true, true} }
	cases := []struct {
		documents []int
		fraction  float64
		cut       int // -1: an error
	}{
		{[]int{10, 10, 10, 10}, 0.25, 30},
		{[]int{10, 10, 10, 10}, 0.26, 20},
		{[]int{10, 10, 10, 10}, 0.01, 30},
		{[]int{10, 10, 10, 10}, 0, 40},
		{[]int{1, 99}, 0.1, 1},
		{[]int{99, 1}, 0.1, -1},
		{[]int{100}, 0.1, -1},
		{[]int{10, 10}, 1, -1},
		{[]int{10, 10}, -0.1, -1},
	}
	for _, c := range cases {
		var stretches []stretch
		for _, n := range c.documents {
			stretches = append(stretches, document(n))
		}
		train, validation, err := assembled(t, 8, stretches).SplitDocuments(c.fraction)
		switch {
		case c.cut < 0 && err == nil:
			t.Errorf("%v: no error for %v", c.documents, c.fraction)
		case c.cut >= 0 && err != nil:
			t.Errorf("%v: %v", c.documents, err)
		case err == nil && (train.Len() != c.cut || validation.slicedFrom() != c.cut):
			t.Errorf("%v by %v: cut at %d, expected %d", c.documents, c.fraction, train.Len(), c.cut)
		}
	}
}

func (t *Tokens) slicedFrom() int { return t.lo }

func TestSplitIsNanoGPTs(t *testing.T) {
	tokens, err := Generated(1_115_394, 65)
	if err != nil {
		t.Fatal(err)
	}
	train, validation, err := tokens.Split(0.1)
	if err != nil || train.Len() != 1_003_854 || validation.Len() != 111_540 {
		t.Errorf("%d and %d tokens, %v, expected 1003854 and 111540", train.Len(), validation.Len(), err)
	}
}

// TestOpenRawTokens reads a file as numpy writes an array of uint16.
func TestOpenRawTokens(t *testing.T) {
	path := writeFile(t, t.TempDir(), "train.bin", "\x01\x00\x00\x01\xff\xff")
	f, err := OpenTokens(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if f.Len() != 3 || f.At(0) != 1 || f.At(1) != 256 || f.At(2) != 65535 || f.Vocab() != 0 || f.Documents() != 1 || f.Targets() != 3 {
		t.Errorf("got %d tokens: %d %d %d", f.Len(), f.At(0), f.At(1), f.At(2))
	}
	if err := f.CheckVocab(1 << 16); err != nil {
		t.Error(err)
	}
	if err := f.CheckVocab(65535); err == nil || !strings.Contains(err.Error(), "token 2 is 65535, expected ids below 65535") {
		t.Errorf("error is %v", err)
	}
}

func TestOpenTokensRefuses(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "good")
	w, err := NewTokenWriter(path, 100)
	if err != nil {
		t.Fatal(err)
	}
	if err := assemble(w.assembler, []stretch{{make([]int32, 50), true, true}, {make([]int32, 50), false, true}}); err != nil {
		t.Fatal(err)
	}
	if err := w.Commit(); err != nil {
		t.Fatal(err)
	}
	if entries, _ := os.ReadDir(folder); len(entries) != 1 {
		t.Errorf("%d files are left, expected one", len(entries))
	}
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	good := string(content)
	changed := func(at int, b byte) string { return good[:at] + string([]byte{b}) + good[at+1:] }
	cases := []struct{ name, content, want string }{
		{"empty", "", "expected a file of tokens"},
		{"odd", "abc", "not a token file"},
		{"header only", good[:headerSize], "truncated"},
		{"half a header", good[:20], "truncated: 20 bytes, the header alone has 64"},
		{"cut short", good[:len(good)-1], "truncated"},
		{"overlong", good + "x", "overlong"},
		{"damaged header", changed(16, 99), "damaged header"},
		{"width", resealed(good, 8, 3), "3 bytes a token, expected 2 or 4"},
		{"vocabulary", resealed(good, 14, 2), "a vocabulary of 131172 does not fit"},
		{"tokens", resealed(good, 23, 0xff), "damaged header"},
		{"flags", resealed(good, 48, 32), "unknown flags 0x20"},
		{"documents out of order", changed(len(good)-16, 101), "document 0 ends at token 101"},
		{"documents end early", changed(len(good)-8, 99), "the last document ends at token 99 of 100"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			f, err := OpenTokens(writeFile(t, folder, "bad", c.content))
			if err == nil {
				f.Close()
			}
			if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "bad") {
				t.Errorf("error is %v, expected %q", err, c.want)
			}
		})
	}
	f, err := OpenTokens(writeFile(t, folder, "bad", changed(headerSize, 1)))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := f.Verify(); err == nil || !strings.Contains(err.Error(), "damaged: checksum") {
		t.Errorf("error is %v", err)
	}
	if _, err := OpenTokens(filepath.Join(folder, "missing")); err == nil || !strings.Contains(err.Error(), "missing: no such file") {
		t.Errorf("error is %v", err)
	}
}

// resealed changes one byte of a token file's header and makes its checksum right again.
func resealed(file string, at int, b byte) string {
	out := []byte(file)
	out[at] = b
	binary.LittleEndian.PutUint32(out[headerSize-4:], crc32.Checksum(out[:headerSize-4], castagnoli))
	return string(out)
}

func TestTokenWriterKeepsTheOldFile(t *testing.T) {
	folder := t.TempDir()
	path := writeFile(t, folder, "tokens", "old")
	w, err := NewTokenWriter(path, 10)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Append([]int32{1, 10}, true); err == nil || !strings.Contains(err.Error(), "id 10 is outside of the vocabulary of 10") {
		t.Errorf("error is %v", err)
	}
	w.Abort()
	w.Abort()
	if got, _ := os.ReadFile(path); string(got) != "old" {
		t.Errorf("the file holds %q", got)
	}
	if entries, _ := os.ReadDir(folder); len(entries) != 1 {
		t.Errorf("%d files are left, expected one", len(entries))
	}
	if _, err := NewTokenWriter(filepath.Join(folder, "no", "folder"), 10); err == nil {
		t.Error("no error for a folder that is missing")
	}
	if _, err := NewTokens([]int32{-1}, 10); err == nil {
		t.Error("no error for a negative id")
	}
}

func FuzzParseTokens(f *testing.F) {
	for _, masked := range []bool{false, true} {
		path := filepath.Join(f.TempDir(), "tokens")
		w, err := NewTokenWriter(path, 300)
		if err != nil {
			f.Fatal(err)
		}
		if err := assemble(w.assembler, []stretch{{[]int32{1, 2, 299}, !masked, true}, {[]int32{7}, true, true}}); err != nil {
			f.Fatal(err)
		}
		if err := w.Commit(); err != nil {
			f.Fatal(err)
		}
		b, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	for _, l := range []Labels{{Classification, []string{"a", "b"}}, {TokenClassification, []string{"a", "b"}}, {Regression, []string{"a", "b"}}} {
		path := filepath.Join(f.TempDir(), "tokens")
		w, err := NewTokenWriter(path, 300)
		if err != nil {
			f.Fatal(err)
		}
		x := Example{IDs: []int32{1, 2}, Types: []int32{0, 1}, Class: 1, Classes: []int32{1, Ignored}, Values: []float32{0.5, -1}}
		if err := errors.Join(w.Describe(l), w.AppendExample(x), w.AppendExample(x), w.Commit()); err != nil {
			f.Fatal(err)
		}
		b, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Add([]byte("\x01\x00\x02\x00"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) >= headerSize { // so that the fuzzer gets beyond the checksum
			b = []byte(resealed(string(b), 0, b[0]))
		}
		tokens, _, err := parseTokens(b)
		if err != nil {
			return
		}
		for d := range tokens.Documents() {
			lo, hi := tokens.Document(d)
			for i := lo; i < hi; i++ {
				tokens.At(i)
				tokens.Target(i)
			}
		}
		tokens.Targets()
		if d, err := NewLabelled(tokens, 0); err == nil && d.Layout().Bytes() < 1<<22 {
			b := NewBatch(1, d.Layout())
			for i := range d.Len() {
				d.Fill(b.row(0), i, 0)
			}
		}
	})
}
