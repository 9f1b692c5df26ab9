package task

import (
	"fmt"
	"path/filepath"

	"github.com/seahorse-ml/seahorse/adapt"
	"github.com/seahorse-ml/seahorse/data/tokenizer"
	"github.com/seahorse-ml/seahorse/generate"
	"github.com/seahorse-ml/seahorse/models"
	"github.com/seahorse-ml/seahorse/weights"
)

// Trained is a model that a directory holds, with what it takes to apply it.
type Trained struct {
	Dir       string       // a directory, or a GGUF file
	Model     models.Model // a sketch until Load
	Objective Objective    // what its head is for; nil for an encoder without one
	Tokenizer *tokenizer.Tokenizer
	Settings  Settings // of the run that made it; zero where there was none

	Adapter *adapt.Adapter // on the model; nil for none
	config  OpenConfig
}

// OpenConfig configures Open. The zero value reads all as floats.
type OpenConfig struct {
	Storage models.Storage // of the matrices
	// Adapter is the directory of an adapter that is put on the model; see adapt.Open. Empty for none, but for that of a directory that is one.
	Adapter string
	AnyBase bool // takes another model than that which the adapter was trained on
}

// Open reads the model of a directory or a GGUF file. A directory of an adapter names its model, which is read with the adapter on it.
func Open(dir string, c OpenConfig) (*Trained, error) {
	t, err := Sketch(dir, c)
	if err != nil {
		return nil, err
	}
	return t, t.Load()
}

// Sketch is Open without the model's values, by which one learns what it takes to read and apply
// it.
func Sketch(dir string, c OpenConfig) (*Trained, error) {
	if c.Adapter == "" && adapt.IsDir(dir) {
		base, err := adapterBase(dir)
		if err != nil {
			return nil, err
		}
		dir, c.Adapter = base, dir
	}
	folder, err := models.Folder(dir)
	if err != nil {
		return nil, err
	}
	dir = folder
	t := &Trained{Dir: dir, config: c}
	if t.Model, err = t.open(true); err != nil {
		return nil, err
	}
	if !weights.Exist(dir) {
		return nil, t.Load() // which says what it looked for
	}
	beside, settings := dir, dir // of the tokenizer, and of the run: those of the adapter come first
	if c.Adapter != "" {
		settings = c.Adapter
		if isFile(filepath.Join(settings, "tokenizer.json")) || isFile(filepath.Join(settings, "tokenizer_config.json")) {
			beside = settings
		}
	}
	if !models.IsGGUF(settings) {
		if t.Settings, _, err = ReadSettings(settings); err != nil {
			return nil, err
		}
	}
	t.Objective = Of(t.Model)
	if o, ok := t.Objective.(Settable); ok {
		t.Objective = o.With(beside, t.Settings)
	}
	t.Tokenizer, err = tokenizer.Load(beside)
	return t, err
}

// AdapterDir returns the directory or the GGUF file that the model's adapter was read from; empty for none.
func (t *Trained) AdapterDir() string { return t.config.Adapter }

// Load reads the values of a sketched model.
func (t *Trained) Load() error {
	m, err := t.open(false)
	if err != nil {
		return err
	}
	t.Model = m
	return nil
}

// length returns what the run learned by, or without a run at most so many tokens, and no more
// than the model reads.
func (t *Trained) length(learned, most int) int {
	if learned == 0 {
		learned = most
	}
	return min(learned, t.Model.ContextLength())
}

// Writer returns what writes texts by the model: greedily, up to 200 tokens, until its Config says
// otherwise.
func (t *Trained) Writer() (*Writer, error) {
	m, ok := t.Model.(generate.Model)
	if !ok {
		return nil, fmt.Errorf("task: %s holds %s, which doesn't write texts; decoders and encoder-decoders do", t.Dir, Described(t.Model))
	}
	return &Writer{
		Prompt: promptOf(t.Adapter),
		Model:  m, Tokenizer: t.Tokenizer, SourceLength: t.Settings.SourceLength, Config: generate.Config{MaxNewTokens: 200},
	}, nil
}

// classifyLength is the most tokens of a text where no run says otherwise.
const classifyLength = 512

// Classifier returns what applies the model to texts, eight at once, cut to the length that the
// run learned by, or without a run to the model's context and at most 512 tokens.
func (t *Trained) Classifier() (*Classifier, error) {
	m, ok := t.Model.(Scorer)
	l := LabelsOf(t.Model)
	if (Reward{}).Fits(t.Model) {
		l = rewardLabels
	}
	if !ok || l.Kind == "" {
		return nil, fmt.Errorf("task: %s holds no classifier and no regression", t.Dir)
	}
	return &Classifier{Model: m, Tokenizer: t.Tokenizer, Labels: l, BatchSize: 8, Length: min(t.length(t.Settings.Length, classifyLength)+len(promptOf(t.Adapter)), t.Model.ContextLength()), Prompt: promptOf(t.Adapter)}, nil
}
