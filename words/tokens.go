package words

import "strings"

// Rows returns the vectors of a tokenizer's tokens, each as text, such as what a layers.Embedding begins with: a token is looked up without the white
// space around it, as it is or in
// lower case. Tokens without a vector have nil, and their numbers are in missing.
func (v *Vectors) Rows(tokens []string) (rows [][]float32, missing []int) {
	rows = make([][]float32, len(tokens))
	for i, token := range tokens {
		if id, ok := v.lookup(strings.TrimSpace(token)); ok {
			rows[i] = v.At(id)
		} else {
			missing = append(missing, i)
		}
	}
	return rows, missing
}
