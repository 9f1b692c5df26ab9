package search

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// embedLetters makes a vector of how often each of some letters is in a text.
func embedLetters(_ context.Context, texts []string) ([][]float32, error) {
	out := make([][]float32, len(texts))
	for i, text := range texts {
		v := make([]float32, 8)
		sum := 0.0
		for k := range v {
			v[k] = float32(strings.Count(text, string(rune('a'+k)))) + 0.01
			sum += float64(v[k] * v[k])
		}
		for k := range v {
			v[k] /= float32(math.Sqrt(sum))
		}
		out[i] = v
	}
	return out, nil
}

var testSettings = Settings{Width: 8, Language: "english", By: Lines, Length: 20}

// filled makes an index of n documents of two passages each, in two segments.
func filledIndex(t testing.TB, n int) *Index {
	t.Helper()
	x, err := Create(t.TempDir(), testSettings)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { x.Close() })
	for part := range 2 {
		var docs []Text
		for i := part; i < n; i += 2 {
			docs = append(docs, Text{fmt.Sprintf("doc %d", i), document(i)})
		}
		if _, err := x.Add(context.Background(), docs, AddConfig{Embed: embedLetters}); err != nil {
			t.Fatal(err)
		}
	}
	return x
}

// document is two lines of which each has a word of its own.
func document(i int) string {
	return fmt.Sprintf("The first line of %s tells of number%d running\n%s is in the second, other%d", strings.Repeat(string(rune('a'+i%8)), 1+i%5), i, strings.Repeat(string(rune('a'+i%7)), 2+i%3), i)
}

func find(t testing.TB, x *Index, mode Mode, text string, top int) []Hit {
	t.Helper()
	v, _ := embedLetters(context.Background(), []string{text})
	q := DefaultQuery(text, v[0])
	q.Mode, q.Top = mode, top
	hits, err := x.Search(context.Background(), q)
	if err != nil {
		t.Fatal(err)
	}
	return hits
}

func TestSearchFindsWhatWasAdded(t *testing.T) {
	x := filledIndex(t, 40)
	if x.Len() != 80 {
		t.Fatalf("%d passages, expected 80", x.Len())
	}
	for _, i := range []int{0, 1, 17, 38, 39} {
		for _, mode := range []Mode{BM25, Hybrid} {
			asked := fmt.Sprintf("NUMBER%d runs", i) // by stems
			if mode == Hybrid {
				asked = strings.Split(document(i), "\n")[0]
			}
			hits := find(t, x, mode, asked, 3)
			if len(hits) == 0 || hits[0].Source != fmt.Sprintf("doc %d", i) || !strings.Contains(hits[0].Text, fmt.Sprintf("number%d ", i)) {
				t.Errorf("%s: number%d: %+v", mode, i, hits)
			}
		}
		far, _ := embedLetters(context.Background(), []string{"bad cafe"})
		q := DefaultQuery(fmt.Sprintf("number%d", i), far[0])
		q.Candidates = 1 // so that the words' passage isn't among those of the vectors
		hits, err := x.Search(context.Background(), q)
		if err != nil {
			t.Fatal(err)
		}
		for _, h := range hits {
			if h.Cosine == nil {
				t.Errorf("number%d: a hit without a cosine: %+v", i, h)
			}
		}
		line := strings.Split(document(i), "\n")[1]
		if hits := find(t, x, Vector, line, 80); *hits[0].Cosine < 0.9999 || len(hits) != 80 {
			t.Errorf("vector of line %q: %d hits, the first at %v", line, len(hits), *hits[0].Cosine)
		}
	}
	if hits := find(t, x, BM25, "nowhere", 3); len(hits) != 0 {
		t.Errorf("found %v", hits)
	}
}

// TestBM25 holds scores to the formula, computed from the passages one by one.
func TestBM25(t *testing.T) {
	x := filledIndex(t, 20)
	if _, err := x.Add(context.Background(), []Text{{"doc 3", "replaced line line"}}, AddConfig{Embed: embedLetters}); err != nil {
		t.Fatal(err)
	}
	var all [][]string
	var numbers []int
	var sources []string
	whole := map[string][]string{}
	for i := range x.first[len(x.first)-1] {
		s, local, _ := x.place(i)
		if x.gone(s, local) {
			continue
		}
		p, err := x.Passage(i)
		if err != nil {
			t.Fatal(err)
		}
		all, numbers, sources = append(all, terms(p.Text, "english")), append(numbers, i), append(sources, p.Source)
		whole[p.Source] = append(whole[p.Source], all[len(all)-1]...)
	}
	if len(all) != 39 {
		t.Fatalf("%d passages, expected 39", len(all))
	}
	hits := find(t, x, BM25, "line of numbers line", 100)
	found := map[int]float64{}
	for _, h := range hits {
		found[h.Number] = h.Score
	}
	score := func(words []string, all [][]string) (sum float64) {
		total := len(slices.Concat(all...))
		for _, term := range []string{"line", "number", "line"} { // "of" is a stop word
			n := 0
			for _, other := range all {
				if slices.Contains(other, term) {
					n++
				}
			}
			f := 0.0
			for _, w := range words {
				if w == term {
					f++
				}
			}
			idf := math.Log1p((float64(len(all)) - float64(n) + 0.5) / (float64(n) + 0.5))
			sum += idf * f * 2.2 / (f + 1.2*(0.25+0.75*float64(len(words))*float64(len(all))/float64(total)))
		}
		return sum
	}
	documents := slices.Collect(maps.Values(whole))
	for i, words := range all {
		want := score(words, all)
		if want > 0 { // else it isn't found
			want += score(whole[sources[i]], documents)
		}
		if math.Abs(found[numbers[i]]-want) > 1e-5 {
			t.Errorf("passage %d: %v, expected %v", numbers[i], found[numbers[i]], want)
		}
	}
}

func TestAddAgain(t *testing.T) {
	x := filledIndex(t, 10)
	var docs []Text
	for i := range 10 {
		docs = append(docs, Text{fmt.Sprintf("doc %d", i), document(i)})
	}
	docs[4].Text = "something else"
	docs = append(docs, Text{"new", "a new one"})
	added, err := x.Add(context.Background(), docs, AddConfig{Embed: embedLetters})
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(Added{Documents: 2, Passages: 2, Unchanged: 9, Replaced: 1}, added); d != "" {
		t.Error(d)
	}
	if x.Len() != 20 || len(x.Documents()) != 11 {
		t.Errorf("%d passages of %d documents, expected 20 of 11", x.Len(), len(x.Documents()))
	}
	if hits := find(t, x, BM25, "number4", 3); len(hits) != 0 {
		t.Errorf("the old text is found: %v", hits)
	}
	for _, h := range find(t, x, Vector, document(4), 30) {
		if h.Source == "doc 4" && h.Text != "something else" {
			t.Errorf("the old text is found: %v", h)
		}
	}
	if _, err := x.Add(context.Background(), []Text{{"a", "x"}, {"a", "y"}}, AddConfig{Embed: embedLetters}); err == nil {
		t.Error("two documents of one source: no error")
	}
}

// TestCells holds searches in cells to exact ones: in all cells they are equal, in some they find most.
func TestCells(t *testing.T) {
	x := filledIndex(t, 400)
	want := find(t, x, Vector, document(7), 10)
	if err := x.BuildCells(CellsConfig{Cells: 30, Seed: 1}); err != nil {
		t.Fatal(err)
	}
	v, _ := embedLetters(context.Background(), []string{document(7)})
	q := DefaultQuery("", v[0])
	q.Mode, q.Probes = Vector, 30
	all, err := x.Search(context.Background(), q)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, all); d != "" {
		t.Error(d)
	}
	if err := x.BuildCells(CellsConfig{Cells: 30, Seed: 1}); err != nil {
		t.Fatal(err)
	}
	entries, _ := filepath.Glob(filepath.Join(x.dir, "cells-*"))
	if len(entries) != 1 {
		t.Errorf("files of cells: %v", entries)
	}
	if _, err := x.Add(context.Background(), []Text{{"more", "a b c"}}, AddConfig{Embed: embedLetters}); err != nil {
		t.Fatal(err)
	}
	if x.cells != nil {
		t.Error("cells that don't know what was added are still there")
	}
}

func TestRerank(t *testing.T) {
	x := filledIndex(t, 20)
	q := DefaultQuery("line second", nil)
	q.Top = 3
	q.Rerank = func(_ context.Context, query string, texts []string) ([]float64, error) {
		scores := make([]float64, len(texts))
		for i, text := range texts {
			if strings.Contains(text, "number13") {
				scores[i] = 5
			}
		}
		return scores, nil
	}
	hits, err := x.Search(context.Background(), q)
	if err != nil || len(hits) != 3 || !strings.Contains(hits[0].Text, "number13") || hits[0].Score != 5 {
		t.Errorf("%v, %v", hits, err)
	}
}

// TestDamage flips each byte, and cuts the file at many places, of all files of an index: each is refused by the name of the file, unless what is read is the same.
// TestOverlapping finds no text twice among the first hits, unless that is asked for.
func TestOverlapping(t *testing.T) {
	x, err := Create(t.TempDir(), Settings{Language: "english", By: Words, Length: 8, Overlap: 4})
	if err != nil {
		t.Fatal(err)
	}
	defer x.Close()
	var docs []Text
	for i := range 3 {
		docs = append(docs, Text{fmt.Sprint(i), strings.Repeat("one two three letter five six ", 6)})
	}
	if _, err := x.Add(context.Background(), docs, AddConfig{}); err != nil {
		t.Fatal(err)
	}
	q := DefaultQuery("letter", nil)
	q.Top = 9
	for _, overlapping := range []bool{false, true} {
		q.Overlapping = overlapping
		hits, err := x.Search(context.Background(), q)
		if err != nil {
			t.Fatal(err)
		}
		twice := 0
		for i, h := range hits {
			for _, other := range hits[:i] {
				if h.Source == other.Source && max(h.Start, other.Start) < min(h.End, other.End) {
					twice++
				}
			}
		}
		if len(hits) != q.Top || twice > 0 != overlapping {
			t.Errorf("overlapping %v: %d hits, of which %d share text with another", overlapping, len(hits), twice)
		}
	}
}

func TestDamage(t *testing.T) {
	x := filledIndex(t, 6)
	if err := x.BuildCells(CellsConfig{Cells: 3}); err != nil {
		t.Fatal(err)
	}
	want := find(t, x, Hybrid, document(3), 12)
	names := []string{ManifestName, x.manifest.Cells.File}
	for _, e := range x.manifest.Segments {
		names = append(names, e.File)
	}
	x.Close()
	for _, name := range names {
		path := filepath.Join(x.dir, name)
		whole, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		try := func(b []byte, how string) {
			if err := os.WriteFile(path, b, 0o666); err != nil {
				t.Fatal(err)
			}
			y, err := Open(x.dir)
			if err != nil {
				if !strings.Contains(err.Error(), name) {
					t.Fatalf("%s: %s: the error doesn't name it: %v", name, how, err)
				}
				return
			}
			defer y.Close()
			if d := cmp.Diff(want, find(t, y, Hybrid, document(3), 12)); d != "" {
				t.Fatalf("%s: %s: opened, and finds otherwise: %s", name, how, d)
			}
		}
		for i := 0; i < len(whole); i += 1 + len(whole)/400 {
			b := slices.Clone(whole)
			b[i] ^= 1 << (i % 8)
			try(b, fmt.Sprintf("byte %d", i))
			try(whole[:i], fmt.Sprintf("cut at %d", i))
		}
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(x.dir); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s is missing: %v", name, err)
		}
		if err := os.WriteFile(path, whole, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := Open(x.dir); err != nil {
		t.Error(err)
	}
}

// TestUnlistedFiles leaves what a killed process has left behind, of which nothing is used and nothing stays.
func TestUnlistedFiles(t *testing.T) {
	x := filledIndex(t, 6)
	for _, name := range []string{"segment-000009", ".segment-000003.123", ".cells-000001.9"} {
		if err := os.WriteFile(filepath.Join(x.dir, name), []byte("half"), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if err := x.reopen(); err != nil {
		t.Fatal(err)
	}
	if _, err := x.Add(context.Background(), []Text{{"more", "a b c"}}, AddConfig{Embed: embedLetters}); err != nil {
		t.Fatal(err)
	}
	entries, _ := os.ReadDir(x.dir)
	for _, e := range entries {
		if strings.Contains(e.Name(), "000009") || strings.HasPrefix(e.Name(), ".segment") || strings.HasPrefix(e.Name(), ".cells") {
			t.Errorf("%s is still there", e.Name())
		}
	}
}

func TestQueriesThatAreRefused(t *testing.T) {
	x := filledIndex(t, 6)
	if _, err := x.Search(context.Background(), DefaultQuery("a", make([]float32, 3))); err == nil || !strings.Contains(err.Error(), "3 dimensions") {
		t.Errorf("%v", err)
	}
	for _, change := range []func(q *Query){func(q *Query) { q.Top = 0 }, func(q *Query) { q.Mode = "x" }, func(q *Query) { q.B = 2 }, func(q *Query) { q.K1 = math.NaN() }} {
		q := DefaultQuery("a", nil)
		change(&q)
		if _, err := x.Search(context.Background(), q); err == nil {
			t.Errorf("%+v: no error", q)
		}
	}
	if _, err := x.Add(context.Background(), []Text{{"y", "a"}}, AddConfig{}); err == nil {
		t.Error("added without vectors: no error")
	}
	broken := errors.New("broken")
	_, err := x.Add(context.Background(), []Text{{"y", "a"}}, AddConfig{Embed: func(context.Context, []string) ([][]float32, error) { return nil, broken }})
	if !errors.Is(err, broken) || x.Len() != 12 {
		t.Errorf("%v, %d passages", err, x.Len())
	}
}

func FuzzSegment(f *testing.F) {
	c := contents{width: 2, vectors: []float32{1, 0, 0, 1}, passages: []Passage{{Text: "a b"}, {Text: "b"}}, documents: []Document{{Source: "x", Passages: 2}}}
	path := filepath.Join(f.TempDir(), "segment")
	if err := writeSegment(path, c); err != nil {
		f.Fatal(err)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Add(b[:headerSize])
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := parseSegment(resum(b))
		if err != nil {
			return
		}
		for i := range s.passages {
			s.passage(i)
			s.length(i)
			s.documentOf(i)
		}
		for i := range s.termCount {
			s.postings(string(s.part(termSection, termEndsSection, i)), func(p, _ int) { s.length(p) })
		}
	})
}

func FuzzManifest(f *testing.F) {
	f.Add([]byte(`{"crc32c": 0, "manifest": {"version": 1}}`))
	f.Fuzz(func(t *testing.T, b []byte) { parseManifest(b) })
}

func FuzzCells(f *testing.F) {
	f.Add(encodeCells(&cells{centres: []float32{1, 0, 0, 1}, ends: []uint32{1, 3}, passages: []uint32{2, 0, 1}, width: 2}, 3, 2))
	f.Fuzz(func(t *testing.T, b []byte) {
		if g, err := parseCells(resumEnd(b), 3, 2); err == nil {
			g.near([]float32{1, 0}, 2)
		}
	})
}
