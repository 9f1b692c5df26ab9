package main

import (
	"context"
	"io"
)

// interruptibleReader returns a reader of r that ends with the context's cause when the context does, also while it
// waits for r: a person who typed the wrong command at a terminal gets out of it by Ctrl-C.
func interruptibleReader(ctx context.Context, r io.Reader) io.Reader {
	return &contextReader{ctx: ctx, r: r, parts: make(chan readPart)}
}

type contextReader struct {
	ctx   context.Context
	r     io.Reader
	parts chan readPart
	rest  []byte
	err   error // of the part that rest is of
	begun bool
}

type readPart struct {
	b   []byte
	err error
}

// readSize is how much is read from the underlying reader at a time.
const readSize = 64 << 10

func (c *contextReader) Read(b []byte) (int, error) {
	if !c.begun {
		c.begun = true
		go c.pump()
	}
	for len(c.rest) == 0 {
		if c.err != nil {
			return 0, c.err
		}
		select {
		case p := <-c.parts:
			c.rest, c.err = p.b, p.err
		case <-c.ctx.Done():
			return 0, context.Cause(c.ctx)
		}
	}
	n := copy(b, c.rest)
	c.rest = c.rest[n:]
	return n, nil
}

// pump reads ahead by one part. It ends with the reader or the context; a read that is under way when the context ends is left to
// the end of the process.
func (c *contextReader) pump() {
	var buffers [2][readSize]byte
	for i := 0; ; i++ {
		b := buffers[i%2][:]
		n, err := c.r.Read(b)
		select {
		case c.parts <- readPart{b[:n], err}:
		case <-c.ctx.Done():
			return
		}
		if err != nil {
			return
		}
	}
}
