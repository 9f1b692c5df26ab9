package train

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/seahorse-ml/seahorse/layers"
)

// MetricsName is the file of a run's directory that has a line of Metrics for each logged step.
const MetricsName = "metrics.jsonl"

// Metrics are the figures of a step. In JSON they have the keys step, loss, grad_norm and learning_rate; tokens and
// tokens_per_second, or rows and rows_per_second, by what is counted; the model's figures of this step under their names; and after an
// evaluation eval_loss and its figures with eval_ before their names.
type Metrics struct {
	Step             int         // counted from 1
	Loss             float64     // of this step's targets, before its update
	GradNorm         float64     // before clipping
	LearningRate     float64     // of this step
	Unit             layers.Unit // what targets are
	Targets          int64       // learned from since the start of the run
	TargetsPerSecond float64     // in the steps since the last line, evaluations and saving left out
	Figures          Figures     // of this step's targets

	EvalLoss    *float64 // of an evaluation after this step; nil where there was none
	EvalFigures Figures
}

// The keys of metrics.
const (
	stepKey     = "step"
	lossKey     = "loss"
	normKey     = "grad_norm"
	rateKey     = "learning_rate"
	perSecond   = "_per_second"
	evalPrefix  = "eval_"
	evalLossKey = evalPrefix + lossKey
)

// reserved are the names that figures can't have.
var reserved = map[string]bool{stepKey: true, lossKey: true, normKey: true, rateKey: true, "tokens": true, "rows": true,
	"tokens" + perSecond: true, "rows" + perSecond: true}

// checkFigure tells whether a figure can have a name.
func checkFigure(name string) error {
	if !figureName.MatchString(name) || reserved[name] || strings.HasPrefix(name, evalPrefix) {
		return fmt.Errorf("a figure of the model's is called %q, expected small letters, digits and underscores with single slashes between them, and no key that metrics have already", name)
	}
	return nil
}

// MarshalJSON writes an object of numbers; see Metrics.
func (m Metrics) MarshalJSON() ([]byte, error) {
	unit := m.Unit.String()
	var out bytes.Buffer
	add := func(key string, value any) error {
		raw, err := json.Marshal(value)
		if err != nil {
			return fmt.Errorf("%s: %w", key, err)
		}
		separator := byte(',')
		if out.Len() == 0 {
			separator = '{'
		}
		out.WriteByte(separator)
		fmt.Fprintf(&out, "%q:%s", key, raw)
		return nil
	}
	type entry struct {
		key   string
		value any
	}
	all := []entry{
		{stepKey, m.Step}, {lossKey, m.Loss}, {normKey, m.GradNorm}, {rateKey, m.LearningRate}, {unit, m.Targets}, {unit + perSecond, m.TargetsPerSecond},
	}
	for _, f := range m.Figures {
		all = append(all, entry{f.Name, f.Value})
	}
	if m.EvalLoss != nil {
		all = append(all, entry{evalLossKey, *m.EvalLoss})
	}
	for _, f := range m.EvalFigures {
		all = append(all, entry{evalPrefix + f.Name, f.Value})
	}
	for _, e := range all {
		if err := add(e.key, e.value); err != nil {
			return nil, err
		}
	}
	out.WriteByte('}')
	return out.Bytes(), nil
}

// UnmarshalJSON reads what MarshalJSON writes. What it doesn't know are figures.
func (m *Metrics) UnmarshalJSON(raw []byte) error {
	*m = Metrics{}
	d := json.NewDecoder(bytes.NewReader(raw))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return fmt.Errorf("train: metrics: expected an object: %.40s", raw)
	}
	for d.More() {
		t, err := d.Token()
		if err != nil {
			return err
		}
		key := t.(string)
		known := map[string]any{
			stepKey: &m.Step, lossKey: &m.Loss, normKey: &m.GradNorm, rateKey: &m.LearningRate, evalLossKey: &m.EvalLoss,
			"tokens": &m.Targets, "rows": &m.Targets, "tokens" + perSecond: &m.TargetsPerSecond, "rows" + perSecond: &m.TargetsPerSecond,
		}
		if into, ok := known[key]; ok {
			if err := d.Decode(into); err != nil {
				return err
			}
			if key == layers.PerToken.String() {
				m.Unit = layers.PerToken
			}
			continue
		}
		var value float64
		if err := d.Decode(&value); err != nil {
			return err
		}
		if name, ok := strings.CutPrefix(key, evalPrefix); ok {
			m.EvalFigures = append(m.EvalFigures, Figure{name, value})
		} else {
			m.Figures = append(m.Figures, Figure{key, value})
		}
	}
	_, err := d.Token()
	return err
}
