package task

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/seahorse-ml/seahorse/data/chat"
	"github.com/seahorse-ml/seahorse/data/tokenizer"
	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/models"
	"github.com/seahorse-ml/seahorse/prefer"
	"gorgonia.org/tensor"
)

// Questioner tells how likely a decoder finds a question behind each of some passages, by which they can be ranked (Sachan et al., 2022): the mean of the logarithms
// of the probabilities of the question's tokens, where the model was given the passage and asked for a question about it.
type Questioner struct {
	Model     TokenScorer
	Tokenizer *tokenizer.Tokenizer
	Template  ChatTemplate
	BatchSize int     // passages that go through the model at once, > 0
	Length    int     // the most tokens of a passage with the question; longer passages are cut
	Prompt    []int32 // ids that each text begins with, of a trained prompt; default none

	trace *questionTrace // for the length of the last texts
}

// TokenScorer is a model that has the losses of tokens, as prefer.Model says, such as a decoder.
type TokenScorer interface {
	models.Model
	prefer.Model
}

// questionTrace is a trace for texts of up to a length.
type questionTrace struct {
	length                         int
	ids, targets, segments, losses *graph.Node
	machine                        *graph.Machine
}

// Questioner returns what applies the model to questions and passages, eight at once, of up to 1,024 tokens. The model must be loaded.
func (t *Trained) Questioner() (*Questioner, error) {
	m, ok := t.Model.(TokenScorer)
	if !ok || t.Objective == nil || t.Objective.Name() != (Causal{}).Name() {
		return nil, fmt.Errorf("task: %s holds %s, which asks no questions; decoders do", t.Dir, Described(t.Model))
	}
	template, err := Conversations{Dir: t.Dir}.ChatTemplate(t.Tokenizer, false)
	if err != nil {
		return nil, err
	}
	const most = 1024
	return &Questioner{Model: m, Tokenizer: t.Tokenizer, Template: template, BatchSize: 8, Length: min(most, t.Model.ContextLength()), Prompt: promptOf(t.Adapter)}, nil
}

// asked is a passage with the question behind it.
type asked struct {
	place int // among the passages
	ids   []int32
	first int // the question's first token
}

// Scores returns a score for each passage, at most 0, the higher the likelier the question is. Passages of about the same length go through the model together.
func (q *Questioner) Scores(ctx context.Context, question string, passages []string) ([]float64, error) {
	all := make([]asked, len(passages))
	for i, p := range passages {
		ids, first, err := q.frame(question, p)
		if err != nil {
			return nil, err
		}
		all[i] = asked{i, ids, first}
	}
	slices.SortStableFunc(all, func(a, b asked) int { return len(a.ids) - len(b.ids) })
	scores := make([]float64, len(passages))
	for part := range slices.Chunk(all, q.BatchSize) {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		if err := q.run(part, scores); err != nil {
			return nil, err
		}
	}
	return scores, nil
}

// frame returns the ids of a passage with a question, and where the question begins. A passage that is too long loses its end.
func (q *Questioner) frame(question, passage string) ([]int32, int, error) {
	asks := q.Tokenizer.AppendIDs(nil, []byte(question), false)
	if len(asks) == 0 {
		return nil, 0, errors.New("task: the question has no tokens")
	}
	for {
		said := "Passage: " + passage + "\nPlease write a question based on this passage."
		ids, _, err := q.Template.Encoding(q.Tokenizer).Prompt(chat.Conversation{Messages: []chat.Message{chat.NewMessage("user", said)}})
		if err != nil {
			return nil, 0, err
		}
		ids = slices.Concat(q.Prompt, ids)
		over := len(ids) + len(asks) - q.Length
		if over <= 0 && len(ids) > 0 {
			return append(ids, asks...), len(ids), nil
		}
		own := q.Tokenizer.AppendIDs(nil, []byte(passage), false)
		if len(own) <= over || len(ids) == 0 {
			return nil, 0, fmt.Errorf("task: the question has %d tokens, and there is room for %d with a passage", len(asks), q.Length)
		}
		passage = string(q.Tokenizer.Decode(own[:len(own)-over], true))
	}
}

// run sets the scores of up to BatchSize passages, the longest last.
func (q *Questioner) run(part []asked, scores []float64) error {
	longest := len(part[len(part)-1].ids)
	length := min((longest+applyLength-1)/applyLength*applyLength, q.Model.ContextLength())
	if q.trace == nil || q.trace.length != length {
		q.Close()
		g := graph.New(graph.Config{DType: tensor.Float32})
		t := &questionTrace{
			length:   length,
			ids:      g.Input("ids", tensor.Int32, q.BatchSize, length),
			targets:  g.Input("targets", tensor.Int32, q.BatchSize, length),
			segments: g.Input("segments", tensor.Int32, q.BatchSize, length),
		}
		t.losses = q.Model.TokenLosses(g, t.ids, t.targets, t.segments)
		var err error
		if t.machine, err = graph.Compile(g, t.losses); err != nil {
			return err
		}
		q.trace = t
	}
	ids, targets, segments := graph.Ints(q.trace.ids), graph.Ints(q.trace.targets), graph.Ints(q.trace.segments)
	for row := range q.BatchSize {
		x := part[min(row, len(part)-1)] // rows without a passage repeat the last, so that none is all padding
		for k := range length {
			i := row*length + k
			ids[i], targets[i], segments[i] = 0, -1, -1
			if k < len(x.ids) {
				ids[i], segments[i] = x.ids[k], 0
			}
			if row < len(part) && k+1 >= x.first && k+1 < len(x.ids) {
				targets[i] = x.ids[k+1]
			}
		}
	}
	if err := q.trace.machine.RunAll(); err != nil {
		return err
	}
	losses := graph.Floats[float32](q.trace.losses)
	for row, x := range part {
		sum := 0.0
		for k := x.first; k < len(x.ids); k++ {
			sum -= float64(losses[row*length+k-1])
		}
		scores[x.place] = sum / float64(len(x.ids)-x.first)
	}
	return nil
}

// Close gives the memory of the last texts back.
func (q *Questioner) Close() {
	if q.trace != nil {
		q.trace.machine.Close()
		q.trace = nil
	}
}
