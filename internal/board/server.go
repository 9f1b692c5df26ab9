// Package board shows runs while they go on, by a web server for whoever has its address: a list of all runs below a folder, and their
// charts, which keep up with them. Runs can be stopped, let save, and their learning rate be changed.
package board

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/seahorse-ml/seahorse/internal/report"
	"github.com/seahorse-ml/seahorse/internal/web"
	"github.com/seahorse-ml/seahorse/train"
)

// Config configures New.
type Config struct {
	// Root is the folder whose runs are shown.
	Root string
	// Token is a part of each address; whoever doesn't know it gets nothing. Not empty; see NewToken.
	Token string
	// Anywhere lets requests name the server by other names than this machine's own, as those from other machines do. Default: false.
	Anywhere bool
}

// A Board is a web server's handler.
type Board struct {
	config Config
	runs   finder
	list   lister
	views  views
	guard  web.Guard
}

// NewToken returns a token that nobody guesses.
func NewToken() string { return rand.Text() }

// New returns the board of a folder.
func New(c Config) (*Board, error) {
	info, err := os.Stat(c.Root)
	if err == nil && !info.IsDir() {
		err = errors.New("it is no folder")
	}
	if err != nil {
		return nil, fmt.Errorf("board: %s: %w", c.Root, err)
	}
	root, err := filepath.EvalSymlinks(c.Root)
	if err == nil {
		root, err = filepath.Abs(root)
	}
	if err != nil {
		return nil, fmt.Errorf("board: %w", err)
	}
	if c.Token == "" {
		return nil, errors.New("board: no token")
	}
	return &Board{config: c, runs: finder{root: root}}, nil
}

// Path returns the path of the list, to be put behind the server's address.
func (b *Board) Path() string { return "/" + b.config.Token + "/" }

// refuse answers a request with an error.
func refuse(w http.ResponseWriter, status int, why string) { http.Error(w, why, status) }

// mostRequest is the most bytes of a request's body.
const mostRequest = 1 << 12

// ServeHTTP answers a request, if it is from a page of this server or from no page, by the server's own name, and has the token.
func (b *Board) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	if !b.config.Anywhere {
		if err := b.guard.Check(r); err != nil {
			refuse(w, http.StatusForbidden, err.Error())
			return
		}
	}
	if origin := r.Header.Get("Origin"); origin != "" && !sameOrigin(origin, r.Host) {
		refuse(w, http.StatusForbidden, "the page is of another origin")
		return
	}
	token, rest, ok := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	if subtle.ConstantTimeCompare([]byte(token), []byte(b.config.Token)) != 1 {
		refuse(w, http.StatusForbidden, "the address has no valid token: open the one that the board has printed")
		return
	}
	if !ok {
		rest = "?"
	}
	r.Body = http.MaxBytesReader(w, r.Body, mostRequest)
	routes := map[string]struct {
		method string
		answer func(http.ResponseWriter, *http.Request)
	}{
		"": {http.MethodGet, b.home}, "list": {http.MethodGet, b.listed}, "runs": {http.MethodGet, b.page},
		"data": {http.MethodGet, b.data}, "control": {http.MethodPost, b.control},
	}
	route, ok := routes[rest]
	switch {
	case !ok:
		refuse(w, http.StatusNotFound, "nothing is here")
	case r.Method != route.method:
		h.Set("Allow", route.method)
		refuse(w, http.StatusMethodNotAllowed, "expected "+route.method)
	default:
		route.answer(w, r)
	}
}

// sameOrigin tells whether a page is of the host that it asks.
func sameOrigin(origin, host string) bool {
	u, err := url.Parse(origin)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && strings.EqualFold(u.Host, host)
}

func writeJSON(w http.ResponseWriter, v any) {
	raw, err := json.Marshal(v)
	if err != nil {
		refuse(w, http.StatusInternalServerError, err.Error())
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Write(raw)
}

// listed answers with what the list tells of each run.
func (b *Board) listed(w http.ResponseWriter, r *http.Request) {
	all := []brief{}
	for _, id := range b.runs.runs() {
		if dir, ok := b.runs.dir(id); ok {
			all = append(all, b.list.brief(id, dir))
		}
	}
	writeJSON(w, all)
}

// mostShown is the most runs on one page.
const mostShown = 64

// asked returns the runs that a request names, in a view that is locked. It answers the request where there is none.
func (b *Board) asked(w http.ResponseWriter, r *http.Request) (v *view, done func()) {
	ids := r.URL.Query()["run"]
	if len(ids) == 0 || len(ids) > mostShown {
		refuse(w, http.StatusBadRequest, fmt.Sprintf("expected 1 to %d runs", mostShown))
		return nil, nil
	}
	var dirs []string
	for _, id := range ids {
		dir, ok := b.runs.dir(id)
		if !ok {
			refuse(w, http.StatusNotFound, fmt.Sprintf("there is no run %q", id))
			return nil, nil
		}
		dirs = append(dirs, dir)
	}
	v, err := b.views.get(dirs)
	if err != nil {
		refuse(w, http.StatusInternalServerError, err.Error())
		return nil, nil
	}
	return v, v.mutex.Unlock
}

// page answers with the charts of runs.
func (b *Board) page(w http.ResponseWriter, r *http.Request) {
	v, done := b.asked(w, r)
	if v == nil {
		return
	}
	defer done()
	query := url.Values{"run": r.URL.Query()["run"]}.Encode()
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	report.Of(v.followers, nil).WriteLive(w, report.Live{Data: "data?" + query, Control: "control?" + query, Home: "./"})
}

// data answers with what is new since a version, of all steps or some.
func (b *Board) data(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	var span *report.Span
	if q.Has("from") || q.Has("to") {
		from, err1 := strconv.ParseInt(q.Get("from"), 10, 64)
		to, err2 := strconv.ParseInt(q.Get("to"), 10, 64)
		if err1 != nil || err2 != nil || from < 0 || to < from {
			refuse(w, http.StatusBadRequest, "expected from and to, whole numbers that rise")
			return
		}
		span = &report.Span{From: from, To: to}
	}
	v, done := b.asked(w, r)
	if v == nil {
		return
	}
	defer done()
	if version := strconv.Itoa(v.version); q.Get("seen") == version {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	update, err := report.Of(v.followers, span).Update(v.version)
	if err != nil {
		refuse(w, http.StatusInternalServerError, err.Error())
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Write(update)
}

// order is what a run is to do.
type order struct {
	Run    int     `json:"run"` // its place among those in the address
	Do     string  `json:"do"`
	Factor float64 `json:"factor"`
}

// control asks a run for an event, and answers with the request's ID or, where that is given as seen, whether it was obeyed.
func (b *Board) control(w http.ResponseWriter, r *http.Request) {
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		refuse(w, http.StatusUnsupportedMediaType, "expected application/json")
		return
	}
	raw, err := io.ReadAll(r.Body)
	var o order
	if err == nil {
		err = json.Unmarshal(raw, &o)
	}
	ids := r.URL.Query()["run"]
	if err != nil || o.Run < 0 || o.Run >= len(ids) {
		refuse(w, http.StatusBadRequest, "expected {\"run\": 0, \"do\": \"stop\", \"save\" or \"learning_rate\", \"factor\": 0.5}")
		return
	}
	dir, ok := b.runs.dir(ids[o.Run])
	if !ok {
		refuse(w, http.StatusNotFound, fmt.Sprintf("there is no run %q", ids[o.Run]))
		return
	}
	if report.StateOf(dir) != report.Running {
		refuse(w, http.StatusConflict, "the run doesn't go on")
		return
	}
	e := train.Event{Kind: o.Do, ID: rand.Text()}
	if e.Kind == train.EventRate {
		e.Factor = o.Factor
	}
	if err := e.Validate(); err != nil {
		refuse(w, http.StatusBadRequest, err.Error())
		return
	}
	if err := train.Request(dir, e); err != nil {
		refuse(w, http.StatusInternalServerError, err.Error())
		return
	}
	writeJSON(w, map[string]string{"id": e.ID})
}
