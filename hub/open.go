package hub

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
)

// ErrMissing says that the cache doesn't have what was asked for, and that it couldn't be fetched.
var ErrMissing = errors.New("not in the cache")

// Model returns the directory of a model, or its GGUF file where it is one and nothing else, with all files that it takes to read it. An adapter's
// repository is a model too.
func (c *Client) Model(ctx context.Context, r Repo) (string, error) { return c.open(ctx, r, true) }

// Tokenizer returns the directory of a model's tokenizer, without the model's weights.
func (c *Client) Tokenizer(ctx context.Context, r Repo) (string, error) { return c.open(ctx, r, false) }

func (c *Client) open(ctx context.Context, r Repo, weights bool) (string, error) {
	if err := r.Validate(); err != nil {
		return "", err
	}
	s := c.store(r)
	commit := s.commit(r.revision())
	list := s.tree(commit)
	if list != nil {
		chosen, err := choose(list, s.snapshot(commit), weights)
		if err == nil && !chosen.unread && s.hasAll(commit, chosen.files) {
			return s.opened(commit, chosen), nil
		}
	}
	if !c.Offline {
		path, err := c.openOnline(ctx, s, r, commit, list, weights)
		if err == nil || ctx.Err() != nil || !unreachable(err) {
			return path, c.explain(r, err)
		}
		if path, ok := s.openOffline(commit, weights); ok {
			c.note("the hub can't be asked (%v); taking what the cache has of %s", err, r)
			return path, nil
		}
		return "", c.explain(r, err)
	}
	if path, ok := s.openOffline(commit, weights); ok {
		return path, nil
	}
	return "", c.offline(r, commit != "")
}

// openOnline asks the hub for what isn't known or there.
func (c *Client) openOnline(ctx context.Context, s store, r Repo, commit string, list []entry, weights bool) (string, error) {
	commit, list, err := c.listed(ctx, s, r, commit, list)
	if err != nil {
		return "", err
	}
	const rounds = 4 // texts, what they name, and what that names
	for range rounds {
		chosen, err := choose(list, s.snapshot(commit), weights)
		if err != nil {
			return "", fmt.Errorf("hub: %s: %w", r, err)
		}
		switch {
		case len(chosen.files) == 0:
			return "", fmt.Errorf("hub: %s holds no model: none of its %d files is one that a model is read from", r, len(list))
		case weights && !chosen.weights && !chosen.unread:
			return "", fmt.Errorf("hub: %s has no weights that can be read: %s, %s, their parts, %s or a GGUF file", r, safetensorsFile, torchFile, adapterFile)
		}
		if err := c.fetch(ctx, r, commit, chosen.files); err != nil {
			return "", err
		}
		if !chosen.unread {
			return s.opened(commit, chosen), s.noteCommit(r.revision(), commit)
		}
	}
	return "", fmt.Errorf("hub: %s: its files name others without end", r)
}

// listed returns the commit of a revision and all of its files: as they are known, else as the hub tells.
func (c *Client) listed(ctx context.Context, s store, r Repo, commit string, list []entry) (string, []entry, error) {
	var err error
	if commit == "" {
		if commit, err = c.askCommit(ctx, r); err != nil {
			return "", nil, err
		}
		list = s.tree(commit)
	}
	if list == nil {
		list, err = c.askTree(ctx, r, commit, "")
		if statusOf(err) == http.StatusNotFound && !commitPattern.MatchString(r.revision()) { // a commit that the hub has no more
			if commit, err = c.askCommit(ctx, r); err == nil {
				list, err = c.askTree(ctx, r, commit, "")
			}
		}
		if err != nil {
			return "", nil, err
		}
		if err := errors.Join(c.tagCache(), s.keepTree(commit, list)); err != nil {
			return "", nil, fmt.Errorf("hub: %w", err)
		}
	}
	return commit, list, nil
}

func (s store) hasAll(commit string, files []entry) bool {
	return len(files) > 0 && !slices.ContainsFunc(files, func(e entry) bool { return !s.has(commit, e.Path) })
}

// opened is the path of what was chosen.
func (s store) opened(commit string, chosen choice) string {
	if chosen.gguf != "" {
		return s.pointer(commit, chosen.gguf)
	}
	return s.snapshot(commit)
}

// openOffline returns what the cache has, if a model can be read from it as far as that can be told without a list of its files.
func (s store) openOffline(commit string, weights bool) (string, bool) {
	if commit == "" {
		return "", false
	}
	var all []entry
	for _, name := range s.files(commit) {
		all = append(all, entry{Path: name})
	}
	sortEntries(all)
	chosen, err := choose(all, s.snapshot(commit), weights)
	return s.opened(commit, chosen), err == nil && len(chosen.files) > 0 && (chosen.weights || !weights) && !chosen.unread
}

// File returns the path of a file of a repository. A folder of it, or a pattern such as data/*.jsonl, fetches what is in it; "" is all that looks like
// data.
func (c *Client) File(ctx context.Context, r Repo, file string) (string, error) {
	if err := r.Validate(); err != nil {
		return "", err
	}
	if file != "" {
		if err := checkFile(file); err != nil {
			return "", fmt.Errorf("hub: %s: %w", r, err)
		}
	}
	s := c.store(r)
	commit := s.commit(r.revision())
	if commit != "" && file != "" && s.has(commit, file) {
		return s.pointer(commit, file), nil
	}
	if list := s.tree(commit); list != nil {
		if found := below(list, file); s.hasAll(commit, found) {
			return s.pointer(commit, file), nil
		}
	}
	if c.Offline {
		return "", c.offline(Repo{r.Kind, strings.TrimSuffix(r.ID+"/"+file, "/"), r.Revision}, commit != "")
	}
	path, err := c.fileOnline(ctx, s, r, commit, file)
	return path, c.explain(r, err)
}

func (c *Client) fileOnline(ctx context.Context, s store, r Repo, commit, file string) (string, error) {
	if file != "" && !isPattern(file) {
		pinned := r
		if commit != "" {
			pinned.Revision = commit
		}
		at, e, err := c.askFile(ctx, pinned, file)
		if err == nil {
			if err := errors.Join(c.tagCache(), c.fetch(ctx, r, at, []entry{e}), s.noteCommit(r.revision(), at)); err != nil {
				return "", err
			}
			return s.pointer(at, file), nil
		}
		if statusOf(err) != http.StatusNotFound {
			return "", err
		}
	}
	commit, list, err := c.listed(ctx, s, r, commit, s.tree(commit))
	if err != nil {
		return "", err
	}
	found := below(list, file)
	if len(found) == 0 {
		var names []string
		for _, e := range list {
			if isData(e.Path) || r.Kind == Model {
				names = append(names, e.Path)
			}
		}
		const most = 8
		shown := strings.Join(names[:min(most, len(names))], ", ")
		if len(names) > most {
			shown += fmt.Sprintf(" and %d more", len(names)-most)
		}
		return "", fmt.Errorf("hub: %s has no %s; it has %s", r, firstOf(file, "data"), firstOf(shown, "nothing that looks like data"))
	}
	if err := errors.Join(c.fetch(ctx, r, commit, found), s.noteCommit(r.revision(), commit)); err != nil {
		return "", err
	}
	return s.pointer(commit, file), nil
}

// unreachable tells whether an error is one of the way to the hub, or of the hub itself, rather than an answer.
func unreachable(err error) bool {
	var e *statusError
	switch {
	case errors.Is(err, ErrSum):
		return false
	case errors.As(err, &e):
		return e.status >= 500 || e.status == http.StatusTooManyRequests || e.status == http.StatusUnauthorized || e.status == http.StatusForbidden || e.status == http.StatusProxyAuthRequired
	}
	return true
}

// missingError is an ErrMissing in full.
type missingError string

func (e missingError) Error() string      { return string(e) }
func (missingError) Is(target error) bool { return target == ErrMissing }

// offline is the error of what the cache doesn't have while the hub must not be asked.
func (c *Client) offline(r Repo, partly bool) error {
	have := "isn't in the cache"
	if partly {
		have = "is only partly in the cache"
	}
	return missingError(fmt.Sprintf("hub: %s %s %s, and HF_HUB_OFFLINE forbids to ask the hub; unset it to fetch it, or copy the folder %s from a machine that has it",
		r, have, c.Cache, r.folder0()))
}

// folder0 is the folder of the repository that a name of a file begins with.
func (r Repo) folder0() string {
	if parts := strings.SplitN(r.ID, "/", 3); len(parts) == 3 {
		r.ID = parts[0] + "/" + parts[1]
	}
	return r.folder()
}

// explain says what can be done about an error.
func (c *Client) explain(r Repo, err error) error {
	var e *statusError
	switch {
	case err == nil || errors.Is(err, context.Canceled):
		return err
	case !errors.As(err, &e):
		if strings.HasPrefix(err.Error(), "hub: ") {
			return err
		}
		return fmt.Errorf("hub: %s isn't in the cache %s, and the hub can't be asked: %w; HF_ENDPOINT names a mirror, and a folder %s from another machine's cache will do too",
			r, c.Cache, err, filepath.Base(c.store(r).dir))
	case e.code == "GatedRepo":
		return fmt.Errorf("hub: %s wants its terms accepted: do so at %s/%s, and set HF_TOKEN to a token of that account: %w", r, c.Endpoint, r.ID, err)
	case e.status == http.StatusUnauthorized && c.Token == "":
		return fmt.Errorf("hub: %s has no %s %s that everybody may read; for one of your own set HF_TOKEN: %w", c.Endpoint, r.Kind, r.ID, err)
	case e.status == http.StatusUnauthorized || e.status == http.StatusForbidden:
		return fmt.Errorf("hub: %s has no %s %s that the token may read: %w", c.Endpoint, r.Kind, r.ID, err)
	case e.code == "RevisionNotFound" || e.status == http.StatusNotFound && r.Revision != "":
		return fmt.Errorf("hub: %s has no revision %s: %w", r.ID, r.revision(), err)
	case e.status == http.StatusNotFound:
		return fmt.Errorf("hub: %s has no %s %s: %w", c.Endpoint, r.Kind, r.ID, err)
	}
	if strings.HasPrefix(err.Error(), "hub: ") {
		return err
	}
	return fmt.Errorf("hub: %s: %w", r, err)
}
