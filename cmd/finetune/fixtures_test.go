package main

import (
	"os"
	"path/filepath"
	"sync"
	"testing"
)

// fixtures are directories that several tests begin with, below a directory that TestMain makes and removes.
var fixtures struct {
	root string
	all  sync.Map // of *fixture, by name
}

type fixture struct {
	mu   sync.Mutex
	made bool
}

// fixed returns the directory that make has filled for the first test that asked for the name.
func fixed(t *testing.T, name string, make func(dir string)) string {
	t.Helper()
	dir := filepath.Join(fixtures.root, name)
	known, _ := fixtures.all.LoadOrStore(name, &fixture{})
	f := known.(*fixture)
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.made {
		if err := os.Mkdir(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		make(dir)
		f.made = true
	}
	return dir
}

// copied copies the named files and directories of one directory to another, and returns where the first of them is then.
func copied(t *testing.T, from, to string, names ...string) string {
	t.Helper()
	for _, name := range names {
		old, path := filepath.Join(from, name), filepath.Join(to, name)
		if !isDir(old) {
			write(t, path, read(t, old))
		} else if err := os.CopyFS(path, os.DirFS(old)); err != nil {
			t.Fatal(err)
		}
	}
	return filepath.Join(to, names[0])
}

// pretrained makes a directory that of a run of the tiny flags on the corpus.
func pretrained(t *testing.T, run string) {
	t.Helper()
	from := fixed(t, "pretrained", func(dir string) {
		succeed(t, "", append([]string{"pretrain", "--data", corpus(t, dir), "--output-dir", filepath.Join(dir, "run")}, tiny...)...)
	})
	if err := os.CopyFS(run, os.DirFS(filepath.Join(from, "run"))); err != nil {
		t.Fatal(err)
	}
}
