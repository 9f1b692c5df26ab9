package board

import (
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/seahorse-ml/seahorse/internal/dirlock"
)

// request is what somebody may send.
type request struct{ method, path, query, host, origin, kind, body string }

// send lets the board answer it.
func (q request) send(b *Board) *httptest.ResponseRecorder {
	r := httptest.NewRequest("GET", "http://127.0.0.1/", strings.NewReader(q.body))
	r.Method, r.URL.Path, r.URL.RawQuery, r.Host = q.method, q.path, q.query, q.host
	if q.origin != "" {
		r.Header.Set("Origin", q.origin)
	}
	r.Header.Set("Content-Type", q.kind)
	w := httptest.NewRecorder()
	b.ServeHTTP(w, r)
	return w
}

// bad tells why a request must be refused, whatever else is right or wrong with it, or "".
func (q request) bad() string {
	name := q.host
	if host, _, err := net.SplitHostPort(name); err == nil {
		name = host
	}
	methods := map[string]string{"": "GET", "list": "GET", "runs": "GET", "data": "GET", "control": "POST"}
	first, route, found := strings.Cut(strings.TrimPrefix(q.path, "/"), "/")
	method, known := methods[route]
	query, _ := url.ParseQuery(q.query)
	runs := query["run"]
	switch {
	case !strings.EqualFold(name, "localhost") && !net.ParseIP(strings.Trim(name, "[]")).IsLoopback():
		return "the host isn't this machine"
	case q.origin != "" && !strings.EqualFold(q.origin, "http://"+q.host) && !strings.EqualFold(q.origin, "https://"+q.host):
		if u, err := url.Parse(q.origin); err != nil || !strings.EqualFold(u.Host, q.host) {
			return "the page is of another host"
		}
	case first != token || !found:
		return "no token"
	case !known || q.method != method:
		return "no such page"
	case (route == "data" || route == "runs") && (len(runs) == 0 || slices.ContainsFunc(runs, func(id string) bool { return id != "a" && id != "group/b & <c>" })):
		return "no such run"
	}
	return ""
}

// guarded is a board over a run that goes on, to be sent requests that must change nothing.
type guarded struct {
	*Board
	asked string // the file that obeyed requests come to
}

func guard(t testing.TB) guarded {
	t.Helper()
	root := folder(t)
	lock, err := dirlock.Acquire(filepath.Join(root, "a"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { lock.Release() })
	return guarded{newBoard(t, root), filepath.Join(root, "a", "requests.jsonl")}
}

// check sends a request and tells what is wrong with the answer, or "".
func (g guarded) check(q request) string {
	os.Remove(g.asked)
	w := q.send(g.Board)
	body := w.Body.String()
	why := q.bad()
	_, err := os.Stat(g.asked)
	switch served := w.Code < 300; {
	case w.Code >= 500:
		return fmt.Sprintf("a fault of the server: %d: %s", w.Code, body)
	case strings.Contains(body, marker):
		return "what lies outside of the folder is served"
	case served && why != "":
		return fmt.Sprintf("answered with %d though %s: %.200s", w.Code, why, body)
	case !served && strings.Contains(body, "loss"):
		return "a refusal tells of runs: " + body
	case err == nil && (!served || q.method != http.MethodPost):
		return "the run is asked for something"
	}
	return ""
}

// TestBadRequests spoils good requests in all ways that somebody might try, 2,000 times.
func TestBadRequests(t *testing.T) {
	g := guard(t)
	good := []request{
		{"GET", "/" + token + "/", "", "127.0.0.1:8090", "", "", ""},
		{"GET", "/" + token + "/list", "", "localhost:8090", "http://localhost:8090", "", ""},
		{"GET", "/" + token + "/runs", "run=a", "127.0.0.1:8090", "", "", ""},
		{"GET", "/" + token + "/data", "run=a&from=1&to=9", "[::1]:8090", "", "", ""},
		{"POST", "/" + token + "/control", "run=a", "127.0.0.1:8090", "http://127.0.0.1:8090", "application/json", `{"run":0,"do":"save"}`},
	}
	for _, q := range good {
		if w := q.send(g.Board); q.bad() != "" || w.Code != 200 {
			t.Fatalf("%+v: %d, %q: expected it to be good", q, w.Code, q.bad())
		}
	}
	pick := func(r *rand.Rand, of ...string) string { return of[r.IntN(len(of))] }
	spoil := []func(r *rand.Rand, q *request){
		func(r *rand.Rand, q *request) {
			q.host = pick(r, "evil.example", "127.0.0.1.evil.example", "localhost.evil.example:8090", "", "192.168.0.7:8090", "0.0.0.0:8090", "[fe80::1]:8090", "127.0.0.1@evil.example", "evil.example:127", "xn--localhost")
		},
		func(r *rand.Rand, q *request) {
			q.origin = pick(r, "null", "http://evil.example", "https://127.0.0.1.evil.example", "http://127.0.0.1:1", "http://localhost:1", "file://", "http://[::1", "http://evil.example@127.0.0.1:9", "chrome-extension://abc")
		},
		func(r *rand.Rand, q *request) {
			q.path = strings.Replace(q.path, token, pick(r, "", "SECRE", "SECRETS", "secret", "%53ECRET", "SECRET\x00", " SECRET", "../SECRET", "list"), 1)
		},
		func(r *rand.Rand, q *request) {
			q.path = "/" + token + "/" + pick(r, "../../etc/passwd", "..%2f..%2fetc/passwd", "a/metrics.jsonl", "list/", "/list", "data/../list", "run.yaml", ".", "a", "control/x", "favicon.ico", "debug/pprof/", "\\list")
		},
		func(r *rand.Rand, q *request) {
			q.method = pick(r, "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH", "TRACE", "", "get", "CONNECT")
		},
		func(r *rand.Rand, q *request) {
			q.path = "/" + token + "/" + pick(r, "data", "runs")
			q.query = "run=" + pick(r, "", "..", "../secret", "..%2fsecret", "%2e%2e/secret", "a/../../secret", "link", "a/below", "group", "./a", "a/", "/a", "a%00", "A", "*", "/etc", "C:%5C", "%ff")
			q.method = "GET"
		},
	}
	r := rand.New(rand.NewPCG(1, 2))
	bad := map[string]int{}
	for range 2000 {
		q := good[r.IntN(len(good))]
		spoil[r.IntN(len(spoil))](r, &q)
		if r.IntN(3) == 0 {
			spoil[r.IntN(len(spoil))](r, &q)
		}
		why := q.bad()
		if why == "" {
			t.Errorf("%+v isn't bad", q)
		}
		bad[why]++
		if wrong := g.check(q); wrong != "" {
			t.Errorf("%+v: %s", q, wrong)
		}
	}
	t.Logf("refused, by what was wrong first: %v", bad)
}

// FuzzRequests sends whatever: no fault of the server, nothing for who isn't to have it, nothing from outside of the folder.
func FuzzRequests(f *testing.F) {
	g := guard(f)
	for _, q := range []request{
		{"GET", "/" + token + "/list", "", "127.0.0.1", "", "", ""},
		{"POST", "/" + token + "/control", "run=a", "localhost:80", "http://localhost:80", "application/json", `{"run":0,"do":"stop"}`},
		{"GET", "/" + token + "/data", "run=a&seen=1&from=1&to=99999999999999999999", "[::1]", "", "", ""},
		{"GET", "/" + token + "/runs", "run=..%2f..&run=%00", "127.0.0.1", "http://[::1", ";;", ""},
		{"GET", "//" + token + "/../list", "%zz", "", "null", "", ""},
	} {
		f.Add(q.method, q.path, q.query, q.host, q.origin, q.kind, q.body)
	}
	f.Fuzz(func(t *testing.T, method, path, query, host, origin, kind, body string) {
		if wrong := g.check(request{method, path, query, host, origin, kind, body}); wrong != "" {
			t.Fatal(wrong)
		}
	})
}
