package train

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// damaged returns the names of the files that Verify finds damaged, below dir, and how many files it read.
func damaged(t *testing.T, dir string) (names []string, files int) {
	t.Helper()
	all, err := Verify(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range all {
		files += v.Files
		for _, err := range v.Damaged {
			name, _, _ := strings.Cut(strings.TrimPrefix(err.Error(), "open "), " ")
			below, _ := filepath.Rel(dir, v.Dir)
			names = append(names, filepath.Join(below, filepath.Base(strings.TrimSuffix(name, ":"))))
		}
	}
	return names, files
}

// TestVerifyFindsEveryBit flips a bit in each file of a run in turn, in its middle, and cuts its last byte off, and takes it away.
func TestVerifyFindsEveryBit(t *testing.T) {
	c := shortConfig(t)
	straight(t, c)
	if err := WriteSums(c.Dir); err != nil {
		t.Fatal(err)
	}
	if names, files := damaged(t, c.Dir); len(names) > 0 || files < 8 {
		t.Fatalf("%d files of a whole run were read, damaged are %v", files, names)
	}
	var paths []string
	for _, pattern := range []string{"[^.]*.*", "checkpoint-*/*"} {
		found, err := filepath.Glob(filepath.Join(c.Dir, pattern))
		if err != nil {
			t.Fatal(err)
		}
		paths = append(paths, found...)
	}
	for _, path := range paths {
		raw, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		flipped := slices.Clone(raw)
		flipped[len(raw)/2] ^= 1
		below, _ := filepath.Rel(c.Dir, path)
		for _, change := range []func() error{
			func() error { return os.WriteFile(path, flipped, 0o644) },
			func() error { return os.WriteFile(path, raw[:len(raw)-1], 0o644) },
			func() error { return os.Remove(path) },
		} {
			if err := change(); err != nil {
				t.Fatal(err)
			}
			if _, err := os.Stat(path); err != nil && below == SumsName {
				continue // then the run isn't at its end
			}
			if names, _ := damaged(t, c.Dir); !slices.Equal(names, []string{below}) {
				t.Errorf("%s was damaged, found was %v", below, names)
			}
		}
		if err := os.WriteFile(path, raw, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if len(paths) < 8 {
		t.Errorf("only %v were damaged", paths)
	}
}

// TestVerifyOpenRun tells a run that isn't at its end from one that is, and from what is none.
func TestVerifyOpenRun(t *testing.T) {
	c := shortConfig(t)
	if _, err := Verify(t.TempDir()); !errors.Is(err, ErrNothingSaved) {
		t.Errorf("an empty directory: %v", err)
	}
	straight(t, c)
	all, err := Verify(c.Dir)
	if err != nil || !all[0].Open || len(all) < 2 {
		t.Errorf("a run without sums: %+v, %v", all, err)
	}
	if err := WriteSums(c.Dir); err != nil {
		t.Fatal(err)
	}
	c.MaxSteps = 10
	if err := runUntil(t, c, "step 9", true); err == nil {
		t.Fatal("the run wasn't stopped")
	}
	if all, err := Verify(c.Dir); err != nil || !all[0].Open {
		t.Errorf("a run that goes on has the sums from before: %+v, %v", all, err)
	}
}
