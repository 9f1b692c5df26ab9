package search

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"maps"
	"math"
	"slices"
	"sort"
	"strings"

	"github.com/seahorse-ml/seahorse/internal/atomicfile"
)

// A segment is a file of passages, little-endian:
//
//	magic, N, D, documents, terms (uint32 each), then of each section its offset, length (uint64) and CRC-32C (uint32, and 4 bytes of 0), and the CRC-32C of all that
//	the sections, each at a multiple of 64 bytes
//
// Offsets of variable parts are uint64, one more than there are parts.
const segmentMagic = "SEASEG01"

// The sections of a segment.
const (
	vectorSection      = iota // [N, D] float32, of length 1
	passageSection            // JSON of each Passage
	passageEndsSection        // offsets into it, [N+1]
	lengthSection             // [N] uint32: terms of each passage
	termSection               // the terms, sorted, one behind the other
	termEndsSection           // offsets into it, [terms+1]
	postingSection            // of each term its passages: differences of their numbers, and how often it is there, as varints
	postingEndsSection        // offsets into it, [terms+1]
	documentSection           // JSON of []Document
	sections
)

const (
	headerSize = 8 + 4*4 + sections*24 + 4
	alignment  = 64
)

// mostPassages is the most passages of a segment, and mostWidth the longest vectors.
const (
	mostPassages = 1 << 26
	mostWidth    = 1 << 16
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Document is what passages were cut from.
type Document struct {
	Source   string `json:"source"`
	Hash     string `json:"hash"`  // of its text, by which it is known again
	First    int    `json:"first"` // its first passage in the segment
	Passages int    `json:"passages"`
}

// contents is what a segment is made of.
type contents struct {
	width     int
	language  string
	vectors   []float32
	passages  []Passage
	documents []Document
}

// writeSegment writes a segment, whole or not at all.
func writeSegment(path string, c contents) error {
	parts, counts, err := c.encode()
	if err != nil {
		return err
	}
	header := make([]byte, 0, headerSize)
	header = append(header, segmentMagic...)
	for _, n := range counts {
		header = binary.LittleEndian.AppendUint32(header, uint32(n))
	}
	at := uint64(headerSize)
	for _, part := range parts {
		at = (at + alignment - 1) / alignment * alignment
		header = binary.LittleEndian.AppendUint64(header, at)
		header = binary.LittleEndian.AppendUint64(header, uint64(len(part)))
		header = binary.LittleEndian.AppendUint32(header, crc32.Checksum(part, castagnoli))
		header = binary.LittleEndian.AppendUint32(header, 0)
		at += uint64(len(part))
	}
	header = binary.LittleEndian.AppendUint32(header, crc32.Checksum(header, castagnoli))
	return atomicfile.Write(path, func(w io.Writer) error {
		b := bufio.NewWriterSize(w, 1<<20)
		n := 0
		put := func(p []byte) {
			b.Write(p)
			n += len(p)
		}
		put(header)
		for _, part := range parts {
			put(make([]byte, (alignment-n%alignment)%alignment))
			put(part)
		}
		return b.Flush()
	})
}

// encode returns the sections and the counts of the header.
func (c contents) encode() (parts [sections][]byte, counts [4]int, err error) {
	n := len(c.passages)
	if n == 0 || n > mostPassages || c.width < 0 || c.width > mostWidth || len(c.vectors) != n*c.width {
		return parts, counts, fmt.Errorf("search: a segment of %d passages with %d numbers for vectors of %d", n, len(c.vectors), c.width)
	}
	vectors := make([]byte, 0, 4*len(c.vectors))
	for _, x := range c.vectors {
		vectors = binary.LittleEndian.AppendUint32(vectors, math.Float32bits(x))
	}
	parts[vectorSection] = vectors
	postings := map[string][]byte{}
	last := map[string]int{}
	ends := binary.LittleEndian.AppendUint64(nil, 0)
	for i, p := range c.passages {
		b, err := json.Marshal(p)
		if err != nil {
			return parts, counts, err
		}
		parts[passageSection] = append(parts[passageSection], b...)
		ends = binary.LittleEndian.AppendUint64(ends, uint64(len(parts[passageSection])))
		all := terms(p.Whole(), c.language)
		parts[lengthSection] = binary.LittleEndian.AppendUint32(parts[lengthSection], uint32(len(all)))
		found := map[string]uint64{}
		for _, t := range all {
			found[t]++
		}
		for t, count := range found {
			before, known := last[t]
			if !known {
				before = -1
			}
			postings[t] = binary.AppendUvarint(binary.AppendUvarint(postings[t], uint64(i-before)), count)
			last[t] = i
		}
	}
	parts[passageEndsSection] = ends
	termEnds, postingEnds := binary.LittleEndian.AppendUint64(nil, 0), binary.LittleEndian.AppendUint64(nil, 0)
	for _, t := range slices.Sorted(maps.Keys(postings)) {
		parts[termSection] = append(parts[termSection], t...)
		parts[postingSection] = append(parts[postingSection], postings[t]...)
		termEnds = binary.LittleEndian.AppendUint64(termEnds, uint64(len(parts[termSection])))
		postingEnds = binary.LittleEndian.AppendUint64(postingEnds, uint64(len(parts[postingSection])))
	}
	parts[termEndsSection], parts[postingEndsSection] = termEnds, postingEnds
	if parts[documentSection], err = json.Marshal(c.documents); err != nil {
		return parts, counts, err
	}
	return parts, [4]int{n, c.width, len(c.documents), len(postings)}, nil
}

// segment is a segment that is open. Its sections are views of the file.
type segment struct {
	passages, width, termCount int
	parts                      [sections][]byte
	vectors                    []float32
	documents                  []Document
	termTotal                  int // of all passages
}

// errDamaged says that a file isn't as it was written.
var errDamaged = errors.New("damaged")

// parseSegment reads a segment from the content of its file. All that is read without a look later is checked.
func parseSegment(b []byte) (*segment, error) {
	damaged := func(format string, args ...any) (*segment, error) {
		return nil, fmt.Errorf("%w: "+format, append([]any{errDamaged}, args...)...)
	}
	if len(b) < headerSize || string(b[:8]) != segmentMagic {
		return damaged("%d bytes that don't begin with %s", len(b), segmentMagic)
	}
	if sum := crc32.Checksum(b[:headerSize-4], castagnoli); sum != binary.LittleEndian.Uint32(b[headerSize-4:]) {
		return damaged("the checksum of the header differs")
	}
	count := func(i int) int { return int(binary.LittleEndian.Uint32(b[8+4*i:])) }
	s := &segment{passages: count(0), width: count(1), termCount: count(3)}
	if s.passages < 1 || s.passages > mostPassages || s.width > mostWidth {
		return damaged("%d passages with vectors of %d", s.passages, s.width)
	}
	for i := range s.parts {
		e := b[24+24*i:]
		offset, length := binary.LittleEndian.Uint64(e), binary.LittleEndian.Uint64(e[8:])
		if offset > uint64(len(b)) || length > uint64(len(b))-offset {
			return damaged("section %d lies beyond the end of the file", i)
		}
		s.parts[i] = b[offset : offset+length : offset+length]
		if crc32.Checksum(s.parts[i], castagnoli) != binary.LittleEndian.Uint32(e[16:]) {
			return damaged("the checksum of section %d differs", i)
		}
	}
	for _, want := range []struct{ section, bytes int }{
		{vectorSection, 4 * s.passages * s.width}, {passageEndsSection, 8 * (s.passages + 1)}, {lengthSection, 4 * s.passages},
		{termEndsSection, 8 * (s.termCount + 1)}, {postingEndsSection, 8 * (s.termCount + 1)},
	} {
		if got := len(s.parts[want.section]); got != want.bytes {
			return damaged("section %d has %d bytes, expected %d", want.section, got, want.bytes)
		}
	}
	for section, ends := range map[int]int{passageSection: passageEndsSection, termSection: termEndsSection, postingSection: postingEndsSection} {
		before := uint64(0)
		for i := 0; i < len(s.parts[ends]); i += 8 {
			end := binary.LittleEndian.Uint64(s.parts[ends][i:])
			if end < before || end > uint64(len(s.parts[section])) || i == 0 && end != 0 {
				return damaged("offset %d of section %d is %d", i/8, section, end)
			}
			before = end
		}
	}
	s.vectors = floatsOf(s.parts[vectorSection])
	for i := range s.passages {
		s.termTotal += s.length(i)
	}
	if err := json.Unmarshal(s.parts[documentSection], &s.documents); err != nil || len(s.documents) != count(2) {
		return damaged("%d documents, expected %d: %v", len(s.documents), count(2), err)
	}
	next := 0
	for i, d := range s.documents {
		if d.First != next || d.Passages < 0 || d.Passages > s.passages-next {
			return damaged("document %d has %d passages from %d on", i, d.Passages, d.First)
		}
		next += d.Passages
	}
	if next != s.passages {
		return damaged("documents of %d passages, expected %d", next, s.passages)
	}
	return s, nil
}

// part returns element i of a section by the offsets of another.
func (s *segment) part(section, ends, i int) []byte {
	o := s.parts[ends][8*i:]
	return s.parts[section][binary.LittleEndian.Uint64(o):binary.LittleEndian.Uint64(o[8:])]
}

// length returns how many terms passage i has.
func (s *segment) length(i int) int {
	return int(binary.LittleEndian.Uint32(s.parts[lengthSection][4*i:]))
}

// passage returns passage i.
func (s *segment) passage(i int) (Passage, error) {
	var p Passage
	if err := json.Unmarshal(s.part(passageSection, passageEndsSection, i), &p); err != nil {
		return p, fmt.Errorf("%w: passage %d: %w", errDamaged, i, err)
	}
	return p, nil
}

// documentOf returns the number of the document that passage i is of.
func (s *segment) documentOf(i int) int {
	at, _ := slices.BinarySearchFunc(s.documents, i, func(d Document, i int) int {
		switch {
		case i < d.First:
			return 1
		case i >= d.First+d.Passages:
			return -1
		}
		return 0
	})
	return at
}

// postings calls yield for each passage that has a term, with how often it is there.
func (s *segment) postings(term string, yield func(passage, count int)) error {
	at, found := sort.Find(s.termCount, func(i int) int { return strings.Compare(term, string(s.part(termSection, termEndsSection, i))) })
	if !found {
		return nil
	}
	b := s.part(postingSection, postingEndsSection, at)
	for passage := -1; len(b) > 0; {
		step, n := binary.Uvarint(b)
		count, m := binary.Uvarint(b[max(n, 0):])
		if n <= 0 || m <= 0 || step == 0 || step > uint64(s.passages-1-passage) || count == 0 || count > math.MaxInt32 {
			return fmt.Errorf("%w: the passages of term %q", errDamaged, term)
		}
		passage += int(step)
		yield(passage, int(count))
		b = b[n+m:]
	}
	return nil
}
