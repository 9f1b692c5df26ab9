package data

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
)

// TestLongLine refuses a line of 100 MB, with file and line, in bounded memory.
func TestLongLine(t *testing.T) {
	for name, c := range map[string]struct{ start, want string }{
		"a.jsonl": {"{\"text\":\"ok\"}\n{\"text\":\"", "a.jsonl:2: the line is longer than 64 MiB"},
		"a.json":  {"[{\"text\":\"ok\"},\n{\"text\":\"", "a.json:2: the object is longer than 64 MiB"},
		"a.csv":   {"text\nok\n\"", "a.csv:3: the line is longer than 64 MiB"},
		"a.tsv":   {"text\nok\n", "a.tsv:3: the line is longer than 64 MiB"},
	} {
		path := filepath.Join(t.TempDir(), name)
		f, err := os.Create(path)
		if err != nil {
			t.Fatal(err)
		}
		w, err := zstd.NewWriter(f)
		if err != nil {
			t.Fatal(err)
		}
		w.Write([]byte(c.start))
		words := []byte(strings.Repeat("words ", 1<<16))
		for range 100_000_000 / len(words) {
			w.Write(words)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		f.Close()
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err = readAll(mustOpen(t, path))
		runtime.ReadMemStats(&after)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
		if used := (after.TotalAlloc - before.TotalAlloc) >> 20; used > 700 { // twice: the faults of all files are looked for
			t.Errorf("%s: %d MiB were allocated", name, used)
		}
	}
}
