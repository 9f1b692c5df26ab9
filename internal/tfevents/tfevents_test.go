package tfevents

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestGolden writes what TensorBoard's own protocol buffers and record writer have written (testdata/golden.py), to the byte.
func TestGolden(t *testing.T) {
	want, err := os.ReadFile(filepath.Join("testdata", "golden.events"))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	w := &Writer{now: func() time.Time { return time.UnixMilli(1500) }}
	if w.file, err = os.Create(filepath.Join(dir, "events")); err != nil {
		t.Fatal(err)
	}
	params := []Param{{"lr", "0.001"}, {"on", "true"}, {"preset", "char"}}
	if err := errors.Join(
		w.begin(7),
		w.Write(7, Scalar("train/loss", 2.75),
			Histo("weights/a", Histogram{Min: -1, Max: 2, Count: 3, Sum: 1.5, Squares: 5.25, Limits: []float64{-0.5, 0.5, 2}, Buckets: []float64{1, 1, 1}}),
			Text("args", "诗 text")),
		w.Write(0, Experiment(params, []string{"eval/loss"}), SessionStart(params, 1.25), SessionEnd(Succeeded, 2.25)),
		w.Close(),
	); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(filepath.Join(dir, "events"))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; ; i++ {
		g, gotErr := ReadRecord(bytes.NewReader(got))
		x, wantErr := ReadRecord(bytes.NewReader(want))
		if gotErr != nil || wantErr != nil {
			if !errors.Is(gotErr, io.EOF) || !errors.Is(wantErr, io.EOF) {
				t.Fatalf("record %d: %v, expected %v", i, gotErr, wantErr)
			}
			return
		}
		if !bytes.Equal(g, x) {
			t.Fatalf("record %d:\n%x\nexpected\n%x", i, g, x)
		}
		got, want = got[len(g)+16:], want[len(x)+16:]
	}
}

// TestCreate gives later files later names, within a second too.
func TestCreate(t *testing.T) {
	dir := t.TempDir()
	for range 3 {
		w, err := Create(dir, 1)
		if err != nil {
			t.Fatal(err)
		}
		w.Close()
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 3 {
		t.Fatalf("%v, %v", entries, err)
	}
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), filePrefix) {
			t.Errorf("%s", e.Name())
		}
	}
}

func TestDamaged(t *testing.T) {
	whole := appendRecord(nil, []byte("some content"))
	if got, err := ReadRecord(bytes.NewReader(whole)); err != nil || string(got) != "some content" {
		t.Fatalf("%q, %v", got, err)
	}
	for i := range whole {
		if _, err := ReadRecord(bytes.NewReader(whole[:i])); !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("%d bytes: %v", i, err)
		}
		bad := bytes.Clone(whole)
		bad[i] ^= 1
		if _, err := ReadRecord(bytes.NewReader(bad)); err == nil {
			t.Errorf("a flipped bit in byte %d isn't found", i)
		}
	}
}

func FuzzReadRecord(f *testing.F) {
	f.Add(appendRecord(nil, []byte("x")))
	f.Add([]byte{255, 255, 255, 255, 255, 255, 255, 255, 0, 0, 0, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		content, err := ReadRecord(bytes.NewReader(b))
		if err == nil && !bytes.HasPrefix(b, appendRecord(nil, content)) {
			t.Fatalf("%x is read as %x", b, content)
		}
	})
}
