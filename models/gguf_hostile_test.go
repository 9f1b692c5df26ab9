package models

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/seahorse-ml/seahorse/internal/gguf"
	"github.com/seahorse-ml/seahorse/internal/golden"
)

// tinyGGUF returns the metadata and the tensors of tiny models as GGUF files have them.
func tinyGGUF(t testing.TB, name string) (gguf.Meta, []gguf.Out) {
	t.Helper()
	g := ggufGoldens(t)[name]
	meta, outs, err := ToGGUF(g.Config, golden.Source{Shapes: g.Parameters}, ToGGUFConfig{})
	if err != nil {
		t.Fatal(err)
	}
	return meta, outs
}

// TestHostileMeta gives each number and each list of a file's metadata values that make no sense. What opens is a model; all else is an error, soon and
// in little memory.
func TestHostileMeta(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.gguf")
	values := []gguf.Value{
		uint32(0), uint32(1), uint32(3), uint32(1 << 14), uint32(math.MaxInt32), uint32(math.MaxUint32), uint64(math.MaxUint64), int32(-1), int64(math.MinInt64),
		float32(math.NaN()), float32(math.Inf(1)), math.Inf(-1), float32(-1), 1e300, "text", "", true, []int32{}, []int32{0, -1}, []string{"a", "b"}, []float32{float32(math.NaN())},
	}
	tried, opened := 0, 0
	for _, name := range []string{"llama", "gemma3", "bert"} {
		meta, outs := tinyGGUF(t, name)
		for _, pair := range meta {
			for _, value := range values {
				changed := slices.Clone(meta)
				changed.Set(pair.Key, value)
				if err := gguf.Write(path, changed, outs); err != nil {
					continue
				}
				tried++
				if openHostile(t, path, fmt.Sprintf("%s: %s = %v", name, pair.Key, value)) {
					opened++
				}
			}
		}
	}
	t.Logf("%d files, of which %d are models", tried, opened)
	if tried < 500 {
		t.Errorf("%d files were tried", tried)
	}
}

// openHostile opens a file in all ways of storage, and tells whether it holds a model.
func openHostile(t testing.TB, path, what string) bool {
	t.Helper()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	start := time.Now()
	_, err := Open(path, OpenConfig{})
	_, sketchErr := Open(path, OpenConfig{Sketch: true, Storage: StoredStorage})
	took := time.Since(start)
	runtime.ReadMemStats(&after)
	if bytes := after.TotalAlloc - before.TotalAlloc; took > 5*time.Second || bytes > 256<<20 {
		t.Errorf("%s: took %v and %d bytes", what, took, bytes)
	}
	if (err == nil) != (sketchErr == nil) {
		t.Errorf("%s: opened it gives %v, sketched %v", what, err, sketchErr)
	}
	if err != nil && (len(err.Error()) > 4<<10 || !strings.Contains(err.Error(), path)) {
		t.Errorf("%s: an error of %d bytes: %.200v", what, len(err.Error()), err)
	}
	return err == nil
}

func FuzzOpenGGUF(f *testing.F) {
	dir := f.TempDir()
	for _, name := range []string{"llama", "bert"} {
		meta, outs := tinyGGUF(f, name)
		path := filepath.Join(dir, name+".gguf")
		if err := gguf.Write(path, meta, outs); err != nil {
			f.Fatal(err)
		}
		content, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(content)
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		path := filepath.Join(t.TempDir(), "x.gguf")
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		openHostile(t, path, "a damaged file")
	})
}
