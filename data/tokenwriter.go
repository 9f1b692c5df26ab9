package data

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
)

// TokenWriter writes a token file of any size in little memory. The file appears under its name only when Commit has written
// all of it to the disk; until then it grows beside it, under names that end in .partial, .partial-mask and the like.
// One writer at a time may write to a path.
type TokenWriter struct {
	*assembler
	path     string
	sections [sections]*section
}

// section is one section of the file, being written.
type section struct {
	*bufio.Writer
	file *os.File
}

// NewTokenWriter starts a token file with ids in [0, vocab): uint16 where they fit, else uint32.
func NewTokenWriter(path string, vocab int) (*TokenWriter, error) {
	w := &TokenWriter{path: path}
	var out [sections]io.Writer
	for i, suffix := range []string{".partial", ".partial-mask", ".partial-types", ".partial-ends", ".partial-labels"} {
		f, err := os.Create(path + suffix)
		if err != nil {
			w.Abort()
			return nil, fmt.Errorf("data: %w", err)
		}
		w.sections[i] = &section{bufio.NewWriterSize(f, readBuffer), f}
		out[i] = w.sections[i]
	}
	var err error
	if w.assembler, err = newAssembler(vocab, out); err == nil {
		_, err = w.sections[0].Write(make([]byte, headerSize))
	}
	if err != nil {
		w.Abort()
		return nil, err
	}
	return w, nil
}

// Abort gives the file up and removes what was written. After Commit it does nothing.
func (w *TokenWriter) Abort() {
	for i, s := range w.sections {
		if s != nil {
			s.file.Close()
			os.Remove(s.file.Name())
			w.sections[i] = nil
		}
	}
}

// Commit ends the last document, writes the file to the disk and gives it its name; a file that had the name is replaced.
// A file without tokens is an error. After an error nothing is left behind.
func (w *TokenWriter) Commit() error {
	defer w.Abort()
	if err := w.commit(); err != nil {
		if errors.Is(err, errNoTokens) {
			return err
		}
		return fmt.Errorf("data: %s: %w", w.path, err)
	}
	return nil
}

func (w *TokenWriter) commit() error {
	if err := w.finish(); err != nil {
		return err
	}
	out := w.sections[0]
	for _, s := range w.sections[1:] {
		if err := s.Flush(); err != nil {
			return err
		}
		if _, err := s.file.Seek(0, io.SeekStart); err != nil {
			return err
		}
		if _, err := io.Copy(io.MultiWriter(out, w.sum), s.file); err != nil {
			return err
		}
	}
	if err := out.Flush(); err != nil {
		return err
	}
	header, err := w.encodeHeader()
	if err != nil {
		return err
	}
	if _, err := out.file.WriteAt(header, 0); err != nil {
		return err
	}
	if err := out.file.Sync(); err != nil {
		return err
	}
	if err := out.file.Close(); err != nil {
		return err
	}
	if err := os.Rename(out.file.Name(), w.path); err != nil {
		return err
	}
	return syncFolder(w.path)
}

// syncFolder makes a rename last through a power cut. Where a folder cannot be synced (Windows), there is nothing to do.
func syncFolder(path string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	d, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}
