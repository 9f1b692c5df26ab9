package data

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// saying is what the teacher of these tests holds probable behind a token, told by the token and the one before it in its document.
func saying(before, id int32, top, vocab int) (ids []int32, logs []float32) {
	for k := range top {
		ids = append(ids, (id*3+before+int32(k))%int32(vocab))
		logs = append(logs, -float32(k+1)-float32(id)/16)
	}
	return ids, logs
}

// writeTops writes what the teacher says of all documents.
func writeTops(t testing.TB, path string, top, vocab int, tokens ...*Tokens) {
	t.Helper()
	w, err := NewTopsWriter(path, top, vocab, tokens...)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Abort()
	for d := range w.Documents() {
		before := int32(0)
		for _, id := range w.Document(d) {
			ids, logs := saying(before, id, top, vocab)
			if err := w.Append(ids, logs); err != nil {
				t.Fatal(err)
			}
			before = id
		}
	}
	if err := w.Commit(); err != nil {
		t.Fatal(err)
	}
}

// TestTaughtRows has what the teacher says of each token beside it: in documents that share rows, that are cut, that come twice, in a part of them, and in a
// stream.
func TestTaughtRows(t *testing.T) {
	const vocab, top = 20, 3
	documents := []stretch{{[]int32{1, 2, 3, 4, 5, 6, 7, 8, 9}, true, true}, {[]int32{11, 12, 13}, true, true}, {[]int32{1, 12}, true, true}, {[]int32{11, 12, 13}, true, true}, {[]int32{5, 5, 6, 1, 2}, true, true}}
	tokens := assembled(t, vocab, documents)
	path := filepath.Join(t.TempDir(), "tops.bin")
	writeTops(t, path, top, vocab, tokens.Slice(0, 9), tokens)
	tops, err := OpenTops(path)
	if err != nil {
		t.Fatal(err)
	}
	defer tops.Close()
	if err := tops.Verify(); err != nil || tops.Top() != top || tops.Vocab() != vocab || !IsTops(path) {
		t.Fatalf("%v, %d of %d", err, tops.Top(), tops.Vocab())
	}
	train, held, err := tokens.SplitDocuments(0.2)
	if err != nil {
		t.Fatal(err)
	}
	first := map[int]int32{} // the token before, by place in the whole
	at := 0
	for _, d := range documents {
		before := int32(0)
		for i, id := range d.ids {
			first[at+i] = before
			before = id
		}
		at += len(d.ids)
	}
	must := func(d Dataset, err error) Dataset {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	for name, rows := range map[string]Dataset{
		"packed": must(NewPacked(train, 6)), "padded": must(NewPadded(train, 4)), "held": must(NewPacked(held, 6)), "windows": must(NewWindows(tokens, 5)), "sequential": must(NewSequential(held, 4)),
	} {
		taught, err := NewTaught(rows, tokens, tops)
		if err != nil {
			t.Fatal(err)
		}
		b, learned := NewBatch(1, taught.Layout()), 0
		l, err := NewLoader(taught, LoaderConfig{Seed: 3})
		if err != nil {
			t.Fatal(err)
		}
		for range 2 * taught.Len() {
			if err := l.Next(b); err != nil {
				t.Fatal(err)
			}
			taught.rows.stretches(b.Indices[0], l.jitter, func(at, start, n int) {
				for j := range n {
					place := taught.rows.of().lo + start + j
					id := b.Ints(IDs)[at+j]
					ids, logs := saying(first[place], id, top, vocab)
					learned++
					for k := range ids {
						if b.Ints(TeacherIDs)[(at+j)*top+k] != ids[k] || b.Floats(TeacherLogProbs)[(at+j)*top+k] != logs[k] {
							t.Fatalf("%s: row %d has %v, %v behind token %d at %d, expected %v, %v", name, b.Indices[0], b.Ints(TeacherIDs), b.Floats(TeacherLogProbs), id, at+j, ids, logs)
						}
					}
				}
			})
		}
		if learned == 0 {
			t.Errorf("%s: nothing is learned", name)
		}
	}
	other := assembled(t, vocab, append(documents, stretch{[]int32{3, 3}, true, true}))
	if _, err := NewTaught(must(NewPacked(other, 6)), other, tops); err == nil || !strings.Contains(err.Error(), "document 6 of 6, of 2 tokens, is none that the teacher has read") {
		t.Errorf("error %v", err)
	}
	if _, err := NewTopsWriter(path, 3, 10, tokens); err == nil || !strings.Contains(err.Error(), "a vocabulary of 20, and the teacher scores 10") {
		t.Errorf("error %v", err)
	}
}

// TestDamagedTops are found, and files that are none.
func TestDamagedTops(t *testing.T) {
	path := filepath.Join(t.TempDir(), "tops.bin")
	writeTops(t, path, 2, 9, assembled(t, 9, []stretch{{[]int32{1, 2, 3}, true, true}, {[]int32{4}, true, true}}))
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for bit := range 8 * len(good) {
		damaged := append([]byte{}, good...)
		damaged[bit/8] ^= 1 << (bit % 8)
		if bit/8 >= 40 && bit/8 < topsHeaderSize {
			continue // which nothing reads
		}
		if readTops(t, damaged) == nil {
			t.Fatalf("bit %d is another, and nobody sees it", bit)
		}
	}
	for n := range good {
		if readTops(t, good[:n]) == nil {
			t.Fatalf("%d bytes of %d are taken for all", n, len(good))
		}
	}
}

// readTops opens and verifies content.
func readTops(t testing.TB, content []byte) error {
	t.Helper()
	path := filepath.Join(t.TempDir(), "read.bin")
	if err := os.WriteFile(path, content, 0o666); err != nil {
		t.Fatal(err)
	}
	tops, err := OpenTops(path)
	if err != nil {
		return err
	}
	defer tops.Close()
	return tops.Verify()
}

// FuzzTops opens what may be no file of tops.
func FuzzTops(f *testing.F) {
	path := filepath.Join(f.TempDir(), "tops.bin")
	writeTops(f, path, 2, 9, assembled(f, 9, []stretch{{[]int32{1, 2, 3}, true, true}}))
	good, err := os.ReadFile(path)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add(good[:topsHeaderSize])
	f.Fuzz(func(t *testing.T, content []byte) { readTops(t, content) })
}
