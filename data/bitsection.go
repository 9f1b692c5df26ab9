package data

import (
	"bytes"
	"io"
)

// bitSection is a section of a token file with a bit for each token, lowest first. It is there only where a bit is not as
// usual: then it is written from the start.
type bitSection struct {
	out     io.Writer
	usual   bool
	begun   bool
	partial byte // the bits that don't fill a byte yet
}

// append adds n equal bits behind the first done.
func (s *bitSection) append(done uint64, n int, bit bool) error {
	if !s.begun {
		if bit == s.usual || n == 0 {
			return nil
		}
		if err := s.begin(done); err != nil {
			return err
		}
	}
	var out []byte
	for i := range uint64(n) {
		at := (done + i) % 8
		if bit {
			s.partial |= 1 << at
		}
		if at == 7 {
			out = append(out, s.partial)
			s.partial = 0
		}
	}
	_, err := s.out.Write(out)
	return err
}

// begin writes the usual bit done times.
func (s *bitSection) begin(done uint64) error {
	s.begun = true
	usual := byte(0)
	if s.usual {
		usual = 0xff
	}
	for full := done / 8; full > 0; {
		part := bytes.Repeat([]byte{usual}, int(min(full, readBuffer)))
		if _, err := s.out.Write(part); err != nil {
			return err
		}
		full -= uint64(len(part))
	}
	s.partial = usual & (1<<(done%8) - 1)
	return nil
}

// finish fills a section that has begun up to a multiple of eight bytes.
func (s *bitSection) finish(done uint64) error {
	if !s.begun {
		return nil
	}
	tail := make([]byte, pad8((done+7)/8)-done/8)
	if len(tail) > 0 {
		tail[0] = s.partial
	}
	_, err := s.out.Write(tail)
	return err
}
