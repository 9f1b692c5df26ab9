package task

import "github.com/seahorse-ml/seahorse/data"

// Weighs tells whether an objective lets records count what they say under "weight". Of others all count alike.
func Weighs(o Objective) bool {
	switch o.(type) {
	case Causal, Masked, Seq2Seq, Labelled:
		return true
	}
	return false
}

// Shapes returns the shapes of the records that an objective learns from; all for objectives of others.
func Shapes(o Objective) []data.Shape {
	switch o := o.(type) {
	case Causal, Masked, *Distill:
		return []data.Shape{data.TextShape, data.PairShape, data.InstructionShape, data.MessagesShape}
	case Seq2Seq:
		return []data.Shape{data.PairShape, data.InstructionShape}
	case Labelled:
		if o.Kind == data.TokenClassification {
			return []data.Shape{data.WordsShape}
		}
		return []data.Shape{data.LabelledShape}
	case Preference:
		return (&answerEncoder{single: o.judges()}).shapes()
	case Reward:
		return (&answerEncoder{}).shapes()
	case GRPO:
		return o.shapes()
	case Embedding:
		return o.shapes()
	}
	return data.Shapes()
}
