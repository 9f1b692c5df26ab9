package data

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
)

// Stdin is the path that stands for standard input.
const Stdin = "-"

// Source is text or records to learn from: files, folders or a stream.
//
// Files may be compressed with gzip or zstd, which their first bytes tell. By the end of its name, before .gz or .zst, a file is a
// list of records: .jsonl or .ndjson of one JSON object a line; .json of a list of objects, of objects one behind another, or of one object
// that holds a list of them or a list for each column; .csv of rows as RFC 4180 has them; .tsv of lines with a tab between cells and
// without quotes; .parquet. Tables begin with a header that names their columns; columns without a name are passed over. What a file
// holds goes before its name: JSON under another name is read as such, and where it may be either, ErrFormat is returned. Any other file is one
// document of UTF-8 text, of which \r\n is read as \n.
// Of a folder, files and links to files are read, sorted by name within each folder; names that start with a dot
// and links to folders are left out. A Source can be read any number of times, also while it is being read.
type Source struct {
	name    string // as errors show the whole
	files   []input
	spools  []string // temporary copies of streams, removed by Close
	columns Columns
	skipped *skipped // nil where what is invalid is an error
	notes   []string

	closed func(skipped []error)

	choice *Choice   // of the records that are read; nil for all
	vary   Variation // nil for none

	unweighted bool

	draws  []draw // by path, where not all records are drawn, else nil
	before map[blockKey]uint64
}

// input is one file of a Source.
type input struct {
	path   string
	name   string // as errors show it
	size   int64  // bytes on disk
	format format
	given  bool // the format was, and the content isn't asked
	root   int  // which of the paths it is from
	index  int  // among the files
}

// SourceConfig says what Open opens.
type SourceConfig struct {
	// Paths are files, folders, patterns such as "texts/*.txt" (** goes through folders) and Stdin. One that ends in a colon and a number,
	// such as a.jsonl:0.7, has that share of the records; then all must have one. At least one.
	Paths []string
	// Stdin is what Stdin reads.
	Stdin io.Reader
	// Format is what the data are, whatever their names and content say; empty leaves it to those.
	Format Format
	// Include and Exclude are patterns of files in folders: those that match none of Include, if there are any, or one of Exclude
	// are left out. A pattern without a slash is one of the name, any other of the path below the folder.
	Include, Exclude []string
	// SkipInvalid leaves out what can't be read, files and records, and notes it: see Source.Skipped.
	SkipInvalid bool
	// Closed is called by the first Close with what was left out, if anything was; may be nil.
	Closed func(skipped []error)
	// Columns are the names that the data have for the keys of records.
	Columns Columns
	// Unweighted passes over what records say that they count, under "weight": each counts 1. Default false.
	Unweighted bool
	// Part is which part is opened of a folder that has several: see Part.
	Part Part
	// Seed draws the records where paths have shares.
	Seed uint64
}

// Open finds the files of a source. What can be read only once (standard input, a pipe) is first copied to a temporary file, so that
// a tokenizer can be trained on it before it is encoded. Nothing to read at all is an error.
func Open(c SourceConfig) (*Source, error) {
	as, err := c.Format.format()
	if err != nil {
		return nil, fmt.Errorf("data: %w", err)
	}
	if err := c.Columns.Validate(); err != nil {
		return nil, err
	}
	if len(c.Paths) == 0 {
		return nil, errors.New("data: no paths, expected at least one")
	}
	s := &Source{name: c.Paths[0], columns: c.Columns, closed: c.Closed, unweighted: c.Unweighted}
	if n := len(c.Paths); n > 1 {
		s.name = fmt.Sprintf("%s and %d more", c.Paths[0], n-1)
	}
	if c.SkipInvalid {
		s.skipped = &skipped{seen: map[string]bool{}}
	}
	if err := s.find(c); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	for i := range s.files {
		if c.Format != "" {
			s.files[i].format, s.files[i].given = as, true
		}
	}
	if c.SkipInvalid {
		s.leaveOutInvalid()
	}
	s.noteEmpty()
	for i := range s.files {
		s.files[i].index = i
	}
	switch {
	case len(s.files) == 0:
		err = fmt.Errorf("data: %s: no file can be read (%d left out)", s.name, len(s.Skipped()))
	case s.Size() == 0:
		err = fmt.Errorf("data: %s: no text, only empty files (%d)", s.name, len(s.files))
	default:
		err = s.weigh(c)
	}
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// noteEmpty notes the files that have no bytes, where others have some.
func (s *Source) noteEmpty() {
	var empty []string
	for _, f := range s.files {
		if f.size == 0 {
			empty = append(empty, f.name)
		}
	}
	if n := len(empty); n > 0 && n < len(s.files) {
		s.notes = append(s.notes, fmt.Sprintf("passed over as empty: %s", someOf(empty, 5)))
	}
}

// OpenSource opens one path, a file, a folder or Stdin, which reads stdin.
func OpenSource(path string, stdin io.Reader) (*Source, error) {
	return Open(SourceConfig{Paths: []string{path}, Stdin: stdin})
}

// leaveOutInvalid goes through all files and leaves out those that can't be read to their end.
func (s *Source) leaveOutInvalid() {
	kept := s.files[:0]
	for _, in := range s.files {
		if in.size > 0 {
			var fault error
			err := s.readFile(in, nil, newBuffer, func(b *block) bool {
				for _, err := range b.records() {
					if err != nil && isStructural(err) {
						fault = err
						return false
					}
				}
				return true
			})
			if err := cmp.Or(err, fault); err != nil {
				s.skipped.add(err)
				continue
			}
		}
		kept = append(kept, in)
	}
	s.files = kept
}

// Close removes the temporary copies of streams. A Source of files needs no Close, but bears one.
func (s *Source) Close() error {
	var errs []error
	for _, spool := range s.spools {
		errs = append(errs, os.Remove(spool))
	}
	s.spools = nil
	if left := s.Skipped(); len(left) > 0 && s.closed != nil {
		s.closed(left)
	}
	s.closed = nil
	return errors.Join(errs...)
}

// Notes returns what is worth saying of how the source was found: which part of a folder it is, and what was left out of it.
func (s *Source) Notes() []string { return s.notes }

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

// spool copies a stream to a temporary file, which is then one of the source.
func (s *Source) spool(name string, r io.Reader, root int) error {
	f, err := os.CreateTemp("", "seahorse-input-*")
	if err != nil {
		return fmt.Errorf("data: %s: %w", name, err)
	}
	s.spools = append(s.spools, f.Name())
	n, err := io.Copy(f, r)
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err == nil && n == 0 {
		err = errors.New("no text")
	}
	if err != nil {
		return fmt.Errorf("data: %s: %w", name, err)
	}
	s.files = append(s.files, input{path: f.Name(), name: name, size: n, format: formatOf(name), root: root})
	return nil
}
