package task

import (
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strings"

	"github.com/seahorse-ml/seahorse/data"
	"go.yaml.in/yaml/v3"
)

// Settings are what a run has learned by and is applied by: a part of its run.yaml.
type Settings struct {
	Objective    string `yaml:"objective,omitempty"`
	Length       int    `yaml:"seq_len,omitempty"`           // tokens of a row, or the most of a text
	SourceLength int    `yaml:"max_source_length,omitempty"` // the most tokens of a source

	// Of conversations and pairs of prompt and completion:
	LastAnswer   bool            `yaml:"completion_only_loss,omitempty"` // only the last answer is learned
	Prompts      bool            `yaml:"train_on_prompt,omitempty"`      // prompts are learned too
	Instructions string          `yaml:"instruction_format,omitempty"`   // how instructions are written; see Conversations
	Truncation   data.Truncation `yaml:"truncation,omitempty"`           // of records that are too long
	Ends         *bool           `yaml:"eos,omitempty"`                  // texts get the token that ends one; nil is true
}

// Settable is an Objective with fields of its own, which a run notes in its settings, so that the
// model is measured by them too.
type Settable interface {
	Objective
	// Note writes the fields into settings.
	Note(s *Settings)
	// With returns the objective for the model in a directory with the fields that settings have.
	With(dir string, s Settings) Objective
}

func (r *Run) settings() Settings {
	s := Settings{Objective: r.Objective.Name(), Length: r.Length, SourceLength: r.sourceLength()}
	if o, ok := r.Objective.(Settable); ok {
		o.Note(&s)
	}
	return s
}

func (s Settings) encode() ([]byte, error) { return yaml.Marshal(s) }

// ReadSettings reads the settings of the run that made the model in a directory: of the run.yaml
// beside it or, for a checkpoint, above it. Ok is false where there is none.
func ReadSettings(dir string) (s Settings, ok bool, err error) {
	path := filepath.Join(dir, RunName)
	if absolute, err := filepath.Abs(dir); err == nil && !isFile(path) && strings.HasPrefix(filepath.Base(absolute), "checkpoint-") {
		path = filepath.Join(filepath.Dir(absolute), RunName)
	}
	content, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return s, false, nil
	}
	if err == nil {
		err = yaml.Unmarshal(content, &s)
	}
	if err != nil {
		return s, false, fmt.Errorf("task: settings of the run: %s: %w", path, err)
	}
	return s, true, nil
}

// Steps returns how many steps so many passes over rows take, of which a step takes perStep.
func Steps(epochs float64, rows, perStep int) int {
	return max(1, int(math.Ceil(epochs*float64(rows)/float64(perStep))))
}
