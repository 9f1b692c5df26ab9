package inspect

import (
	"errors"
	"fmt"
	"hash/maphash"
	"strings"

	"github.com/seahorse-ml/seahorse/data"
	"github.com/seahorse-ml/seahorse/data/chat"
	"github.com/seahorse-ml/seahorse/data/tokenizer"
)

// Row is a row as the model will see it: a record, or several that share it.
type Row struct {
	File      string
	Line      int // 0 in plain text
	IDs       []int32
	Learn     []bool // for each token whether it is a target
	Text      string
	Documents []int    // the positions in IDs at which documents begin
	Part      string   // of the record that the text is, such as "chosen"; "" where it is all of it
	Labels    []string // that are learned of the text or its words; none where there are none
	Follows   bool     // another row of the same record comes before it

	findings []finding
	hash     uint64
	fault    error
}

// Config says how records become rows.
type Config struct {
	Tokenizer *tokenizer.Tokenizer
	// Template returns the template of conversations, without or with tools.
	Template func(tools bool) (*chat.Template, error)
	Learn    chat.Learn // what of a conversation is learned
	// Instructions makes instructions conversations of one question; else they are Alpaca's prompts.
	Instructions bool
	// LearnPrompts makes prompts of pairs targets too.
	LearnPrompts bool
	// Unended adds no token that ends a text to texts and completions without one.
	Unended bool
	// Limit bounds the tokens of a record; nil doesn't.
	Limit *data.LengthLimit
	// Length is how many tokens a packed row has; 0 gives each record a row of its own.
	Length int
	// Reader reads records as an objective learns from them that isn't a causal model's; nil reads texts and conversations. Instructions, Learn, LearnPrompts and
	// Length are for those alone.
	Reader *Reader
}

// kinds of what is found out about a row.
const (
	Unreadable  = "unreadable"
	NotUTF8     = "not UTF-8"
	Empty       = "empty"
	NoTarget    = "without a target"
	Cut         = "cut"
	Dropped     = "dropped"
	Duplicate   = "duplicated"
	Conflict    = "same text with another label"
	Alike       = "texts of a record alike"
	Endless     = "assistant never ends"
	Echo        = "answer equal to its prompt"
	Script      = "language changes"
	Secret      = "secret"
	SpecialText = "special token in a text"
)

// Kinds lists what is counted of rows, in the order in which it is shown.
var Kinds = []string{Unreadable, NotUTF8, Empty, NoTarget, Cut, Dropped, Duplicate, Conflict, Alike, Endless, Echo, Script, Secret, SpecialText}

// finding is what was found out about a row.
type finding struct{ kind, what string }

func (r *Row) find(kind, format string, args ...any) {
	r.findings = append(r.findings, finding{kind, fmt.Sprintf(format, args...)})
}

// builder makes rows. Several goroutines may use it at once.
type builder struct {
	Config
	seed    maphash.Seed
	special []string // the special tokens as text
	end     int32    // that ends a text; -1 without
}

func newBuilder(c Config) *builder {
	b := &builder{Config: c, seed: maphash.MakeSeed(), end: -1}
	if id, ok := c.Tokenizer.EndOfText(); ok {
		b.end = id
	}
	seen := map[string]bool{}
	add := func(id int32) {
		if text, ok := c.Tokenizer.Token(id); ok && len(text) > 2 && !seen[text] {
			seen[text] = true
			b.special = append(b.special, text)
		}
	}
	for _, role := range []string{"bos_token", "eos_token", "pad_token", "sep_token", "cls_token", "mask_token"} {
		if id, ok := c.Tokenizer.Special(role); ok {
			add(id)
		}
	}
	for _, id := range c.Tokenizer.EndsOfText() {
		add(id)
	}
	return b
}

// row makes a row of a piece.
func (b *builder) row(p data.PlacedPiece) Row {
	r := Row{File: p.Name, Line: p.Line}
	if b.Instructions && p.Err == nil {
		p.Piece = p.Asked()
	}
	switch {
	case p.Err != nil:
		r.refuse(p.Err)
	case p.Shape == data.MessagesShape:
		b.conversation(&r, p)
	default:
		b.text(&r, p)
	}
	if r.fault == nil {
		b.check(&r)
	}
	return r
}

// refuse makes a row one that can't be read.
func (r *Row) refuse(err error) {
	r.fault = err
	text := err.Error()
	if i := strings.Index(text, fmt.Sprintf(":%d: ", r.Line)); r.Line > 0 && i >= 0 {
		text = text[i+len(fmt.Sprintf(":%d: ", r.Line)):]
	}
	kind := Unreadable
	switch {
	case strings.Contains(text, "UTF-8"):
		kind = NotUTF8
	case strings.Contains(text, "without content and without tool_calls"):
		kind = Empty
	}
	r.find(kind, "%s", text)
}

// errEmpty is the fault of prompts without a completion.
var errEmpty = errors.New("an empty completion")

// text makes a row of a text, or of a prompt and its completion.
func (b *builder) text(r *Row, p data.PlacedPiece) {
	joined := append(append([]byte(nil), p.Prompt...), p.Text...)
	r.Text = string(joined)
	if strings.TrimSpace(r.Text) == "" {
		r.find(Empty, "no text")
	} else if len(p.Prompt) > 0 && strings.TrimSpace(string(p.Text)) == "" {
		r.find(Empty, "an empty completion")
		if len(p.Text) == 0 && !b.LearnPrompts { // which can't be learned
			r.fault = errEmpty
		}
	}
	span := [][2]int{{len(p.Prompt), len(joined)}}
	if b.LearnPrompts {
		span[0][0] = 0
	}
	r.IDs, r.Learn = b.Tokenizer.AppendTargets(nil, nil, joined, span, true)
	if n := len(r.IDs); b.end >= 0 && !b.Unended && p.Last && n > 0 && r.IDs[n-1] != b.end {
		r.IDs, r.Learn = append(r.IDs, b.end), append(r.Learn, true)
	}
	b.suspect(r, string(p.Prompt), string(p.Text))
}

// conversation makes a row of a conversation.
func (b *builder) conversation(r *Row, p data.PlacedPiece) {
	c, err := chat.FromRecord(p.Record)
	var template *chat.Template
	if err == nil {
		template, err = b.Template(len(c.Tools) > 0)
	}
	var e chat.Encoded
	if err == nil {
		e, err = chat.Encoding{Template: template, Encoder: b.Tokenizer, Learn: b.Learn}.Encode(c)
	}
	if err != nil {
		r.refuse(err)
		return
	}
	r.Text, r.IDs, r.Learn = e.Text, e.IDs, e.Learn
	var said, answered strings.Builder
	before := ""
	for _, m := range c.Messages {
		switch m.Role {
		case "assistant":
			answered.WriteString(m.Content)
			if m.Content != "" && strings.TrimSpace(m.Content) == strings.TrimSpace(before) {
				r.find(Echo, "%q", shortened(m.Content))
			}
		case "user":
			said.WriteString(m.Content)
			before = m.Content
		}
	}
	b.suspect(r, said.String(), answered.String())
	if b.endless(r) {
		r.find(Endless, "no token behind the last answer ends the turn")
	}
}

// endless tells whether the last answer of a conversation ends with text rather than with a token that stands for none.
func (b *builder) endless(r *Row) bool {
	last := -1
	for i, learn := range r.Learn {
		if learn {
			last = i
		}
	}
	for ; last >= 0 && r.Learn[last]; last-- {
		text, _ := b.Tokenizer.Token(r.IDs[last])
		if len(b.Tokenizer.Decode(r.IDs[last:last+1], true)) == 0 || r.IDs[last] == b.end {
			return false
		}
		for _, end := range b.special {
			if text == end {
				return false
			}
		}
		if strings.TrimSpace(string(b.Tokenizer.Decode(r.IDs[last:last+1], false))) != "" {
			return true
		}
	}
	return last >= 0
}

// check looks at the tokens of a row, and cuts it.
func (b *builder) check(r *Row) {
	r.hash = b.hashOf(r.Text)
	b.fit(r, true)
}

// hashOf returns what equal texts have in common.
func (b *builder) hashOf(text string) uint64 { return maphash.String(b.seed, text) }

// fit cuts a row to the limit. One of which tokens are learned should have some.
func (b *builder) fit(r *Row, learned bool) {
	targets := 0
	for _, learn := range r.Learn[min(1, len(r.Learn)):] {
		if learn {
			targets++
		}
	}
	if len(r.IDs) > 0 && targets == 0 && learned {
		r.find(NoTarget, "%d tokens and none to learn", len(r.IDs))
	}
	if b.Limit == nil || r.Line == 0 {
		return
	}
	from, to, note, err := b.Limit.Keep(r.Learn)
	if r.Part != "" {
		note = strings.TrimSuffix(r.Part+": "+note, r.Part+": ")
	}
	switch {
	case err != nil:
		r.refuse(err)
	case note == "":
	case to == from:
		r.find(Dropped, "%s", note)
		r.fault = fmt.Errorf("%s", note)
	default:
		r.find(Cut, "%s", note)
		r.IDs, r.Learn = r.IDs[from:to], r.Learn[from:to]
		r.Text = string(b.Tokenizer.Decode(r.IDs, false))
	}
}

func shortened(text string) string {
	if runes := []rune(text); len(runes) > 60 {
		return string(runes[:57]) + "…"
	}
	return text
}
