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
// transformers.
func (e Encoding) Encode(c Conversation) (Encoded, error) {
	r, err := e.rendered(c)
	if err != nil {
		return Encoded{}, err
	}
	out := Encoded{Text: r.Text}
	out.IDs, out.Learn = e.Encoder.AppendTargets(nil, nil, []byte(r.Text), r.Answers, false)
	return out, nil
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
