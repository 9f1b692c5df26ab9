package task

import (
	"context"
	"path/filepath"
	"sync/atomic"

	"github.com/seahorse-ml/seahorse/data"
	"github.com/seahorse-ml/seahorse/data/chat"
	"github.com/seahorse-ml/seahorse/models"
)

// Causal is learning the next token: of texts, and of pairs of prompt and completion that of the
// completions, of conversations that of what the assistant writes.
type Causal struct {
	// Conversations says how conversations are learned. Default: as the template of the model in a directory that isn't
	// known, and so by chatml.
	Conversations Conversations
	// Truncation says what becomes of records of more tokens than a row has. Default: conversations are left out, and
	// others cut into pieces that are all learned.
	Truncation data.Truncation
	// LearnPrompts learns prompts as well as completions; default false.
	LearnPrompts bool
	// Unended adds no token that ends a text to texts and completions without one; default false.
	Unended bool
	// Unpacked gives each document a row of its own; default false.
	Unpacked bool
}

// Name is "causal".
func (Causal) Name() string { return "causal" }

// reads returns the file of the chat template.
func (o Causal) reads() []string { return []string{o.Conversations.file()} }

// Fits is true of decoders.
func (Causal) Fits(m models.Model) bool {
	_, ok := m.(models.CausalLM)
	return ok
}

// Head returns none: a decoder has its own.
func (Causal) Head(data.Labels) (models.Head, bool) { return models.Head{}, false }

// Note writes what of conversations and pairs is learned.
func (o Causal) Note(s *Settings) {
	s.Instructions = o.Conversations.Instructions
	if o.Unended {
		s.Ends = new(bool)
	}
	s.LastAnswer, s.Prompts, s.Truncation = o.Conversations.Learn == chat.LearnLastAnswer, o.LearnPrompts, o.Truncation
}

// With returns the objective by whose settings a model was trained.
func (Causal) With(dir string, s Settings) Objective {
	o := Causal{Conversations: Conversations{Dir: dir, Instructions: s.Instructions}, LearnPrompts: s.Prompts, Truncation: s.Truncation, Unended: s.Ends != nil && !*s.Ends}
	switch {
	case s.LastAnswer:
		o.Conversations.Learn = chat.LearnLastAnswer
	case s.Prompts:
		o.Conversations.Learn = chat.LearnAll
	}
	return o
}

// Vocabulary is any.
func (Causal) Vocabulary() (string, []string) { return "", nil }

// Labels returns none.
func (Causal) Labels(*data.Source) (data.Labels, error) { return data.Labels{}, nil }

// Encode makes a stream of documents, each with the tokens that frame and end a text. To conversations nothing is added.
func (o Causal) Encode(ctx context.Context, s *data.Source, c Encoding) (*data.Tokens, Report, error) {
	e := data.EncodeConfig{EndOfText: !o.Unended, AddSpecial: true, LearnPrompts: o.LearnPrompts}
	turns := newTurns(o.Conversations, c.Tokenizer)
	e.Conversation = turns.encode
	var err error
	if e.Instructions, err = o.Conversations.Asks(c.Tokenizer); err != nil {
		return nil, Report{}, err
	}
	var alpaca atomic.Bool
	e.Seen = func(s data.Shape) {
		if s == data.InstructionShape {
			alpaca.Store(true)
		}
	}
	limit := &data.LengthLimit{Most: c.Length, How: o.Truncation}
	if o.Truncation == "" {
		limit.How, limit.Conversations = data.TruncateDrop, true
	}
	if c.Length > 0 {
		e.Limit = limit
	}
	var blank blankRecords
	e.Blank = blank.add
	tokens, err := c.texts(ctx, s, e)
	report := Report{Long: limit.Report(), Alpaca: alpaca.Load(), Blank: blank.report()}
	if turns.used != nil {
		report.Template, report.Borrowed = turns.used.Where, turns.used.Borrowed
	}
	if err == nil && c.Path != "" {
		err = turns.save(filepath.Dir(c.Path))
	}
	return tokens, report, err
}

// Rows makes windows of a stream; several documents are packed, and none sees another.
func (o Causal) Rows(c RowsConfig) (Rows, error) {
	documents := func(t *data.Tokens) (data.Dataset, error) {
		if o.Unpacked {
			return rows(data.NewPadded(t, c.Length))
		}
		return rows(data.NewPacked(t, c.Length))
	}
	return c.streamed(
		func(t *data.Tokens, ofDocuments bool) (data.Dataset, error) {
			if ofDocuments {
				return documents(t)
			}
			return rows(data.NewWindows(t, c.Length))
		},
		func(t *data.Tokens, ofDocuments bool) (data.Dataset, error) {
			if ofDocuments {
				return documents(t)
			}
			return rows(data.NewSequential(t, c.Length))
		})
}

// EvalRows makes windows that don't overlap; pairs have a row each.
func (Causal) EvalRows(c RowsConfig) (data.Dataset, []Cut, error) {
	if c.Tokens.Targets() < c.Tokens.Len() {
		return evalRows(data.NewPadded(c.Tokens, c.Length))
	}
	return evalRows(data.NewSequential(oneText(c.Tokens, c.Tokenizer), c.Length))
}
