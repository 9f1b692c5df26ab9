package hub

import (
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
)

// Kind is what a repository of the hub holds.
type Kind string

// Kinds of repositories.
const (
	Model   Kind = "model"
	Dataset Kind = "dataset"
)

// DefaultRevision is the branch that is taken where a name says none.
const DefaultRevision = "main"

// Repo names a repository of the hub at a revision.
type Repo struct {
	Kind     Kind
	ID       string // org/name, or name
	Revision string // a branch, a tag or a commit; "" is DefaultRevision
}

// Prefix begins the names of files and repositories of the hub, and OllamaPrefix those of Ollama's models.
const (
	Prefix       = "hf://"
	OllamaPrefix = "ollama:"
)

// ErrName says that a name is none that the hub gives.
var ErrName = errors.New("no name of the hub")

var (
	idPattern     = regexp.MustCompile(`^([A-Za-z0-9_][A-Za-z0-9._-]*/)?[A-Za-z0-9_][A-Za-z0-9._-]*$`)
	commitPattern = regexp.MustCompile(`^[0-9a-f]{40}$`)
	shaPattern    = regexp.MustCompile(`^[0-9a-f]{64}$`)
	revPattern    = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9._+-]*(/[A-Za-z0-9_][A-Za-z0-9._+-]*)*$`)
)

// longestID is the most bytes of a repository's name, as the hub has it.
const longestID = 96

// Parse reads org/name, name, org/name@revision, or one of them behind hf://.
func Parse(text string) (Repo, error) {
	r, file, err := ParseFile(text)
	if err == nil && file != "" {
		err = fmt.Errorf("hub: %q: %w: expected org/name or org/name@revision", text, ErrName)
	}
	return r, err
}

// ParseFile reads hf://[datasets/]org/name[@revision][/path], and the forms of Parse.
func ParseFile(text string) (r Repo, file string, err error) {
	rest, prefixed := strings.CutPrefix(text, Prefix)
	r.Kind = Model
	if prefixed {
		if below, ok := strings.CutPrefix(rest, "datasets/"); ok {
			r.Kind, rest = Dataset, below
		} else {
			rest = strings.TrimPrefix(rest, "models/")
		}
	}
	if id, revision, ok := strings.Cut(rest, "@"); ok {
		r.ID, r.Revision = id, revision
		if special, ok := strings.CutPrefix(revision, "refs/"); prefixed && ok { // refs/pr/1 and refs/convert/parquet are one revision
			parts := strings.SplitN(special, "/", 3)
			r.Revision = "refs/" + strings.Join(parts[:min(2, len(parts))], "/")
			if len(parts) == 3 {
				file = parts[2]
			}
		} else if prefixed {
			r.Revision, file, _ = strings.Cut(revision, "/")
			r.Revision = strings.ReplaceAll(r.Revision, "%2F", "/")
		}
		if r.Revision == "" {
			return r, "", fmt.Errorf("hub: %q: %w: nothing behind the @", text, ErrName)
		}
	} else if r.ID = rest; prefixed {
		if parts := strings.SplitN(rest, "/", 3); len(parts) == 3 {
			r.ID, file = parts[0]+"/"+parts[1], parts[2]
		}
	}
	if file != "" && strings.Trim(file, "/") == "" {
		file = ""
	}
	return r, strings.TrimSuffix(file, "/"), r.Validate()
}

// Validate tells what is wrong with the name, or nil. Its error wraps ErrName.
func (r Repo) Validate() error {
	switch {
	case r.Kind != Model && r.Kind != Dataset:
		return fmt.Errorf("hub: kind %q: expected %s or %s", r.Kind, Model, Dataset)
	case !idPattern.MatchString(r.ID) || len(r.ID) > longestID || strings.Contains(r.ID, "--") || strings.Contains(r.ID, "..") || strings.HasSuffix(r.ID, ".git") || strings.HasSuffix(r.ID, "."):
		return fmt.Errorf("hub: %q: %w: expected org/name, of letters, digits, '-', '_' and '.'", r.ID, ErrName)
	case r.Revision != "" && (!revPattern.MatchString(r.Revision) || strings.Contains(r.Revision, "..")):
		return fmt.Errorf("hub: %s: the revision %q: %w: expected a branch, a tag or a commit", r.ID, r.Revision, ErrName)
	}
	return nil
}

// String writes the name as Parse and ParseFile read it.
func (r Repo) String() string {
	name := r.ID
	if r.Kind == Dataset {
		name = Prefix + "datasets/" + name
	}
	if r.Revision != "" {
		name += "@" + r.Revision
	}
	return name
}

// folder is where the cache keeps the repository.
func (r Repo) folder() string {
	return string(r.Kind) + "s--" + strings.ReplaceAll(r.ID, "/", "--")
}

// revision is the one that is meant.
func (r Repo) revision() string {
	if r.Revision == "" {
		return DefaultRevision
	}
	return r.Revision
}

// NameOf returns the repository whose snapshot a path leads into, with the commit as its revision; false for other paths.
func NameOf(path string) (r Repo, file string, ok bool) {
	parts := strings.Split(filepath.ToSlash(path), "/")
	for i := len(parts) - 3; i >= 0; i-- {
		kind, id, found := strings.Cut(parts[i], "s--")
		if !found || parts[i+1] != "snapshots" || !commitPattern.MatchString(parts[i+2]) {
			continue
		}
		r = Repo{Kind(kind), strings.Replace(id, "--", "/", 1), parts[i+2]}
		return r, strings.Join(parts[i+3:], "/"), r.Validate() == nil
	}
	return Repo{}, "", false
}

// checkFile refuses a path in a repository that isn't one of a file below it, on any system.
func checkFile(file string) error {
	for part := range strings.SplitSeq(file, "/") {
		if part == "" || part == "." || part == ".." || strings.ContainsAny(part, "\\:\x00") || !filepath.IsLocal(part) {
			return fmt.Errorf("the repository has a file of the name %q, which is none that can be kept in the cache", file)
		}
	}
	return nil
}
