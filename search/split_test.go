package search

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func texts(passages []Passage) []string {
	var out []string
	for _, p := range passages {
		out = append(out, strings.TrimPrefix(p.Heading+"| "+p.Text, "| "))
	}
	return out
}

func TestSplit(t *testing.T) {
	markdown := "Before.\n\n# One\nFirst of one. Second of one.\n\nThird.\n## Deep #\nBelow.\n```\n# no heading\n```\n# Two\n\n### Deeper\nEnd."
	tests := []struct {
		name, text string
		config     SplitConfig
		want       []string
	}{
		{"words", "a b c d e", SplitConfig{By: Words, Length: 2}, []string{"a b", "c d", "e"}},
		{"words that overlap", "a b c d e", SplitConfig{By: Words, Length: 3, Overlap: 1}, []string{"a b c", "c d e"}},
		{"sentences", "Mr. Hill came. He said \"no.\" Then? 3.5 of it!", SplitConfig{By: Sentences, Length: 5}, []string{"Mr. Hill came.", "He said \"no.\" Then?", "3.5 of it!"}},
		{"sentences that overlap", "A b. C d. E f. G h.", SplitConfig{By: Sentences, Length: 4, Overlap: 2}, []string{"A b. C d.", "C d. E f.", "E f. G h."}},
		{"long sentences", "a b c d. e", SplitConfig{By: Sentences, Length: 3}, []string{"a b c", "d. e"}},
		{"chinese", "你好。我是水手！", SplitConfig{By: Sentences, Length: 1}, []string{"你好。", "我是水手！"}},
		{"paragraphs", "a b\nc\n\n\nd e\n\nf", SplitConfig{By: Paragraphs, Length: 3}, []string{"a b\nc", "d e\n\nf"}},
		{"lines", "a\n\nb c d e. f\n", SplitConfig{By: Lines, Length: 4}, []string{"a", "b c d e.", "f"}},
		{"headings", markdown, SplitConfig{By: Headings, Length: 6}, []string{
			"Before.", "One| First of one. Second of one.", "One| Third.", "One > Deep| Below.\n```\n# no heading\n```", "Two > Deeper| End."}},
		{"nothing", " \n ", SplitConfig{By: Headings, Length: 6}, nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := Split("x", test.text, test.config)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(test.want, texts(got)); d != "" {
				t.Error(d)
			}
		})
	}
	for _, c := range []SplitConfig{{}, {By: "pages", Length: 1}, {By: Words}, {By: Words, Length: 2, Overlap: 2}} {
		if _, err := Split("x", "a", c); err == nil {
			t.Errorf("%+v: no error", c)
		}
	}
}

// TestSplitKeepsAll checks for any text that all but white space and headings is in a passage, that passages are where they say, in order, and not too long.
func TestSplitKeepsAll(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := strings.Join(rapid.SliceOf(rapid.SampledFrom([]string{"word", "a.", "B! ", "你好。", "\n", "\n\n", " ", "(x)", "# h\n", "étude", "\xff"})).Draw(t, "text"), rapid.SampledFrom([]string{"", " "}).Draw(t, "between"))
		c := SplitConfig{By: rapid.SampledFrom(Splits()).Draw(t, "by"), Length: rapid.IntRange(1, 8).Draw(t, "length")}
		c.Overlap = rapid.IntRange(0, c.Length-1).Draw(t, "overlap")
		passages, err := Split("x", text, c)
		if err != nil {
			t.Fatal(err)
		}
		at := 0
		for i, p := range passages {
			if text[p.Start:p.End] != p.Text || strings.TrimSpace(p.Text) == "" {
				t.Fatalf("passage %d is %q, and the text there %q", i, p.Text, text[p.Start:p.End])
			}
			if between := text[min(at, p.Start):p.Start]; strings.TrimSpace(between) != "" && c.By != Headings {
				t.Fatalf("left out: %q", between)
			}
			if p.End <= at {
				t.Fatalf("passage %d ends at %d, and the one before at %d", i, p.End, at)
			}
			if n := len(strings.Fields(p.Text)); n > c.Length && len(c.units(text, span{p.Start, p.End}, Words)) > 1 {
				t.Fatalf("passage %d has %d words, expected %d: %q", i, n, c.Length, p.Text)
			}
			at = p.End
		}
		if strings.TrimSpace(text[at:]) != "" && c.By != Headings {
			t.Fatalf("left out at the end: %q", text[at:])
		}
	})
}
