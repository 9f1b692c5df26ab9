package task

import (
	"slices"

	"github.com/seahorse-ml/seahorse/data/tokenizer"
	"github.com/seahorse-ml/seahorse/models"
)

// TokenizerConfig returns how a tokenizer of a kind is learned for a new model of a family: with
// the family's pattern, and with the tokens that the objective needs.
func TokenizerConfig(kind, arch string, o Objective) tokenizer.TrainConfig {
	c := tokenizer.NewTrainConfig(kind)
	_, special := o.Vocabulary()
	for _, token := range special {
		if !slices.Contains(c.Special, token) {
			c.Special = append(c.Special, token)
		}
	}
	if f, _ := models.FamilyNamed(arch); f.Split != "" && kind == "bpe" {
		c.Split = f.Split
	}
	return c
}

// withEnd appends the token that ends a text, where there is one and it isn't there yet.
func withEnd(t *tokenizer.Tokenizer, ids []int32) []int32 {
	if end, ok := t.EndOfText(); ok && (len(ids) == 0 || ids[len(ids)-1] != end) {
		return append(ids, end)
	}
	return ids
}
