package tokenizer

import (
	"bytes"
	"math"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/seahorse-ml/seahorse/data/tokenizer/internal/model"
	"github.com/seahorse-ml/seahorse/data/tokenizer/internal/normalize"
	"github.com/seahorse-ml/seahorse/data/tokenizer/internal/packed"
	"github.com/seahorse-ml/seahorse/data/tokenizer/internal/pretok"
)

// encoder is what one goroutine needs to turn texts into ids quickly.
type encoder struct {
	t      *Tokenizer
	cache  *wordCache
	heads  *wordCache // chunks that begin a text
	tokens []model.Token
	ids    []int32
	buffer []byte

	marking bool // notes where a text can be cut, in marks
	marks   []mark
	flags   []bool
}

// take returns an encoder for the calling goroutine alone, until it is given back.
func (t *Tokenizer) take() *encoder {
	t.mu.Lock()
	defer t.mu.Unlock()
	if n := len(t.spare); n > 0 {
		e := t.spare[n-1]
		t.spare = t.spare[:n-1]
		return e
	}
	return &encoder{t: t, cache: newWordCache(), heads: newWordCache()}
}

func (t *Tokenizer) giveBack(e *encoder) {
	t.mu.Lock()
	t.spare = append(t.spare, e)
	t.mu.Unlock()
}

// AppendIDs appends the ids of text to dst, framed by special tokens if
// addSpecial is set. It gives the ids that Encode gives, many times faster.
// What the model has no token for, and Encode returns an error, is left out.
func (t *Tokenizer) AppendIDs(dst []int32, text []byte, addSpecial bool) []int32 {
	e := t.take()
	defer t.giveBack(e)
	return e.appendFramed(dst, text, addSpecial)
}

// EncodeIDs returns the ids of each of the texts, computed on all cores.
func (t *Tokenizer) EncodeIDs(texts [][]byte, addSpecial bool) [][]int32 {
	out := make([][]int32, len(texts))
	t.parallel(len(texts), func(e *encoder, i int) {
		e.ids = e.appendFramed(e.ids[:0], texts[i], addSpecial)
		out[i] = append(make([]int32, 0, len(e.ids)), e.ids...)
	})
	return out
}

// EncodeBatch encodes each of the texts, on all cores.
func (t *Tokenizer) EncodeBatch(texts [][]byte, o EncodeOptions) ([]Encoding, error) {
	out := make([]Encoding, len(texts))
	errs := make([]error, len(texts))
	t.parallel(len(texts), func(_ *encoder, i int) {
		o := o
		if o.Sampling != nil {
			s := *o.Sampling
			s.Text += uint64(i)
			o.Sampling = &s
		}
		out[i], errs[i] = t.encode(texts[i], o)
	})
	longest := 0
	for i, err := range errs {
		if err != nil {
			return nil, err
		}
		longest = max(longest, out[i].Len())
	}
	for i := range out {
		if err := t.pad(&out[i], o, longest); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// parallel calls do for 0 to n-1 from as many goroutines as there are cores.
func (t *Tokenizer) parallel(n int, do func(e *encoder, i int)) {
	var next atomic.Int64
	var wg sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), n) {
		wg.Go(func() {
			e := t.take()
			defer t.giveBack(e)
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				do(e, i)
			}
		})
	}
	wg.Wait()
}

func (e *encoder) appendFramed(dst []int32, text []byte, addSpecial bool) []int32 {
	if !addSpecial {
		return e.append(dst, text, false)
	}
	for _, piece := range e.t.plan.Single {
		if piece.Sequence < 0 {
			dst = append(dst, piece.ID)
		} else {
			dst = e.append(dst, text, false)
		}
	}
	return dst
}

// append appends the ids of text without its frame. An inner text goes on from another one.
func (e *encoder) append(dst []int32, text []byte, inner bool) []int32 {
	t := e.t
	last := 0
	segment := func(end int) {
		if inner && last == 0 {
			dst = e.appendInner(dst, text[:end])
		} else {
			dst = e.appendSegment(dst, text[last:end], last)
		}
		e.mark(end, len(dst))
	}
	for m, ok := t.added.literal.next(text, 0); ok; m, ok = t.added.literal.next(text, m.end) {
		start, end, ok := t.added.widen(text, last, m)
		if !ok {
			continue
		}
		segment(max(start, last))
		dst = append(dst, m.id)
		e.mark(end, len(dst))
		last = end
	}
	segment(len(text))
	return dst
}

// appendSegment appends the ids of what lies between added tokens; origin is its place in the text.
func (e *encoder) appendSegment(dst []int32, segment []byte, origin int) []int32 {
	t := e.t
	switch {
	case len(segment) == 0:
		return dst
	case t.cut == cutWords:
		return e.appendChunks(dst, segment, origin)
	case t.cut == cutSpaces:
		return e.appendSpaced(dst, segment, origin)
	case t.cut == uncut:
		return e.appendSlowly(dst, segment, origin, t.normalizer, t.splitter)
	}
	return e.appendScanned(dst, segment, origin, t.prefix)
}

// appendScanned appends the ids of a text whose words a scanner finds, with a space before it if prefix is set and it has none.
func (e *encoder) appendScanned(dst []int32, segment []byte, origin int, prefix bool) []int32 {
	if n := e.t.normalizer; n != nil {
		text := normalize.NewText(segment, false)
		if n.Normalize(&text) != nil {
			return dst
		}
		if e.marking && !bytes.Equal(text.Bytes, segment) {
			origin = unknownOrigin
		}
		segment = text.Bytes
	}
	if prefix && len(segment) > 0 && segment[0] != ' ' {
		e.buffer = append(append(e.buffer[:0], ' '), segment...)
		segment = e.buffer
		origin--
	}
	return e.appendWords(dst, segment, origin)
}

// unknownOrigin is for a text that was rewritten, whose places are not those of the original.
const unknownOrigin = math.MinInt / 2

// appendWords appends the ids of the words that the scanner finds.
func (e *encoder) appendWords(dst []int32, text []byte, origin int) []int32 {
	scan, c := e.t.scanner, e.cache
	for i := 0; i < len(text); {
		end := scan(text, i)
		if n := end - i; n <= packed.MaxLen {
			w := packed.Pack(text[i:], n)
			if s := c.find(w); s.word == w {
				dst = c.append(dst, s)
			} else {
				from := len(dst)
				dst = e.appendWord(dst, text[i:end])
				c.put(s, w, dst[from:])
			}
		} else if ids, ok := c.long[string(text[i:end])]; ok {
			dst = append(dst, ids...)
		} else {
			from := len(dst)
			dst = e.appendWord(dst, text[i:end])
			c.putLong(text[i:end], dst[from:])
		}
		i = end
		e.mark(origin+i, len(dst))
	}
	return dst
}

// appendWord asks the model.
func (e *encoder) appendWord(dst []int32, word []byte) []int32 {
	var err error
	if e.tokens, err = e.t.model.Tokenize(e.tokens[:0], word); err != nil {
		return dst
	}
	for _, k := range e.tokens {
		dst = append(dst, k.ID)
	}
	return dst
}

// appendSlowly goes through all steps, one after another, with the given normalizer and pre-tokenizer.
func (e *encoder) appendSlowly(dst []int32, segment []byte, origin int, n normalize.Normalizer, p pretok.PreTokenizer) []int32 {
	text := normalize.NewText(segment, e.t.tracks)
	text.Origin = origin
	if n != nil && n.Normalize(&text) != nil {
		return dst
	}
	pieces := e.t.added.split(nil, &text, &e.t.added.normalized, nil)
	if p != nil {
		var err error
		if pieces, err = p.PreTokenize(pieces); err != nil {
			return dst
		}
	}
	for i := range pieces {
		if pieces[i].ID >= 0 {
			dst = append(dst, pieces[i].ID)
		} else {
			dst = e.appendWord(dst, pieces[i].Text.Bytes)
		}
	}
	return dst
}
