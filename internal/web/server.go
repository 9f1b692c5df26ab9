package web

import (
	"context"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"time"
)

// Limits are what a server takes from its clients. Zeros mean the defaults.
type Limits struct {
	Header      int           // bytes of a request's headers; default 32 KiB
	Connections int           // at one time; others wait; default 512
	Read        time.Duration // for a request's headers, and again for its body; default 30 s
	Write       time.Duration // for a client to take what is written at one time; default 30 s
	Idle        time.Duration // of a connection between two requests; default 2 min
}

func (l Limits) complete() Limits {
	set := func(d *time.Duration, fallback time.Duration) {
		if *d == 0 {
			*d = fallback
		}
	}
	if l.Header == 0 {
		l.Header = 32 << 10
	}
	if l.Connections == 0 {
		l.Connections = 512
	}
	set(&l.Read, 30*time.Second)
	set(&l.Write, 30*time.Second)
	set(&l.Idle, 2*time.Minute)
	return l
}

// Serve answers requests until ctx ends. Then it takes no new connections, and requests that are under way get so much time to end before they are cut.
// Before that it calls ending, which may be nil. It closes the listener.
func Serve(ctx context.Context, l net.Listener, h http.Handler, limits Limits, grace time.Duration, ending func()) error {
	limits = limits.complete()
	server := &http.Server{
		Handler:           http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { h.ServeHTTP(paced(w, r, limits), r) }),
		ConnState:         func(c net.Conn, state http.ConnState) { c.(*client).is(state) },
		ReadHeaderTimeout: limits.Read,
		IdleTimeout:       limits.Idle,
		MaxHeaderBytes:    limits.Header,
		ErrorLog:          log.New(io.Discard, "", 0), // what clients do wrong; handlers tell their own faults
	}
	failed := make(chan error, 1)
	go func() {
		failed <- server.Serve(&fewer{Listener: l, free: make(chan struct{}, limits.Connections), write: limits.Write})
	}()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	if ending != nil {
		ending()
	}
	last, cancel := context.WithTimeout(context.Background(), grace)
	defer cancel()
	err := server.Shutdown(last)
	if errors.Is(err, context.DeadlineExceeded) {
		err = server.Close()
	}
	<-failed
	return err
}

// pacedWriter gives each write so much time.
type pacedWriter struct {
	http.ResponseWriter
	control *http.ResponseController
	time    time.Duration
}

func paced(w http.ResponseWriter, r *http.Request, l Limits) http.ResponseWriter {
	control := http.NewResponseController(w)
	// Of the body. What comes behind it isn't read, so that a client may wait for its answer for as long as it likes.
	control.SetReadDeadline(time.Now().Add(l.Read))
	r.Body = &timedBody{ReadCloser: r.Body, control: control}
	return &pacedWriter{w, control, l.Write}
}

func (w *pacedWriter) Write(b []byte) (int, error) {
	w.control.SetWriteDeadline(time.Now().Add(w.time))
	return w.ResponseWriter.Write(b)
}

func (w *pacedWriter) Flush() {
	w.control.SetWriteDeadline(time.Now().Add(w.time))
	w.control.Flush()
}

// Unwrap is for http.ResponseController.
func (w *pacedWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// timedBody takes the bound of time away once the body has been read.
type timedBody struct {
	io.ReadCloser
	control *http.ResponseController
}

func (b *timedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err == io.EOF {
		b.control.SetReadDeadline(time.Time{})
	}
	return n, err
}
