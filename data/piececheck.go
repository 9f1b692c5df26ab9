package data

import "errors"

// check returns an error for a piece that can't be encoded so.
func (p Piece) check(c EncodeConfig) error {
	switch {
	case p.Shape == MessagesShape && (c.Conversation == nil || c.Pairs):
		return errors.New(`a conversation, {"messages"} or {"conversations"}, expected texts or pairs of texts`)
	case c.Pairs && (len(p.Prompt) == 0 || len(p.Text) == 0):
		return errors.New("expected a pair of texts, {\"prompt\", \"completion\"} or {\"source\", \"target\"}, neither of them empty")
	case !c.Pairs && !c.LearnPrompts && len(p.Prompt) > 0 && len(p.Text) == 0 && (p.Shape == PairShape || p.Shape == InstructionShape):
		return errors.New("an empty completion, expected text to learn behind the prompt")
	}
	return nil
}

// errBlank is what is told of records without any text.
var errBlank = errors.New("a record without text")

// blank tells whether a piece is a record that leaves no document.
func (p Piece) blank() bool {
	return p.Shape != NoShape && p.Shape != MessagesShape && len(p.Prompt)+len(p.Text) == 0
}

// checkEncoded finds the faults of records that are to be encoded so.
func checkEncoded(c EncodeConfig) func(b *block, fault func(error) bool) {
	return func(b *block, fault func(error) bool) {
		for p, err := range b.pieces() {
			if err == nil {
				if c.Instructions {
					p = p.Asked()
				}
				if err = p.check(c); err == nil && p.Shape == MessagesShape {
					_, err = c.Conversation(p.Record)
				}
				if err != nil {
					err = b.fail(max(p.line, b.line), err)
				}
			}
			if err != nil && !fault(err) {
				return
			}
		}
	}
}
