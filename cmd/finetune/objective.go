package main

import (
	"fmt"

	"github.com/seahorse-ml/seahorse/data"
	"github.com/seahorse-ml/seahorse/data/tokenizer"
	"github.com/seahorse-ml/seahorse/models"
	"github.com/seahorse-ml/seahorse/train"
)

// Objectives, as --objective names them. Those of labelled texts are the kinds of labels.
const (
	causal              = "causal"
	masked              = "masked"
	seq2seq             = "seq2seq"
	classification      = string(data.Classification)
	tokenClassification = string(data.TokenClassification)
	regression          = string(data.Regression)
)

// labelled tells whether an objective is learned from labelled texts.
func labelled(objective string) bool {
	return objective == classification || objective == tokenClassification || objective == regression
}

// trainable is a model that can be trained and saved.
type trainable interface {
	models.Model
	train.Model
}

// objectiveOf returns what a model's head is for, or "" for an encoder without one.
func objectiveOf(m models.Model) string {
	switch m := m.(type) {
	case models.CausalLM:
		return causal
	case models.Seq2Seq:
		return seq2seq
	case *models.MaskedLM:
		return masked
	case *models.TokenClassifier:
		return tokenClassification
	case *models.SequenceClassifier:
		if m.Config.Regression() {
			return regression
		}
		return classification
	}
	return ""
}

// described says what a model is, by what its head is for.
func described(m models.Model) string {
	if objective := objectiveOf(m); objective != "" {
		return fmt.Sprintf("a model whose objective is %s", objective)
	}
	return "an encoder without a head"
}

// isEncoder tells whether a model can get another head.
func isEncoder(m models.Model) bool {
	switch m.(type) {
	case *models.Encoder, *models.MaskedLM, *models.SequenceClassifier, *models.TokenClassifier:
		return true
	}
	return false
}

// learns says what a model can learn.
func learns(m models.Model) string {
	if isEncoder(m) {
		return fmt.Sprintf("%s, %s, %s or %s", masked, classification, tokenClassification, regression)
	}
	return objectiveOf(m)
}

// labelsOf returns the labels of a classifier's head, none for other models.
func labelsOf(m models.Model) data.Labels {
	var c models.EncoderConfig
	switch m := m.(type) {
	case *models.SequenceClassifier:
		c = m.Config
	case *models.TokenClassifier:
		c = m.Config
	default:
		return data.Labels{}
	}
	l := data.Labels{Kind: data.LabelKind(objectiveOf(m))}
	for i := range c.Classes() {
		l.Names = append(l.Names, c.ClassName(i))
	}
	return l
}

// maskingConfig returns how the tokens of a tokenizer are hidden, each row between the tokens that frame a text, if it has them.
func maskingConfig(t *tokenizer.Tokenizer, vocab int, seed uint64) (data.MaskingConfig, error) {
	mask, ok := namedSpecial(t, "mask_token", "[MASK]", "<mask>")
	if !ok {
		return data.MaskingConfig{}, fmt.Errorf("the tokenizer has no token that stands for a hidden one, such as [MASK], which --objective masked needs")
	}
	c := data.DefaultMasking(mask)
	for _, role := range []string{"bos_token", "eos_token", "unk_token", "pad_token", "cls_token", "sep_token"} {
		if id, ok := t.Special(role); ok {
			c.Special = append(c.Special, id)
		}
	}
	first, hasFirst := namedSpecial(t, "cls_token", "[CLS]", "<s>")
	last, hasLast := namedSpecial(t, "sep_token", "[SEP]", "</s>")
	if hasFirst && hasLast {
		c.Frame = []int32{first, last}
	}
	c.Vocab, c.Seed = min(vocab, t.VocabSize()), seed
	return c, nil
}

// namedSpecial returns the token of a role, or else the first of the usual names that the tokenizer has.
func namedSpecial(t *tokenizer.Tokenizer, role string, names ...string) (int32, bool) {
	if id, ok := t.Special(role); ok {
		return id, true
	}
	for _, name := range names {
		if id, ok := t.ID(name); ok {
			return id, true
		}
	}
	return 0, false
}
