package web

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// fewer is a listener that accepts so many connections at one time. They are clients.
type fewer struct {
	net.Listener
	free  chan struct{}
	write time.Duration // for a client to take an error
}

func (l *fewer) Accept() (net.Conn, error) {
	l.free <- struct{}{}
	c, err := l.Listener.Accept()
	if err != nil {
		<-l.free
		return nil, err
	}
	return &client{Conn: c, write: l.write, gone: sync.OnceFunc(func() { <-l.free })}, nil
}

// client is a connection. If the head of a request doesn't come in time, net/http closes it without a word, or calls what came bad; this says why in its place.
type client struct {
	net.Conn
	write time.Duration
	gone  func()
	begun atomic.Bool // something of the next request came
	whole atomic.Bool // its head came, so that net/http or the handler answers
	told  atomic.Bool // that it was too slow; nothing is written behind that
}

// is follows what net/http tells of the connection.
func (c *client) is(state http.ConnState) {
	switch state {
	case http.StateActive:
		c.whole.Store(true)
	case http.StateIdle:
		c.begun.Store(false)
		c.whole.Store(false)
	}
}

func (c *client) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if n > 0 {
		c.begun.Store(true)
	}
	if errors.Is(err, os.ErrDeadlineExceeded) && c.begun.Load() && !c.whole.Load() && !c.told.Swap(true) {
		const why = "408 Request Timeout: the head of the request didn't come in time"
		c.SetWriteDeadline(time.Now().Add(c.write))
		fmt.Fprintf(c.Conn, "HTTP/1.1 408 Request Timeout\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s", len(why), why)
	}
	return n, err
}

func (c *client) Write(p []byte) (int, error) {
	if c.told.Load() {
		return len(p), nil
	}
	return c.Conn.Write(p)
}

// CloseWrite lets a client that still sends read why it isn't listened to, as net/http does where a connection has it.
func (c *client) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return nil
}

func (c *client) Close() error {
	defer c.gone()
	return c.Conn.Close()
}
