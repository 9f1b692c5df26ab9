package words

import (
	"slices"
	"testing"
)

func TestRowsOfTokens(t *testing.T) {
	v := &Vectors{Dim: 1, Values: []float32{1, 2}}
	var err error
	if v.Vocabulary, err = NewVocabulary([]string{"king", "Queen"}, nil); err != nil {
		t.Fatal(err)
	}
	rows, missing := v.Rows([]string{"", " king", "King", "Queen", "queen"})
	if !slices.Equal(missing, []int{0, 4}) || rows[0] != nil || rows[1][0] != 1 || rows[2][0] != 1 || rows[3][0] != 2 {
		t.Errorf("rows %v, missing %v", rows, missing)
	}
}
