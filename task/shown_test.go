package task

import (
	"slices"
	"testing"
)

// TestWords numbers the words of tokens.
func TestWords(t *testing.T) {
	tokens := func(texts ...string) []ShownToken {
		all := make([]ShownToken, len(texts))
		for i, text := range texts {
			all[i] = ShownToken{Text: text, Special: text == "<s>"}
		}
		return all
	}
	for _, c := range []struct {
		texts []string
		want  []int
	}{
		{[]string{"<s>", "The", " unbelie", "vable", " cat", "'s", " tail", "."}, []int{-1, 0, 1, 1, 2, 2, 3, 4}},
		{[]string{"a", " ", "", "你", "", "好"}, []int{0, 1, 2, 2, 3, 3}},
		{[]string{"<s>", "x", "<s>", "y", "z"}, []int{-1, 0, -1, 1, 1}},
		{[]string{"你", "好", "ok", "ay"}, []int{0, 1, 2, 2}},
		{[]string{"wasn", "'", "t", ",", "it", "1", "2"}, []int{0, 0, 0, 1, 2, 2, 2}},
	} {
		all := tokens(c.texts...)
		numberWords(all)
		var got []int
		for _, x := range all {
			got = append(got, x.Word)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("the words of %q are %v, want %v", c.texts, got, c.want)
		}
	}
}
