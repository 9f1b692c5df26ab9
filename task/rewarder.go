package task

import (
	"context"
	"fmt"
	"slices"

	"github.com/seahorse-ml/seahorse/data"
	"github.com/seahorse-ml/seahorse/data/chat"
	"github.com/seahorse-ml/seahorse/internal/orderedjson"
)

// Rewarder tells by a reward model how good answers are.
type Rewarder struct {
	classifier *Classifier
	encoder    *answerEncoder
}

// Asked is what answers are given to: a text, or the messages of a conversation with its tools.
type Asked struct {
	Text     string
	Messages *chat.Conversation // in place of the text; nil for none
}

// Rewarder returns what applies the model, a reward model, to answers, eight at once. Messages are written by the model's own chat template.
func (t *Trained) Rewarder() (*Rewarder, error) {
	if !(Reward{}).Fits(t.Model) {
		return nil, fmt.Errorf("task: %s holds %s, expected a reward model; finetune sft --objective reward makes one", t.Dir, Described(t.Model))
	}
	c, err := t.Classifier()
	if err != nil {
		return nil, err
	}
	c.Length = t.Model.ContextLength()
	o, _ := t.Objective.(Reward)
	return &Rewarder{c, &answerEncoder{turns: newTurns(o.Conversations, t.Tokenizer), whole: true}}, nil
}

// Rewards returns the values of answers. Each is encoded with what was asked as the texts are that reward models learn from. An error tells which
// answer has more tokens than the model reads.
func (r *Rewarder) Rewards(ctx context.Context, asked []Asked, answers []string) ([]float64, error) {
	if len(asked) != len(answers) {
		return nil, fmt.Errorf("task: rewards: %d answers to %d prompts, expected one each", len(answers), len(asked))
	}
	texts := make([]framedText, len(answers))
	for i, answer := range answers {
		ids, err := r.encode(asked[i], answer)
		if err == nil && len(ids) > r.classifier.Length {
			err = fmt.Errorf("%d tokens with its prompt, and the reward model reads %d", len(ids), r.classifier.Length)
		}
		if err != nil {
			return nil, fmt.Errorf("task: rewards: answer %d of %d: %w", i+1, len(answers), err)
		}
		texts[i] = framedText{place: i, ids: ids}
	}
	slices.SortStableFunc(texts, func(x, y framedText) int { return len(x.ids) - len(y.ids) })
	values := make([]float64, len(answers))
	for part := range slices.Chunk(texts, r.classifier.BatchSize) {
		if err := ctx.Err(); err != nil {
			return nil, context.Cause(ctx)
		}
		scores, err := r.classifier.run(part)
		if err != nil {
			return nil, err
		}
		for i, x := range part {
			values[x.place] = float64(scores[i][0])
		}
	}
	return values, nil
}

// encode returns the tokens of an answer with what was asked.
func (r *Rewarder) encode(asked Asked, answer string) ([]int32, error) {
	record := orderedjson.NewObject()
	if asked.Messages == nil {
		if answer == "" { // which a text that is learned never is
			ids, _ := r.encoder.turns.tokenizer.AppendTargets(nil, nil, []byte(asked.Text), nil, true)
			if len(ids) == 0 {
				return nil, fmt.Errorf("the prompt and the answer have no tokens")
			}
			return ids, nil
		}
		ids, _, err := r.encoder.answer(record, asked.Text, answer)
		return ids, err
	}
	var prompt []any
	for _, m := range asked.Messages.Messages {
		prompt = append(prompt, m.Fields)
	}
	if len(asked.Messages.Tools) > 0 {
		record.Set("tools", asked.Messages.Tools)
	}
	ids, _, err := r.encoder.answer(record, prompt, []any{chat.NewMessage("assistant", answer).Fields})
	return ids, err
}

// Close gives back the memory of the last texts.
func (r *Rewarder) Close() { r.classifier.Close() }

// rewardLabels are how a classifier knows the value of a reward model.
var rewardLabels = data.Labels{Kind: data.Regression, Names: []string{"LABEL_0"}}
