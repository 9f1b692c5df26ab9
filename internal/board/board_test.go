package board

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seahorse-ml/seahorse/internal/dirlock"
	"github.com/seahorse-ml/seahorse/train"
)

const (
	token  = "SECRET"
	marker = "nobody is to read this" // in what lies beside the folder
)

// folder makes a folder of two runs, a secret beside it, and a link to that.
func folder(t testing.TB) string {
	t.Helper()
	above := t.TempDir()
	root := filepath.Join(above, "runs")
	for _, dir := range []string{filepath.Join(root, "a"), filepath.Join(root, "group", "b & <c>"), filepath.Join(above, "secret"), filepath.Join(root, "a", "below")} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		var lines strings.Builder
		for i := 1; i <= 50; i++ {
			fmt.Fprintf(&lines, "{\"step\":%d,\"loss\":%d}\n", i, 100-i)
		}
		if err := os.WriteFile(filepath.Join(dir, train.MetricsName), []byte(lines.String()), 0o644); err != nil {
			t.Fatal(err)
		}
		settings := "max_steps: 100\n"
		if strings.HasPrefix(filepath.Base(dir), "secret") {
			settings += "note: " + marker + "\n"
		}
		if err := os.WriteFile(filepath.Join(dir, "run.yaml"), []byte(settings), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(filepath.Join(above, "secret"), filepath.Join(root, "link")); err != nil {
		t.Skip("no links here")
	}
	return root
}

func newBoard(t testing.TB, root string) *Board {
	t.Helper()
	b, err := New(Config{Root: root, Token: token})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// ask sends a request to the board, as a browser does that has its address.
func ask(b *Board, method, path, body string, change ...func(r *http.Request)) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, "http://127.0.0.1:8090/"+token+"/"+path, strings.NewReader(body))
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Origin", "http://127.0.0.1:8090")
	}
	for _, c := range change {
		c(r)
	}
	w := httptest.NewRecorder()
	b.ServeHTTP(w, r)
	return w
}

func TestList(t *testing.T) {
	root := folder(t)
	b := newBoard(t, root)
	var all []brief
	if w := ask(b, "GET", "list", ""); w.Code != 200 || json.Unmarshal(w.Body.Bytes(), &all) != nil {
		t.Fatalf("%d: %s", w.Code, w.Body)
	}
	if len(all) != 2 || all[0].ID != "a" || all[1].ID != "group/b & <c>" || all[0].Step != 50 || all[0].MaxSteps != 100 || all[0].State != "stopped" {
		t.Errorf("runs: %+v", all)
	}
	if err := os.MkdirAll(filepath.Join(root, "new"), 0o755); err != nil {
		t.Fatal(err)
	}
	os.WriteFile(filepath.Join(root, "new", train.MetricsName), nil, 0o644)
	b.runs.looked = b.runs.looked.Add(-scanPause)
	if json.Unmarshal(ask(b, "GET", "list", "").Body.Bytes(), &all); len(all) != 3 {
		t.Errorf("a new run isn't found: %+v", all)
	}
}

func TestPages(t *testing.T) {
	b := newBoard(t, folder(t))
	if w := ask(b, "GET", "", ""); w.Code != 200 || !strings.Contains(w.Body.String(), "Runs in runs") {
		t.Errorf("home: %d: %.200s", w.Code, w.Body)
	}
	query := url.Values{"run": {"a", "group/b & <c>"}}.Encode()
	w := ask(b, "GET", "runs?"+query, "")
	if w.Code != 200 || !strings.Contains(w.Body.String(), "b &amp; &lt;c&gt;") {
		t.Errorf("page: %d: %.200s", w.Code, w.Body)
	}
	w = ask(b, "GET", "data?"+query+"&from=10&to=20", "")
	var u struct {
		Version int
		Ends    [2]int
		Figures struct {
			Charts []struct{ Lines []struct{ Steps []int } }
		}
	}
	if w.Code != 200 || json.Unmarshal(w.Body.Bytes(), &u) != nil || u.Ends != [2]int{1, 50} || len(u.Figures.Charts[0].Lines[0].Steps) != 11 {
		t.Errorf("data: %d: %+v", w.Code, u)
	}
	if w := ask(b, "GET", fmt.Sprintf("data?%s&seen=%d", query, u.Version), ""); w.Code != http.StatusNoContent {
		t.Errorf("nothing is new: %d", w.Code)
	}
}

// TestControl asks a run that goes on, and one that doesn't.
func TestControl(t *testing.T) {
	root := folder(t)
	b := newBoard(t, root)
	if w := ask(b, "POST", "control?run=a", `{"run":0,"do":"stop"}`); w.Code != http.StatusConflict {
		t.Errorf("a run that is over: %d", w.Code)
	}
	lock, err := dirlock.Acquire(filepath.Join(root, "a"))
	if err != nil {
		t.Fatal(err)
	}
	defer lock.Release()
	for body, want := range map[string]int{
		`{"run":0,"do":"stop"}`: 200, `{"run":0,"do":"save"}`: 200, `{"run":0,"do":"learning_rate","factor":0.5}`: 200,
		`{"run":0,"do":"learning_rate","factor":-1}`: 400, `{"run":0,"do":"rm"}`: 400, `{"run":1,"do":"stop"}`: 400, `{"run":-1,"do":"stop"}`: 400, `{`: 400,
		`{"run":0,"do":"` + strings.Repeat("x", mostRequest) + `"}`: 400,
	} {
		if w := ask(b, "POST", "control?run=a", body); w.Code != want {
			t.Errorf("%.60s: %d, expected %d", body, w.Code, want)
		}
	}
	raw, err := os.ReadFile(filepath.Join(root, "a", "requests.jsonl"))
	if lines := strings.Count(string(raw), "\n"); err != nil || lines != 3 {
		t.Errorf("%d requests have come to the run, %v", lines, err)
	}
}

// TestRefuses tries what somebody else might.
func TestRefuses(t *testing.T) {
	root := folder(t)
	lock, err := dirlock.Acquire(filepath.Join(root, "a"))
	if err != nil {
		t.Fatal(err)
	}
	defer lock.Release()
	b := newBoard(t, root)
	stop := `{"run":0,"do":"stop"}`
	header := func(key, value string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set(key, value) }
	}
	host := func(name string) func(*http.Request) { return func(r *http.Request) { r.Host = name } }
	path := func(p string) func(*http.Request) { return func(r *http.Request) { r.URL.Path = p } }
	for _, c := range []struct {
		what, method, path, body string
		change                   func(*http.Request)
		want                     int
	}{
		{"another host", "GET", "list", "", host("evil.example"), 403},
		{"a name that means this machine today", "GET", "list", "", host("127.0.0.1.evil.example:8090"), 403},
		{"another page", "POST", "control?run=a", stop, header("Origin", "http://evil.example"), 403},
		{"a page of another port", "POST", "control?run=a", stop, header("Origin", "http://127.0.0.1:9999"), 403},
		{"a page without an origin", "GET", "list", "", header("Origin", "null"), 403},
		{"no token", "GET", "list", "", path("/list"), 403},
		{"no path", "GET", "", "", path("/"), 403},
		{"another token", "GET", "list", "", path("/SECREU/list"), 403},
		{"a part of the token", "GET", "list", "", path("/SECRE/list"), 403},
		{"the token alone", "GET", "", "", path("/" + token), 404},
		{"something else", "GET", "metrics.jsonl", "", nil, 404},
		{"a path upwards", "GET", "../../etc/passwd", "", nil, 404},
		{"a form", "POST", "control?run=a", stop, header("Content-Type", "text/plain"), 415},
		{"the wrong method", "GET", "control?run=a", "", nil, 405},
		{"the wrong method", "POST", "list", "", nil, 405},
		{"no run", "GET", "data", "", nil, 400},
		{"a run outside", "GET", "data?run=../secret", "", nil, 404},
		{"a run outside", "GET", "data?run=" + url.QueryEscape(filepath.Dir(root)+"/secret"), "", nil, 404},
		{"a link", "GET", "data?run=link", "", nil, 404},
		{"a folder in a run", "GET", "data?run=a/below", "", nil, 404},
		{"a folder that is no run", "GET", "data?run=group", "", nil, 404},
		{"too many runs", "GET", "data?" + strings.Repeat("run=a&", mostShown+1), "", nil, 400},
		{"steps that make no sense", "GET", "data?run=a&from=9&to=1", "", nil, 400},
	} {
		change := c.change
		if change == nil {
			change = func(*http.Request) {}
		}
		w := ask(b, c.method, c.path, c.body, change)
		if w.Code != c.want {
			t.Errorf("%s: %d, expected %d: %s", c.what, w.Code, c.want, w.Body)
		}
		if strings.Contains(w.Body.String(), "loss") {
			t.Errorf("%s: %s", c.what, w.Body)
		}
	}
	if _, err := os.Stat(filepath.Join(root, "a", "requests.jsonl")); err == nil {
		t.Error("a request has come to the run")
	}
	for _, key := range []string{"X-Content-Type-Options", "Referrer-Policy", "Cache-Control", "X-Frame-Options"} {
		if ask(b, "GET", "", "").Header().Get(key) == "" {
			t.Errorf("no header %s", key)
		}
	}
}
