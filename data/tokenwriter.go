package data

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/seahorse-ml/seahorse/internal/atomicfile"
)

// TokenWriter writes a token file of any size in little memory. The file appears under its name only when Commit has written
// all of it to the disk; until then its sections grow in hidden files beside it. Where From is called, a file of origins lies beside it, with .origins behind its
// name; see ReadOrigins.
type TokenWriter struct {
	*assembler
	path     string
	out      *atomicfile.File // of the first section, which becomes the whole
	sections [sections]*bufio.Writer
	files    [sections]*os.File // of the other sections; the first is out's
}

// NewTokenWriter starts a token file with ids in [0, vocab): uint16 where they fit, else uint32.
func NewTokenWriter(path string, vocab int) (*TokenWriter, error) {
	w := &TokenWriter{path: path}
	var err error
	if w.out, err = atomicfile.Create(path); err != nil {
		return nil, fmt.Errorf("data: %w", err)
	}
	w.files[0] = w.out.File
	var out [sections]io.Writer
	for i := range w.files {
		if i > 0 {
			if w.files[i], err = os.CreateTemp(filepath.Dir(path), fmt.Sprintf(".%s.section-%d.*", filepath.Base(path), i)); err != nil {
				w.Abort()
				return nil, fmt.Errorf("data: %w", err)
			}
		}
		w.sections[i] = bufio.NewWriterSize(w.files[i], readBuffer)
		out[i] = w.sections[i]
	}
	if w.assembler, err = newAssembler(vocab, out); err == nil {
		w.origins = &originsWriter{path: path + originsSuffix}
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
	w.out.Abort()
	if w.assembler != nil {
		w.origins.abort()
	}
	for i, f := range w.files {
		if i > 0 && f != nil {
			f.Close()
			os.Remove(f.Name())
			w.files[i] = nil
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
	for i, section := range w.sections[1:] {
		if err := section.Flush(); err != nil {
			return err
		}
		file := w.files[i+1]
		if _, err := file.Seek(0, io.SeekStart); err != nil {
			return err
		}
		if _, err := io.Copy(io.MultiWriter(out, w.sum), file); err != nil {
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
	if _, err := w.out.WriteAt(header, 0); err != nil {
		return err
	}
	if err := w.origins.commit(w.h.Checksum); err != nil {
		return err
	}
	if err := w.out.Commit(); err != nil {
		return errors.Join(err, w.origins.remove())
	}
	return nil
}
