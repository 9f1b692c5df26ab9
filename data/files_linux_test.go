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

// TestFullDisk writes a token file whose growing part is the device that is always full.
func TestFullDisk(t *testing.T) {
	folder := t.TempDir()
	path := writeFile(t, folder, "tokens", "old")
	if err := os.Symlink("/dev/full", path+".partial"); err != nil {
		t.Fatal(err)
	}
	err := EncodeFile(t.Context(), path, openText(t, "a.txt", "text"), byteEncoder{}, EncodeConfig{})
	if !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("error is %v, expected one for a full disk", err)
	}
	if got, _ := os.ReadFile(path); string(got) != "old" {
		t.Errorf("the file holds %q, expected what it held", got)
	}
	if entries, _ := os.ReadDir(folder); len(entries) != 1 {
		t.Errorf("%d files are left, expected one", len(entries))
	}
}
