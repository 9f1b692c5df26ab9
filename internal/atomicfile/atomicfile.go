// Package atomicfile writes files that are either complete or not there: the
// content goes to a temporary name beside the final one, is synced to the disk and
// renamed. What was there before stays until the rename.
package atomicfile

import (
	"bufio"
	"errors"
	"io"
	"os"
	"path/filepath"
	"regexp"
)

// bufferSize is large enough that tensors go to the kernel in few calls.
const bufferSize = 1 << 20

// File is a file that is being written under a temporary name. Commit gives it its own; Abort, or Commit where it fails, leaves
// no trace of it, and what had the name before as it was.
type File struct {
	*os.File
	path string
	done bool
}

// Create starts a file that is to be at path.
func Create(path string) (*File, error) {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return nil, err
	}
	return &File{File: f, path: path}, nil
}

// Commit writes the file to the disk and gives it its name.
func (f *File) Commit() error {
	defer f.Abort()
	if err := errors.Join(f.Chmod(0o644), f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), f.path); err != nil {
		return err
	}
	f.done = true
	return syncDir(filepath.Dir(f.path))
}

// Abort gives the file up. After Commit it does nothing.
func (f *File) Abort() {
	if !f.done {
		f.done = true
		f.Close()
		os.Remove(f.Name())
	}
}

// Write replaces the file at path by what content writes. On any error, from
// content or from the disk, the old file stays and the temporary one is removed.
func Write(path string, content func(w io.Writer) error) error {
	f, err := Create(path)
	if err != nil {
		return err
	}
	defer f.Abort()
	w := bufio.NewWriterSize(f, bufferSize)
	if err := content(w); err != nil {
		return err
	}
	if err := w.Flush(); err != nil {
		return err
	}
	return f.Commit()
}

// WriteBytes replaces the file at path by data; see Write.
func WriteBytes(path string, data []byte) error {
	return Write(path, func(w io.Writer) error {
		_, err := w.Write(data)
		return err
	})
}

// temporary is how Create names files that aren't complete.
var temporary = regexp.MustCompile(`^\..+\.\d{6,}$`)

// RemoveAbandoned removes the temporary files of writers that were killed from a directory, and leaves those below it alone. No writer may be at work there.
func RemoveAbandoned(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if e.Type().IsRegular() && temporary.MatchString(e.Name()) {
			if err := os.Remove(filepath.Join(dir, e.Name())); err != nil {
				return err
			}
		}
	}
	return nil
}

// syncDir makes a rename durable. Systems that cannot sync a folder are left alone.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	d.Sync()
	return nil
}
