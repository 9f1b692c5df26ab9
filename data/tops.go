package data

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"math"
	"os"

	"github.com/edsrzf/mmap-go"
)

// A file of tops is little-endian and has
//
//	header     48 bytes, as in struct topsHeader
//	documents  of each 32 bytes: the beginning of the SHA-256 of its ids as int32 (16 bytes), the first of its rows and how many it has (uint64)
//	rows       of each token K ids (uint32) and K logarithms of probabilities (float32), the most probable first: of what comes behind the token
const (
	topsMagic      = "SEAHTOP1"
	topsHeaderSize = 48
	topsEntry      = 32
)

// topsHeader is the header of a file of tops.
type topsHeader struct {
	Magic       [8]byte
	Top         uint32 // K
	Vocab       uint32 // ids are below it
	Documents   uint64
	Rows        uint64
	Checksum    uint32 // CRC-32C of all that follows the header
	HeaderCheck uint32 // CRC-32C of the header up to here
	_           [8]byte
}

// documentHash tells documents apart by their tokens.
type documentHash [16]byte

// hashDocument returns the hash of tokens [lo, hi).
func hashDocument(t *Tokens, lo, hi int) (h documentHash) {
	b := make([]byte, 0, 4*(hi-lo))
	for i := lo; i < hi; i++ {
		b = binary.LittleEndian.AppendUint32(b, uint32(t.At(i)))
	}
	sum := sha256.Sum256(b)
	copy(h[:], sum[:])
	return h
}

// Tops are the most probable tokens behind each one of some documents, as a teacher has them, in a file that is mapped into memory.
type Tops struct {
	path   string
	mapped mmap.MMap
	header topsHeader
	known  map[documentHash]topsRange
}

// topsRange is the rows of a document.
type topsRange struct{ first, n uint64 }

// IsTops tells whether a path is a file of tops.
func IsTops(path string) bool {
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	var magic [len(topsMagic)]byte
	n, _ := f.Read(magic[:])
	return n == len(magic) && string(magic[:]) == topsMagic
}

// OpenTops maps a file that a TopsWriter wrote. It doesn't read all of it: Verify does.
func OpenTops(path string) (*Tops, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("data: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("data: %w", err)
	}
	if !info.Mode().IsRegular() || info.Size() == 0 {
		return nil, fmt.Errorf("data: %s: expected a file of a teacher's tokens", path)
	}
	mapped, err := mmap.Map(f, mmap.RDONLY, 0)
	if err != nil {
		return nil, fmt.Errorf("data: %s: mapping into memory: %w", path, err)
	}
	t := &Tops{path: path, mapped: mapped}
	if err := t.parse(mapped); err != nil {
		return nil, errors.Join(fmt.Errorf("data: %s: %w", path, err), mapped.Unmap())
	}
	return t, nil
}

// parse reads the header and the table of documents.
func (t *Tops) parse(b []byte) error {
	h := &t.header
	if len(b) < topsHeaderSize || !bytes.HasPrefix(b, []byte(topsMagic)) {
		return errors.New("not a file of a teacher's tokens, as finetune data prepare --teacher writes it")
	}
	if _, err := binary.Decode(b, binary.LittleEndian, h); err != nil {
		return err
	}
	if got := crc32.Checksum(b[:36], castagnoli); got != h.HeaderCheck {
		return fmt.Errorf("damaged header: checksum is %08x, expected %08x", got, h.HeaderCheck)
	}
	rest := uint64(len(b) - topsHeaderSize)
	if h.Top < 1 || h.Top > h.Vocab || h.Documents > rest/topsEntry || h.Rows > rest/(8*uint64(h.Top)) || rest != h.Documents*topsEntry+h.Rows*8*uint64(h.Top) {
		return fmt.Errorf("damaged or truncated: %d bytes, expected %d documents and %d rows of %d of %d tokens", len(b), h.Documents, h.Rows, h.Top, h.Vocab)
	}
	t.known = make(map[documentHash]topsRange, h.Documents)
	for d := range h.Documents {
		e := b[topsHeaderSize+d*topsEntry:]
		r := topsRange{binary.LittleEndian.Uint64(e[16:]), binary.LittleEndian.Uint64(e[24:])}
		if r.n > h.Rows || r.first > h.Rows-r.n {
			return fmt.Errorf("damaged: document %d has the rows from %d on, %d of them, of %d", d, r.first, r.n, h.Rows)
		}
		t.known[documentHash(e[:16])] = r
	}
	return nil
}

// Top returns K, how many tokens are known behind each one.
func (t *Tops) Top() int { return int(t.header.Top) }

// Vocab returns a bound that all ids are below: the tokens that the teacher scores.
func (t *Tops) Vocab() int { return int(t.header.Vocab) }

// Verify reads the whole file and compares it with its checksum, and refuses what is no token or no probability.
func (t *Tops) Verify() error {
	if got := crc32.Checksum(t.mapped[topsHeaderSize:], castagnoli); got != t.header.Checksum {
		return fmt.Errorf("data: %s: damaged: checksum is %08x, expected %08x", t.path, got, t.header.Checksum)
	}
	ids, logs := make([]int32, t.Top()), make([]float32, t.Top())
	for r := range t.header.Rows {
		t.row(ids, logs, r)
		for k, id := range ids {
			if id < 0 || uint32(id) >= t.header.Vocab || !(logs[k] <= 1e-3) || math.IsInf(float64(logs[k]), 0) {
				return fmt.Errorf("data: %s: row %d has token %d with the logarithm %g, expected a token below %d and 0 or less", t.path, r, id, logs[k], t.header.Vocab)
			}
		}
	}
	return nil
}

// Close removes the mapping.
func (t *Tops) Close() error {
	if err := t.mapped.Unmap(); err != nil {
		return fmt.Errorf("data: %s: %w", t.path, err)
	}
	return nil
}

// row copies a row.
func (t *Tops) row(ids []int32, logs []float32, r uint64) {
	k := uint64(t.header.Top)
	b := t.mapped[topsHeaderSize+t.header.Documents*topsEntry+r*8*k:]
	for i := range ids {
		ids[i] = int32(binary.LittleEndian.Uint32(b[4*i:]))
		logs[i] = math.Float32frombits(binary.LittleEndian.Uint32(b[4*int(k)+4*i:]))
	}
}
