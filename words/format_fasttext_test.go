package words

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// fastTextGoldens is what fastText says of its files, as testdata/goldens.py wrote it.
func fastTextGoldens[T any](t *testing.T, name string) (golden T) {
	t.Helper()
	raw, err := os.ReadFile("testdata/fasttext.json")
	if err != nil {
		t.Fatal(err)
	}
	var all map[string]json.RawMessage
	if err := json.Unmarshal(raw, &all); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(all[name], &golden); err != nil {
		t.Fatal(err)
	}
	return golden
}

// TestFastTextFiles reads files of fastText, finds the vectors that fastText finds, and writes them back to the same bytes.
func TestFastTextFiles(t *testing.T) {
	for _, name := range []string{"skipgram", "cbow-hs", "whole-words"} {
		golden := fastTextGoldens[struct {
			Words   []string
			Vectors map[string][]float32
		}](t, name)
		path := "testdata/fasttext-" + name + ".bin"
		m, err := OpenFastText(path)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(m.Vocabulary.words, golden.Words) {
			t.Errorf("%s: words %q, expected %q", name, m.Vocabulary.words, golden.Words)
		}
		v, err := Open(path)
		if err != nil {
			t.Fatal(err)
		}
		for word, want := range golden.Vectors {
			got, err := m.Vector(word)
			if err != nil {
				t.Fatal(err)
			}
			if i, ok := v.Vocabulary.ID(word); ok && !slices.Equal(v.At(i), got) {
				t.Errorf("%s: two vectors of %q", name, word)
			}
			for k := range want {
				if math.Abs(float64(got[k]-want[k])) > 1e-6 {
					t.Errorf("%s: %q is %v, expected %v", name, word, got, want)
					break
				}
			}
		}
		back := filepath.Join(t.TempDir(), "model.bin")
		if err := m.SaveFastText(back); err != nil {
			t.Fatal(err)
		}
		again, err := OpenFastText(back)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(m.in.values, again.in.values) || !slices.Equal(m.out, again.out) || again.Config.Method != m.Config.Method {
			t.Errorf("%s: another model was read back", name)
		}
		before, _ := os.ReadFile(path)
		after, _ := os.ReadFile(back)
		if len(before) != len(after) || !bytes.Equal(before[100:], after[100:]) { // the exponents of some settings aside, such as -neg with hs
			t.Errorf("%s: other bytes were written than read", name)
		}
		if err := again.Continue(context.Background(), textsOf(themes(2000)), Spaces, small(m.Config.Method)); err != nil || slices.Equal(m.out, again.out) {
			t.Errorf("%s: doesn't learn on: %v", name, err)
		}
	}
}

// TestPartsOfCBOW learns CBOW with the parts of words, as fastText's cbow is.
func TestPartsOfCBOW(t *testing.T) {
	c := small(CBOW)
	c.MinN, c.MaxN, c.Buckets = 3, 4, 200
	m, err := Train(context.Background(), textsOf(themes(3000)), Letters, c)
	if err != nil {
		t.Fatal(err)
	}
	checkThemes(t, m.Vectors())
	if _, err := m.Vector("sunlight"); err != nil {
		t.Error(err)
	}
}

// TestDamagedFastTextFiles cuts files, and changes what their heads say.
func TestDamagedFastTextFiles(t *testing.T) {
	whole, err := os.ReadFile("testdata/fasttext-skipgram.bin")
	if err != nil {
		t.Fatal(err)
	}
	refused := func(name string, b []byte) {
		t.Helper()
		f, err := readFastText(bufio.NewReaderSize(bytes.NewReader(b), lineBuffer), int64(len(b)))
		if err == nil {
			_, err = f.model()
		}
		if err == nil {
			t.Errorf("%s: was read", name)
		}
	}
	for n := range len(whole) {
		refused("cut", whole[:n])
	}
	refused("more", append(slices.Clone(whole), 0))
	for place, name := range map[int]string{0: "magic", 4: "version", 8: "dimensions", 32: "loss", 36: "model", 40: "buckets", 64: "entries", 68: "words"} {
		b := slices.Clone(whole)
		b[place+1] ^= 0x40
		refused(name, b)
	}
}

func FuzzReadFastText(f *testing.F) {
	for _, name := range []string{"fasttext-skipgram", "fasttext-cbow-hs", "classifier-softmax"} {
		b, err := os.ReadFile("testdata/" + name + ".bin")
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		file, err := readFastText(bufio.NewReaderSize(bytes.NewReader(b), lineBuffer), int64(len(b)))
		if err != nil {
			return
		}
		if m, err := file.model(); err == nil {
			m.Vector("sun")
		}
	})
}
