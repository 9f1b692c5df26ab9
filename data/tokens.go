package data

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/bits"
	"sort"
)

// Ignored is the target of a position that counts for no loss. Any negative target means the same.
const Ignored int32 = -100

// Tokens is a read-only sequence of token ids with the ends of its documents and, where not all are to be learned, a mask
// of those that are. It may be mapped from a file (OpenTokens), in memory (Encode, NewTokens), or a view of a part of either;
// views share the bytes. A Tokens is safe for concurrent use.
type Tokens struct {
	ids   []byte // little-endian, width bytes each
	width int    // 2 or 4
	mask  []byte // a bit a token of the whole sequence, set where it is a target; nil: all are
	types []byte // a bit a token, set where it is of the second text of a pair; nil: none is
	ends  []byte // where documents end, eight bytes each, ascending; nil: one document
	lo    int    // the view is [lo, hi) of the whole
	hi    int
	vocab int   // ids are below it; 0: not known
	bytes int64 // of text in the whole sequence; 0: not known

	weights  []byte // what documents count, four bytes each, of the whole sequence; nil: 1 each
	records  bool   // documents are records, not texts
	labels   Labels // what the documents' labels are
	labelled []byte // they themselves, four bytes each, of the whole sequence
}

// NewTokens returns ids, one document of which every token is a target, as Tokens. Ids must lie in [0, vocab).
func NewTokens(ids []int32, vocab int) (*Tokens, error) {
	w, err := newMemoryWriter(vocab)
	if err != nil {
		return nil, err
	}
	if err := w.Append(ids, true); err != nil {
		return nil, err
	}
	return w.tokens()
}

// Len returns the number of tokens.
func (t *Tokens) Len() int { return t.hi - t.lo }

// Vocab returns a bound that all ids are below, or 0 where it isn't known (files without a header).
func (t *Tokens) Vocab() int { return t.vocab }

// TextBytes returns how many bytes of text the tokens were made from, or 0 where it isn't known: for files without a header,
// and for a view of a part.
func (t *Tokens) TextBytes() int64 {
	if t.Len()*t.width != len(t.ids) {
		return 0
	}
	return t.bytes
}

// Records reports whether the documents are records, of JSON or of a table, each of which is to be learned by itself however
// many there are. Plain texts are none.
func (t *Tokens) Records() bool { return t.records }

// At returns token i.
func (t *Tokens) At(i int) int32 {
	i += t.lo
	if t.width == 2 {
		return int32(binary.LittleEndian.Uint16(t.ids[2*i:]))
	}
	return int32(binary.LittleEndian.Uint32(t.ids[4*i:]))
}

// Target reports whether token i is to be learned.
func (t *Tokens) Target(i int) bool {
	if t.mask == nil {
		return true
	}
	i += t.lo
	return t.mask[i/8]>>(i%8)&1 != 0
}

// Labels returns what labels the documents have; the kind is empty where they have none.
func (t *Tokens) Labels() Labels { return t.labels }

// second reports whether token i is of the second text of a pair.
func (t *Tokens) second(i int) bool {
	i += t.lo
	return t.types != nil && t.types[i/8]>>(i%8)&1 != 0
}

// class returns label i of the view: of document i, or of token i where tokens have classes.
func (t *Tokens) class(i int) int32 {
	if t.labels.Kind == TokenClassification {
		return int32(t.entry(t.lo + i))
	}
	return int32(t.entry(t.firstDocument() + i))
}

// Value returns value c of document d, of documents whose labels are those of a regression.
func (t *Tokens) Value(d, c int) float32 {
	return math.Float32frombits(t.entry((t.firstDocument()+d)*len(t.labels.Names) + c))
}

// entry returns label i of the whole sequence as it is stored.
func (t *Tokens) entry(i int) uint32 { return binary.LittleEndian.Uint32(t.labelled[4*i:]) }

// checkLabels returns an error for labels that no writer writes.
func (t *Tokens) checkLabels() error {
	for i := range len(t.labelled) / 4 {
		e := t.entry(i)
		if t.labels.Kind == Regression {
			if v := float64(math.Float32frombits(e)); math.IsNaN(v) || math.IsInf(v, 0) {
				return fmt.Errorf("damaged: value %d is %v", i, v)
			}
		} else if c := int32(e); c != Ignored && (c < 0 || int(c) >= len(t.labels.Names)) {
			return fmt.Errorf("damaged: label %d is class %d of %d", i, c, len(t.labels.Names))
		}
	}
	return nil
}

// Targets returns how many tokens are to be learned.
func (t *Tokens) Targets() int {
	if t.mask == nil {
		return t.Len()
	}
	n, i := 0, 0
	for ; i < t.Len() && (t.lo+i)%8 != 0; i++ {
		n += bit(t.Target(i))
	}
	for ; i+8 <= t.Len(); i += 8 {
		n += bits.OnesCount8(t.mask[(t.lo+i)/8])
	}
	for ; i < t.Len(); i++ {
		n += bit(t.Target(i))
	}
	return n
}

func bit(b bool) int {
	if b {
		return 1
	}
	return 0
}

// copyIDs fills dst with the tokens from i on.
func (t *Tokens) copyIDs(dst []int32, i int) {
	if t.width == 2 {
		src := t.ids[2*(t.lo+i):][:2*len(dst)]
		for j := range dst {
			dst[j] = int32(binary.LittleEndian.Uint16(src[2*j:]))
		}
		return
	}
	src := t.ids[4*(t.lo+i):][:4*len(dst)]
	for j := range dst {
		dst[j] = int32(binary.LittleEndian.Uint32(src[4*j:]))
	}
}

// copyTargets fills dst with the tokens from i on, Ignored in place of those that are not to be learned.
func (t *Tokens) copyTargets(dst []int32, i int) {
	t.copyIDs(dst, i)
	if t.mask == nil {
		return
	}
	for j := range dst {
		if !t.Target(i + j) {
			dst[j] = Ignored
		}
	}
}

// Slice returns a view of tokens [lo, hi).
func (t *Tokens) Slice(lo, hi int) *Tokens {
	if lo < 0 || hi < lo || hi > t.Len() {
		panic(fmt.Sprintf("data: slice [%d, %d) of %d tokens", lo, hi, t.Len()))
	}
	v := *t
	v.lo, v.hi = t.lo+lo, t.lo+hi
	return &v
}

// Split keeps the last part of the tokens, a fraction in [0, 1) of them, apart for validation. The cut falls between two tokens,
// as suits rows cut from a stream; for rows of documents see SplitDocuments.
func (t *Tokens) Split(fraction float64) (train, validation *Tokens, err error) {
	if !(fraction >= 0 && fraction < 1) {
		return nil, nil, fmt.Errorf("data: validation part is %v, expected a fraction in [0, 1)", fraction)
	}
	cut := int(float64(t.Len()) * (1 - fraction))
	return t.Slice(0, cut), t.Slice(cut, t.Len()), nil
}

// SplitDocuments is Split with the cut between two documents: validation gets the last ones, whole, that together hold
// at least the fraction of the tokens. Both parts must be left with a document unless fraction is 0.
func (t *Tokens) SplitDocuments(fraction float64) (train, validation *Tokens, err error) {
	train, validation, err = t.Split(fraction)
	if err != nil || fraction == 0 {
		return train, validation, err
	}
	cut, _ := t.Document(t.documentAt(min(train.Len(), t.Len()-1)))
	if cut == 0 {
		return nil, nil, fmt.Errorf("data: cannot keep a validation part of %v apart from training: the last documents that hold it are all %d; "+
			"give more documents or a validation file", fraction, t.Documents())
	}
	return t.Slice(0, cut), t.Slice(cut, t.Len()), nil
}

// Documents returns the number of documents, those that the view cuts through included.
func (t *Tokens) Documents() int {
	if t.Len() == 0 {
		return 0
	}
	return t.documentAt(t.Len()-1) + 1
}

// Document returns the tokens [lo, hi) of document d, as far as they lie in the view.
func (t *Tokens) Document(d int) (lo, hi int) {
	if t.ends == nil {
		return 0, t.Len()
	}
	d += t.firstDocument()
	if d > 0 {
		lo = max(0, t.end(d-1)-t.lo)
	}
	return lo, min(t.end(d)-t.lo, t.Len())
}

// documentAt returns the document that holds token i.
func (t *Tokens) documentAt(i int) int {
	if t.ends == nil {
		return 0
	}
	return t.search(t.lo+i) - t.firstDocument()
}

func (t *Tokens) firstDocument() int { return t.search(t.lo) }

// search returns the document of the whole sequence that holds its token i.
func (t *Tokens) search(i int) int {
	return sort.Search(len(t.ends)/8, func(d int) bool { return t.end(d) > i })
}

// end returns where document d of the whole sequence ends.
func (t *Tokens) end(d int) int {
	return int(binary.LittleEndian.Uint64(t.ends[8*d:]))
}

// CheckVocab returns an error if a token is not below vocab, the rows of the embedding that will look it up. Tokens whose bound is
// larger, or not known, are searched: a tokenizer may have tokens that no text has, as a family's that its model was made without.
func (t *Tokens) CheckVocab(vocab int) error {
	if t.vocab > 0 && t.vocab <= vocab {
		return nil
	}
	for i := range t.Len() {
		if id := t.At(i); id < 0 || int(id) >= vocab {
			return fmt.Errorf("data: token %d is %d, expected ids below %d", i, uint32(id), vocab)
		}
	}
	return nil
}
