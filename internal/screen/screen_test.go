package screen

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestCut(t *testing.T) {
	for _, c := range []struct {
		text    string
		columns int
		want    string
	}{
		{"short", 5, "short"}, {"longer", 5, "long…"}, {"", 0, ""}, {"x", 0, ""}, {"诗歌集", 6, "诗歌集"}, {"诗歌集", 5, "诗歌…"}, {"诗歌集", 4, "诗…"},
	} {
		if got := Cut(c.text, c.columns); got != c.want {
			t.Errorf("Cut(%q, %d) = %q, expected %q", c.text, c.columns, got, c.want)
		}
	}
}

func TestWrap(t *testing.T) {
	for _, c := range []struct {
		text            string
		columns, indent int
		want            string
	}{
		{"data       12 rows to learn from", 20, 11, "data       12 rows\n          to learn\n          from"},
		{"data       12 rows to learn from", 28, 11, "data       12 rows to learn\n           from"},
		{"one two", 0, 2, "one two"},
		{"a-very-long-word-indeed and more", 10, 2, "a-very-long-word-indeed\n  and more"},
		{"诗歌 诗歌 诗歌", 9, 2, "诗歌 诗歌\n  诗歌"},
		{"  | 床前明月光，疑是地上霜。", 12, 4, "  | 床前明月\n    光，疑是\n    地上霜。"},
		{"  | 床前明月光光，疑", 14, 4, "  | 床前明月光\n    光，疑"},
	} {
		if got := Wrap(c.text, c.columns, c.indent); got != c.want {
			t.Errorf("Wrap(%q, %d, %d) =\n%s\nexpected\n%s", c.text, c.columns, c.indent, got, c.want)
		}
	}
}

// TestWrapKeepsWords breaks random texts and finds the same words in lines that are no longer than allowed, but for single words.
func TestWrapKeepsWords(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		words := rapid.SliceOfN(rapid.StringMatching(`[a-z诗😀]{1,12}`), 1, 20).Draw(t, "words")
		columns, indent := rapid.IntRange(1, 60).Draw(t, "columns"), rapid.IntRange(0, 12).Draw(t, "indent")
		got := Wrap(strings.Join(words, " "), columns, indent)
		if strings.Join(strings.Fields(got), "") != strings.Join(words, "") {
			t.Fatalf("the words changed: %q", got)
		}
		for line := range strings.Lines(got) {
			if line = strings.TrimSuffix(line, "\n"); Columns(line) > columns && strings.Contains(strings.TrimLeft(line, " "), " ") {
				t.Fatalf("the line %q is longer than %d", line, columns)
			}
		}
	})
}

// TestFit gives each width a line that isn't longer, with the parts in the order of their importance.
func TestFit(t *testing.T) {
	parts := []string{"step 100/1000", "loss 2.7035", "2m30s left", "12,345 tokens/s"}
	most := -1
	for columns := 120; columns >= 0; columns-- {
		text, bar := Fit(columns, parts...)
		used := Columns(text)
		if bar > 0 {
			used += bar + framing
		}
		if used > columns {
			t.Fatalf("%d columns: %d used by %q and a bar of %d", columns, used, text, bar)
		}
		n := len(strings.Split(text, "  "))
		if most >= 0 && n > most {
			t.Errorf("%d columns: %d parts, more than in a wider line", columns, n)
		}
		most = n
	}
	if text, bar := Fit(79, parts...); bar < narrowest || !strings.HasSuffix(text, "tokens/s") {
		t.Errorf("at 79 columns: %q and a bar of %d, expected all parts", text, bar)
	}
	if text, _ := Fit(49, parts...); !strings.Contains(text, "loss") {
		t.Errorf("at 49 columns: %q, expected at least step and loss", text)
	}
}

// TestBarTakesOneLine draws into a buffer, and finds no line that is wider than a terminal of 80 columns.
func TestBarTakesOneLine(t *testing.T) {
	var out strings.Builder
	b := NewBar(&out, 10)
	for done := range 11 {
		b.drawn = b.drawn.AddDate(-1, 0, 0)
		if err := b.Show(done, "step", strings.Repeat("wide 诗歌 ", 20)); err != nil {
			t.Fatal(err)
		}
	}
	b.drawn = b.drawn.AddDate(-1, 0, 0)
	if err := b.Show(5, "step", strings.Repeat("x", 50)); err != nil { // as far, less room
		t.Fatal(err)
	}
	b.drawn = b.drawn.AddDate(-1, 0, 0)
	if err := b.Show(5, "step", strings.Repeat("x", 55)); err != nil {
		t.Fatal(err)
	}
	if err := b.Clear(); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(out.String(), "\r\x1b[2K")
	for _, line := range lines {
		if n := Columns(line); n > 79 || strings.ContainsAny(line, "\r\n") {
			t.Errorf("%d columns: %q", n, line)
		}
	}
	if got := lines[11]; !strings.HasPrefix(got, " 100% |████") {
		t.Errorf("the last drawing is %q", got)
	}
	if got := lines[6]; !strings.HasPrefix(got, "  50% |████") {
		t.Errorf("the sixth drawing is %q", got)
	}
}
