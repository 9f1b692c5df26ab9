package data

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"hash/crc32"
	"io"
	"math"
	"slices"
)

// errNoTokens is what an empty corpus comes to.
var errNoTokens = errors.New("data: no text")

// assembler turns ids, masks and documents into the sections of a token file.
type assembler struct {
	ids, mask, ends io.Writer
	h               header
	masked          bool        // a token that is not to be learned was seen, so there is a mask
	partial         byte        // the bits of the mask that don't fill a byte yet
	ended           uint64      // tokens in the documents that have ended
	sum             hash.Hash32 // over what the file holds behind its header
	scratch         []byte
}

func newAssembler(vocab int, ids, mask, ends io.Writer) (*assembler, error) {
	if vocab < 1 || vocab > math.MaxInt32 {
		return nil, fmt.Errorf("data: tokens: vocabulary of %d, expected 1 to %d", vocab, math.MaxInt32)
	}
	a := &assembler{ids: ids, mask: mask, ends: ends, sum: crc32.New(castagnoli)}
	copy(a.h.Magic[:], tokenMagic)
	a.h.Vocab = uint32(vocab)
	a.h.Width = 4
	if vocab <= 1<<16 {
		a.h.Width = 2
	}
	return a, nil
}

// Append adds tokens to the current document, which are to be learned or not.
func (a *assembler) Append(ids []int32, learn bool) error {
	width := int(a.h.Width)
	a.scratch = slices.Grow(a.scratch[:0], width*len(ids))[:width*len(ids)]
	out := a.scratch
	for i, id := range ids {
		if id < 0 || uint32(id) >= a.h.Vocab {
			return fmt.Errorf("data: tokens: id %d is outside of the vocabulary of %d", id, a.h.Vocab)
		}
		if width == 2 {
			binary.LittleEndian.PutUint16(out[2*i:], uint16(id))
		} else {
			binary.LittleEndian.PutUint32(out[4*i:], uint32(id))
		}
	}
	if err := a.appendMask(len(ids), learn); err != nil {
		return err
	}
	a.h.Tokens += uint64(len(ids))
	if learn {
		a.h.Targets += uint64(len(ids))
	}
	a.sum.Write(out)
	_, err := a.ids.Write(out)
	return err
}

// appendMask adds n equal bits. The mask begins with the first token that is not to be learned; then it is written from
// the start.
func (a *assembler) appendMask(n int, learn bool) error {
	if !a.masked {
		if learn || n == 0 {
			return nil
		}
		a.masked = true
		for full := a.h.Tokens / 8; full > 0; {
			part := bytes.Repeat([]byte{0xff}, int(min(full, readBuffer)))
			if _, err := a.mask.Write(part); err != nil {
				return err
			}
			full -= uint64(len(part))
		}
		a.partial = 1<<(a.h.Tokens%8) - 1
	}
	var out []byte
	for i := range uint64(n) {
		at := (a.h.Tokens + i) % 8
		if learn {
			a.partial |= 1 << at
		}
		if at == 7 {
			out = append(out, a.partial)
			a.partial = 0
		}
	}
	_, err := a.mask.Write(out)
	return err
}

// EndDocument ends the current document. A document without tokens leaves no trace.
func (a *assembler) EndDocument() error {
	if a.ended == a.h.Tokens {
		return nil
	}
	a.ended = a.h.Tokens
	a.h.Documents++
	_, err := a.ends.Write(binary.LittleEndian.AppendUint64(nil, a.h.Tokens))
	return err
}

// CountText adds n to the bytes of text that the tokens are known to be made from.
func (a *assembler) CountText(n int) {
	a.h.TextBytes += uint64(n)
}

// finish ends the last document and fills the sections up to multiples of eight bytes.
func (a *assembler) finish() error {
	if a.h.Tokens == 0 {
		return errNoTokens
	}
	if err := a.EndDocument(); err != nil {
		return err
	}
	ids := a.h.Tokens * uint64(a.h.Width)
	padding := make([]byte, pad8(ids)-ids)
	a.sum.Write(padding)
	if _, err := a.ids.Write(padding); err != nil || !a.masked {
		return err
	}
	a.h.Flags |= maskFlag
	tail := make([]byte, pad8((a.h.Tokens+7)/8)-a.h.Tokens/8)
	if len(tail) > 0 {
		tail[0] = a.partial
	}
	_, err := a.mask.Write(tail)
	return err
}

// encodeHeader returns the header, once all that follows it went through sum.
func (a *assembler) encodeHeader() ([]byte, error) {
	a.h.Checksum = a.sum.Sum32()
	b, err := binary.Append(nil, binary.LittleEndian, &a.h)
	if err != nil {
		return nil, err
	}
	binary.LittleEndian.PutUint32(b[headerSize-4:], crc32.Checksum(b[:headerSize-4], castagnoli))
	return b, nil
}

// memoryWriter assembles Tokens in memory.
type memoryWriter struct {
	*assembler
	sections [3]bytes.Buffer
}

func newMemoryWriter(vocab int) (*memoryWriter, error) {
	w := &memoryWriter{}
	var err error
	w.assembler, err = newAssembler(vocab, &w.sections[0], &w.sections[1], &w.sections[2])
	return w, err
}

func (w *memoryWriter) tokens() (*Tokens, error) {
	if err := w.finish(); err != nil {
		return nil, err
	}
	t := &Tokens{
		ids: w.sections[0].Bytes()[:w.h.Tokens*uint64(w.h.Width)], width: int(w.h.Width), ends: w.sections[2].Bytes(),
		hi: int(w.h.Tokens), vocab: int(w.h.Vocab), bytes: int64(w.h.TextBytes),
	}
	if w.masked {
		t.mask = w.sections[1].Bytes()
	}
	return t, nil
}
