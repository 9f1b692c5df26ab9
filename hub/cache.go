package hub

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/seahorse-ml/seahorse/internal/atomicfile"
)

// store is the part of the cache that a repository has.
type store struct {
	dir     string // CACHE/models--org--name
	locks   string // CACHE/.locks/models--org--name
	noLinks bool
}

func (c *Client) store(r Repo) store {
	return store{filepath.Join(c.Cache, r.folder()), filepath.Join(c.Cache, ".locks", r.folder()), c.NoLinks}
}

// commit returns the commit that a revision was at when it was fetched; "" where that isn't known.
func (s store) commit(revision string) string {
	if commitPattern.MatchString(revision) {
		return revision
	}
	content, err := readSmall(filepath.Join(s.dir, "refs", filepath.FromSlash(revision)), 1<<10)
	if commit := strings.TrimSpace(string(content)); err == nil && commitPattern.MatchString(commit) {
		return commit
	}
	return ""
}

// noteCommit keeps which commit a revision is at.
func (s store) noteCommit(revision, commit string) error {
	if revision == commit || s.commit(revision) == commit {
		return nil
	}
	path := filepath.Join(s.dir, "refs", filepath.FromSlash(revision))
	if err := s.makeDir(filepath.Dir(path)); err != nil {
		return err
	}
	return atomicfile.WriteBytes(path, []byte(commit))
}

// snapshot is the directory of a commit's files.
func (s store) snapshot(commit string) string { return filepath.Join(s.dir, "snapshots", commit) }

// pointer is where a file of a commit is to be found.
func (s store) pointer(commit, file string) string {
	return filepath.Join(s.snapshot(commit), filepath.FromSlash(file))
}

// has tells whether a file of a commit is there.
func (s store) has(commit, file string) bool {
	info, err := os.Stat(s.pointer(commit, file))
	return err == nil && info.Mode().IsRegular()
}

// files lists the files of a commit that are there.
func (s store) files(commit string) []string {
	var all []string
	root := s.snapshot(commit)
	_ = filepath.WalkDir(root, func(p string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return nil // what can't be read isn't there
		}
		if info, err := os.Stat(p); err == nil && info.Mode().IsRegular() {
			rel, _ := filepath.Rel(root, p)
			all = append(all, filepath.ToSlash(rel))
		}
		return nil
	})
	return all
}

// blob is the path of content.
func (s store) blob(sum string) string { return filepath.Join(s.dir, "blobs", sum) }

// link makes a file of a commit of a blob that is there: a link, or where the disk has none the blob itself or a copy of it.
func (s store) link(sum, commit, file string, fresh bool) error {
	to, from := s.pointer(commit, file), s.blob(sum)
	if err := s.makeDir(filepath.Dir(to)); err != nil {
		return err
	}
	if s.has(commit, file) {
		return nil
	}
	if err := os.Remove(to); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	relative, err := filepath.Rel(filepath.Dir(to), from)
	if err != nil {
		return err
	}
	if !s.noLinks {
		if err = os.Symlink(relative, to); err == nil || s.has(commit, file) {
			return nil
		}
	}
	if fresh {
		return os.Rename(from, to)
	}
	content, err := os.Open(from)
	if err != nil {
		return err
	}
	defer content.Close()
	return atomicfile.Write(to, func(w io.Writer) error {
		_, err := io.Copy(w, content)
		return err
	})
}

// makeDir makes a directory below the snapshots. A link on the way would lead out of the cache.
func (s store) makeDir(dir string) error {
	rel, err := filepath.Rel(s.dir, dir)
	if err != nil || !filepath.IsLocal(rel) {
		return fmt.Errorf("%s is outside of the cache", dir)
	}
	at := s.dir
	if err := os.MkdirAll(at, 0o755); err != nil {
		return err
	}
	for part := range strings.SplitSeq(filepath.ToSlash(rel), "/") {
		at = filepath.Join(at, part)
		if err := os.Mkdir(at, 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
		info, err := os.Lstat(at)
		if err != nil {
			return err
		}
		if !info.IsDir() {
			return fmt.Errorf("%s is no directory, and would lead out of the cache", at)
		}
	}
	return nil
}

// entry is a file of a repository.
type entry struct {
	Path   string
	Size   int64  // bytes
	Blob   string // SHA-1 of git's blob
	SHA256 string // of content in LFS; "" for others
	Xet    string // hash of content in Xet; kept for Python
}

// sum is what the content is called by.
func (e entry) sum() string {
	if e.SHA256 != "" {
		return e.SHA256
	}
	return e.Blob
}

// check refuses what can't be kept.
func (e entry) check() error {
	if err := checkFile(e.Path); err != nil {
		return err
	}
	if e.SHA256 != "" && !shaPattern.MatchString(e.SHA256) || e.SHA256 == "" && !commitPattern.MatchString(e.Blob) {
		return fmt.Errorf("%s: the hub tells the checksum %q; expected SHA-1 or SHA-256 in hexadecimal", e.Path, e.sum())
	}
	if e.Size < 0 {
		return fmt.Errorf("%s: the hub tells a size of %d bytes", e.Path, e.Size)
	}
	return nil
}

// treeEntry is an entry as huggingface_hub keeps it.
type treeEntry struct {
	Size   int64  `json:"size"`
	Blob   string `json:"blob_id"`
	SHA256 string `json:"lfs_sha256,omitempty"`
	LFS    *int64 `json:"lfs_size,omitempty"`
	Xet    string `json:"xet_hash,omitempty"`
}

// treeVersion is the version of the form that a list is kept in.
const treeVersion = 1

type tree struct {
	Version int                  `json:"format_version"`
	Files   map[string]treeEntry `json:"files"`
}

func (s store) treePath(commit string) string {
	return filepath.Join(s.dir, "trees", commit+".json")
}

// tree returns the list of a commit's files that was kept; nil where there is none that holds.
func (s store) tree(commit string) []entry {
	content, err := readSmall(s.treePath(commit), maxList)
	var t tree
	if err != nil || json.Unmarshal(content, &t) != nil || t.Version != treeVersion {
		return nil
	}
	all := []entry{}
	for path, f := range t.Files {
		e := entry{path, f.Size, f.Blob, f.SHA256, f.Xet}
		if e.check() != nil {
			return nil
		}
		all = append(all, e)
	}
	sortEntries(all)
	return all
}

// keepTree keeps the list of a commit's files.
func (s store) keepTree(commit string, all []entry) error {
	t := tree{treeVersion, map[string]treeEntry{}}
	for _, e := range all {
		f := treeEntry{Size: e.Size, Blob: e.Blob, SHA256: e.SHA256, Xet: e.Xet}
		if e.SHA256 != "" {
			f.LFS = &e.Size
		}
		t.Files[e.Path] = f
	}
	content, err := json.MarshalIndent(t, "", " ")
	if err != nil {
		return err
	}
	if err := s.makeDir(filepath.Join(s.dir, "trees")); err != nil {
		return err
	}
	return atomicfile.WriteBytes(s.treePath(commit), content)
}

// readSmall reads a file of bounded size.
func readSmall(path string, most int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		return nil, errors.Join(err, fmt.Errorf("%s is no file", path))
	}
	content, err := io.ReadAll(io.LimitReader(f, most+1))
	if err == nil && int64(len(content)) > most {
		err = fmt.Errorf("%s is larger than %d bytes", path, most)
	}
	return content, err
}

// cacheTag marks the cache for programs that make backups; see https://bford.info/cachedir/.
const cacheTag = "Signature: 8a477f597d28d172789f06886806bc55\n# This directory holds files that can be fetched again.\n"

// tagCache marks the cache.
func (c *Client) tagCache() error {
	if err := os.MkdirAll(c.Cache, 0o755); err != nil {
		return err
	}
	f, err := os.OpenFile(filepath.Join(c.Cache, "CACHEDIR.TAG"), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err != nil {
		return err
	}
	_, err = f.WriteString(cacheTag)
	return errors.Join(err, f.Close())
}
