package data

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
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

// The sections of a token file that are written side by side, in their order there.
const (
	idsSection = iota
	maskSection
	typesSection
	endsSection
	weightsSection
	labelsSection
	sections
)

// assembler turns ids, masks, documents and labels into the sections of a token file.
type assembler struct {
	out     [sections]io.Writer
	h       header
	mask    bitSection // of tokens to learn; begins with the first that is not
	types   bitSection // of tokens of a pair's second text; begins with the first that is
	weights weightSection
	labels  Labels
	ended   uint64         // tokens in the documents that have ended
	sum     hash.Hash32    // over what the file holds behind its header
	origins *originsWriter // nil where they aren't kept
	scratch []byte
	entries []uint32
}

func newAssembler(vocab int, out [sections]io.Writer) (*assembler, error) {
	if vocab < 1 || vocab > math.MaxInt32 {
		return nil, fmt.Errorf("data: tokens: vocabulary of %d, expected 1 to %d", vocab, math.MaxInt32)
	}
	a := &assembler{out: out, sum: crc32.New(castagnoli), weights: weightSection{out: out[weightsSection], next: 1}}
	a.mask = bitSection{out: out[maskSection], usual: true}
	a.types = bitSection{out: out[typesSection]}
	copy(a.h.Magic[:], tokenMagic)
	a.h.Vocab = uint32(vocab)
	a.h.Width = 4
	if vocab <= 1<<16 {
		a.h.Width = 2
	}
	return a, nil
}

// markRecords says that the documents are records.
func (a *assembler) markRecords() { a.h.Flags |= recordsFlag }

// From says where the tokens that are added next come from. Tokens in memory don't keep it.
func (a *assembler) From(o Origin) error {
	if a.origins == nil {
		return nil
	}
	return a.origins.from(o, a.h.Tokens)
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
	if err := a.mask.append(a.h.Tokens, len(ids), learn); err != nil {
		return err
	}
	a.h.Tokens += uint64(len(ids))
	if learn {
		a.h.Targets += uint64(len(ids))
	}
	a.sum.Write(out)
	_, err := a.out[idsSection].Write(out)
	return err
}

// Describe says what labels the documents have, before the first is appended. From then on each document is an Example.
func (a *assembler) Describe(l Labels) error {
	if err := l.Validate(); err != nil {
		return err
	}
	if a.h.Tokens > 0 {
		return errors.New("data: labels: described behind the first tokens")
	}
	a.labels = l
	return nil
}

// AppendExample adds a document with its label. All of its tokens go in; none of them is a target of its own.
func (a *assembler) AppendExample(x Example) error {
	if len(x.IDs) == 0 || x.Types != nil && len(x.Types) != len(x.IDs) {
		return fmt.Errorf("data: example: %d tokens and %d types", len(x.IDs), len(x.Types))
	}
	var err error
	if a.entries, err = x.bits(a.entries[:0], a.labels); err != nil {
		return err
	}
	for i, second := range x.Types {
		if err := a.types.append(a.h.Tokens+uint64(i), 1, second != 0); err != nil {
			return err
		}
	}
	if x.Types == nil {
		if err := a.types.append(a.h.Tokens, len(x.IDs), false); err != nil {
			return err
		}
	}
	if err := a.Append(x.IDs, true); err != nil {
		return err
	}
	if err := a.EndDocument(); err != nil {
		return err
	}
	a.scratch = a.scratch[:0]
	for _, e := range a.entries {
		a.scratch = binary.LittleEndian.AppendUint32(a.scratch, e)
	}
	_, err = a.out[labelsSection].Write(a.scratch)
	return err
}

// EndDocument ends the current document. A document without tokens leaves no trace.
func (a *assembler) EndDocument() error {
	if a.ended == a.h.Tokens {
		a.weights.next = 1
		return nil
	}
	a.ended = a.h.Tokens
	if err := a.weights.end(a.h.Documents); err != nil {
		return err
	}
	a.h.Documents++
	_, err := a.out[endsSection].Write(binary.LittleEndian.AppendUint64(nil, a.h.Tokens))
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
	if _, err := a.out[idsSection].Write(padding); err != nil {
		return err
	}
	if a.mask.begun {
		a.h.Flags |= maskFlag
	}
	if a.types.begun {
		a.h.Flags |= typesFlag
	}
	if a.weights.begun {
		a.h.Flags |= weightsFlag
	}
	if err := errors.Join(a.mask.finish(a.h.Tokens), a.types.finish(a.h.Tokens), a.weights.finish(a.h.Documents)); err != nil || a.labels.Kind == "" {
		return err
	}
	return a.finishLabels()
}

// finishLabels writes the description behind the labels.
func (a *assembler) finishLabels() error {
	a.h.Flags |= labelsFlag
	description, err := json.Marshal(a.labels)
	if err != nil {
		return err
	}
	a.h.LabelBytes = uint32(len(description))
	labels := 4 * a.labels.entries(a.h.Documents, a.h.Tokens)
	tail := make([]byte, pad8(labels)-labels)
	tail = append(tail, description...)
	tail = append(tail, make([]byte, pad8(uint64(len(description)))-uint64(len(description)))...)
	_, err = a.out[labelsSection].Write(tail)
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
	sections [sections]bytes.Buffer
}

func newMemoryWriter(vocab int) (*memoryWriter, error) {
	w := &memoryWriter{}
	var out [sections]io.Writer
	for i := range out {
		out[i] = &w.sections[i]
	}
	var err error
	w.assembler, err = newAssembler(vocab, out)
	return w, err
}

func (w *memoryWriter) tokens() (*Tokens, error) {
	if err := w.finish(); err != nil {
		return nil, err
	}
	t := &Tokens{
		ids: w.sections[idsSection].Bytes()[:w.h.Tokens*uint64(w.h.Width)], width: int(w.h.Width), ends: w.sections[endsSection].Bytes(),
		hi: int(w.h.Tokens), vocab: int(w.h.Vocab), bytes: int64(w.h.TextBytes), labels: w.labels, records: w.h.Flags&recordsFlag != 0,
		labelled: w.sections[labelsSection].Bytes()[:4*w.labels.entries(w.h.Documents, w.h.Tokens)],
	}
	if w.mask.begun {
		t.mask = w.sections[maskSection].Bytes()
	}
	if w.types.begun {
		t.types = w.sections[typesSection].Bytes()
	}
	if w.weights.begun {
		t.weights = w.sections[weightsSection].Bytes()[:4*w.h.Documents]
	}
	return t, nil
}
