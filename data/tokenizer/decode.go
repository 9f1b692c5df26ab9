package tokenizer

import (
	"unicode/utf8"

	"github.com/seahorse-ml/seahorse/data/tokenizer/internal/decode"
)

// Decode turns ids into text. Special tokens are left out if skipSpecial is
// set, ids that the vocabulary lacks always. Bytes that form no character come out as they are.
func (t *Tokenizer) Decode(ids []int32, skipSpecial bool) []byte {
	out := &decode.Output{}
	sink := t.decoder.Start(out)
	for _, id := range ids {
		t.push(sink, id, skipSpecial)
	}
	sink.End()
	return out.Bytes
}

func (t *Tokenizer) push(sink decode.Sink, id int32, skipSpecial bool) {
	if skipSpecial && t.added.isSpecial(id) {
		return
	}
	if token, ok := t.added.spelled[id]; ok {
		sink.Token(token)
	} else if token, ok := t.Token(id); ok {
		sink.Token(token)
	}
}

// DecodeStream turns ids into text as they come.
type DecodeStream struct {
	t           *Tokenizer
	skipSpecial bool
	out         decode.Output
	sink        decode.Sink
}

// NewDecodeStream begins a text.
func (t *Tokenizer) NewDecodeStream(skipSpecial bool) *DecodeStream {
	s := &DecodeStream{t: t, skipSpecial: skipSpecial}
	s.sink = t.decoder.Start(&s.out)
	return s
}

// Push takes the next id and returns the text that is complete now: it never
// ends within a character. The bytes are valid until the next call.
func (s *DecodeStream) Push(id int32) []byte {
	s.t.push(s.sink, id, s.skipSpecial)
	b := s.out.Bytes
	n := len(b) - partial(b)
	s.out.Bytes = append([]byte(nil), b[n:]...)
	return b[:n:n]
}

// Flush ends the text and returns what is left of it.
func (s *DecodeStream) Flush() []byte {
	s.sink.End()
	b := s.out.Bytes
	s.out.Bytes = nil
	s.sink = s.t.decoder.Start(&s.out)
	return b
}

// partial returns the length of the beginning of a character that b ends with.
func partial(b []byte) int {
	for n := 1; n < utf8.UTFMax && n <= len(b); n++ {
		if c := b[len(b)-n]; utf8.RuneStart(c) {
			if c >= utf8.RuneSelf && !utf8.FullRune(b[len(b)-n:]) {
				return n
			}
			return 0
		}
	}
	return 0
}
