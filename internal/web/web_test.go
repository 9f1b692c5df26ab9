package web

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

func TestGuard(t *testing.T) {
	for _, test := range []struct {
		token, host, origin, shown string
		want                       error
	}{
		{"", "localhost:8000", "", "", nil},
		{"", "127.0.0.1", "", "", nil},
		{"", "127.9.9.9:1", "", "", nil},
		{"", "[::1]:8000", "", "", nil},
		{"", "LOCALHOST", "http://localhost:3000", "", nil},
		{"", "localhost:8000", "http://[::1]:3000", "", nil},
		{"", "example.com:8000", "", "", ErrHost},
		{"", "localhost.example.com", "", "", ErrHost},
		{"", "192.168.1.2", "", "", ErrHost},
		{"", "", "", "", ErrHost},
		{"", "localhost", "https://example.com", "", ErrOrigin},
		{"", "localhost", "null", "", ErrOrigin},
		{"", "localhost", "file://localhost", "", ErrOrigin},
		{"", "localhost", "http://localhost.example.com", "", ErrOrigin},
		{"", "localhost", "http://localhost@example.com", "", ErrOrigin},
		{"secret", "example.com", "https://example.com", "Bearer secret", nil},
		{"secret", "localhost", "", "", ErrToken},
		{"secret", "localhost", "", "secret", ErrToken},
		{"secret", "localhost", "", "Bearer secret2", ErrToken},
		{"secret", "localhost", "", "Bearer ", ErrToken},
	} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Host = test.host
		r.Header.Set("Origin", test.origin)
		r.Header.Set("Authorization", test.shown)
		if got := (Guard{Token: test.token}).Check(r); !errors.Is(got, test.want) {
			t.Errorf("%+v: %v", test, got)
		}
	}
}

func TestListen(t *testing.T) {
	for address, ok := range map[string]bool{"127.0.0.1:0": true, "localhost:0": true, "0.0.0.0:0": false, ":0": false, "[::]:0": false, "192.0.2.1:0": false, "8000": false} {
		l, err := Listen(address, "")
		if (err == nil) != ok {
			t.Errorf("%s without a token: %v", address, err)
		}
		if err == nil {
			l.Close()
		}
	}
	l, err := Listen("0.0.0.0:0", "secret")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
}

// serving starts a server that reads a body and answers with its length, and returns its address.
func serving(t *testing.T, limits Limits) string {
	t.Helper()
	l, err := Listen("127.0.0.1:0", "")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		data, err := io.ReadAll(r.Body)
		if err != nil {
			w.WriteHeader(http.StatusRequestTimeout)
			return
		}
		time.Sleep(time.Duration(len(r.URL.Query().Get("wait"))) * 100 * time.Millisecond)
		fmt.Fprint(w, len(data))
	})
	go func() { ended <- Serve(ctx, l, h, limits, time.Second, nil) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return l.Addr().String()
}

// said sends text over a connection of its own and returns the first line of the answer, "" where there is none.
func said(t *testing.T, address, text string) string {
	t.Helper()
	c, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(10 * time.Second))
	io.WriteString(c, text)
	line, err := bufio.NewReader(c).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		t.Errorf("%.40q: %v", text, err)
	}
	return strings.TrimSpace(line)
}

// TestSlowClients sends half of a request, and waits longer for an answer than for a request's parts.
func TestSlowClients(t *testing.T) {
	address := serving(t, Limits{Read: 200 * time.Millisecond, Header: 4096})
	head := "POST / HTTP/1.1\r\nHost: localhost\r\n"
	for text, want := range map[string]string{
		head + "Content-Length: 2\r\n\r\nab":                                   "HTTP/1.1 200 OK",
		head + "Content-Length: 9\r\n\r\nab":                                   "HTTP/1.1 408 Request Timeout",
		head + "X: " + strings.Repeat("x", 20_000) + "\r\n\r\n":                "HTTP/1.1 431 Request Header Fields Too Large",
		"POST /?wait=xxxxxx HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\na": "HTTP/1.1 200 OK",
		"POST /?wait=xxxxxx HTTP/1.1\r\nHost: a\r\n\r\n":                       "HTTP/1.1 200 OK",
		"nonsense\r\n\r\n": "HTTP/1.1 400 Bad Request",
		head:               "HTTP/1.1 408 Request Timeout",
		"PO":               "HTTP/1.1 408 Request Timeout",
		"":                 "",
	} {
		if got := said(t, address, text); got != want {
			t.Errorf("%.60q: %q, expected %q", text, got, want)
		}
	}
}

// TestConnections opens more connections than are answered at one time: the last one is answered once another is closed.
func TestConnections(t *testing.T) {
	address := serving(t, Limits{Connections: 2})
	first, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	second, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer second.Close()
	answered := make(chan string, 1)
	time.Sleep(50 * time.Millisecond)
	go func() { answered <- said(t, address, "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n") }()
	select {
	case got := <-answered:
		t.Errorf("a third connection was answered: %s", got)
	case <-time.After(100 * time.Millisecond):
	}
	first.Close()
	if got := <-answered; got != "HTTP/1.1 200 OK" {
		t.Errorf("answer %q", got)
	}
}
