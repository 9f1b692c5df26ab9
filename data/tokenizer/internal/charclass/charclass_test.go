package charclass

import "testing"

func TestOf(t *testing.T) {
	for _, c := range []struct {
		r    rune
		want Class
	}{
		{'a', Letter | Lower | Word},
		{'Ж', Letter | Upper | Word},
		{'ǅ', Letter | Upper | Word},
		{'你', Letter | Word},
		{'7', Number | Numeric | Word},
		{'½', Number | Numeric},
		{'$', Punctuation},
		{'。', Punctuation},
		{'\n', Space},
		{'\x00', Control},
		{'\u00ad', Control},
		{'\u3000', Space},
		{'\u0301', Mark | Accent | Combining | Word},
		{'\U0002ebf0', Letter | Word},           // Unicode 15.1
		{'\U00010d40', Number | Numeric | Word}, // Unicode 16
		{'\u2e52', 0},                           // punctuation that the crate of categories does not know
		{-1, 0},
		{0x110000, 0},
	} {
		if got := Of(c.r); got != c.want {
			t.Errorf("Of(%U) = %b, want %b", c.r, got, c.want)
		}
	}
}

func TestToLower(t *testing.T) {
	for _, c := range []struct{ r, first, second rune }{
		{'A', 'a', 0}, {'z', 'z', 0}, {'É', 'é', 0}, {'İ', 'i', 0x307}, {'Σ', 'σ', 0}, {0x10d50, 0x10d70, 0}, {'你', '你', 0},
	} {
		if a, b := ToLower(c.r); a != c.first || b != c.second {
			t.Errorf("ToLower(%U) = %U %U, want %U %U", c.r, a, b, c.first, c.second)
		}
	}
}
