package data

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math"

	"github.com/seahorse-ml/seahorse/internal/atomicfile"
)

// TopsWriter writes a file of tops for the documents of some tokens, each once. The file appears under its name only when Commit has written it to
// the disk.
type TopsWriter struct {
	out      *atomicfile.File
	buffer   *bufio.Writer
	header   topsHeader
	asked    []askedDocument
	checksum uint32
	written  uint64
}

// askedDocument is a document that a teacher is to read.
type askedDocument struct {
	of     *Tokens
	lo, hi int
}

// NewTopsWriter starts a file of the K most probable of so many tokens, for all documents of the tokens.
func NewTopsWriter(path string, top, vocab int, tokens ...*Tokens) (*TopsWriter, error) {
	if top < 1 || top > vocab {
		return nil, fmt.Errorf("data: the %d most probable of %d tokens, expected 1 or more and no more than there are", top, vocab)
	}
	w := &TopsWriter{header: topsHeader{Top: uint32(top), Vocab: uint32(vocab)}}
	copy(w.header.Magic[:], topsMagic)
	var table []byte
	seen := map[documentHash]bool{}
	for _, t := range tokens {
		if t.Vocab() > vocab {
			return nil, fmt.Errorf("data: tokens of a vocabulary of %d, and the teacher scores %d", t.Vocab(), vocab)
		}
		for d := range t.Documents() {
			lo, hi := t.Document(d)
			h := hashDocument(t, lo, hi)
			if seen[h] || lo == hi {
				continue
			}
			seen[h] = true
			w.asked = append(w.asked, askedDocument{t, lo, hi})
			table = append(table, h[:]...)
			table = binary.LittleEndian.AppendUint64(table, w.header.Rows)
			table = binary.LittleEndian.AppendUint64(table, uint64(hi-lo))
			w.header.Rows += uint64(hi - lo)
		}
	}
	w.header.Documents = uint64(len(w.asked))
	var err error
	if w.out, err = atomicfile.Create(path); err != nil {
		return nil, fmt.Errorf("data: %w", err)
	}
	w.buffer = bufio.NewWriterSize(w.out, readBuffer)
	_, err = w.buffer.Write(make([]byte, topsHeaderSize))
	if err := errors.Join(err, w.write(table)); err != nil {
		w.Abort()
		return nil, err
	}
	return w, nil
}

// write writes what the checksum is of.
func (w *TopsWriter) write(b []byte) error {
	w.checksum = crc32.Update(w.checksum, castagnoli, b)
	if _, err := w.buffer.Write(b); err != nil {
		return fmt.Errorf("data: %w", err)
	}
	return nil
}

// Documents returns how many documents there are to be read.
func (w *TopsWriter) Documents() int { return len(w.asked) }

// Rows returns how many rows are to be appended: a row for each token of each document.
func (w *TopsWriter) Rows() int { return int(w.header.Rows) }

// Document returns the tokens of a document, whose rows are to be appended in the order of documents.
func (w *TopsWriter) Document(d int) []int32 {
	a := w.asked[d]
	ids := make([]int32, a.hi-a.lo)
	a.of.copyIDs(ids, a.lo)
	return ids
}

// Append writes a row: K tokens, the most probable first, and the logarithms of their probabilities.
func (w *TopsWriter) Append(ids []int32, logs []float32) error {
	if n := int(w.header.Top); len(ids) != n || len(logs) != n || w.written == w.header.Rows {
		return fmt.Errorf("data: row %d of %d with %d tokens and %d logarithms, expected %d", w.written+1, w.header.Rows, len(ids), len(logs), n)
	}
	var b []byte
	for _, id := range ids {
		b = binary.LittleEndian.AppendUint32(b, uint32(id))
	}
	for _, v := range logs {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(v))
	}
	w.written++
	return w.write(b)
}

// Commit makes the file appear.
func (w *TopsWriter) Commit() error {
	if w.written != w.header.Rows {
		return fmt.Errorf("data: %d rows were appended, expected %d", w.written, w.header.Rows)
	}
	w.header.Checksum = w.checksum
	b, err := binary.Append(nil, binary.LittleEndian, w.header)
	if err != nil {
		return err
	}
	binary.LittleEndian.PutUint32(b[36:], crc32.Checksum(b[:36], castagnoli))
	err = w.buffer.Flush()
	if err == nil {
		_, err = w.out.Seek(0, io.SeekStart)
	}
	if err == nil {
		_, err = w.out.Write(b)
	}
	if err == nil {
		err = w.out.Commit()
	}
	if err != nil {
		return fmt.Errorf("data: %w", err)
	}
	return nil
}

// Abort gives the file up. After Commit it does nothing.
func (w *TopsWriter) Abort() { w.out.Abort() }
