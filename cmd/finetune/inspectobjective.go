package main

import (
	"fmt"
	"slices"

	"github.com/seahorse-ml/seahorse/data"
	"github.com/seahorse-ml/seahorse/embed"
	"github.com/seahorse-ml/seahorse/models"
	"github.com/seahorse-ml/seahorse/prefer"
	"github.com/seahorse-ml/seahorse/task"
)

func (c *dataInspectCommand) conversations() task.Conversations {
	return task.Conversations{Dir: c.Model, Template: c.ChatTemplate, Instructions: c.InstructionFormat}
}

// outline returns a sketch of the model, which may be one that only makes vectors.
func (c *dataInspectCommand) outline() (models.Model, error) {
	m, err := task.Pretrained{Dir: c.Model}.Outline()
	if err != nil && embed.IsStatic(c.Model) {
		return task.Embedder{Embedding: task.Embedding{Model: c.Model}}.Outline()
	}
	return m, err
}

// objective returns what is to be learned: what was named, or what the first record is for.
func (c *dataInspectCommand) objective(s *streams, source *data.Source) (task.Objective, error) {
	name, shapes := c.Objective, source.FirstShapes()
	if name == "" {
		m, err := c.outline()
		if err != nil {
			return nil, err
		}
		if (task.Seq2Seq{}).Fits(m) {
			name = (task.Seq2Seq{}).Name()
		} else if name = objectiveOf(shapes, task.CanLearn(m, task.Labelled{Kind: data.Classification})); name != "causal" {
			fmt.Fprintf(s.err, "objective  %s, as the records are; --objective says otherwise\n", name)
		}
	}
	switch name {
	case "dpo":
		return task.Preference{Loss: prefer.DPO{}, Conversations: c.conversations()}, nil
	case "kto":
		return task.Preference{Loss: prefer.KTO{}, Conversations: c.conversations()}, nil
	case "reward":
		return task.Reward{Conversations: c.conversations()}, nil
	case "embedding":
		loss := embed.DefaultLoss(embed.MultipleNegatives)
		if slices.Contains(shapes, data.LabelledShape) {
			loss = embed.DefaultLoss(embed.CoSENT)
		}
		return task.Embedding{Loss: loss, Model: c.Model}, nil
	}
	return task.Named(name)
}

// objectiveOf returns what records of some shapes are for. Those that may be texts of a causal model are, but that an encoder learns the labels of labelled ones.
func objectiveOf(shapes []data.Shape, labels bool) string {
	has := func(s ...data.Shape) bool {
		return slices.ContainsFunc(s, func(one data.Shape) bool { return slices.Contains(shapes, one) })
	}
	switch {
	case has(data.MessagesShape, data.InstructionShape, data.PairShape, data.TextShape):
		return "causal"
	case has(data.PreferenceShape):
		return "dpo"
	case has(data.TripletShape):
		return "embedding"
	case has(data.WordsShape):
		return "token-classification"
	case has(data.LabelledShape) && labels:
		return "classification"
	}
	return "causal"
}
