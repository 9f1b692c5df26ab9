package hub

import (
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

const (
	firstCommit  = "1111111111111111111111111111111111111111"
	secondCommit = "2222222222222222222222222222222222222222"
)

// lfsSize is the size from which the test's hub keeps files in LFS.
const lfsSize = 64

// hubServer is a hub on loopback, with another server that content of LFS lies on.
type hubServer struct {
	t      *testing.T
	hub    *httptest.Server
	blobs  *httptest.Server
	commit string                       // of main
	files  map[string]map[string]string // of a commit
	secret string                       // a token that is asked for

	mutex    sync.Mutex
	requests []string // method, path and range

	// What is wrong with it.
	cut      int  // bytes after which a connection ends
	noRanges bool // it always sends the whole
	lie      func(path, content string) string
	lister   func(list []map[string]any) []map[string]any
	broken   int // answers of 503 before all else
	pageSize int
}

func newHub(t *testing.T, files map[string]string) *hubServer {
	h := &hubServer{t: t, commit: firstCommit, files: map[string]map[string]string{firstCommit: files}}
	h.blobs = httptest.NewServer(http.HandlerFunc(h.serveBlob))
	h.hub = httptest.NewServer(http.HandlerFunc(h.serve))
	t.Cleanup(h.hub.Close)
	t.Cleanup(h.blobs.Close)
	return h
}

// client returns a client of the hub with a new cache.
func (h *hubServer) client() *Client {
	return &Client{Cache: filepath.Join(h.t.TempDir(), "hub"), Endpoint: h.hub.URL, pause: time.Millisecond, stall: time.Second, NoLinks: false}
}

// take returns the requests since the last time.
func (h *hubServer) take() []string {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	all := h.requests
	h.requests = nil
	return all
}

func gitSum(content string) string {
	sum := sha1.Sum(fmt.Appendf(nil, "blob %d\x00%s", len(content), content))
	return hex.EncodeToString(sum[:])
}

func sha(content string) string {
	sum := sha256.Sum256([]byte(content))
	return hex.EncodeToString(sum[:])
}

func (h *hubServer) note(q *http.Request) {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	h.requests = append(h.requests, strings.TrimSpace(q.Method+" "+q.URL.Path+" "+q.Header.Get("Range")))
}

func (h *hubServer) serve(w http.ResponseWriter, q *http.Request) {
	h.note(q)
	if h.broken > 0 {
		h.broken--
		http.Error(w, "later", http.StatusServiceUnavailable)
		return
	}
	if h.secret != "" && q.Header.Get("Authorization") != "Bearer "+h.secret {
		w.Header().Set("X-Error-Code", "RepoNotFound")
		http.Error(w, "no", http.StatusUnauthorized)
		return
	}
	path := strings.TrimPrefix(q.URL.EscapedPath(), "/")
	for _, prefix := range []string{"api/models/", "api/datasets/", "datasets/", ""} {
		rest, ok := strings.CutPrefix(path, prefix)
		if !ok {
			continue
		}
		rest, ok = strings.CutPrefix(rest, "some/thing/")
		if !ok {
			w.Header().Set("X-Error-Code", "RepoNotFound")
			http.NotFound(w, q)
			return
		}
		parts := strings.SplitN(rest, "/", 3)
		for i := range parts {
			parts[i], _ = url.PathUnescape(parts[i])
		}
		commit := parts[1]
		if commit == "main" {
			commit = h.commit
		}
		files, ok := h.files[commit]
		if !ok {
			w.Header().Set("X-Error-Code", "RevisionNotFound")
			http.NotFound(w, q)
			return
		}
		switch parts[0] {
		case "revision":
			_ = json.NewEncoder(w).Encode(map[string]string{"id": "some/thing", "sha": commit})
		case "tree":
			h.serveTree(w, q, files)
		case "resolve":
			content, ok := files[parts[2]]
			if !ok {
				w.Header().Set("X-Error-Code", "EntryNotFound")
				http.NotFound(w, q)
				return
			}
			w.Header().Set("X-Repo-Commit", commit)
			if len(content) >= lfsSize {
				w.Header().Set("X-Linked-Etag", `"`+sha(content)+`"`)
				w.Header().Set("X-Linked-Size", strconv.Itoa(len(content)))
				http.Redirect(w, q, h.blobs.URL+"/"+commit+"/"+parts[2], http.StatusFound)
				return
			}
			w.Header().Set("Etag", `"`+gitSum(content)+`"`)
			h.content(w, q, parts[2], content)
		}
		return
	}
}

func (h *hubServer) serveTree(w http.ResponseWriter, q *http.Request, files map[string]string) {
	list := []map[string]any{{"type": "directory", "path": "folder", "oid": firstCommit, "size": 0}}
	for path, content := range files {
		f := map[string]any{"type": "file", "path": path, "size": len(content), "oid": gitSum(content)}
		if len(content) >= lfsSize {
			f["lfs"] = map[string]any{"oid": sha(content), "size": len(content), "pointerSize": 134}
			f["oid"] = gitSum("a pointer to " + path)
		}
		list = append(list, f)
	}
	if h.lister != nil {
		list = h.lister(list)
	}
	if h.pageSize > 0 {
		page, _ := strconv.Atoi(q.URL.Query().Get("cursor"))
		next := page + h.pageSize
		if next < len(list) {
			w.Header().Set("Link", fmt.Sprintf(`<%s%s?recursive=true&cursor=%d>; rel="next"`, h.hub.URL, q.URL.Path, next))
		}
		// Maps have no order, so a page is of sorted names.
		sortList(list)
		list = list[page:min(next, len(list))]
	}
	_ = json.NewEncoder(w).Encode(list)
}

func sortList(list []map[string]any) {
	for i := range list {
		for j := range i {
			if list[i]["path"].(string) < list[j]["path"].(string) {
				list[i], list[j] = list[j], list[i]
			}
		}
	}
}

func (h *hubServer) serveBlob(w http.ResponseWriter, q *http.Request) {
	h.note(q)
	if q.Header.Get("Authorization") != "" {
		h.t.Error("the token was sent to another host")
	}
	parts := strings.SplitN(strings.TrimPrefix(q.URL.Path, "/"), "/", 2)
	h.content(w, q, parts[1], h.files[parts[0]][parts[1]])
}

// content sends a file, or what is wrong of it.
func (h *hubServer) content(w http.ResponseWriter, q *http.Request, path, content string) {
	if h.lie != nil {
		content = h.lie(path, content)
	}
	first := 0
	if _, err := fmt.Sscanf(q.Header.Get("Range"), "bytes=%d-", &first); err == nil && !h.noRanges {
		if first >= len(content) {
			w.WriteHeader(http.StatusRequestedRangeNotSatisfiable)
			return
		}
		w.Header().Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", first, len(content)-1, len(content)))
	} else {
		first = 0
	}
	w.Header().Set("Content-Length", strconv.Itoa(len(content)-first))
	if w.Header().Get("Content-Range") != "" {
		w.WriteHeader(http.StatusPartialContent)
	}
	if q.Method == http.MethodHead {
		return
	}
	content = content[first:]
	if h.cut > 0 && len(content) > h.cut {
		_, _ = w.Write([]byte(content[:h.cut]))
		w.(http.Flusher).Flush()
		panic(http.ErrAbortHandler)
	}
	_, _ = w.Write([]byte(content))
}

// outside fails the test if anything but the cache is below its parent.
func outside(t *testing.T, cache string) {
	t.Helper()
	entries, err := os.ReadDir(filepath.Dir(cache))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if e.Name() != filepath.Base(cache) {
			t.Errorf("%s was written outside of the cache", e.Name())
		}
	}
}
