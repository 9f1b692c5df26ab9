package data

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

func TestSourceCopiesPipes(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		w.WriteString("through a pipe")
		w.Close()
	}()
	s, err := OpenSource(filepath.Join("/dev/fd", fmt.Sprint(r.Fd())), nil)
	r.Close()
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if got, err := readAll(s); err != nil || got != "[through a pipe]" {
		t.Errorf("read %q, %v", got, err)
	}
}

// TestFullDisk writes a token file of which each section in turn goes to the device that is always full.
func TestFullDisk(t *testing.T) {
	for i := range sections {
		folder := t.TempDir()
		path := writeFile(t, folder, "tokens", "old")
		full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		w, err := NewTokenWriter(path, 10)
		if err != nil {
			t.Fatal(err)
		}
		w.sections[i].Reset(full)
		err = errors.Join(
			w.Describe(Labels{Kind: Classification, Names: []string{"a", "b"}}),
			w.Weigh(2), w.AppendExample(Example{IDs: []int32{1, 2}, Types: []int32{0, 1}, Class: 1}),
			w.Append([]int32{3}, false), w.Commit(),
		)
		if !errors.Is(err, syscall.ENOSPC) {
			t.Errorf("section %d: error is %v, expected one for a full disk", i, err)
		}
		if got, _ := os.ReadFile(path); string(got) != "old" {
			t.Errorf("section %d: the file holds %q, expected what it held", i, got)
		}
		if entries, _ := os.ReadDir(folder); len(entries) != 1 {
			t.Errorf("section %d: %d files are left, expected one", i, len(entries))
		}
		full.Close()
	}
}
