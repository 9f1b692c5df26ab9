package data

import (
	"os"
	"path/filepath"
	"testing"
)

// TestHashes has the hashes be those of the files as they are stored, in their order.
func TestHashes(t *testing.T) {
	dir := t.TempDir()
	for name, content := range map[string]string{"b.txt": "abc", "a.txt": ""} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	s, err := OpenSource(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	got, err := s.Hashes()
	if err != nil || len(got) != 2 {
		t.Fatal(got, err)
	}
	for i, want := range []FileHash{
		{s.Files()[0], 0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"}, // of the standard, FIPS 180
		{s.Files()[1], 3, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
	} {
		if got[i] != want {
			t.Errorf("file %d is %+v, expected %+v", i, got[i], want)
		}
	}
}
