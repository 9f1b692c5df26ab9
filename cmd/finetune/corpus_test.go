package main

import (
	"os"
	"path/filepath"
	"testing"
)

func TestCorpusName(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "my.books")
	if err := os.Mkdir(folder, 0o777); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		"-": "stdin", "/x/tinyshakespeare.txt": "tinyshakespeare", "a.txt.gz": "a", folder: "my.books", "/": "corpus", ".hidden": "corpus",
		"/go/src/testdata/Isaac.Newton-Opticks.txt": "opticks",
	} {
		if got := corpusName(path); got != want {
			t.Errorf("%s: got %q, expected %q", path, got, want)
		}
	}
}
