package data

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// tokensOf writes tokens and opens them.
func tokensOf(t rapid.TB, path string, write func(w *TokenWriter) error) *TokenFile {
	t.Helper()
	w, err := NewTokenWriter(path, 10)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Abort()
	if err := write(w); err != nil {
		t.Fatal(err)
	}
	if err := w.Commit(); err != nil {
		t.Fatal(err)
	}
	f, err := OpenTokens(path)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// TestOriginsRoundTrip writes origins of any kind and asks for each token.
func TestOriginsRoundTrip(t *testing.T) {
	path := filepath.Join(t.TempDir(), "tokens")
	rapid.Check(t, func(t *rapid.T) {
		os.Remove(path + originsSuffix)
		var want []Origin
		var first []int
		f := tokensOf(t, path, func(w *TokenWriter) error {
			for range rapid.IntRange(1, 3*originsBetween).Draw(t, "documents") {
				o := Origin{
					Name: rapid.SampledFrom([]string{"a.txt", "b.jsonl", "诗/c.parquet"}).Draw(t, "name"), Line: rapid.IntRange(0, 1<<40).Draw(t, "line"),
					Row: rapid.Bool().Draw(t, "row"), Text: rapid.Bool().Draw(t, "text"),
				}
				n := rapid.IntRange(1, 3).Draw(t, "tokens")
				if err := errors.Join(w.From(o), w.Append(make([]int32, n), true), w.EndDocument()); err != nil {
					return err
				}
				begin := len(want)
				if begin > 0 && want[begin-1] == o {
					begin = first[begin-1]
				}
				for range n {
					want, first = append(want, o), append(first, begin)
				}
			}
			return nil
		})
		defer f.Close()
		origins, err := ReadOrigins(path, f)
		if err != nil {
			t.Fatal(err)
		}
		for i, o := range want {
			if got, begin, ok := origins.At(i); got != o || begin != first[i] || !ok {
				t.Fatalf("token %d comes from %+v, from token %d on, expected %+v and %d", i, got, begin, o, first[i])
			}
		}
	})
}

// TestOriginsOfSources names the lines of records and of texts.
func TestOriginsOfSources(t *testing.T) {
	long := strings.Repeat(strings.Repeat("x", 99)+"\n", 4000) // beyond a block
	for file, c := range map[string]struct {
		content string
		lines   map[int]int // of tokens
	}{
		"a.txt":   {long, map[int]int{0: 1, 99: 1, 100: 2, len(long) - 1: 4000}},
		"b.jsonl": {"{\"text\":\"one\"}\n\n{\"text\":\"\"}\n{\"text\":\"two\"}\n", map[int]int{0: 1, 2: 1, 3: 4, 5: 4}},
		"c.csv":   {"text\none\n\"t\nwo\"\nthree\n", map[int]int{0: 2, 3: 3, 7: 5}},
	} {
		dir := t.TempDir()
		s, err := OpenSource(writeFile(t, dir, file, c.content), nil)
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(dir, "tokens")
		if err := EncodeFile(context.Background(), path, s, byteEncoder{}, EncodeConfig{Origins: true}); err != nil {
			t.Fatal(err)
		}
		f, err := OpenTokens(path)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		origins, err := ReadOrigins(path, f)
		if err != nil {
			t.Fatal(err)
		}
		for token, line := range c.lines {
			o, first, ok := origins.At(token)
			if o.Text {
				for i := first; i < token; i++ {
					o.Line += bit(f.At(i) == '\n')
				}
			}
			if want := fmt.Sprintf("%s:%d", filepath.Join(dir, file), line); o.String() != want || !ok {
				t.Errorf("token %d comes from %v, expected %s", token, o, want)
			}
		}
	}
}

// TestOriginsRefuse finds those of other tokens, and damaged ones.
func TestOriginsRefuse(t *testing.T) {
	dir := t.TempDir()
	write := func(name string, from bool) *TokenFile {
		f := tokensOf(t, filepath.Join(dir, name), func(w *TokenWriter) error {
			var err error
			if from {
				err = w.From(Origin{Name: "a", Line: 3})
			}
			return errors.Join(err, w.Append([]int32{int32(len(name))}, true))
		})
		t.Cleanup(func() { f.Close() })
		return f
	}
	a, other := write("a", true), write("other", false)
	if _, err := ReadOrigins(filepath.Join(dir, "other"), other); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no origins: %v", err)
	}
	if _, err := ReadOrigins(filepath.Join(dir, "a"), other); err == nil || !strings.Contains(err.Error(), "origins of other tokens") {
		t.Errorf("origins of other tokens: %v", err)
	}
	path := filepath.Join(dir, "a"+originsSuffix)
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for i := range raw {
		bad := bytes.Clone(raw)
		bad[i] ^= 1
		if err := os.WriteFile(path, bad, 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := ReadOrigins(filepath.Join(dir, "a"), a); err == nil {
			t.Errorf("byte %d is changed, and no error", i)
		}
	}
}

// FuzzOrigins reads whatever.
func FuzzOrigins(f *testing.F) {
	f.Add([]byte("\x01\x00\x03a.b\x02\x00\x05\x04\x02\x09\x01"), 3)
	f.Fuzz(func(t *testing.T, entries []byte, token int) {
		o := &Origins{entries: entries}
		var e originEntry
		for rest := entries; ; {
			at, before := len(entries)-len(rest), e
			var err error
			if rest, err = e.next(rest); err != nil {
				break
			}
			o.marks = append(o.marks, originMark{before, e.token, at})
		}
		if origin, first, ok := o.At(token); ok && (first > token || origin.Line < 0) {
			t.Fatal(fmt.Sprint(origin, first))
		}
	})
}
