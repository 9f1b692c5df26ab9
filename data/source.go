package data

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
)

// Stdin is the path that stands for standard input.
const Stdin = "-"

// Source is text to learn from: a file, all files below a folder, or a stream.
//
// Files may be compressed with gzip or zstd, which their first bytes tell. By the end of its name, before .gz or .zst, a file is
// a list of documents: .jsonl or .ndjson of one JSON object a line; .csv of rows as RFC 4180 has them; .tsv of lines with a tab
// between cells and without quotes. Tables begin with a header that names their columns. Any other file is one document of UTF-8 text.
// Of a folder, files and links to files are read, sorted by name within each folder; names that start with a dot
// and links to folders are left out. A Source can be read any number of times, also while it is being read.
type Source struct {
	name  string // as errors show the whole
	files []input
	spool string // the temporary copy of a stream, removed by Close
}

// input is one file of a Source.
type input struct {
	path   string
	name   string // as errors show it
	size   int64  // bytes on disk
	format format
}

// ErrFormat says that a stream may be plain text or JSON lines.
var ErrFormat = errors.New("the first line is a JSON object: say whether the format is text or jsonl")

// OpenSourceAs is OpenSource for data of a format, whatever their names say.
func OpenSourceAs(path string, stdin io.Reader, f Format) (*Source, error) {
	as, err := f.format()
	if err != nil {
		return nil, fmt.Errorf("data: %s: %w", path, err)
	}
	s, err := openSource(path, stdin)
	if err != nil {
		return nil, err
	}
	if f == "" {
		if err := s.checkFormat(); err != nil {
			return nil, errors.Join(fmt.Errorf("data: %s: %w", s.name, err), s.Close())
		}
		return s, nil
	}
	for i := range s.files {
		s.files[i].format = as
	}
	return s, nil
}

// OpenSource finds the files of path, which names a file, a folder, or by "-" the reader stdin. What can be read only
// once (standard input, a pipe) is first copied to a temporary file, so that a tokenizer can be trained on it before it is
// encoded. A stream is plain text unless it has a name that says otherwise; one that begins with a line of JSON is refused by ErrFormat
// rather than taken for either. Nothing to read at all is an error.
func OpenSource(path string, stdin io.Reader) (*Source, error) {
	return OpenSourceAs(path, stdin, "")
}

func openSource(path string, stdin io.Reader) (*Source, error) {
	if path == Stdin {
		return spoolSource("standard input", stdin)
	}
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("data: %s: no such file or folder", path)
	}
	if err != nil {
		return nil, fmt.Errorf("data: %w", err)
	}
	s := &Source{name: path}
	switch {
	case info.IsDir():
		err = s.addFolder(path)
	case info.Mode().IsRegular():
		s.add(path, info.Size())
	default:
		f, err := os.Open(path)
		if err != nil {
			return nil, fmt.Errorf("data: %w", err)
		}
		defer f.Close()
		return spoolSource(path, f)
	}
	if err != nil {
		return nil, err
	}
	if len(s.files) == 0 {
		return nil, fmt.Errorf("data: %s: the folder holds no files", path)
	}
	if s.Size() == 0 {
		return nil, fmt.Errorf("data: %s: no text, only empty files (%d)", path, len(s.files))
	}
	return s, nil
}

// checkFormat refuses a stream whose name tells no format and whose first line is a JSON object.
func (s *Source) checkFormat() error {
	if s.spool == "" || s.files[0].format != plainText {
		return nil
	}
	var read atomic.Int64
	for b, err := range s.blocks(&read, newBuffer) {
		if err != nil {
			return err
		}
		line, _, _ := bytes.Cut(bytes.TrimSpace(b.text), []byte("\n"))
		var object map[string]json.RawMessage
		if json.Unmarshal(line, &object) == nil && object != nil {
			return ErrFormat
		}
		break
	}
	return nil
}

// Close removes the temporary copy of a stream. A Source of files needs no Close, but bears one.
func (s *Source) Close() error {
	if s.spool == "" {
		return nil
	}
	err := os.Remove(s.spool)
	s.spool = ""
	return err
}

// Files returns the names of the files, in the order in which they are read.
func (s *Source) Files() []string {
	names := make([]string, len(s.files))
	for i, f := range s.files {
		names[i] = f.name
	}
	return names
}

// Size returns the bytes that the files take on disk, before decompression.
func (s *Source) Size() int64 {
	var n int64
	for _, f := range s.files {
		n += f.size
	}
	return n
}

func (s *Source) add(path string, size int64) {
	s.files = append(s.files, input{path: path, name: path, size: size, format: formatOf(path)})
}

func (s *Source) addFolder(root string) error {
	// A link to a folder is followed at the root, since the user named it, and nowhere below, since links may form circles.
	resolved, err := filepath.EvalSymlinks(root)
	if err != nil {
		return fmt.Errorf("data: %w", err)
	}
	return filepath.WalkDir(resolved, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return fmt.Errorf("data: %w", err)
		}
		if path != resolved && strings.HasPrefix(entry.Name(), ".") {
			if entry.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		if entry.IsDir() {
			return nil
		}
		info, err := os.Stat(path)
		if err != nil {
			return fmt.Errorf("data: %w", err)
		}
		if info.Mode().IsRegular() {
			s.add(path, info.Size())
		}
		return nil
	})
}

// spoolSource copies a stream to a temporary file and returns a Source of it.
func spoolSource(name string, r io.Reader) (*Source, error) {
	f, err := os.CreateTemp("", "seahorse-input-*")
	if err != nil {
		return nil, fmt.Errorf("data: %s: %w", name, err)
	}
	n, err := io.Copy(f, r)
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err == nil && n == 0 {
		err = errors.New("no text")
	}
	if err != nil {
		os.Remove(f.Name())
		return nil, fmt.Errorf("data: %s: %w", name, err)
	}
	return &Source{name: name, files: []input{{path: f.Name(), name: name, size: n, format: formatOf(name)}}, spool: f.Name()}, nil
}
