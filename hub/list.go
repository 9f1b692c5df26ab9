package hub

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// Bounds of what a hub may tell.
const (
	maxList    = 256 << 20 // bytes of a list of files
	maxEntries = 1_000_000
)

// A statusError is an answer that isn't what was asked for.
type statusError struct {
	status int
	code   string // X-Error-Code: RepoNotFound, GatedRepo, RevisionNotFound, EntryNotFound
	text   string // X-Error-Message
	url    string
}

func (e *statusError) Error() string {
	text := fmt.Sprintf("%s answers %d %s", e.url, e.status, http.StatusText(e.status))
	if e.text != "" {
		text += ": " + e.text
	}
	return text
}

// statusOf returns the status of an answer that was an error, or 0.
func statusOf(err error) int {
	var e *statusError
	if errors.As(err, &e) {
		return e.status
	}
	return 0
}

// transient tells whether the same request may do later.
func transient(err error) bool {
	switch status := statusOf(err); {
	case status == 0:
		return !errors.Is(err, context.Canceled)
	default:
		return status == http.StatusRequestTimeout || status == http.StatusTooManyRequests || status >= 500
	}
}

// do makes a request. The answer is one with a status below 300, or a statusError.
func (c *Client) do(ctx context.Context, method, address string, header http.Header) (*http.Response, error) {
	q, err := http.NewRequestWithContext(ctx, method, address, nil)
	if err != nil {
		return nil, err
	}
	for name, values := range header {
		q.Header[name] = values
	}
	q.Header.Set("User-Agent", "seahorse-finetune")
	q.Header.Set("Accept-Encoding", "identity") // sizes and ranges are those of the file
	if c.Token != "" && strings.HasPrefix(address, c.Endpoint+"/") {
		q.Header.Set("Authorization", "Bearer "+c.Token)
	}
	a, err := c.client().Do(q)
	if err != nil {
		return nil, err
	}
	if a.StatusCode < 300 {
		return a, nil
	}
	_, _ = io.CopyN(io.Discard, a.Body, 64<<10)
	a.Body.Close()
	return nil, &statusError{a.StatusCode, a.Header.Get("X-Error-Code"), shortened(a.Header.Get("X-Error-Message")), address}
}

func shortened(text string) string {
	const most = 300
	text = strings.ToValidUTF8(strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, text), "")
	if len(text) > most {
		text = strings.ToValidUTF8(text[:most], "") + "…"
	}
	return text
}

// get reads JSON, and returns the address of the next part, if there is one.
func (c *Client) get(ctx context.Context, address string, into any) (next string, err error) {
	a, err := c.do(ctx, http.MethodGet, address, nil)
	if err != nil {
		return "", err
	}
	defer a.Body.Close()
	content, err := io.ReadAll(io.LimitReader(a.Body, maxList+1))
	switch {
	case err != nil:
		return "", err
	case len(content) > maxList:
		return "", fmt.Errorf("%s answers with more than %d bytes", address, maxList)
	}
	if err := json.Unmarshal(content, into); err != nil {
		return "", fmt.Errorf("%s answers with what isn't the JSON of a hub: %w", address, err)
	}
	return c.next(address, a.Header.Get("Link"))
}

// next reads the address of the next part of a list, which must be one of the hub itself.
func (c *Client) next(address, link string) (string, error) {
	for part := range strings.SplitSeq(link, ",") {
		target, parameters, _ := strings.Cut(strings.TrimSpace(part), ">")
		if !strings.Contains(parameters, `rel="next"`) || !strings.HasPrefix(target, "<") {
			continue
		}
		base, err := url.Parse(address)
		if err != nil {
			return "", err
		}
		to, err := base.Parse(target[1:])
		if err != nil {
			return "", fmt.Errorf("%s: the next part of the list: %w", address, err)
		}
		if !strings.HasPrefix(to.String(), c.Endpoint+"/") {
			to.Scheme, to.Host = base.Scheme, base.Host // a mirror that passes on the hub's own links
			if !strings.HasPrefix(to.String(), c.Endpoint+"/") {
				return "", fmt.Errorf("%s: the next part of the list is said to be at %s, outside of the hub", address, shortened(target[1:]))
			}
		}
		return to.String(), nil
	}
	return "", nil
}

// api returns the address of what the hub tells of a repository.
func (c *Client) api(r Repo, parts ...string) string {
	address := c.Endpoint + "/api/" + string(r.Kind) + "s/" + r.ID
	for _, p := range parts {
		address += "/" + url.PathEscape(p)
	}
	return address
}

// resolve returns the address of a file.
func (c *Client) resolve(r Repo, revision, file string) string {
	address := c.Endpoint + "/"
	if r.Kind == Dataset {
		address += "datasets/"
	}
	address += r.ID + "/resolve/" + url.PathEscape(revision)
	for part := range strings.SplitSeq(file, "/") {
		address += "/" + url.PathEscape(part)
	}
	return address
}

// askCommit asks which commit a revision is at.
func (c *Client) askCommit(ctx context.Context, r Repo) (string, error) {
	if commitPattern.MatchString(r.revision()) {
		return r.revision(), nil
	}
	var about struct {
		SHA string `json:"sha"`
	}
	if _, err := c.get(ctx, c.api(r, "revision", r.revision()), &about); err != nil {
		return "", err
	}
	if !commitPattern.MatchString(about.SHA) {
		return "", fmt.Errorf("%s tells the commit %q, expected 40 hexadecimal digits", c.api(r), shortened(about.SHA))
	}
	return about.SHA, nil
}

// askTree asks for the files of a commit, below a folder or "" for all.
func (c *Client) askTree(ctx context.Context, r Repo, commit, folder string) ([]entry, error) {
	address := c.api(r, "tree", commit)
	if folder != "" {
		for part := range strings.SplitSeq(folder, "/") {
			address += "/" + url.PathEscape(part)
		}
	}
	all := []entry{}
	for address += "?recursive=true&expand=false"; address != ""; {
		var part []struct {
			Type string `json:"type"`
			Path string `json:"path"`
			Size int64  `json:"size"`
			OID  string `json:"oid"`
			Xet  string `json:"xetHash"`
			LFS  *struct {
				OID  string `json:"oid"`
				Size int64  `json:"size"`
			} `json:"lfs"`
		}
		next, err := c.get(ctx, address, &part)
		if err != nil {
			return nil, err
		}
		if next == address {
			return nil, fmt.Errorf("%s: the list of files has no end", address)
		}
		address = next
		for _, f := range part {
			if f.Type != "file" {
				continue
			}
			e := entry{Path: f.Path, Size: f.Size, Blob: f.OID}
			if f.LFS != nil {
				e.SHA256, e.Size = f.LFS.OID, f.LFS.Size
			}
			if shaPattern.MatchString(f.Xet) {
				e.Xet = f.Xet
			}
			if err := e.check(); err != nil {
				return nil, err
			}
			all = append(all, e)
		}
		if len(all) > maxEntries {
			return nil, fmt.Errorf("%s has more than %d files", r, maxEntries)
		}
	}
	sortEntries(all)
	for i := 1; i < len(all); i++ {
		if all[i].Path == all[i-1].Path {
			return nil, fmt.Errorf("%s: the hub lists %s twice", r, all[i].Path)
		}
	}
	return all, nil
}

func sortEntries(all []entry) {
	slices.SortFunc(all, func(a, b entry) int { return cmp.Compare(a.Path, b.Path) })
}

// askFile asks for one file by its headers: the commit, and the file's size and checksum.
func (c *Client) askFile(ctx context.Context, r Repo, file string) (commit string, e entry, err error) {
	client := c.client()
	follow := client.CheckRedirect
	var first http.Header // of the hub's own answer, before it sends the request to where content lies
	client.CheckRedirect = func(to *http.Request, via []*http.Request) error {
		if h := to.Response.Header; h.Get("X-Linked-Etag") != "" || h.Get("X-Repo-Commit") != "" && h.Get("Etag") != "" {
			first = h
			return http.ErrUseLastResponse
		}
		return follow(to, via)
	}
	address := c.resolve(r, r.revision(), file)
	q, err := http.NewRequestWithContext(ctx, http.MethodHead, address, nil)
	if err != nil {
		return "", e, err
	}
	q.Header.Set("User-Agent", "seahorse-finetune")
	q.Header.Set("Accept-Encoding", "identity")
	if c.Token != "" {
		q.Header.Set("Authorization", "Bearer "+c.Token)
	}
	a, err := client.Do(q)
	if err != nil {
		return "", e, err
	}
	a.Body.Close()
	h := a.Header
	size := a.ContentLength
	switch {
	case first != nil:
		h, size = first, -1
	case a.StatusCode >= 300:
		return "", e, &statusError{a.StatusCode, h.Get("X-Error-Code"), shortened(h.Get("X-Error-Message")), address}
	}
	if linked := h.Get("X-Linked-Size"); linked != "" {
		if _, err := fmt.Sscanf(linked, "%d", &size); err != nil {
			return "", e, fmt.Errorf("%s: the size %q", address, shortened(linked))
		}
	}
	commit, e.Path, e.Size = h.Get("X-Repo-Commit"), file, size
	tag := firstOf(h.Get("X-Linked-Etag"), h.Get("Etag"))
	tag = strings.Trim(strings.TrimPrefix(tag, "W/"), `"`)
	if e.Blob = tag; shaPattern.MatchString(tag) {
		e.Blob, e.SHA256 = "", tag
	}
	if !commitPattern.MatchString(commit) {
		return "", e, fmt.Errorf("%s tells the commit %q, expected 40 hexadecimal digits: is it a hub?", address, shortened(commit))
	}
	if size < 0 {
		return "", e, fmt.Errorf("%s doesn't tell the file's size", address)
	}
	return commit, e, e.check()
}
