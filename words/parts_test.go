package words

import (
	"bytes"
	"context"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// TestMergeOfParts compares what two pieces taught three words, two of which share a part, with the sums in float64.
func TestMergeOfParts(t *testing.T) {
	const dim, relax, relaxParts = 3, 10.0, 40.0
	parts := [][]int32{{0, 3, 4}, {1, 4}, {2, 5, 5}}
	in := drawnTable(7, dim, parts, 1, nil)
	before := slices.Clone(in.values)
	s := newWordParts(in, parts)
	a, b := newWordRows(s), newWordRows(s)
	uses := map[*rows][]int{a: {4, 2, 0}, b: {6, 0, 3}}
	for _, r := range []*rows{a, b} {
		for word, n := range uses[r] {
			for i := range n {
				for k := range dim {
					r.row(r.at(int32(word)))[k] += 0.01 * float32(i+word-k)
				}
				r.uses[r.place[word]-1] -= dim - 1 // the row was asked for by each of its elements
			}
		}
	}
	change := func(r *rows, word int) (x [dim]float64) {
		if place := r.place[word]; place > 0 {
			for k := range x {
				x[k] = float64(r.row(place - 1)[k] - r.before(place - 1)[k])
			}
		}
		return x
	}
	gone := func(uses, relax float64) float64 { return uses / (uses + relax) }
	want := make([]float64, len(before))
	for i, x := range before {
		want[i] = float64(x)
	}
	total, ways := make([]float64, 7), make([]float64, 7)
	for word, rows := range s.parts {
		n := float64(uses[a][word] + uses[b][word])
		for _, row := range rows {
			total[row] += n
			ways[row] += gone(n, relaxParts)
		}
	}
	for word, rows := range s.parts {
		na, nb := float64(uses[a][word]), float64(uses[b][word])
		factor := gone(na+nb, relax) / (gone(na, relax) + gone(nb, relax))
		da, db := change(a, word), change(b, word)
		for _, row := range rows {
			for k := range dim {
				want[int(row)*dim+k] += (da[k] + db[k]) * factor * gone(total[row], relaxParts) / ways[row]
			}
		}
	}
	for part := range 2 {
		mergeWords([]*rows{a, b}, part, 2, relax)
	}
	for part := range 2 {
		s.mergeParts([]*rows{a, b}, part, 2, relaxParts)
	}
	for i := range want {
		if math.Abs(float64(in.values[i])-want[i]) > 1e-6 {
			t.Fatalf("got %v, expected %v", in.values, want)
		}
	}
}

// TestDrawnRows holds a table that keeps some rows to one that keeps all, in a file of fastText too.
func TestDrawnRows(t *testing.T) {
	texts := textsOf(themes(500))
	c := small(FastText)
	c.Dim = 7 // so that rows begin amid a block of random numbers
	m, err := Train(context.Background(), texts, Letters, c)
	if err != nil {
		t.Fatal(err)
	}
	whole := make([]float32, m.in.rows*c.Dim)
	drawEvenly(whole, c.Seed, partWidth(c.Dim))
	kept := 0
	for row := range m.in.rows {
		got := m.in.row(int32(row), make([]float32, c.Dim))
		if _, ok := m.in.place[int32(row)]; ok {
			kept++
			if slices.Equal(got, whole[row*c.Dim:][:c.Dim]) {
				t.Errorf("row %d was learned and is as it was drawn", row)
			}
		} else if !slices.Equal(got, whole[row*c.Dim:][:c.Dim]) {
			t.Fatalf("row %d is %v, expected %v", row, got, whole[row*c.Dim:][:c.Dim])
		}
	}
	if kept == 0 || kept == m.in.rows || len(m.in.values) != kept*c.Dim {
		t.Fatalf("%d of %d rows are kept, in %d numbers", kept, m.in.rows, len(m.in.values))
	}
	dir := t.TempDir()
	if err := m.SaveDir(filepath.Join(dir, "model"), "letters"); err != nil {
		t.Fatal(err)
	}
	opened, _, err := OpenModel(filepath.Join(dir, "model"))
	if err != nil {
		t.Fatal(err)
	}
	var files [2][]byte
	for i, m := range []*Model{m, opened} {
		path := filepath.Join(dir, "model.bin")
		if err := m.SaveFastText(path); err != nil {
			t.Fatal(err)
		}
		if files[i], err = os.ReadFile(path); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(files[0][100:], files[1][100:]) { // the epochs aside, which a directory doesn't keep
		t.Error("the file of a model that was saved differs")
	}
	fast, err := OpenFastText(filepath.Join(dir, "model.bin"))
	if err != nil {
		t.Fatal(err)
	}
	for _, word := range []string{"sun", "moonlight", "xyzzy"} {
		want, err := m.Vector(word)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := fast.Vector(word); err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: %v, %v, expected %v", word, got, err, want)
		}
	}
	for _, m := range []*Model{m, fast} {
		m.Config.NegativeExponent = 0.75 // fastText's files don't have it
		if err := m.Continue(context.Background(), texts, Letters, c); err != nil {
			t.Fatal(err)
		}
	}
	for row := range m.in.rows {
		if !slices.Equal(m.in.row(int32(row), make([]float32, c.Dim)), fast.in.row(int32(row), nil)) {
			t.Fatalf("row %d learns otherwise in a table that keeps all rows", row)
		}
	}
}
