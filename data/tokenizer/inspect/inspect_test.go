package inspect

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"github.com/seahorse-ml/seahorse/data/tokenizer"
)

const text = "the cat sat on the mat\nthe cat 你好 sat\n"

func train(t *testing.T, kind string, size int) *tokenizer.Tokenizer {
	t.Helper()
	c := tokenizer.NewTrainConfig(kind)
	c.VocabSize = size
	tok, err := tokenizer.Train(context.Background(), c, tokenizer.Texts(strings.Repeat(text, 20)))
	if err != nil {
		t.Fatal(err)
	}
	return tok
}

func TestMeasure(t *testing.T) {
	s, err := Measure(context.Background(), "x", train(t, "char", 0), tokenizer.Texts("the cat", "on 你Q"))
	if err != nil {
		t.Fatal(err)
	}
	if s.Documents != 2 || s.Bytes != 14 || s.Chars != 12 || s.Words != 4 || s.Tokens != 12 || s.Unknown != 1 || s.PerWord() != 3 || s.PerChar() != 1 {
		t.Errorf("got %+v", s)
	}
	if s.Used()+len(s.Unused()) != s.VocabSize {
		t.Errorf("%d ids used and %d not, of %d", s.Used(), len(s.Unused()), s.VocabSize)
	}
	if f := s.Frequent(1); len(f) != 1 || s.Counts[f[0]] != 2 {
		t.Errorf("the most frequent id is %v", f)
	}
}

func TestWriteSplit(t *testing.T) {
	tok := train(t, "bpe", 264)
	for _, c := range []struct {
		text, want string
		colour     bool
	}{
		{"the cat", "the| cat\n", false},
		{"a\tb\n你", "a|\\t|b|\\n\n你\n", false},
		{"the", "\x1b[30;48;5;153mthe\x1b[0m\n", true},
	} {
		var b bytes.Buffer
		if err := WriteSplit(&b, tok, []byte(c.text), c.colour); err != nil {
			t.Fatal(err)
		}
		if b.String() != c.want {
			t.Errorf("%q: got %q, want %q", c.text, b.String(), c.want)
		}
	}
}

func TestPartsCoverTheText(t *testing.T) {
	for _, tok := range []*tokenizer.Tokenizer{train(t, "char", 0), train(t, "bpe", 300), train(t, "wordpiece", 40), train(t, "unigram", 30)} {
		for _, s := range []string{text, " x  y ", "你好\xff!", ""} {
			parts, err := Parts(tok, []byte(s))
			if err != nil {
				t.Fatal(err)
			}
			var b strings.Builder
			for _, p := range parts {
				b.WriteString(p.Text)
			}
			if b.String() != s {
				t.Errorf("the parts of %q are %q", s, parts)
			}
		}
	}
}

func TestCompareAndHTML(t *testing.T) {
	list := []Named{{"small", train(t, "bpe", 260)}, {"<large>", train(t, "bpe", 280)}}
	stats, err := Compare(context.Background(), list, tokenizer.Texts(text))
	if err != nil {
		t.Fatal(err)
	}
	if stats[0].Tokens <= stats[1].Tokens {
		t.Errorf("the small vocabulary gives %d tokens, the large %d", stats[0].Tokens, stats[1].Tokens)
	}
	var table, page bytes.Buffer
	if err := WriteTable(&table, stats); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(table.String(), "\n"); n != 3 {
		t.Errorf("the table has %d lines:\n%s", n, &table)
	}
	if err := WriteHTML(&page, "Title", list, stats, []string{"the <b>cat</b>"}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"&lt;large&gt;", "<title>Title</title>", `class="c0"`} {
		if !strings.Contains(page.String(), want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if strings.Contains(page.String(), "<b>") {
		t.Error("the page has text that is not escaped")
	}
}
