package mcp

import (
	"errors"
	"io"
	"net/http"
)

// boundedBodies adds a header to requests and bounds what comes of each.
type boundedBodies struct {
	under  http.RoundTripper
	config Config
}

// RoundTrip sends a request.
func (b boundedBodies) RoundTrip(r *http.Request) (*http.Response, error) {
	if len(b.config.Header) > 0 {
		r = r.Clone(r.Context())
		for name, values := range b.config.Header {
			r.Header[name] = values
		}
	}
	response, err := b.under.RoundTrip(r)
	if err == nil {
		response.Body = &body{response.Body, b.config.Bytes}
	}
	return response, err
}

// body is what a server answers, up to a bound.
type body struct {
	io.ReadCloser
	left int
}

// Read reads on, up to the bound.
func (b *body) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if b.left -= n; b.left < 0 {
		return 0, errors.New("an answer that is longer than is read")
	}
	return n, err
}
