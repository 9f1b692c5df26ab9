package search

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/edsrzf/mmap-go"
	"github.com/seahorse-ml/seahorse/internal/dirlock"
)

// Embedder makes vectors of length 1 of texts.
type Embedder func(ctx context.Context, texts []string) ([][]float32, error)

// Index is passages on disk that can be searched. Several processes may search one, and one at a time add to it.
type Index struct {
	dir      string
	manifest manifest
	segments []*segment
	first    []int // global number of each segment's first passage; one more for the end
	deleted  []map[int]bool
	cells    *cells
	maps     []mmap.MMap
	files    []*os.File
}

// Create makes an empty index in a directory, which must hold nothing.
func Create(dir string, s Settings) (*Index, error) {
	if err := (SplitConfig{By: s.By, Length: s.Length, Overlap: s.Overlap}).Validate(); err != nil {
		return nil, err
	}
	if err := checkLanguage(s.Language); err != nil {
		return nil, err
	}
	if s.Width < 0 || s.Width > mostWidth {
		return nil, fmt.Errorf("search: vectors of %d dimensions, expected 0 to %d", s.Width, mostWidth)
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, fmt.Errorf("search: %w", err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("search: %w", err)
	}
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), ".") && !strings.HasPrefix(e.Name(), "segment-") {
			return nil, fmt.Errorf("search: %s holds %s; an index needs a directory of its own", dir, e.Name())
		}
	}
	m := manifest{Version: manifestVersion, Settings: s, Next: 1}
	if err := m.write(dir); err != nil {
		return nil, err
	}
	return Open(dir)
}

// Open opens an index. All of its files are read and compared with their checksums; one that is damaged or missing is named by the error.
func Open(dir string) (*Index, error) {
	x := &Index{dir: dir}
	if err := x.open(); err != nil {
		return nil, errors.Join(err, x.Close())
	}
	return x, nil
}

func (x *Index) open() error {
	path := filepath.Join(x.dir, ManifestName)
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("search: %s holds no index: it has no %s", x.dir, ManifestName)
	}
	if err == nil {
		x.manifest, err = parseManifest(b)
	}
	if err != nil {
		return fmt.Errorf("search: %s: %w", path, err)
	}
	next := 0
	for _, e := range x.manifest.Segments {
		content, err := x.mapFile(e.File, e.Size)
		if err != nil {
			return err
		}
		s, err := parseSegment(content)
		if err == nil && s.width != x.manifest.Settings.Width {
			err = fmt.Errorf("%w: vectors of %d, and those of the index have %d", errDamaged, s.width, x.manifest.Settings.Width)
		}
		if err == nil && len(e.Deleted) > 0 && (e.Deleted[0] < 0 || e.Deleted[len(e.Deleted)-1] >= len(s.documents)) {
			err = fmt.Errorf("%w: %s deletes documents %v of %d", errDamaged, ManifestName, e.Deleted, len(s.documents))
		}
		if err != nil {
			return fmt.Errorf("search: %s: %w", filepath.Join(x.dir, e.File), err)
		}
		deleted := map[int]bool{}
		for _, d := range e.Deleted {
			deleted[d] = true
		}
		x.segments, x.deleted, x.first = append(x.segments, s), append(x.deleted, deleted), append(x.first, next)
		next += s.passages
	}
	x.first = append(x.first, next)
	if e := x.manifest.Cells; e != nil {
		content, err := x.mapFile(e.File, e.Size)
		if err == nil {
			x.cells, err = parseCells(content, next, x.manifest.Settings.Width)
			if err != nil {
				err = fmt.Errorf("search: %s: %w", filepath.Join(x.dir, e.File), err)
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// mapFile maps a file of the index into memory.
func (x *Index) mapFile(name string, size int64) ([]byte, error) {
	path := filepath.Join(x.dir, name)
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("search: %s lists a file that can't be read: %w", ManifestName, err)
	}
	x.files = append(x.files, f)
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("search: %w", err)
	}
	if info.Size() != size || size == 0 {
		return nil, fmt.Errorf("search: %s: %w: %d bytes, written were %d", path, errDamaged, info.Size(), size)
	}
	m, err := mmap.Map(f, mmap.RDONLY, 0)
	if err != nil {
		return nil, fmt.Errorf("search: %s: %w", path, err)
	}
	x.maps = append(x.maps, m)
	return m, nil
}

// Close gives the files back. What was found stays.
func (x *Index) Close() error {
	var errs []error
	for _, m := range x.maps {
		errs = append(errs, m.Unmap())
	}
	for _, f := range x.files {
		errs = append(errs, f.Close())
	}
	x.maps, x.files, x.segments, x.deleted, x.first, x.cells = nil, nil, nil, nil, nil, nil
	return errors.Join(errs...)
}

// reopen opens the index as it is now.
func (x *Index) reopen() error {
	err := x.Close()
	return errors.Join(err, x.open())
}

// Settings returns what the index was made by.
func (x *Index) Settings() Settings { return x.manifest.Settings }

// Grouped tells whether the vectors are in cells; those of passages that came later are scanned.
func (x *Index) Grouped() bool { return x.cells != nil }

// Len returns the number of passages, deleted ones aside.
func (x *Index) Len() int {
	n := 0
	for i, s := range x.segments {
		n += s.passages
		for d := range x.deleted[i] {
			n -= s.documents[d].Passages
		}
	}
	return n
}

// Documents returns the sources of all documents and the hashes of their texts.
func (x *Index) Documents() map[string]string {
	all := map[string]string{}
	for i, s := range x.segments {
		for d, doc := range s.documents {
			if !x.deleted[i][d] {
				all[doc.Source] = doc.Hash
			}
		}
	}
	return all
}

// Passage returns a passage by its number, which a Hit has.
func (x *Index) Passage(i int) (Passage, error) {
	s, local, err := x.place(i)
	if err != nil {
		return Passage{}, err
	}
	p, err := x.segments[s].passage(local)
	if err != nil {
		return p, fmt.Errorf("search: %s: %w", filepath.Join(x.dir, x.manifest.Segments[s].File), err)
	}
	return p, nil
}

// place returns the segment of a passage and its number there.
func (x *Index) place(i int) (segment, local int, err error) {
	if i < 0 || len(x.first) == 0 || i >= x.first[len(x.first)-1] {
		return 0, 0, fmt.Errorf("search: passage %d, and there are %d", i, x.Len())
	}
	at, found := slices.BinarySearch(x.first, i)
	if !found {
		at--
	}
	return at, i - x.first[at], nil
}

// gone tells whether a passage of a segment is of a document that was deleted.
func (x *Index) gone(segment, local int) bool {
	return len(x.deleted[segment]) > 0 && x.deleted[segment][x.segments[segment].documentOf(local)]
}

// Text is a document to add.
type Text struct{ Source, Text string }

// HashText returns the hash by which a document is known again.
func HashText(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:16])
}

// AddConfig configures Add.
type AddConfig struct {
	Tokens   func(text string) int // counts what Settings.Length bounds; nil counts words
	Embed    Embedder              // nil where the index has no vectors
	Progress func(documents, passages int)
}

// Added tells what Add did.
type Added struct{ Documents, Passages, Unchanged, Replaced int }

// Add adds documents in one segment. Those that are there with the same text are left as they are, and others of the same source replaced. The index is as
// before or has them all, whenever the process ends.
func (x *Index) Add(ctx context.Context, texts []Text, c AddConfig) (added Added, err error) {
	set := x.manifest.Settings
	if (c.Embed == nil) != (set.Width == 0) {
		return added, fmt.Errorf("search: an index with vectors of %d dimensions, expected an embedder where there are some and none where there are none", set.Width)
	}
	lock, err := dirlock.Acquire(x.dir)
	if err != nil {
		return added, fmt.Errorf("search: %w", err)
	}
	defer func() { err = errors.Join(err, lock.Release()) }()
	if err := x.reopen(); err != nil { // another process may have added something meanwhile
		return added, err
	}
	if err := x.sweep(); err != nil {
		return added, err
	}
	content := contents{width: set.Width, language: set.Language}
	known := x.Documents()
	replaced, seen := map[string]bool{}, map[string]bool{}
	split := SplitConfig{By: set.By, Length: set.Length, Overlap: set.Overlap, Tokens: c.Tokens}
	for _, t := range texts {
		if seen[t.Source] {
			return added, fmt.Errorf("search: two documents are called %q", t.Source)
		}
		seen[t.Source] = true
		hash := HashText(t.Text)
		old, there := known[t.Source]
		if there && old == hash {
			added.Unchanged++
			continue
		}
		passages, err := Split(t.Source, t.Text, split)
		if err != nil {
			return added, err
		}
		if there {
			replaced[t.Source] = true
			added.Replaced++
		}
		if len(passages) == 0 {
			continue
		}
		content.documents = append(content.documents, Document{t.Source, hash, len(content.passages), len(passages)})
		content.passages = append(content.passages, passages...)
	}
	added.Documents, added.Passages = len(content.documents), len(content.passages)
	if added.Passages == 0 && len(replaced) == 0 {
		return added, nil
	}
	if c.Embed != nil && added.Passages > 0 {
		whole := make([]string, len(content.passages))
		for i, p := range content.passages {
			whole[i] = p.Whole()
		}
		vectors, err := c.Embed(ctx, whole)
		if err != nil {
			return added, err
		}
		for i, v := range vectors {
			if len(v) != set.Width {
				return added, fmt.Errorf("search: vector %d has %d dimensions, and those of the index %d", i, len(v), set.Width)
			}
			content.vectors = append(content.vectors, v...)
		}
	}
	return added, x.publish(content, replaced)
}

// publish writes a segment and the manifest that lists it, without the documents that it replaces.
func (x *Index) publish(content contents, replaced map[string]bool) error {
	m := x.manifest
	m.Segments = slices.Clone(m.Segments)
	for i, s := range x.segments {
		deleted := slices.Clone(m.Segments[i].Deleted)
		for d, doc := range s.documents {
			if replaced[doc.Source] && !x.deleted[i][d] {
				deleted = append(deleted, d)
			}
		}
		slices.Sort(deleted)
		m.Segments[i].Deleted = deleted
	}
	if len(content.passages) > 0 {
		name := fmt.Sprintf("segment-%06d", m.Next)
		path := filepath.Join(x.dir, name)
		if err := writeSegment(path, content); err != nil {
			return fmt.Errorf("search: %w", err)
		}
		info, err := os.Stat(path)
		if err != nil {
			return fmt.Errorf("search: %w", err)
		}
		m.Segments = append(m.Segments, segmentEntry{File: name, Size: info.Size()})
		m.Next++
		m.Cells = nil // which don't know the new passages
	}
	if err := m.write(x.dir); err != nil {
		return fmt.Errorf("search: %w", err)
	}
	return x.reopen()
}

// sweep removes files that a process has left behind which ended while it wrote.
func (x *Index) sweep() error {
	listed := map[string]bool{}
	for _, e := range x.manifest.Segments {
		listed[e.File] = true
	}
	if x.manifest.Cells != nil {
		listed[x.manifest.Cells.File] = true
	}
	entries, err := os.ReadDir(x.dir)
	if err != nil {
		return fmt.Errorf("search: %w", err)
	}
	for _, e := range entries {
		name := e.Name()
		ours := strings.HasPrefix(name, "segment-") || strings.HasPrefix(name, "cells-") || strings.HasPrefix(name, ".segment-") || strings.HasPrefix(name, ".cells-")
		if ours && !listed[name] && e.Type().IsRegular() {
			if err := os.Remove(filepath.Join(x.dir, name)); err != nil {
				return fmt.Errorf("search: %w", err)
			}
		}
	}
	return nil
}
