package words

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// TestKeyedVectors reads the pair of files that gensim wrote, and one that is written here.
func TestKeyedVectors(t *testing.T) {
	v, err := Open("testdata/keyedvectors.kv")
	if err != nil {
		t.Fatal(err)
	}
	want := []float32{1, 2.5, -3, 0, 1e-7, 4, 0.1, 0.2, 0.3}
	if !slices.Equal(v.Vocabulary.words, []string{"sun", "诗", "it's"}) || !slices.Equal(v.Values, want) {
		t.Errorf("%q: %v", v.Vocabulary.words, v.Values)
	}
	path := filepath.Join(t.TempDir(), "vectors.kv")
	v.Vocabulary.counts = []int64{1 << 40, 5, 1}
	if err := v.Save(path, KeyedVectors); err != nil {
		t.Fatal(err)
	}
	again, err := Open(path)
	if err != nil || !slices.Equal(again.Values, want) || !slices.Equal(again.Vocabulary.words, v.Vocabulary.words) {
		t.Errorf("read back %v, %v", again, err)
	}
	array, err := os.ReadFile(path + arraySuffix)
	if err != nil || len(array)%64 != len(want)*4%64 {
		t.Errorf("the head of the array isn't a multiple of 64 bytes: %d in all, %v", len(array), err)
	}
	if err := os.WriteFile(path+arraySuffix, array[:len(array)-1], 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(path); err == nil {
		t.Error("an array that is cut was read")
	}
	if err := os.Remove(path + arraySuffix); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(path); err == nil {
		t.Error("a pickle without its array was read")
	}
}

func FuzzUnpickle(f *testing.F) {
	raw, err := os.ReadFile("testdata/keyedvectors.kv")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(raw)
	f.Add((&Vectors{Dim: 1, Values: []float32{1}, Vocabulary: &Vocabulary{words: []string{"a"}, counts: []int64{3}}}).pickle())
	f.Add([]byte("\x80\x02(lp0\n."))
	f.Fuzz(func(t *testing.T, b []byte) { unpickle(b) })
}
