package words

import "strings"

// Rows returns the vectors of a tokenizer's tokens, each as text, such as what a layers.Embedding begins with. A token that begins with a space is looked up
// as tokenizers spell it, with Ġ or ▁ in its place; then any without the white space around it, as it is or in lower case. Tokens without a vector have nil,
// and their numbers are in missing.
func (v *Vectors) Rows(tokens []string) (rows [][]float32, missing []int) {
	rows = make([][]float32, len(tokens))
	for i, token := range tokens {
		id, ok := v.spelled(token)
		if !ok {
			id, ok = v.lookup(strings.TrimSpace(token))
		}
		if ok {
			rows[i] = v.At(id)
		} else {
			missing = append(missing, i)
		}
	}
	return rows, missing
}

// spelled looks a token up that begins with a space, as tokenizers spell it.
func (v *Vectors) spelled(token string) (id int, ok bool) {
	rest, ok := strings.CutPrefix(token, " ")
	if !ok {
		return 0, false
	}
	if id, ok = v.Vocabulary.ID("Ġ" + rest); !ok {
		id, ok = v.Vocabulary.ID("▁" + rest)
	}
	return id, ok
}
