package task

import (
	"context"
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"strconv"

	"github.com/seahorse-ml/seahorse/data"
	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/internal/orderedjson"
	"github.com/seahorse-ml/seahorse/models"
	"github.com/seahorse-ml/seahorse/prefer"
)

// Reward is learning to tell by one value how good a text is, from pairs of which the first is the better one.
type Reward struct {
	// Center is how strongly the values of a pair are held to a sum of 0, ≥ 0; default 0.
	Center float64
	// Conversations says how messages are written.
	Conversations Conversations
}

// Name is "reward".
func (Reward) Name() string { return "reward" }

// reads returns the file of the chat template.
func (o Reward) reads() []string { return []string{o.Conversations.file()} }

// Fits is true of reward models.
func (Reward) Fits(m models.Model) bool {
	_, ok := m.(*models.RewardModel)
	return ok
}

// Head returns a new head of one value, which decoders can get.
func (Reward) Head(data.Labels) (models.Head, bool) {
	return models.Head{Task: models.TaskReward}, true
}

// Vocabulary is any.
func (Reward) Vocabulary() (string, []string) { return "", nil }

// Labels returns none.
func (Reward) Labels(*data.Source) (data.Labels, error) { return data.Labels{}, nil }

// Note writes nothing: what is measured doesn't depend on the fields.
func (Reward) Note(*Settings) {}

// With returns the objective, by the chat template of the model in a directory.
func (Reward) With(dir string, _ Settings) Objective {
	return Reward{Conversations: Conversations{Dir: dir}}
}

// learner returns what learns from pairs: a model with the parameters of m, which is saved as m is.
func (o Reward) learner(m Model) (Model, error) {
	r, ok := m.(*models.RewardModel)
	if !ok {
		return nil, fmt.Errorf("task: objective reward: %s, expected one with a head of one value", Described(m))
	}
	if !(o.Center >= 0) || math.IsInf(o.Center, 0) {
		return nil, fmt.Errorf("task: objective reward: values are held to a sum of 0 by %g, expected 0 or more", o.Center)
	}
	return taught{m, prefer.Reward{Scorer: valued{r}, Center: o.Center}}, nil
}

// valued is a reward model as losses take it.
type valued struct{ *models.RewardModel }

// Scores maps ids [B, T] to values [B].
func (v valued) Scores(g *graph.Graph, ids, segments *graph.Node) *graph.Node {
	return g.Reshape(v.RewardModel.Scores(g, ids, nil, segments), ids.Shape()[0])
}

// marginLabels describe the labels of texts: the first of a pair has its margin.
var marginLabels = data.Labels{Kind: data.Regression, Names: []string{"margin"}}

// Encode makes two documents of each record, the prompt with the better answer and with the other one. Those with more tokens than the length are left out:
// what a text is worth can't be told of a part.
func (o Reward) Encode(ctx context.Context, s *data.Source, c Encoding) (*data.Tokens, Report, error) {
	e := &answerEncoder{turns: newTurns(o.Conversations, c.Tokenizer), whole: true}
	return e.encode(ctx, s, c)
}

// Rows makes a row of each pair.
func (o Reward) Rows(c RowsConfig) (Rows, error) {
	return c.examples(func(t *data.Tokens) (data.Dataset, error) { return o.dataset(t, c) })
}

// EvalRows makes a row of each pair.
func (o Reward) EvalRows(c RowsConfig) (data.Dataset, []Cut, error) {
	return evalRows(o.dataset(c.Tokens, c))
}

// dataset makes rows of what Encode wrote.
func (Reward) dataset(t *data.Tokens, c RowsConfig) (data.Dataset, error) {
	if t.Documents()%2 != 0 || len(t.Labels().Names) != 1 {
		return nil, errors.New("task: reward: the tokens are of another objective")
	}
	if err := t.CheckVocab(c.Model.VocabSize()); err != nil {
		return nil, err
	}
	var all []prefer.Ranked
	for d := 0; d < t.Documents(); d += 2 {
		x := prefer.Ranked{Margin: t.Value(d, 0)}
		lo, hi := t.Document(d)
		x.Better = tokensOf(t, lo, hi)
		lo, hi = t.Document(d + 1)
		x.Worse = tokensOf(t, lo, hi)
		all = append(all, x)
	}
	return rows(prefer.NewRankings(all))
}

// marginOf returns by how much the better answer is better, 0 where a record doesn't say; tables write it as text.
func marginOf(o *orderedjson.Object) (float32, error) {
	value, ok := o.Get("margin")
	if !ok || value == nil || value == "" {
		return 0, nil
	}
	margin, err := strconv.ParseFloat(fmt.Sprint(value), 32)
	if err != nil || math.IsNaN(margin) || math.IsInf(margin, 0) {
		return 0, fmt.Errorf(`"margin" is %.40s, expected a number`, orderedjson.Append(nil, value, orderedjson.Format{}))
	}
	return float32(margin), nil
}

// encode writes the documents of a source into the file of an encoding, with the chat template beside it, or returns them.
func (e *answerEncoder) encode(ctx context.Context, s *data.Source, c Encoding) (*data.Tokens, Report, error) {
	if c.Path == "" {
		b, err := data.NewTokenBuilder(c.Tokenizer.VocabSize())
		if err != nil {
			return nil, Report{}, err
		}
		report, err := e.write(ctx, s, c, b)
		if err != nil {
			return nil, report, err
		}
		t, err := b.Tokens()
		return t, report, err
	}
	w, err := data.NewTokenWriter(c.Path, c.Tokenizer.VocabSize())
	if err != nil {
		return nil, Report{}, err
	}
	defer w.Abort()
	report, err := e.write(ctx, s, c, w)
	if err == nil {
		err = w.Commit()
	}
	if err == nil {
		err = e.turns.save(filepath.Dir(c.Path))
	}
	return nil, report, err
}
