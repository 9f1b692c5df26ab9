package serve

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/seahorse-ml/seahorse/generate"
	"github.com/seahorse-ml/seahorse/internal/web"
)

// TestThousandBadRequests sends a thousand bad requests over connections of their own: 600 bodies that were changed at random, 100 that are too large, 200
// heads and 100 that don't come whole. Each gets one error and nothing behind it, and the server goes on as before.
func TestThousandBadRequests(t *testing.T) {
	const changedOnes, large, heads, slow, bodyLimit = 600, 100, 200, 100, 20_000
	s, address := servedTiny(t, Config{Body: bodyLimit, Batch: generate.BatcherConfig{Rows: 4}})
	good := textWith(`"temperature": 0`)
	before := spoken(address, request("/v1/completions", good))
	if before.status != 200 {
		t.Fatalf("a good request: %+v", before)
	}
	goroutines := runtime.NumGoroutine()
	r, statuses, right := rand.New(rand.NewPCG(7, 8)), map[int]int{}, 0
	count := func(text string, a answer) {
		if wrong := a.wrong(); wrong != "" {
			t.Errorf("%.200q: %s", text, wrong)
		}
		statuses[a.status]++
	}
	for n := 0; n < changedOnes; {
		text := request(paths[r.IntN(len(paths))], changed(r, seeds[r.IntN(len(seeds))]))
		if a := spoken(address, text); a.status == 200 {
			right++ // what was changed is still a request
		} else {
			count(text, a)
			n++
		}
	}
	for i := range large {
		text := request(paths[i%len(paths)], strings.Repeat(largeParts[i%len(largeParts)], bodyLimit+1))
		count(text, spoken(address, text))
	}
	for i := range heads {
		text := fmt.Sprintf(badHeads[i%len(badHeads)], strings.Repeat("x", i))
		count(text, spoken(address, text))
	}
	texts, got := make([]string, slow), make([]answer, slow)
	var all sync.WaitGroup
	for i := range slow {
		whole := request(paths[i%len(paths)], seeds[i%len(seeds)])
		texts[i] = whole[:1+i*(len(whole)-1)/slow]
		all.Go(func() { got[i] = spoken(address, texts[i]) })
	}
	all.Wait()
	for i, text := range texts {
		count(text, got[i])
	}
	total := 0
	for _, n := range statuses {
		total += n
	}
	t.Logf("%d errors, by status %v; %d changed requests were right", total, statuses, right)
	if total != 1000 {
		t.Errorf("%d errors, expected 1000", total)
	}
	for status := range maps.Keys(statuses) {
		if (status < 400 || status >= 500) && status != http.StatusNotImplemented { // that is for transfer encodings
			t.Errorf("%d answers have status %d", statuses[status], status)
		}
	}
	if after := spoken(address, request("/v1/completions", good)); after.status != 200 || after.text() != before.text() {
		t.Errorf("a good request behind them: %+v, before %+v", after, before)
	}
	for range 100 {
		if runtime.NumGoroutine() <= goroutines+2 {
			break
		}
		time.Sleep(20 * time.Millisecond)
	}
	if writing, waiting := s.batcher.Load(); waiting > 0 || s.busy.Load() != 0 || runtime.NumGoroutine() > goroutines+2 {
		t.Errorf("%d texts, %d requests, %d under way and %d goroutines are left, at first %d", writing, waiting, s.busy.Load(), runtime.NumGoroutine(), goroutines)
	}
}

// servedTiny serves the small Llama as the command does, to clients that must send their requests within a second.
func servedTiny(t *testing.T, c Config) (*Server, string) {
	t.Helper()
	trained, err := tiny()
	if err != nil {
		t.Fatal(err)
	}
	s, err := New(trained, c)
	if err != nil {
		t.Fatal(err)
	}
	l, err := web.Listen("127.0.0.1:0", "")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- web.Serve(ctx, l, s, web.Limits{Read: time.Second}, time.Second, s.End) }()
	t.Cleanup(func() {
		cancel()
		if err := <-served; err != nil {
			t.Error(err)
		}
		s.Close()
	})
	return s, l.Addr().String()
}

// request returns a request as it goes over the wire.
func request(path, body string) string {
	return fmt.Sprintf("POST %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", path, len(body), body)
}

// changed returns a body in which up to three places were changed.
func changed(r *rand.Rand, seed string) string {
	values := []string{`null`, `-1`, `1e400`, `""`, `[]`, `{}`, `"\ud800"`, `[[[[]]]]`, `true`, `99999999999999999999`, `"x"`, `0.5`}
	body := []byte(seed)
	for range 1 + r.IntN(3) {
		switch at := r.IntN(len(body)); r.IntN(4) {
		case 0:
			body[at] = byte(r.IntN(256))
		case 1:
			body = append(body[:at:at], body[min(len(body), at+1+r.IntN(10)):]...)
		case 2:
			body = body[:at+1]
		case 3:
			if colon := bytes.IndexByte(body[at:], ':'); colon >= 0 {
				end := at + colon + 1
				for end < len(body) && body[end] != ',' && body[end] != '}' {
					end++
				}
				body = []byte(string(body[:at+colon+1]) + values[r.IntN(len(values))] + string(body[end:]))
			}
		}
		if len(body) == 0 {
			body = []byte("{")
		}
	}
	return string(body)
}

// largeParts fill bodies that are too large.
var largeParts = []string{" ", "[", "{\"model\": ", "\x00", "é", "\"tiny\", "}

// badHeads are requests with something wrong before their bodies; %s is a text of any length.
var badHeads = []string{
	"%s\r\n\r\n",
	"POST /v1/completions\r\nX: %s\r\n\r\n",
	"POST /v1/completions HTTP/9.%s\r\nHost: localhost\r\n\r\n",
	"POST /v1/completions HTTP/1.1\r\nX: %s\r\n\r\n",
	"POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nHost: local%s\r\n\r\n",
	"POST /v1/completions HTTP/1.1\r\nHost: %s.example.com\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
	"POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nOrigin: http://%s.example.com\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
	"POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1%s\r\n\r\n",
	"POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nContent-Length: 2\r\nX: %s\r\n\r\nab",
	"POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999999999999999\r\nX: %s\r\n\r\n",
	"POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: gz%s\r\n\r\n",
	"POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nX%s\r\n\r\n",
	"POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nX\x00: %s\r\n\r\n",
	"POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nX: " + strings.Repeat("y", 60_000) + "%s\r\n\r\n",
	"POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: text/%s\r\nContent-Length: 2\r\n\r\n{}",
	"PUT /v1/completions HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nX: %s\r\n\r\n",
	"GET /v1/chat/completions?%s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
	"GET /v1/models/%s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
	"GET /../%%2e%%2e/etc/passwd%s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
	"POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nExpect: %s\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}",
}

// answer is what came over a connection until it was closed.
type answer struct {
	status int
	plain  bool // the body is plain text
	body   []byte
	behind int // bytes
	err    error
}

// spoken sends a text over a connection of its own.
func spoken(address, text string) (a answer) {
	c, err := net.Dial("tcp", address)
	if err != nil {
		return answer{err: err}
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(30 * time.Second))
	io.WriteString(c, text) // of a text that is too long, the server needn't take all
	in := bufio.NewReader(c)
	got, err := http.ReadResponse(in, nil)
	if err != nil {
		return answer{err: err}
	}
	a.status, a.plain = got.StatusCode, strings.HasPrefix(got.Header.Get("Content-Type"), "text/plain")
	if a.body, a.err = io.ReadAll(got.Body); a.err == nil {
		rest, _ := io.ReadAll(in)
		a.behind = len(rest)
	}
	return a
}

// wrong tells what is wrong with an error, or "": it's JSON as OpenAI writes it, or where a request wasn't understood as HTTP a line of text.
func (a answer) wrong() string {
	var e struct {
		Error struct{ Message, Type string }
	}
	switch {
	case a.err != nil:
		return a.err.Error()
	case a.behind > 0:
		return fmt.Sprintf("%d bytes behind the error %d %s", a.behind, a.status, a.body)
	case a.plain && len(a.body) > 0, a.status == http.StatusExpectationFailed: // of which net/http says no more
		return ""
	case json.Unmarshal(a.body, &e) != nil || e.Error.Message == "" || e.Error.Type == "":
		return fmt.Sprintf("%d %s", a.status, a.body)
	}
	return ""
}

// text returns the text of a completion.
func (a answer) text() any {
	var v any
	json.Unmarshal(a.body, &v)
	return at(v, "choices", 0, "text")
}
