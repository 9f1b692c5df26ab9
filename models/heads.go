package models

import "github.com/seahorse-ml/seahorse/graph"

// A Task is what an encoder is for.
type Task uint8

const (
	TaskEncoding Task = iota // states and embeddings, without a head: an *Encoder
	TaskMasked               // what hidden tokens were: a *MaskedLM
	TaskSequence             // a class or values of each sequence: a *SequenceClassifier
	TaskToken                // a class of each token: a *TokenClassifier
	TaskReward               // of decoders, a value of each text: a *RewardModel
)

// taskSuffixes are what the names of architectures end in; the first of a task is
// what Save writes.
var taskSuffixes = []struct {
	task   Task
	suffix string
}{
	{TaskEncoding, "Model"},
	{TaskMasked, "ForMaskedLM"},
	{TaskMasked, "ForPreTraining"},
	{TaskSequence, "ForSequenceClassification"},
	{TaskToken, "ForTokenClassification"},
}

func (t Task) suffix() string {
	for _, s := range taskSuffixes {
		if s.task == t {
			return s.suffix
		}
	}
	return ""
}

// trees are where the parameters of an encoder and of its head are made: one tree, or
// two where an encoder gets a new head.
type trees struct{ encoder, head *graph.Params }

// finish completes a model that was made in the trees.
func (t trees) finish(e *Encoder) error {
	if t.encoder == t.head {
		return e.finish(t.encoder)
	}
	return e.finish(t.encoder, t.head)
}

// encoderIn makes the encoder under a head.
func (t trees) encoderIn(c EncoderConfig, task Task) *Encoder {
	return newEncoder(c, task, t.encoder.Sub(c.names().prefix))
}

// poolerIn returns the tree that the pooler of a model is made in: the head's where
// the encoder was stored without one.
func (t trees) poolerIn(f encoderFamily) *graph.Params {
	p := t.encoder.Sub(f.prefix)
	if t.encoder != t.head && !p.Has(f.pooler+".weight") {
		return t.head.Sub(f.prefix)
	}
	return p
}

// withoutPooler lets a stored pooler be, which the head has no use for.
func (t trees) withoutPooler(f encoderFamily) {
	p := t.encoder.Sub(f.prefix).Sub(f.pooler)
	p.Ignore("weight")
	p.Ignore("bias")
}
