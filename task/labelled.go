package task

import (
	"context"

	"github.com/seahorse-ml/seahorse/data"
	"github.com/seahorse-ml/seahorse/models"
)

// Labelled is learning the labels of texts or of their words.
type Labelled struct {
	Kind data.LabelKind // of the labels; the name of the objective as well
}

// Name is the kind of labels, such as "classification".
func (o Labelled) Name() string { return string(o.Kind) }

// Fits is true of encoders with a classifier of that kind.
func (o Labelled) Fits(m models.Model) bool { return LabelsOf(m).Kind == o.Kind }

// Head returns a new classifier for the labels.
func (o Labelled) Head(l data.Labels) (models.Head, bool) {
	if o.Kind == data.TokenClassification {
		return models.Head{Task: models.TaskToken, Labels: l.Names}, true
	}
	return models.Head{Task: models.TaskSequence, Labels: l.Names, Regression: o.Kind == data.Regression}, true
}

// Vocabulary is any: labels are learned by a trained encoder, which has its own.
func (Labelled) Vocabulary() (string, []string) { return "", nil }

// Labels returns all labels of the source.
func (o Labelled) Labels(s *data.Source) (data.Labels, error) { return data.ReadLabels(s, o.Kind) }

// Encode makes a document of each text, with its labels beside it.
func (Labelled) Encode(ctx context.Context, s *data.Source, c Encoding) (*data.Tokens, Report, error) {
	l := data.LabelledConfig{Labels: c.Labels, MaxLength: c.Length, Progress: c.Progress}
	var tokens *data.Tokens
	var report data.LabelledReport
	var err error
	if c.Path == "" {
		tokens, report, err = data.EncodeLabelled(ctx, s, c.Tokenizer, l)
	} else {
		l.Origins = true
		report, err = data.EncodeLabelledFile(ctx, c.Path, s, c.Tokenizer, l)
	}
	r := Report{Renamed: report.Renamed}
	if report.Cut > 0 {
		r.Cut = []Cut{{"text", report.Cut, report.Examples, c.Length}}
	}
	return tokens, r, err
}

// Rows makes a row of each text.
func (Labelled) Rows(c RowsConfig) (Rows, error) {
	return c.examples(func(t *data.Tokens) (data.Dataset, error) { return rows(data.NewLabelled(t, c.Length)) })
}

// EvalRows makes a row of each text.
func (Labelled) EvalRows(c RowsConfig) (data.Dataset, []Cut, error) {
	return evalRows(data.NewLabelled(c.Tokens, c.Length))
}

// LabelsOf returns the labels of a classifier's head, none for other models.
func LabelsOf(m models.Model) data.Labels {
	l := data.Labels{Kind: data.TokenClassification}
	var c models.EncoderConfig
	switch m := m.(type) {
	case *models.SequenceClassifier:
		c, l.Kind = m.Config, data.Classification
		if c.Regression() {
			l.Kind = data.Regression
		}
	case *models.TokenClassifier:
		c = m.Config
	default:
		return data.Labels{}
	}
	for i := range c.Classes() {
		l.Names = append(l.Names, c.ClassName(i))
	}
	return l
}
