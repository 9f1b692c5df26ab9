package task

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/seahorse-ml/seahorse/data"
	"github.com/seahorse-ml/seahorse/data/tokenizer"
	"github.com/seahorse-ml/seahorse/models"
	"github.com/seahorse-ml/seahorse/train"
)

// Model is a model that can be trained and saved.
type Model interface {
	models.Model
	train.Model
}

// Objective is what a model learns, and so what it is for.
type Objective interface {
	// Name is what configurations call the objective.
	Name() string
	// Fits tells whether a model has the head that the objective needs.
	Fits(m models.Model) bool
	// Head returns the head that an encoder gets for the objective and the labels. Ok is false
	// where no head makes a model fit.
	Head(l data.Labels) (head models.Head, ok bool)
	// Vocabulary returns the kind of tokenizer that new models of the objective get where nobody
	// names one, or "" for any, and the tokens that it needs besides those of its kind.
	Vocabulary() (kind string, special []string)
	// Labels returns the labels that a source has, none where the objective has no use for them.
	Labels(s *data.Source) (data.Labels, error)
	// Encode turns a source into tokens.
	Encode(ctx context.Context, s *data.Source, c Encoding) (*data.Tokens, Report, error)
	// Rows makes rows to learn from and to validate on.
	Rows(c RowsConfig) (Rows, error)
	// EvalRows makes the rows that a trained model is measured on: each target once. Of
	// RowsConfig, Held, Split and Stream are left out of account.
	EvalRows(c RowsConfig) (data.Dataset, []Cut, error)
}

// Encoding says how an objective's data become tokens.
type Encoding struct {
	Tokenizer *tokenizer.Tokenizer
	Labels    data.Labels         // of labelled texts
	Length    int                 // the most tokens of a labelled text
	Path      string              // the token file to write, for data.OpenTokens; "" returns the tokens in memory
	Progress  func(data.Progress) // may be nil
}

// Report tells what encoding did to data besides.
type Report struct {
	Cut     []Cut
	Renamed []data.Renamed // labels of the data and the classes that they mean
	// Template says where the chat template of conversations was found; "" where the data have none.
	Template string
	Borrowed bool              // the model has no template of its own
	Alpaca   bool              // instructions were written by Alpaca's prompt, not as conversations
	Long     data.LengthReport // of records of more tokens than a row has
	Blank    BlankReport       // of records without any text, which leave no document
	Full     []error           // records that were left out as their prompts fill a row, with file and line
}

// Cut tells how many texts were too long.
type Cut struct {
	What   string // "text", "source" or "target text"
	Count  int
	Of     int
	Length int // that they were cut to, in tokens
}

// Objectives returns one of each kind, as their zero values are.
func Objectives() []Objective {
	return []Objective{
		Causal{}, Masked{}, Seq2Seq{},
		Labelled{data.Classification}, Labelled{data.TokenClassification}, Labelled{data.Regression}, Reward{},
	}
}

// Names returns the names of all objectives.
func Names() []string {
	var names []string
	for _, o := range Objectives() {
		names = append(names, o.Name())
	}
	return names
}

// Named returns the objective of a name.
func Named(name string) (Objective, error) {
	all := Objectives()
	if i := slices.IndexFunc(all, func(o Objective) bool { return o.Name() == name }); i >= 0 {
		return all[i], nil
	}
	return nil, fmt.Errorf("task: objective %q is not known; known are %s", name, strings.Join(Names(), ", "))
}

// Of returns what a model's head is for, or nil for an encoder without one.
func Of(m models.Model) Objective {
	for _, o := range Objectives() {
		if o.Fits(m) {
			return o
		}
	}
	return nil
}

// Described says what a model is, by what its head is for.
func Described(m models.Model) string {
	if o := Of(m); o != nil {
		return "a model whose objective is " + o.Name()
	}
	return "an encoder without a head"
}

// Learns returns the names of what a model can learn, with another head where it can get one.
func Learns(m models.Model) []string {
	var names []string
	for _, o := range Objectives() {
		if CanLearn(m, o) {
			names = append(names, o.Name())
		}
	}
	return names
}

// CanLearn tells whether a model has the head for an objective or can get it.
func CanLearn(m models.Model, o Objective) bool {
	if o.Fits(m) {
		return true
	}
	head, ok := o.Head(data.Labels{})
	if ok && head.Task == models.TaskReward {
		return isDecoder(m)
	}
	return ok && isEncoder(m)
}

// isDecoder tells whether a model can get a head of one value.
func isDecoder(m models.Model) bool {
	switch m.(type) {
	case *models.Decoder, *models.Body, *models.RewardModel:
		return true
	}
	return false
}

// isEncoder tells whether a model can get another head.
func isEncoder(m models.Model) bool {
	switch m.(type) {
	case *models.Encoder, *models.MaskedLM, *models.SequenceClassifier, *models.TokenClassifier:
		return true
	}
	return false
}
