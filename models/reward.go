package models

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/layers"
	"gorgonia.org/gorgonia"
)

// RewardModel is a decoder that finds one value for each text, by the state of its last token: what transformers calls a
// sequence classifier of one label, such as LlamaForSequenceClassification.
type RewardModel struct {
	Body
	Score *layers.Linear // D to 1, without a bias

	params []*graph.Param
}

// scoreName is the folder of the head.
const scoreName = "score"

// rewardClass returns the class that a reward model has in transformers.
func (d decoderParts) rewardClass() string {
	return strings.TrimSuffix(d.bodyClass, TaskEncoding.suffix()) + TaskSequence.suffix()
}

// isReward tells whether the model is to be one with a value for each text.
func (d decoderParts) isReward(o origin) bool {
	return o.newHead != nil || slices.Contains(d.architectures, d.rewardClass())
}

// reward completes a reward model. Where the head is a new one, a stored language head is left.
func (d decoderParts) reward(m *Decoder, o origin, p *graph.Params) (Model, error) {
	head := p
	if o.newHead != nil {
		head = graph.NewParams(o.dt, *o.newHead)
		if o.sketch {
			head = graph.SketchParams(o.dt, nil)
		}
		p.Sub(d.names.head).Ignore("weight")
		p.Sub(scoreName).Ignore("weight")
	}
	r := &RewardModel{Body: m.Body}
	r.class = d.rewardClass()
	r.Score = layers.NewLinear(layers.LinearConfig{In: d.head.Width, Out: 1, Init: d.head.Init}, head.Sub(scoreName))
	if err := errors.Join(p.Err(), head.Err()); err != nil {
		return nil, err
	}
	r.params = p.All()
	if head != p {
		r.params = append(r.params, head.All()...)
	}
	return r, nil
}

// Params returns the parameters in the order in which they were made.
func (m *RewardModel) Params() []*graph.Param { return m.params }

// Scores maps ids [B, T], one text a row, to the values [B, 1] of the texts, at the last token whose segment in segments [B, T] isn't
// negative, behind which all is padding. Types are left out of account; segments may be nil where there is no padding.
func (m *RewardModel) Scores(g *graph.Graph, ids, _, segments *graph.Node) *graph.Node {
	x := m.Hidden(g, ids, layers.Pass{Segments: segments})
	values := m.Score.Forward(g, x)
	if g.Err() != nil {
		return values
	}
	rows, length := ids.Shape()[0], ids.Shape()[1]
	values = g.Reshape(values, rows, length)
	if segments == nil {
		return g.Slice(values, length-1, length)
	}
	last := g.NotNegative(segments) // 1 up to the last token; less what is 1 up to the one before it
	if length > 1 {
		none := g.Const("no token behind a text", make([]float64, rows), rows, 1)
		last = g.Check(gorgonia.Sub(last, g.Join(g.Slice(last, 1, length), none)))
	}
	return g.Reshape(g.RowSums(g.Check(gorgonia.HadamardProd(values, last))), rows, 1)
}

// Loss is an error: what a reward model learns is told by an objective, such as prefer.Reward.
func (m *RewardModel) Loss(g *graph.Graph, _ layers.Batch) layers.Loss {
	g.Fail(fmt.Errorf("models: %s: a reward model has no loss of its own; it learns from pairs, see package prefer", m.parts.family))
	return layers.Loss{}
}

// Save writes the model's directory, which transformers opens as a sequence classifier of one label.
func (m *RewardModel) Save(dir string) error {
	label := "LABEL_0"
	more := map[string]any{"id2label": map[string]any{"0": label}, "label2id": map[string]any{label: 0}}
	return save(dir, stored{config: m.Config, family: m.parts.family, class: m.class, more: more}, nil, m.Params())
}
