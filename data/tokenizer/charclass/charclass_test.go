package charclass

import (
	"encoding/json"
	"flag"
	"os"
	"testing"
	"unicode"
)

var dump = flag.String("dump", "", "write the classes without the deltas to this file, for testdata/probe.py")

var names = map[string]Class{
	"Letter": Letter, "Number": Number, "Space": Space, "Upper": Upper, "Lower": Lower, "Mark": Mark, "Word": Word,
	"Numeric": Numeric, "Punctuation": Punctuation, "Control": Control, "Accent": Accent, "Combining": Combining,
}

func TestDump(t *testing.T) {
	if *dump == "" {
		t.Skip("no -dump")
	}
	out := struct {
		Classes map[string][][2]rune `json:"classes"`
		Lower   map[rune]rune        `json:"lower"`
	}{map[string][][2]rune{}, map[rune]rune{}}
	deltas = nil
	table := Table()
	for name, class := range names {
		for r := rune(0); r < size; r++ {
			if table[r]&class == 0 {
				continue
			}
			runs := out.Classes[name]
			if n := len(runs); n > 0 && runs[n-1][1] == r-1 {
				runs[n-1][1] = r
			} else {
				out.Classes[name] = append(runs, [2]rune{r, r})
			}
		}
	}
	for r := rune(0); r < size; r++ {
		if l := unicode.ToLower(r); l != r {
			out.Lower[r] = l
		}
	}
	b, err := json.Marshal(out)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(*dump, b, 0o644); err != nil {
		t.Fatal(err)
	}
}

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
