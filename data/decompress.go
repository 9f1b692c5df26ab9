package data

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"sync/atomic"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

const (
	readBuffer = 256 << 10
	// maxZstdWindow bounds what a compressed file can make the decoder allocate; zstd --long=29 needs this much.
	maxZstdWindow = 512 << 20
)

var (
	gzipMagic = []byte{0x1f, 0x8b}
	zstdMagic = []byte{0x28, 0xb5, 0x2f, 0xfd}
)

// reader is an open input, decompressed where its first bytes ask for it.
type reader struct {
	io.Reader
	file   *os.File
	packed bool   // it is compressed
	magic  []byte // its first bytes
	close  func() // frees the decompressor; nil where there is none
}

// open opens the file; the bytes that are read of it, before decompression, are added to read.
func (in input) open(read *atomic.Int64) (*reader, error) {
	f, err := os.Open(in.path)
	if err != nil {
		return nil, &Fault{Name: in.name, Err: err}
	}
	r := &reader{file: f}
	b := bufio.NewReaderSize(&countingReader{f, read}, int(min(readBuffer, in.size+1)))
	magic, err := b.Peek(len(zstdMagic))
	if err != nil && !errors.Is(err, io.EOF) {
		f.Close()
		return nil, &Fault{Name: in.name, Err: err}
	}
	r.magic = bytes.Clone(magic)
	switch {
	case bytes.HasPrefix(magic, gzipMagic):
		z, err := gzip.NewReader(b)
		if err != nil {
			f.Close()
			return nil, &Fault{Name: in.name, Err: fmt.Errorf("gzip: %w", err)}
		}
		r.Reader, r.packed = z, true
	case bytes.HasPrefix(magic, zstdMagic):
		z, err := zstd.NewReader(b, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(maxZstdWindow))
		if err != nil {
			f.Close()
			return nil, &Fault{Name: in.name, Err: fmt.Errorf("zstd: %w", err)}
		}
		r.Reader, r.close, r.packed = z, z.Close, true
	default:
		r.Reader = b
	}
	return r, nil
}

func (r *reader) Close() error {
	if r.close != nil {
		r.close()
	}
	return r.file.Close()
}

// countingReader counts the bytes that pass through.
type countingReader struct {
	r io.Reader
	n *atomic.Int64
}

func (c *countingReader) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n.Add(int64(n))
	return n, err
}
