package task

import (
	"context"
	"fmt"

	"github.com/seahorse-ml/seahorse/data"
	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/train"
)

// Lengths and batches of an evaluation where nobody says otherwise.
const (
	evalLength = 2048 // the most tokens in a row
	evalTokens = 4096 // about how many tokens go through the model at once
)

// EvalConfig configures Trained.Measure.
type EvalConfig struct {
	// Length is as Config has it. Default: what the run learned by, or without a run the
	// model's context and at most 2,048.
	Length int
	// SourceLength is the most tokens of a source. Default: what the run learned by, else Length.
	SourceLength int
	BatchSize    int    // rows at once. Default: as many as have about 4,096 tokens together
	Seed         uint64 // decides which tokens are hidden from a masked model
	// Encoding is told how far the data are encoded, and Progress how many rows are done; nil
	// for silence.
	Encoding func(data.Progress)
	Progress func(done, total int)
	// Ranks measure together, each some of the rows; all of them call Run at one time, and get the same result. Default: this process alone.
	Ranks train.Ranks
}

// Measurement is an evaluation whose data are ready.
type Measurement struct {
	Config EvalConfig // with all defaults filled in
	Rows   data.Dataset
	Report Report

	trained *Trained
	tokens  *data.Tokens
}

// Measure encodes a source as the model has learned such data, and makes the rows to measure on.
func (t *Trained) Measure(ctx context.Context, s *data.Source, c EvalConfig) (*Measurement, error) {
	if t.Objective == nil {
		return nil, fmt.Errorf("task: %s holds an encoder without a head, which predicts nothing", t.Dir)
	}
	if c.Length == 0 {
		c.Length = t.length(t.Settings.Length, evalLength)
	}
	if c.SourceLength == 0 {
		c.SourceLength = t.length(t.Settings.SourceLength, c.Length)
	}
	if most := max(c.Length, c.SourceLength); most > t.Model.ContextLength() {
		return nil, fmt.Errorf("task: %d tokens in a row, and the model's context is %d", most, t.Model.ContextLength())
	}
	m := &Measurement{Config: c, trained: t}
	e := Encoding{Tokenizer: t.Tokenizer, Labels: LabelsOf(t.Model), Length: c.Length, Progress: c.Encoding}
	var err error
	if m.tokens, m.Report, err = t.Objective.Encode(ctx, s, e); err != nil {
		return nil, err
	}
	if err := m.tokens.CheckVocab(t.Model.VocabSize()); err != nil {
		return nil, err
	}
	var cut []Cut
	m.Rows, cut, err = t.Objective.EvalRows(RowsConfig{
		Model: t.Model, Tokenizer: t.Tokenizer, Tokens: m.tokens, Length: c.Length, SourceLength: c.SourceLength, Seed: c.Seed,
	})
	if err != nil {
		return nil, err
	}
	if m.Rows, err = prompted(m.Rows, t.Adapter, t.Model); err != nil {
		return nil, err
	}
	m.Report.Cut = append(m.Report.Cut, cut...)
	if c.BatchSize == 0 {
		m.Config.BatchSize = EvalBatch(m.Rows.Layout())
	}
	return m, nil
}

// EvalBatch returns how many rows of a layout an evaluation takes at a time where nobody says
// otherwise.
func EvalBatch(l data.Layout) int {
	return max(1, evalTokens/max(1, l.Length(data.TextLength)+l.Length(data.SourceLength)))
}

func (m *Measurement) config() train.EvalConfig {
	return train.EvalConfig{BatchSize: m.Config.BatchSize, Progress: m.Config.Progress, Ranks: m.Config.Ranks}
}

// learner returns the model with the loss that is measured.
func (m *Measurement) learner() (Model, error) {
	learned, err := learner(m.trained.Model)
	if err != nil {
		return nil, err
	}
	return taughtBy(m.trained.Objective, learned)
}

// Estimate returns the memory that Run takes. The model may be a sketch.
func (m *Measurement) Estimate() (graph.Memory, error) {
	learned, err := m.learner()
	if err != nil {
		return graph.Memory{}, err
	}
	return train.EstimateEvaluation(learned, m.Rows, m.config())
}

// Run measures the model, which must be loaded.
func (m *Measurement) Run(ctx context.Context) (train.Evaluation, error) {
	learned, err := m.learner()
	if err != nil {
		return train.Evaluation{}, err
	}
	return train.Evaluate(ctx, learned, m.Rows, m.config())
}

// BitsPerByte returns a loss in bits for each byte of the text; ok is false unless the next token
// of all of it is predicted and counts alike.
func (m *Measurement) BitsPerByte(e train.Evaluation) (bits float64, ok bool) {
	_, causal := m.trained.Objective.(Causal)
	bytes := m.tokens.TextBytes()
	if !causal || bytes == 0 || m.tokens.Weighted() || m.tokens.Targets() < m.tokens.Len() {
		return 0, false
	}
	return e.BitsPerByte(bytes), true
}

// Evaluate measures the model on a source; see Measure.
func (t *Trained) Evaluate(ctx context.Context, s *data.Source, c EvalConfig) (train.Evaluation, error) {
	m, err := t.Measure(ctx, s, c)
	if err != nil {
		return train.Evaluation{}, err
	}
	return m.Run(ctx)
}
