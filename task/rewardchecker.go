package task

import (
	"context"

	"github.com/seahorse-ml/seahorse/data/chat"
	"github.com/seahorse-ml/seahorse/internal/orderedjson"
	"github.com/seahorse-ml/seahorse/reward"
)

// RewardChecker is a reward.Checker by a reward model.
type RewardChecker struct{ Rewarder *Rewarder }

// Name is "model".
func (RewardChecker) Name() string { return "model" }

// Rewards returns the values of answers to their prompts: to messages, where the record of a prompt has those.
func (c RewardChecker) Rewards(ctx context.Context, samples []reward.Sample) ([]float64, error) {
	asked, answers := make([]Asked, len(samples)), make([]string, len(samples))
	for i, s := range samples {
		asked[i], answers[i] = Asked{Text: s.Prompt}, s.Answer
		value, err := orderedjson.Decode(s.Record)
		record, ok := value.(*orderedjson.Object)
		if err != nil || !ok {
			continue
		}
		prompt, _ := record.Get("prompt")
		if messages, ok := prompt.([]any); ok {
			record.Set("messages", messages)
			talk, err := chat.FromRecord(record)
			if err != nil {
				return nil, err
			}
			asked[i] = Asked{Messages: &talk}
		}
	}
	return c.Rewarder.Rewards(ctx, asked, answers)
}
