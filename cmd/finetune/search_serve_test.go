package main

import (
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestSearchServe asks a server for passages in every way, right and wrong, and finds what is added while it runs.
func TestSearchServe(t *testing.T) {
	dir := t.TempDir()
	encoder, _ := newModels(t, dir)
	documents, _ := searchTexts(t, dir, 30)
	index := filepath.Join(dir, "index")
	put := []string{"search", "index", "--index", index, "--data", documents, "--model", encoder, "--split=sentences", "--max-tokens=40"}
	succeed(t, "", put...)
	f, err := findOptions{Index: index, Top: 2}.open()
	if err != nil {
		t.Fatal(err)
	}
	s := newSearchServer(f, "", 3)
	defer s.close()
	ask := func(method, target, body string) (int, string) {
		r := httptest.NewRequest(method, "http://127.0.0.1"+target, strings.NewReader(body))
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		return w.Code, w.Body.String()
	}
	for _, test := range []struct {
		method, target, body string
		status               int
		want                 string
	}{
		{"GET", "/search?q=letter+b1&mode=bm25&top=1", "", 200, `"source":"page 1"`},
		{"POST", "/search", `{"query": "letter c2", "mode": "bm25"}`, 200, `"source":"page 2"`},
		{"POST", "/search", `{"query": "who keeps letters", "top": 3}`, 200, `"rank":3`},
		{"GET", "/search?q=xylophone&mode=bm25", "", 200, `"hits":[]`},
		{"GET", "/health", "", 200, `"passages":`},
		{"GET", "/search", "", 400, "the query is empty"},
		{"GET", "/search?q=a&top=none", "", 400, "expected a number"},
		{"GET", "/search?q=a&top=0", "", 400, "expected 1 to 1000"},
		{"GET", "/search?q=a&depth=1", "", 400, "unknown"},
		{"GET", "/search?q=a&mode=x", "", 400, "mode"},
		{"POST", "/search", `{"query": 1}`, 400, "expected"},
		{"POST", "/search", `{"query": "a"} {}`, 400, "more than one"},
		{"POST", "/search", `{"query": "` + strings.Repeat("a", mostQuery) + `"}`, 413, "more than"},
		{"PUT", "/search", "", 405, "GET or POST"},
		{"GET", "/index.json", "", 404, "/health"},
	} {
		if status, got := ask(test.method, test.target, test.body); status != test.status || !strings.Contains(got, test.want) {
			t.Errorf("%s %s %.60s: %d %.200s, expected %d and %q", test.method, test.target, test.body, status, got, test.status, test.want)
		}
	}
	time.Sleep(20 * time.Millisecond) // so that the manifest's time differs
	put[5] = write(t, filepath.Join(dir, "more.jsonl"), `{"id": "new", "text": "a xylophone"}`+"\n")
	succeed(t, "", put...)
	if _, got := ask("GET", "/search?q=xylophone&mode=bm25", ""); !strings.Contains(got, `"source":"new"`) {
		t.Errorf("what was added isn't found: %s", got)
	}
	s.waiting.Add(3)
	if status, _ := ask("GET", "/search?q=a", ""); status != http.StatusServiceUnavailable {
		t.Errorf("status %d with more requests than may wait", status)
	}
	s.guard.Token = "secret"
	if status, _ := ask("GET", "/health", ""); status != http.StatusUnauthorized {
		t.Errorf("status %d without a token", status)
	}
	fails(t, "needs a token", "search", "serve", "--index", index, "--listen", "0.0.0.0:0")
}

func FuzzSearchRequest(f *testing.F) {
	f.Add("POST", "q=a", `{"query": "a", "top": 3, "mode": "bm25"}`)
	f.Add("GET", "q=a&top=5&mode=hybrid", "")
	f.Fuzz(func(t *testing.T, method, query, body string) {
		r := httptest.NewRequest("GET", "http://127.0.0.1/search", strings.NewReader(body))
		r.Method, r.URL.RawQuery = method, query
		asked, err := readSearch(httptest.NewRecorder(), r)
		if err == nil && (asked.Query == "" || asked.Top != nil && *asked.Top < 1) {
			t.Errorf("%+v was accepted", asked)
		}
	})
}
