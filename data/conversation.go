package data

import (
	"fmt"
	"slices"
)

// EncodedRecord is a record as a model learns it.
type EncodedRecord struct {
	IDs   []int32
	Learn []bool // for each token whether it is to be learned
	Text  string // that it was made from
}

// appendConversation appends the tokens of a record that is a conversation. Nothing is added to them.
func (j *job) appendConversation(c EncodeConfig, p Piece) error {
	r, err := c.Conversation(p.Record)
	if err == nil && len(r.IDs) != len(r.Learn) {
		err = fmt.Errorf("%d tokens and %d signs whether they are to be learned", len(r.IDs), len(r.Learn))
	}
	if err != nil {
		return err
	}
	start := len(j.ids)
	j.ids, j.learn = append(j.ids, r.IDs...), append(j.learn[:0], r.Learn...)
	learned := 0
	if slices.Contains(r.Learn, true) {
		learned = len(r.Text)
	}
	return j.endRecord(c, p, start, len(r.Text), learned)
}

// endRecord makes runs of the tokens of a record from start on, of so many bytes of text, once it is known whether they are to be learned. What is too long is cut or dropped.
func (j *job) endRecord(c EncodeConfig, p Piece, start, text, learned int) error {
	if c.Limit.holds(p) {
		from, to, note, err := c.Limit.Keep(j.learn)
		if err != nil {
			j.ids = j.ids[:start]
			return err
		}
		if note != "" {
			c.Limit.count(to > from, j.fail(p.line, fmt.Errorf("%s", note)))
			j.ids = append(j.ids[:start], j.ids[start+from:start+to]...)
			j.learn = j.learn[from:to]
		}
	}
	for i, learn := range j.learn {
		if i == 0 || learn != j.learn[i-1] {
			j.runs = append(j.runs, run{learn: learn})
		}
		j.runs[len(j.runs)-1].end = start + i + 1
	}
	if len(j.learn) > 0 {
		last := &j.runs[len(j.runs)-1]
		last.text, last.learned, last.last = text, learned, true
	}
	return nil
}
