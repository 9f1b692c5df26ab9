package screen

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func flowed(columns int, pieces ...string) string {
	var out strings.Builder
	f := &Flow{out: &out, columns: func() int { return columns }}
	for _, p := range pieces {
		_, _ = f.Write([]byte(p))
	}
	_ = f.Flush()
	return out.String()
}

func TestFlow(t *testing.T) {
	for _, c := range []struct {
		columns int
		pieces  []string
		want    string
	}{
		{11, []string{"one tw", "o three", " four"}, "one two\nthree four"},
		{11, []string{"one two    three"}, "one two\nthree"},
		{11, []string{"  in\n\n    dented"}, "  in\n\n    dented"},
		{6, []string{"abcdefghijk x"}, "abcde\nfghij\nk x"},
		{11, []string{"你好世", "界，再见"}, "你好世界，\n再见"},
		{8, []string{"a 👩‍👩‍👧👍🏽 b😀😀"}, "a 👩‍👩‍👧👍🏽 \nb😀😀"},
		{11, []string{"\xe4\xbd", "\xa0\xe5", "\xa5\xbd"}, "你好"},
		{20, []string{"a\x1b[2Jb\u009bc\rd\te"}, "a[2Jbcd    e"},
		{0, []string{"as it is,\x1b however long"}, "as it is,\x1b however long"},
	} {
		got := flowed(c.columns, c.pieces...)
		if trimmed := strings.ReplaceAll(c.want, " \n", "\n"); got != trimmed {
			t.Errorf("%q in %d columns became %q, expected %q", c.pieces, c.columns, got, trimmed)
		}
	}
}

// TestFlowKeepsText cuts random texts into pieces, and finds the same text without white space, in lines that fit, however it was cut.
func TestFlowKeepsText(t *testing.T) {
	bare := func(s string) string { return strings.Join(strings.Fields(s), "") }
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringMatching(`([a-z]{1,9}|诗歌|😀|👍🏽|,|\n|\t| ){0,60}`).Draw(t, "text")
		columns := rapid.IntRange(4, 40).Draw(t, "columns")
		var pieces []string
		for rest := text; rest != ""; {
			n := rapid.IntRange(1, len(rest)).Draw(t, "n")
			pieces, rest = append(pieces, rest[:n]), rest[n:]
		}
		got := flowed(columns, pieces...)
		if bare(got) != bare(text) || got != flowed(columns, text) {
			t.Fatalf("%q in %d columns became %q", pieces, columns, got)
		}
		for _, line := range strings.Split(got, "\n") {
			if Columns(line) > columns-1 {
				t.Fatalf("%q is wider than %d", line, columns-1)
			}
		}
	})
}
