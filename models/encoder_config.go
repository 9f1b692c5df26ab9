package models

import (
	"fmt"
	"strings"

	"github.com/seahorse-ml/seahorse/graph"
)

// EncoderConfig is the config.json of a BERT, a RoBERTa or an ALBERT.
type EncoderConfig struct {
	ModelType        string   `json:"model_type"`          // bert, roberta or albert
	Architectures    []string `json:"architectures"`       // the encoder with its head, such as BertForMaskedLM
	VocabSize        int      `json:"vocab_size"`          // V
	HiddenSize       int      `json:"hidden_size"`         // D
	NumLayers        int      `json:"num_hidden_layers"`   //
	NumHeads         int      `json:"num_attention_heads"` // H
	IntermediateSize int      `json:"intermediate_size"`   // F
	Activation       string   `json:"hidden_act"`
	HiddenDropout    float64  `json:"hidden_dropout_prob"`          // of the embeddings and of what each part of a block adds
	AttentionDropout float64  `json:"attention_probs_dropout_prob"` // of the attention weights
	MaxPositions     int      `json:"max_position_embeddings"`      // rows of the table of positions
	TypeVocabSize    int      `json:"type_vocab_size"`              // texts that an input may have
	InitRange        float64  `json:"initializer_range"`            // standard deviation of new weights
	LayerNormEps     float64  `json:"layer_norm_eps"`
	PositionType     string   `json:"position_embedding_type,omitempty"` // absolute, which is the default
	IsDecoder        bool     `json:"is_decoder,omitempty"`              // must be false
	PadTokenID       *int     `json:"pad_token_id"`
	BosTokenID       *int     `json:"bos_token_id"`
	EosTokenID       TokenIDs `json:"eos_token_id"`
	TieEmbeddings    bool     `json:"tie_word_embeddings"` // the masked head scores with the table of embeddings

	EmbeddingSize         int      `json:"embedding_size,omitempty"`    // ALBERT: width of the embeddings
	NumGroups             int      `json:"num_hidden_groups,omitempty"` // ALBERT: groups of layers that share parameters
	InnerLayers           int      `json:"inner_group_num,omitempty"`   // ALBERT: blocks in a layer
	ClassifierDropoutProb *float64 `json:"classifier_dropout_prob,omitempty"`

	ClassifierDropout *float64       `json:"classifier_dropout,omitempty"` // BERT and RoBERTa: nil means HiddenDropout
	ProblemType       string         `json:"problem_type,omitempty"`       // regression or single_label_classification; empty is the first for one label
	Labels            map[int]string `json:"id2label,omitempty"`           // names of the classes
	LabelIDs          map[string]int `json:"label2id,omitempty"`
	NumLabels         int            `json:"num_labels,omitempty"` // C, where there are no names; 0 means 2
}

// sized sets what a Size says, and a head for masked tokens.
func (c EncoderConfig) sized(s Size) (EncoderConfig, error) {
	c.Architectures = []string{c.names().class + TaskMasked.suffix()}
	c.VocabSize, c.MaxPositions, c.HiddenSize, c.NumLayers, c.NumHeads, c.IntermediateSize = s.Vocab, s.Context, s.Width, s.Layers, s.Heads, s.inner()
	c.HiddenDropout, c.AttentionDropout = s.Dropout, s.Dropout
	c.BosTokenID, c.EosTokenID, c.PadTokenID = s.Start, oneToken(s.End), s.Pad
	return c, s.ungrouped()
}

// names says how the family names its parts.
func (c EncoderConfig) names() encoderFamily {
	if f, err := FamilyNamed(c.ModelType); err == nil && f.encoder != nil {
		return *f.encoder
	}
	return encoderFamily{}
}

// Validate tells what is wrong with the configuration, or nil.
func (c EncoderConfig) Validate() error {
	names := c.names()
	if names.class == "" {
		return fmt.Errorf("models: model_type %q is no encoder; those are %s", c.ModelType, strings.Join(encoderArches(), ", "))
	}
	fail := func(format string, args ...any) error {
		return fmt.Errorf("models: "+c.ModelType+": "+format, args...)
	}
	type size struct {
		name  string
		value int
	}
	sizes := []size{
		{"vocab_size", c.VocabSize}, {"hidden_size", c.HiddenSize}, {"num_hidden_layers", c.NumLayers}, {"num_attention_heads", c.NumHeads},
		{"intermediate_size", c.IntermediateSize}, {"type_vocab_size", c.TypeVocabSize}, {"the number of labels", c.Classes()},
		{"max_position_embeddings less those before the first", c.MaxPositions - c.positionOffset()},
	}
	if names.shared {
		sizes = append(sizes, size{"embedding_size", c.EmbeddingSize}, size{"num_hidden_groups", c.NumGroups}, size{"inner_group_num", c.InnerLayers})
	}
	for _, f := range sizes {
		if err := checkSize(f.name, f.value); err != nil {
			return fail("%w", err)
		}
	}
	if c.HiddenSize%c.NumHeads != 0 {
		return fail("hidden_size %d is not divisible by num_attention_heads %d", c.HiddenSize, c.NumHeads)
	}
	if names.shared && c.NumGroups > c.NumLayers {
		return fail("%d num_hidden_groups for %d layers", c.NumGroups, c.NumLayers)
	}
	for _, f := range []struct {
		name  string
		value float64
	}{
		{"hidden_dropout_prob", c.HiddenDropout}, {"attention_probs_dropout_prob", c.AttentionDropout}, {"the classifier's dropout", c.headDropout()},
	} {
		if f.value < 0 || f.value >= 1 {
			return fail("%s is %g, expected [0, 1)", f.name, f.value)
		}
	}
	switch {
	case c.PositionType != "" && c.PositionType != "absolute":
		return fail("position_embedding_type %q is not known; known is absolute", c.PositionType)
	case c.IsDecoder:
		return fail("is_decoder is true, expected an encoder")
	case c.ProblemType != "" && c.ProblemType != regression && c.ProblemType != classification:
		return fail("problem_type %q is not known; known are %s and %s", c.ProblemType, regression, classification)
	}
	for id := range c.Labels {
		if id < 0 || id >= len(c.Labels) {
			return fail("id2label has the id %d among %d, expected them to count from 0", id, len(c.Labels))
		}
	}
	if _, err := activation(c.Activation); err != nil {
		return fail("hidden_act: %w", err)
	}
	_, err := c.task()
	return err
}

// Kinds of problems that a classifier solves.
const (
	regression     = "regression"
	classification = "single_label_classification"
)

// Classes returns C, the number of labels of a classifier or of values of a regression.
func (c EncoderConfig) Classes() int {
	switch {
	case len(c.Labels) > 0:
		return len(c.Labels)
	case c.NumLabels != 0:
		return c.NumLabels
	case len(c.LabelIDs) > 0:
		return len(c.LabelIDs)
	}
	return 2
}

// ClassName returns the name of class i: that of id2label, or where there is none but LABEL_i, as transformers calls a class
// without a name, that of label2id.
func (c EncoderConfig) ClassName(i int) string {
	unnamed := fmt.Sprintf("LABEL_%d", i)
	if name, ok := c.Labels[i]; ok && name != unnamed {
		return name
	}
	var names []string
	for name, id := range c.LabelIDs {
		if id == i {
			names = append(names, name)
		}
	}
	if len(names) == 1 {
		return names[0]
	}
	return unnamed
}

// Regression tells whether a classifier's scores are values.
func (c EncoderConfig) Regression() bool {
	return c.ProblemType == regression || c.ProblemType == "" && c.Classes() == 1
}

// task returns the task that the architecture's name ends in, TaskEncoding if the
// configuration names none.
func (c EncoderConfig) task() (Task, error) {
	if len(c.Architectures) == 0 {
		return TaskEncoding, nil
	}
	class := c.names().class
	name := c.Architectures[0]
	known := make([]string, 0, len(taskSuffixes))
	for _, s := range taskSuffixes {
		if name == class+s.suffix {
			return s.task, nil
		}
		known = append(known, class+s.suffix)
	}
	return 0, fmt.Errorf("models: %s: architecture %q is not known; known are %s", c.ModelType, name, strings.Join(known, ", "))
}

// headDropout returns the dropout before a classifier.
func (c EncoderConfig) headDropout() float64 {
	switch {
	case c.names().shared:
		if c.ClassifierDropoutProb == nil {
			return 0.1
		}
		return *c.ClassifierDropoutProb
	case c.ClassifierDropout != nil:
		return *c.ClassifierDropout
	}
	return c.HiddenDropout
}

// embeddingSize returns the width of the embeddings.
func (c EncoderConfig) embeddingSize() int {
	if c.names().shared {
		return c.EmbeddingSize
	}
	return c.HiddenSize
}

// positionOffset returns the row of the table that the first position has.
func (c EncoderConfig) positionOffset() int {
	if c.names().behindPadding && c.PadTokenID != nil {
		return *c.PadTokenID + 1
	}
	return 0
}

// activation is hidden_act.
func (c EncoderConfig) activation() graph.Activation {
	kind, _ := activation(c.Activation)
	return kind
}
