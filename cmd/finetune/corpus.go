package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// opticks is where a Go installation keeps the text that pretrain learns from where none is given.
const opticks = "src/testdata/Isaac.Newton-Opticks.txt"

// defaultCorpus returns the path of Newton's Opticks in the Go installation. The binary may not know where that is, so the go
// command is asked.
func defaultCorpus() (string, error) {
	root := os.Getenv("GOROOT")
	if root == "" {
		out, err := exec.Command("go", "env", "GOROOT").Output()
		if err != nil {
			return "", fmt.Errorf("no text to learn from: give a file by --data; without it, Newton's Opticks is taken from the Go installation, and there is no go command here (%w)", err)
		}
		root = strings.TrimSpace(string(out))
	}
	path := filepath.Join(root, filepath.FromSlash(opticks))
	if _, err := os.Stat(path); err != nil {
		return "", fmt.Errorf("no text to learn from: give a file by --data; the Go installation doesn't have Newton's Opticks (%w)", err)
	}
	return path, nil
}

// corpusName returns a name for runs on the data at path.
func corpusName(path string) string {
	if path == "-" {
		return "stdin"
	}
	name := filepath.Base(path)
	if name == filepath.Base(opticks) {
		return "opticks"
	}
	if !isDir(path) {
		name, _, _ = strings.Cut(name, ".")
	}
	if strings.Trim(name, "./") == "" {
		return "corpus"
	}
	return name
}

// freeRunDir returns runs/NAME, or the first of runs/NAME-2, runs/NAME-3, … that doesn't exist.
func freeRunDir(name string) string { return freeDir("runs", name) }

// freeDir is freeRunDir below any directory.
func freeDir(parent, name string) string {
	dir := filepath.Join(parent, name)
	for i := 2; ; i++ {
		if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
			return dir
		}
		dir = filepath.Join(parent, fmt.Sprintf("%s-%d", name, i))
	}
}
