package data

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"math"
	"os"

	"github.com/edsrzf/mmap-go"
)

// A token file is little-endian throughout and has these sections, each starting at a multiple of eight bytes:
//
//	header     64 bytes, as in struct header
//	ids        Tokens × Width bytes, uint16 or uint32
//	mask       only with maskFlag: a bit a token, lowest first, set where the token is to be learned
//	types      only with typesFlag: a bit a token, set where it is of the second text of a pair
//	ends       Documents × uint64: where each document ends, as a number of tokens
//	weights    only with weightsFlag: what each document counts, float32
//	labels     only with labelsFlag: a class, int32, a document or token, or the values, float32, of each document
//	names      only with labelsFlag: LabelBytes of JSON, which describe the labels (type Labels)
//
// A reader refuses flags that it doesn't know, so that older versions don't misread files with sections that came later.
// A file that doesn't start with the magic number is read as uint16 ids and nothing else.
const (
	tokenMagic = "SEAHTOK1"
	headerSize = 64

	maskFlag   = 1 << 0
	typesFlag  = 1 << 1
	labelsFlag = 1 << 2
	// recordsFlag says that the documents are records, each by itself, and not texts that go on; it adds no section.
	recordsFlag = 1 << 3
	weightsFlag = 1 << 4
)

// castagnoli is the polynomial that processors have an instruction for.
var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// header is the header of a token file, in the order of its fields there.
type header struct {
	Magic       [8]byte
	Width       uint32 // bytes per id, 2 or 4
	Vocab       uint32 // ids are below it
	Tokens      uint64
	Documents   uint64
	Targets     uint64 // tokens that are to be learned
	TextBytes   uint64 // of the text that the ids were made from; 0 where not known
	Flags       uint32
	Checksum    uint32 // CRC-32C of all that follows the header
	LabelBytes  uint32 // of the labels' description
	HeaderCheck uint32 // CRC-32C of the header up to here
}

// TokenFile is a token file mapped into memory. Its Tokens, and all views of them, must not be used after Close. The file
// must not be cut short while it is mapped: no program can read on from a page that is gone.
type TokenFile struct {
	*Tokens
	path     string
	mapped   mmap.MMap
	checksum uint32
	header   bool
}

// OpenTokens maps the token file at path, as EncodeFile or a TokenWriter wrote it. A file without a header is taken as
// little-endian uint16 ids, as nanoGPT writes them: one document, every token a target, the vocabulary not known.
func OpenTokens(path string) (*TokenFile, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("data: %s: no such file", path)
	}
	if err != nil {
		return nil, fmt.Errorf("data: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("data: %w", err)
	}
	if !info.Mode().IsRegular() || info.Size() == 0 {
		return nil, fmt.Errorf("data: %s: expected a file of tokens, got %d bytes, mode %v", path, info.Size(), info.Mode())
	}
	mapped, err := mmap.Map(f, mmap.RDONLY, 0)
	if err != nil {
		return nil, fmt.Errorf("data: %s: mapping into memory: %w", path, err)
	}
	tokens, h, err := parseTokens(mapped)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("data: %s: %w", path, err), mapped.Unmap())
	}
	return &TokenFile{Tokens: tokens, path: path, mapped: mapped, checksum: h.Checksum, header: h.Width != 0}, nil
}

// Checksum returns the CRC-32C that the header states for the content, or 0 without a header. It tells two corpora apart,
// and is read in constant time.
func (f *TokenFile) Checksum() uint32 { return f.checksum }

// Verify reads the whole file and compares it with its checksum. A file without a header has none and passes.
func (f *TokenFile) Verify() error {
	if !f.header {
		return nil
	}
	if got := crc32.Checksum(f.mapped[headerSize:], castagnoli); got != f.checksum {
		return fmt.Errorf("data: %s: damaged: checksum is %08x, expected %08x", f.path, got, f.checksum)
	}
	return nil
}

// Close removes the mapping.
func (f *TokenFile) Close() error {
	if f.mapped == nil {
		return nil
	}
	if err := f.mapped.Unmap(); err != nil {
		return fmt.Errorf("data: %s: %w", f.path, err)
	}
	return nil
}

// parseTokens reads the bytes of a token file. The header that it returns is empty for a file that has none.
func parseTokens(b []byte) (*Tokens, header, error) {
	var h header
	if !bytes.HasPrefix(b, []byte(tokenMagic)) {
		if len(b)%2 != 0 {
			return nil, h, fmt.Errorf("not a token file: no header, and %d bytes are no whole number of uint16 ids", len(b))
		}
		return &Tokens{ids: b, width: 2, hi: len(b) / 2}, h, nil
	}
	if len(b) < headerSize {
		return nil, h, fmt.Errorf("truncated: %d bytes, the header alone has %d", len(b), headerSize)
	}
	if _, err := binary.Decode(b, binary.LittleEndian, &h); err != nil {
		return nil, h, err
	}
	if got := crc32.Checksum(b[:headerSize-4], castagnoli); got != h.HeaderCheck {
		return nil, h, fmt.Errorf("damaged header: checksum is %08x, expected %08x", got, h.HeaderCheck)
	}
	if err := h.validate(); err != nil {
		return nil, h, err
	}
	var labels Labels
	if h.Flags&labelsFlag != 0 {
		names := pad8(uint64(h.LabelBytes))
		if uint64(len(b)) < headerSize+names {
			return nil, h, fmt.Errorf("truncated: %d bytes", len(b))
		}
		var err error
		if labels, err = parseLabels(b[uint64(len(b))-names:][:h.LabelBytes]); err != nil {
			return nil, h, err
		}
	}
	l := h.layout(labels)
	if l.labels > uint64(len(b)) || uint64(len(b)) != l.file {
		return nil, h, fmt.Errorf("truncated or overlong: %d bytes, expected %d for %d tokens", len(b), l.file, h.Tokens)
	}
	t := &Tokens{
		ids: b[headerSize:][:h.Tokens*uint64(h.Width)], width: int(h.Width), ends: b[l.ends : l.ends+8*h.Documents],
		hi: int(h.Tokens), vocab: int(h.Vocab), bytes: int64(h.TextBytes), labels: labels, records: h.Flags&recordsFlag != 0,
	}
	if h.Flags&maskFlag != 0 {
		t.mask = b[l.mask:l.types]
	}
	if h.Flags&typesFlag != 0 {
		t.types = b[l.types:l.ends]
	}
	if h.Flags&weightsFlag != 0 {
		t.weights = b[l.weights:][:4*h.Documents]
	}
	if h.Flags&labelsFlag != 0 {
		t.labelled = b[l.labels:][:4*labels.entries(h.Documents, h.Tokens)]
	}
	last := 0
	for d := range int(h.Documents) {
		next := t.end(d)
		if next <= last || next > t.hi {
			return nil, h, fmt.Errorf("damaged: document %d ends at token %d, the one before at %d of %d", d, next, last, t.hi)
		}
		last = next
	}
	if last != t.hi {
		return nil, h, fmt.Errorf("damaged: the last document ends at token %d of %d", last, t.hi)
	}
	return t, h, errors.Join(t.checkWeights(), t.checkLabels())
}

// validate refuses a header whose sections could not be laid out.
func (h *header) validate() error {
	switch {
	case h.Width != 2 && h.Width != 4:
		return fmt.Errorf("%d bytes a token, expected 2 or 4", h.Width)
	case h.Vocab == 0 || h.Vocab > math.MaxInt32 || h.Width == 2 && h.Vocab > 1<<16:
		return fmt.Errorf("a vocabulary of %d does not fit ids of %d bytes", h.Vocab, h.Width)
	case h.Tokens == 0 || h.Tokens > 1<<48 || h.Documents > h.Tokens || h.Targets > h.Tokens || h.TextBytes > 1<<56:
		return fmt.Errorf("damaged header: %d tokens, %d documents, %d targets", h.Tokens, h.Documents, h.Targets)
	case h.Flags&^(maskFlag|typesFlag|labelsFlag|recordsFlag|weightsFlag) != 0:
		return fmt.Errorf("unknown flags %#x: written by a newer version?", h.Flags)
	}
	return nil
}

// fileLayout is where the sections of a file begin, and where it ends.
type fileLayout struct{ mask, types, ends, weights, labels, file uint64 }

// layout lays out the sections of a file with such labels.
func (h *header) layout(labels Labels) fileLayout {
	var l fileLayout
	bits := pad8((h.Tokens + 7) / 8)
	l.mask = headerSize + pad8(h.Tokens*uint64(h.Width))
	l.types = l.mask
	if h.Flags&maskFlag != 0 {
		l.types += bits
	}
	l.ends = l.types
	if h.Flags&typesFlag != 0 {
		l.ends += bits
	}
	l.weights = l.ends + 8*h.Documents
	l.labels = l.weights
	if h.Flags&weightsFlag != 0 {
		l.labels += pad8(4 * h.Documents)
	}
	l.file = l.labels
	if h.Flags&labelsFlag != 0 {
		l.file += pad8(4*labels.entries(h.Documents, h.Tokens)) + pad8(uint64(h.LabelBytes))
	}
	return l
}

func pad8(n uint64) uint64 { return (n + 7) &^ 7 }
