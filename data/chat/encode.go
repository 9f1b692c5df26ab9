package chat

import (
	"fmt"
	"slices"
)

// Learn says which tokens of a conversation are learned.
type Learn string

// What of a conversation is learned.
const (
	LearnAnswers    Learn = "answers"    // all that the assistant wrote, with the ends of its turns
	LearnLastAnswer Learn = "completion" // of that only what is behind the last message of somebody else
	LearnAll        Learn = "all"        // everything
)

// Encoder is the part of a tokenizer that conversations need.
type Encoder interface {
	// AppendTargets appends the ids of a text and for each whether it stands, at least in part, for the bytes of a span.
	AppendTargets(ids []int32, targets []bool, text []byte, spans [][2]int, addSpecial bool) ([]int32, []bool)
	// AppendLiteral is AppendTargets without a frame, for a text of which some spans hold no tokens but those of ordinary text.
	AppendLiteral(ids []int32, targets []bool, text []byte, spans, literal [][2]int) ([]int32, []bool)
	// HoldsToken tells whether a token of its own, such as one that ends a turn, is spelled out in a text.
	HoldsToken(text []byte) bool
}

// Encoding turns conversations into tokens. Several goroutines may use it at once.
type Encoding struct {
	Template *Template
	Encoder  Encoder
	Learn    Learn // default LearnAnswers
}

// Encoded is a conversation as a model learns it.
type Encoded struct {
	Text  string
	IDs   []int32
	Learn []bool // for each token whether it is to be learned
}

// Encode renders and encodes a conversation. Nothing is added to what the template writes. A special token of the tokenizer that stands in a message is that token, as it is to
// transformers, but in what a tool returns it is text: that comes from elsewhere, and must not end a turn or begin one of the system.
func (e Encoding) Encode(c Conversation) (Encoded, error) {
	r, err := e.rendered(c)
	if err != nil {
		return Encoded{}, err
	}
	out := Encoded{Text: r.Text}
	out.IDs, out.Learn, err = e.ids(c, RenderOptions{}, r.Text, r.Answers)
	return out, err
}

// Prompt returns the tokens of a conversation up to where an answer begins, and their text.
func (e Encoding) Prompt(c Conversation) (ids []int32, text string, err error) {
	o := RenderOptions{GenerationPrompt: true}
	if text, err = e.Template.Render(c, o); err != nil {
		return nil, "", err
	}
	ids, _, err = e.ids(c, o, text, nil)
	return ids, text, err
}

// ids encodes the text of a conversation.
func (e Encoding) ids(c Conversation, o RenderOptions, text string, spans [][2]int) (ids []int32, learn []bool, err error) {
	if !slices.ContainsFunc(c.Messages, e.holds) {
		ids, learn = e.Encoder.AppendTargets(nil, nil, []byte(text), spans, false)
		return ids, learn, nil
	}
	literal, err := e.Template.returned(c, o, text)
	if err != nil {
		return nil, nil, err
	}
	ids, learn = e.Encoder.AppendLiteral(nil, nil, []byte(text), spans, literal)
	return ids, learn, nil
}

// holds tells whether a tool has returned what spells a token.
func (e Encoding) holds(m Message) bool {
	return m.Role == "tool" && e.Encoder.HoldsToken([]byte(m.Content))
}

// Continuation returns the tokens that stand between an assistant's turn, the message before the one numbered from, and the answer to the conversation:
// what follows the token that ends the turn, the messages from there on, and what an answer begins with.
func (e Encoding) Continuation(c Conversation, from int) ([]int32, error) {
	text, literal, err := e.Template.continuation(c, from)
	if err != nil {
		return nil, err
	}
	ids, _ := e.Encoder.AppendLiteral(nil, nil, []byte(text), nil, literal)
	return ids, nil
}

// rendered renders a conversation with the spans that are learned.
func (e Encoding) rendered(c Conversation) (Rendered, error) {
	switch e.Learn {
	case LearnAll:
		text, err := e.Template.Render(c, RenderOptions{})
		return Rendered{text, [][2]int{{0, len(text)}}}, err
	case "", LearnAnswers, LearnLastAnswer:
	default:
		return Rendered{}, fmt.Errorf("chat: Learn is %q, expected %s, %s or %s", e.Learn, LearnAnswers, LearnLastAnswer, LearnAll)
	}
	r, err := e.Template.RenderMasked(c)
	if err != nil || e.Learn != LearnLastAnswer {
		return r, err
	}
	// The answers behind the last message of somebody else: an assistant may write several in a row.
	last := 0
	for _, m := range slices.Backward(c.Messages) {
		if m.Role != "assistant" {
			break
		}
		last++
	}
	r.Answers = r.Answers[max(0, len(r.Answers)-last):]
	return r, nil
}
