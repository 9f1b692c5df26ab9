// Package dirlock keeps a directory to one process at a time. The lock is one of the operating system on a file in the directory, so
// it ends with its process, however that ends. Readers aren't hindered: the lock is asked for by those who write only.
package dirlock

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// FileName is the file that is locked. It is there while the lock is held; one that a killed process left does no harm.
const FileName = ".lock"

// ErrHeld says that another process holds the lock.
var ErrHeld = errors.New("another process is at work in this directory")

// errUnsupported says that the disk keeps no locks.
var errUnsupported = errors.New("the disk keeps no locks")

// Held tells whether a process seems to hold the lock of a directory, without asking for it: the file is there, and its process isn't known to
// be gone. Readers use it to tell a run that goes on.
func Held(dir string) bool {
	f, err := os.Open(filepath.Join(dir, FileName))
	if err != nil {
		return false
	}
	defer f.Close()
	return refuseLiving(readHolder(f), f.Name()) != nil
}

// Lock is held from Acquire to Release.
type Lock struct {
	file *os.File
	path string
}

// holder is who holds a lock, as its file tells.
type holder struct {
	process int
	host    string
	since   string
}

// Acquire takes the lock of a directory, which must be there, without waiting. Its error wraps ErrHeld where another process
// holds it, and names that process and its machine. On a disk that keeps no locks, as some network disks do, the file itself stands for the
// lock: one that a process of this machine left is taken over once that process is gone, and one of another machine is refused, with what to do.
func Acquire(dir string) (*Lock, error) {
	path := filepath.Join(dir, FileName)
	const attempts = 100 // another process may remove the file between our opening and locking it
	for range attempts {
		l, err := try(path)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", dir, err)
		}
		if l != nil {
			return l, nil
		}
	}
	return nil, fmt.Errorf("%s: %w: its lock comes and goes", dir, ErrHeld)
}

// try is one attempt. It returns nil where the file was removed meanwhile.
func try(path string) (*Lock, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, fmt.Errorf("locking the directory: %w", err)
	}
	switch err := lock(f); {
	case errors.Is(err, errUnsupported):
		if err := refuseLiving(readHolder(f), path); err != nil {
			f.Close()
			return nil, err
		}
	case errors.Is(err, ErrHeld):
		h := readHolder(f)
		f.Close()
		return nil, fmt.Errorf("%w: %v", ErrHeld, h)
	case err != nil:
		f.Close()
		return nil, fmt.Errorf("locking the directory: %w", err)
	}
	if !same(f, path) {
		f.Close()
		return nil, nil
	}
	if err := writeHolder(f); err != nil {
		f.Close()
		return nil, fmt.Errorf("locking the directory: %w", err)
	}
	return &Lock{f, path}, nil
}

// same tells whether the path still names the file.
func same(f *os.File, path string) bool {
	ours, err := f.Stat()
	if err != nil {
		return false
	}
	named, err := os.Stat(path)
	return err == nil && os.SameFile(ours, named)
}

// refuseLiving returns an error unless the holder that a file names is a process of this machine that is gone.
func refuseLiving(h holder, path string) error {
	if h.process == 0 {
		return nil
	}
	host, _ := os.Hostname()
	switch {
	case h.host == host && !alive(h.process):
		return nil
	case h.host == host:
		return fmt.Errorf("%w: %v", ErrHeld, h)
	}
	return fmt.Errorf("%w: %v; the disk keeps no locks, so whether it still runs can't be known from here: if it doesn't, remove %s", ErrHeld, h, path)
}

// Release gives the lock back. A nil Lock has nothing to release.
func (l *Lock) Release() error {
	if l == nil || l.file == nil {
		return nil
	}
	err := removeOpen(l.file, l.path)
	l.file = nil
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

func writeHolder(f *os.File) error {
	host, _ := os.Hostname()
	if err := f.Truncate(0); err != nil {
		return err
	}
	_, err := f.WriteAt(fmt.Appendf(nil, "%d\n%s\n%s\n", os.Getpid(), host, time.Now().Format(time.DateTime)), 0)
	return err
}

// readHolder returns what the file tells; its process is 0 where that is nothing.
func readHolder(f *os.File) holder {
	var text [512]byte
	n, _ := f.ReadAt(text[:], 0)
	lines := strings.Split(string(text[:n]), "\n")
	if len(lines) < 4 {
		return holder{}
	}
	process, err := strconv.Atoi(lines[0])
	if err != nil || process < 1 {
		return holder{}
	}
	return holder{process, lines[1], lines[2]}
}

// String names the holder.
func (h holder) String() string {
	if h.process == 0 {
		return "a process that has just started"
	}
	return fmt.Sprintf("process %d on %s, since %s", h.process, h.host, h.since)
}
