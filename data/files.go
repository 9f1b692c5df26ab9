package data

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/seahorse-ml/seahorse/internal/pathpattern"
)

// find adds the files of all paths.
func (s *Source) find(c SourceConfig) error {
	for i, p := range c.Paths {
		p, _ = splitShare(p)
		if err := s.findPath(c, p, i); err != nil {
			return err
		}
	}
	return nil
}

// splitShare takes the share off a path, "a.jsonl:0.7"; 0 where it has none. A file that has such a name is that file.
func splitShare(p string) (string, float64) {
	if _, err := os.Lstat(p); err == nil {
		return p, 0
	}
	i := strings.LastIndexByte(p, ':')
	if i <= 0 {
		return p, 0
	}
	share, err := strconv.ParseFloat(p[i+1:], 64)
	if err != nil {
		return p, 0
	}
	return p[:i], share
}

// findPath adds the files of one path.
func (s *Source) findPath(c SourceConfig, p string, root int) error {
	if p == Stdin {
		return s.spool("standard input", c.Stdin, root)
	}
	info, err := os.Stat(p)
	switch {
	case errors.Is(err, fs.ErrNotExist) && strings.ContainsAny(p, "*?["):
		return s.findPattern(c, p, root)
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("data: %s: no such file or folder", p)
	case err != nil:
		return fmt.Errorf("data: %w", err)
	case info.IsDir():
		return s.findFolder(c, p, root)
	case info.Mode().IsRegular():
		s.add(p, info.Size(), root)
		return nil
	}
	f, err := os.Open(p)
	if err != nil {
		return fmt.Errorf("data: %w", err)
	}
	defer f.Close()
	return s.spool(p, f, root)
}

func (s *Source) add(p string, size int64, root int) {
	s.files = append(s.files, input{path: p, name: p, size: size, format: formatOf(p), root: root})
}

// findPattern adds the files that a pattern matches.
func (s *Source) findPattern(c SourceConfig, pattern string, root int) error {
	pattern = filepath.ToSlash(pattern)
	folder := path.Dir(pattern[:strings.IndexAny(pattern, "*?[")] + "x")
	below := strings.TrimPrefix(strings.TrimPrefix(pattern, folder), "/")
	if err := checkPatterns("pattern", []string{below}); err != nil {
		return err
	}
	if info, err := os.Stat(folder); err != nil || !info.IsDir() {
		return fmt.Errorf("data: %s: no such folder as %s", pattern, folder)
	}
	found, err := s.walk(folder, func(rel string) bool {
		return pathpattern.Match(below, rel) && chosen(c, rel)
	})
	if err != nil {
		return err
	}
	if len(found) == 0 {
		return fmt.Errorf("data: %s: no file matches", pattern)
	}
	for _, f := range found {
		s.add(f.path, f.size, root)
	}
	return nil
}

// findFolder adds the files of a folder, or of a part of it.
func (s *Source) findFolder(c SourceConfig, folder string, root int) error {
	if err := errors.Join(checkPatterns("include", c.Include), checkPatterns("exclude", c.Exclude)); err != nil {
		return err
	}
	all := 0
	found, err := s.walk(folder, func(rel string) bool {
		all++
		return chosen(c, rel)
	})
	switch {
	case err != nil:
		return err
	case all == 0:
		return fmt.Errorf("data: %s: the folder holds no files", folder)
	case len(found) == 0:
		return fmt.Errorf("data: %s: none of its %d files is left by --include and --exclude", folder, all)
	}
	if found, err = s.choosePart(folder, found, c.Part); err != nil {
		return err
	}
	if err := oneKind(folder, found, c.Format); err != nil {
		return err
	}
	for _, f := range found {
		s.add(f.path, f.size, root)
	}
	return nil
}

// foundFile is a file of a folder.
type foundFile struct {
	path, below string // below the folder, with slashes
	size        int64
}

// walk returns the files below a folder that are wanted. What can't be looked at is an error, told at once for all, or skipped.
func (s *Source) walk(folder string, want func(below string) bool) ([]foundFile, error) {
	// A link to a folder is followed at the root, since the user named it, and nowhere below, since links may form circles.
	resolved, err := filepath.EvalSymlinks(folder)
	if err != nil {
		return nil, fmt.Errorf("data: %w", err)
	}
	var found []foundFile
	var faults []error
	note := func(p string, err error) {
		fault := &Fault{Name: p, Err: structuralError{err}}
		if s.skipped != nil {
			s.skipped.add(fault)
			return
		}
		faults = append(faults, fault)
	}
	err = filepath.WalkDir(resolved, func(p string, entry fs.DirEntry, err error) error {
		if err != nil {
			if p == resolved {
				return fmt.Errorf("data: %w", err)
			}
			note(p, err)
			return nil
		}
		if p != resolved && strings.HasPrefix(entry.Name(), ".") {
			if entry.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		if entry.IsDir() {
			return nil
		}
		below, err := filepath.Rel(resolved, p)
		if err != nil {
			return fmt.Errorf("data: %w", err)
		}
		if below = filepath.ToSlash(below); !want(below) {
			return nil
		}
		info, err := os.Stat(p)
		switch {
		case err != nil:
			note(p, err)
		case info.Mode().IsRegular():
			found = append(found, foundFile{p, below, info.Size()})
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if len(faults) > 0 {
		return nil, &Faults{Name: folder, All: faults}
	}
	return found, nil
}

// chosen tells whether a file below a folder is left by Include and Exclude.
func chosen(c SourceConfig, below string) bool {
	matches := func(pattern string) bool {
		if !strings.Contains(pattern, "/") {
			return pathpattern.Match(pattern, path.Base(below))
		}
		return pathpattern.Match(strings.TrimPrefix(pattern, "./"), below)
	}
	return (len(c.Include) == 0 || slices.ContainsFunc(c.Include, matches)) && !slices.ContainsFunc(c.Exclude, matches)
}

// checkPatterns refuses patterns that match nothing because they are no patterns.
func checkPatterns(what string, patterns []string) error {
	for _, p := range patterns {
		if _, err := path.Match(p, ""); err != nil || p == "" {
			return fmt.Errorf("data: %s: %q is no pattern, expected one such as *.txt", what, p)
		}
	}
	return nil
}

// oneKind refuses a folder that mixes plain texts with records by the names of its files: a README beside data isn't to be learned.
func oneKind(folder string, files []foundFile, f Format) error {
	if f != "" {
		return nil
	}
	var texts, records []string
	for _, file := range files {
		if file.size == 0 {
			continue
		}
		if formatOf(file.path) == plainText {
			texts = append(texts, file.below)
		} else {
			records = append(records, file.below)
		}
	}
	if len(texts) == 0 || len(records) == 0 {
		return nil
	}
	return fmt.Errorf("data: %s: plain texts (%s) beside records (%s), expected one kind: choose by --include and --exclude, or give each by a --data of its own",
		folder, someOf(texts, 5), someOf(records, 5))
}

// someOf lists the first of some names.
func someOf(names []string, most int) string {
	if len(names) <= most {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), len(names)-most)
}
