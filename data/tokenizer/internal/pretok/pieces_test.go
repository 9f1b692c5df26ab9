package pretok

import (
	"strings"
	"testing"

	"github.com/seahorse-ml/seahorse/data/tokenizer/internal/normalize"
	"github.com/seahorse-ml/seahorse/data/tokenizer/internal/pattern"
)

func split(t *testing.T, p PreTokenizer, s string) string {
	t.Helper()
	pieces, err := p.PreTokenize([]Piece{{normalize.NewText([]byte(s), true), -1}})
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, piece := range pieces {
		out = append(out, string(piece.Text.Bytes))
	}
	return strings.Join(out, "|")
}

func TestPreTokenizers(t *testing.T) {
	dash := pattern.Literal("-")
	words, err := pattern.Regex(`\w+`)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		p        PreTokenizer
		in, want string
	}{
		{Bert{}, "Hi, you  $5", "Hi|,|you|$|5"},
		{Whitespace{}, "don't go...", "don|'|t|go|..."},
		{WhitespaceSplit{}, " a\tb\u3000c ", "a|b|c"},
		{Digits{}, "a12b", "a|12|b"},
		{Digits{IndividualDigits: true}, "a12b", "a|1|2|b"},
		{Punctuation{Isolated}, "a.,b", "a|.|,|b"},
		{CharDelimiterSplit{"x"}, "axbx", "a|b"},
		{Split{dash, Removed, false}, "the-final--countdown", "the|final|countdown"},
		{Split{dash, Isolated, false}, "the-final--countdown", "the|-|final|-|-|countdown"},
		{Split{dash, MergedWithPrevious, false}, "the-final--countdown", "the-|final-|-|countdown"},
		{Split{dash, MergedWithNext, false}, "the-final--countdown", "the|-final|-|-countdown"},
		{Split{dash, Contiguous, false}, "the-final--countdown", "the|-|final|--|countdown"},
		{Split{words, Removed, true}, "a ½b_c\u200dd", "a|½b_c|d"},
		{Metaspace{"▁", Always, true}, "a b", "▁a|▁b"},
		{Metaspace{"▁", Never, true}, "a  b", "a|▁|▁b"},
		{Metaspace{"▁", First, false}, "a b", "▁a▁b"},
		{ByteLevel{AddPrefixSpace: true, UseRegex: true}, "aé b", "ĠaÃ©|Ġb"},
		{ByteLevel{AddPrefixSpace: true, Raw: true}, "aé", " aé"},
		{Sequence{WhitespaceSplit{}, Digits{}}, "a1 2", "a|1|2"},
	} {
		if got := split(t, c.p, c.in); got != c.want {
			t.Errorf("%#v: %q splits into %q, want %q", c.p, c.in, got, c.want)
		}
	}
}

func TestChinese(t *testing.T) {
	if testing.Short() {
		t.Skip("the dictionary takes seconds to load")
	}
	if got := split(t, Chinese{}, "x我爱北京天安门y"); got != "x|我|爱|北京|天安门|y" {
		t.Errorf("got %q", got)
	}
}

func TestAddedTokensStayWhole(t *testing.T) {
	pieces, err := WhitespaceSplit{}.PreTokenize([]Piece{{normalize.NewText([]byte("a b"), false), 7}})
	if err != nil || len(pieces) != 1 || pieces[0].ID != 7 {
		t.Errorf("got %v, %v", pieces, err)
	}
}

func TestValidate(t *testing.T) {
	if Behavior("Shuffled").Validate() == nil {
		t.Error("an unknown behavior passes")
	}
	for _, p := range []Metaspace{{"▁", "sometimes", true}, {"ab", Always, true}} {
		if p.Validate() == nil {
			t.Errorf("%v passes", p)
		}
	}
}
