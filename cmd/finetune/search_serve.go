package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/seahorse-ml/seahorse/internal/web"
	"github.com/seahorse-ml/seahorse/search"
)

// searchServeCommand is `finetune search serve`.
type searchServeCommand struct {
	findOptions
	Listen     string        `default:"127.0.0.1:8001" placeholder:"HOST:PORT" help:"Address to listen on (${default}). One that other machines reach needs a --token."`
	Token      string        `env:"FINETUNE_TOKEN" placeholder:"TEXT" help:"What requests must show in the header Authorization: Bearer TEXT. Default: what the environment's FINETUNE_TOKEN says, else none, and only this machine's programs and pages are answered."`
	MaxWaiting int           `default:"64" placeholder:"N" help:"Requests that may wait for their turn (${default}); others are told to come again."`
	Grace      time.Duration `default:"10s" placeholder:"TIME" help:"Time that requests under way get when the server is stopped (${default})."`
}

// Help is shown below the command's summary.
func (searchServeCommand) Help() string {
	return `Answers searches over HTTP, by GET /search?q=… or a POST of {"query": …} to /search. Both take "top" and "mode" in place of the flags. What comes is
{"query": …, "hits": [...]}, each hit as "search query --json" prints it. /health tells how many passages there are. What is added to the index is found from then on,
without a restart.

Examples:

    finetune search serve --index notes.index
    curl 'http://127.0.0.1:8001/search?q=certificate&top=3'
    curl http://127.0.0.1:8001/search -d '{"query": "how do I renew the certificate", "mode": "hybrid"}'`
}

// Run serves until it is interrupted.
func (c *searchServeCommand) Run(ctx context.Context, s *streams) error {
	if err := atLeast("max-waiting", &c.MaxWaiting, 1); err != nil {
		return err
	}
	if c.Grace < 0 {
		return fmt.Errorf("--grace %v: expected a time, such as 10s", c.Grace)
	}
	listener, err := web.Listen(c.Listen, c.Token)
	if err != nil {
		return fmt.Errorf("--listen: %w", err)
	}
	defer listener.Close()
	f, err := c.open()
	if err != nil {
		return err
	}
	server := newSearchServer(f, c.Token, c.MaxWaiting)
	defer server.close()
	s.say("serving    %s of %s at http://%s/search", plural(f.index.Len(), "passage"), c.Index, listener.Addr())
	if err := web.Serve(ctx, listener, server, web.Limits{}, c.Grace, nil); err != nil {
		return err
	}
	s.say("stopped")
	return nil
}

// searchServer answers searches one after the other, each on all cores.
type searchServer struct {
	guard   web.Guard
	waiting atomic.Int64
	most    int64 // that may wait

	mu      sync.Mutex
	find    *searcher
	changed time.Time // of the manifest that is open
}

func newSearchServer(f *searcher, token string, waiting int) *searchServer {
	s := &searchServer{guard: web.Guard{Token: token}, most: int64(waiting), find: f}
	s.changed, _ = s.manifestTime() // a change in between is seen at the next request
	return s
}

func (s *searchServer) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.find.close()
}

// manifestTime returns when the index was changed.
func (s *searchServer) manifestTime() (time.Time, error) {
	info, err := os.Stat(filepath.Join(s.find.Index, search.ManifestName))
	if err != nil {
		return time.Time{}, err
	}
	return info.ModTime(), nil
}

// refusal is an error of a request.
type refusal struct {
	status int
	text   string
}

func (r *refusal) Error() string { return r.text }

func refused(status int, format string, args ...any) error {
	return &refusal{status, fmt.Sprintf(format, args...)}
}

// ServeHTTP answers a request.
func (s *searchServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	web.AllowOwnOrigin(w, r)
	if web.Preflight(w, r, "GET, POST") {
		return
	}
	found, err := s.answer(w, r)
	status := http.StatusOK
	if err != nil {
		status = http.StatusInternalServerError
		if f := (*refusal)(nil); errors.As(err, &f) {
			status = f.status
		}
		found = map[string]string{"error": err.Error()}
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	out := json.NewEncoder(w)
	out.SetEscapeHTML(false)
	_ = out.Encode(found) // who is gone needs no answer
}

func (s *searchServer) answer(w http.ResponseWriter, r *http.Request) (any, error) {
	if err := s.guard.Check(r); errors.Is(err, web.ErrToken) {
		return nil, refused(http.StatusUnauthorized, "%v", err)
	} else if err != nil {
		return nil, refused(http.StatusForbidden, "%v", err)
	}
	switch r.URL.Path {
	case "/health":
		s.mu.Lock()
		defer s.mu.Unlock()
		return map[string]any{"status": "ok", "passages": s.find.index.Len()}, nil
	case "/search":
	default:
		return nil, refused(http.StatusNotFound, "%.200q isn't here; there are /search and /health", r.URL.Path)
	}
	asked, err := readSearch(w, r)
	if err != nil {
		return nil, err
	}
	defer s.waiting.Add(-1)
	if s.waiting.Add(1) > s.most {
		w.Header().Set("Retry-After", "1")
		return nil, refused(http.StatusServiceUnavailable, "%d requests are waiting; come again", s.most)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if r.Context().Err() != nil {
		return nil, context.Cause(r.Context())
	}
	if err := s.refresh(); err != nil {
		return nil, err
	}
	return s.search(r.Context(), asked)
}

// searchRequest is what a request asks for.
type searchRequest struct {
	Query string  `json:"query"`
	Top   *int    `json:"top"`
	Mode  *string `json:"mode"`
}

// mostHits is the most passages of an answer, and mostQuery the most bytes of a request.
const (
	mostHits  = 1000
	mostQuery = 1 << 20
)

// readSearch reads a request.
func readSearch(w http.ResponseWriter, r *http.Request) (asked searchRequest, err error) {
	switch r.Method {
	case http.MethodGet:
		for key, values := range r.URL.Query() {
			value := values[0]
			switch key {
			case "q", "query":
				asked.Query = value
			case "mode":
				asked.Mode = &value
			case "top":
				n, err := strconv.Atoi(value)
				if err != nil {
					return asked, refused(http.StatusBadRequest, "top is %.40q, expected a number", value)
				}
				asked.Top = &n
			default:
				return asked, refused(http.StatusBadRequest, "%.40q is unknown; known are q, top and mode", key)
			}
		}
	case http.MethodPost:
		in := json.NewDecoder(http.MaxBytesReader(w, r.Body, mostQuery))
		in.DisallowUnknownFields()
		err := in.Decode(&asked)
		if err == nil && in.Decode(&struct{}{}) != io.EOF {
			err = errors.New("more than one object")
		}
		if tooLong := (*http.MaxBytesError)(nil); errors.As(err, &tooLong) {
			return asked, refused(http.StatusRequestEntityTooLarge, "more than %d bytes", mostQuery)
		}
		if err != nil {
			return asked, refused(http.StatusBadRequest, `expected {"query": …, "top": …, "mode": …}: %v`, err)
		}
	default:
		w.Header().Set("Allow", "GET, POST")
		return asked, refused(http.StatusMethodNotAllowed, "%.40q: expected GET or POST", r.Method)
	}
	switch {
	case strings.TrimSpace(asked.Query) == "":
		return asked, refused(http.StatusBadRequest, "the query is empty")
	case asked.Top != nil && (*asked.Top < 1 || *asked.Top > mostHits):
		return asked, refused(http.StatusBadRequest, "top is %d, expected 1 to %d", *asked.Top, mostHits)
	}
	return asked, nil
}

// refresh opens the index anew where it was changed.
func (s *searchServer) refresh() error {
	at, err := s.manifestTime()
	if err != nil || at.Equal(s.changed) {
		return err
	}
	x, err := search.Open(s.find.Index)
	if err != nil {
		return err
	}
	old := s.find.index
	s.find.index, s.changed = x, at
	return old.Close()
}

// search answers a search.
func (s *searchServer) search(ctx context.Context, asked searchRequest) (any, error) {
	q, err := s.find.query(ctx, asked.Query)
	if err != nil {
		return nil, err
	}
	if asked.Top != nil {
		q.Top = *asked.Top
	}
	if asked.Mode != nil {
		q.Mode = search.Mode(*asked.Mode)
		if q.Mode != search.BM25 && q.Vector == nil {
			return nil, refused(http.StatusBadRequest, "mode %.40q: the server searches by words only (%s)", *asked.Mode, search.BM25)
		}
		if err := q.Validate(); err != nil {
			return nil, refused(http.StatusBadRequest, "%v", err)
		}
	}
	hits, err := s.find.index.Search(ctx, q)
	if err != nil {
		return nil, err
	}
	lines := []hitLine{}
	for i, h := range hits {
		lines = append(lines, lineOf(i+1, h))
	}
	return struct {
		Query string    `json:"query"`
		Hits  []hitLine `json:"hits"`
	}{asked.Query, lines}, nil
}
