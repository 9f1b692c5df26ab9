package normalize

import (
	"bytes"
	"math/rand/v2"
	"testing"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/seahorse-ml/seahorse/data/tokenizer/internal/pattern"
)

func normalized(t *testing.T, n Normalizer, s string) (string, Text) {
	t.Helper()
	text := NewText([]byte(s), true)
	if err := n.Normalize(&text); err != nil {
		t.Fatal(err)
	}
	plain := NewText([]byte(s), false)
	if err := n.Normalize(&plain); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(plain.Bytes, text.Bytes) {
		t.Errorf("%q becomes %q if tracked, %q if not", s, text.Bytes, plain.Bytes)
	}
	return string(text.Bytes), text
}

func TestNormalizers(t *testing.T) {
	runs, err := pattern.Regex(" {2,}")
	if err != nil {
		t.Fatal(err)
	}
	yes, no := true, false
	for _, c := range []struct {
		n        Normalizer
		in, want string
	}{
		{Lowercase{}, "ÀİΣ\xffB", "ài̇σ\xffb"},
		{Strip{Left: true}, "\u3000 a ", "a "},
		{Strip{Right: true}, " a \n", " a"},
		{Strip{Left: true, Right: true}, " \t ", ""},
		{StripAccents{}, "e\u0301\u0903x", "ex"},
		{Prepend{"▁"}, "a", "▁a"},
		{Prepend{"▁"}, "", ""},
		{Replace{pattern.Literal(" "), "▁"}, " a b", "▁a▁b"},
		{Replace{runs, " "}, "a   b c", "a b c"},
		{Nmt{}, "a\x01\tb\u200b\ufeff\x0b", "a b  "},
		{Bert{CleanText: true}, "a\x00\ufffd\u00adb\tc\u3000", "ab c "},
		{Bert{HandleChineseChars: true}, "a你b", "a 你 b"},
		{Bert{Lowercase: true}, "É", "e"},
		{Bert{Lowercase: true, StripAccents: &no}, "É", "é"},
		{Bert{StripAccents: &yes}, "É", "E"},
		{Sequence{NFKC, Lowercase{}}, "Ａﬁ", "afi"},
	} {
		if got, _ := normalized(t, c.n, c.in); got != c.want {
			t.Errorf("%#v: %q becomes %q, want %q", c.n, c.in, got, c.want)
		}
	}
}

func TestFormsEqualTheStandard(t *testing.T) {
	pool := []rune("aeAo\u0301\u0323\u0327\u0308é한각\u1100\u1161\u11a8\u0345ﬁÅ½①你\u0958\u0f77ǅẛ̣\u1e9b\u2126ΐ")
	forms := map[Form]norm.Form{NFC: norm.NFC, NFD: norm.NFD, NFKC: norm.NFKC, NFKD: norm.NFKD}
	r := rand.New(rand.NewPCG(1, 2))
	for range 20000 {
		var b []byte
		for range r.IntN(12) {
			c := pool[r.IntN(len(pool))]
			if r.IntN(3) == 0 {
				c = rune(r.IntN(0x3200))
			}
			if !tables().newer[c] {
				b = utf8.AppendRune(b, c)
			}
		}
		for f, standard := range forms {
			if got, _ := normalized(t, f, string(b)); got != standard.String(string(b)) {
				t.Fatalf("%v: %+q becomes %+q, want %+q", f, b, got, standard.String(string(b)))
			}
		}
	}
	if got, _ := normalized(t, NFC, "\xffe\u0301\xcc"); got != "\xffé\xcc" {
		t.Errorf("invalid bytes become %q", got)
	}
	if got, _ := normalized(t, NFKD, "\U0001e030"); got != "\U0001e030" {
		t.Errorf("a character of Unicode 15 becomes %+q", got)
	}
}

func TestOrigins(t *testing.T) {
	for _, c := range []struct {
		n    Normalizer
		in   string
		i, j int
		want Span
	}{
		{NFD, "xé", 1, 4, Span{1, 3}},
		{NFD, "xé", 2, 4, Span{1, 3}},
		{NFC, "xe\u0301y", 1, 3, Span{1, 2}},
		{Prepend{"▁"}, "你好", 0, 6, Span{0, 3}},
		{Replace{pattern.Literal("ab"), "c"}, "xaby", 1, 2, Span{2, 3}},
		{Strip{Left: true}, "  ab", 0, 2, Span{2, 4}},
		{Bert{HandleChineseChars: true}, "a你", 1, 5, Span{1, 4}},
	} {
		_, text := normalized(t, c.n, c.in)
		if got := text.OriginOf(c.i, c.j); got != c.want {
			t.Errorf("%#v: bytes %d to %d of %q come from %v, want %v", c.n, c.i, c.j, c.in, got, c.want)
		}
	}
	text := NewText([]byte("a你\xffb"), true)
	if got := text.OriginOf(2, 3); got != (Span{1, 4}) {
		t.Errorf("a byte of a character comes from %v", got)
	}
	if got := text.OriginOf(4, 5); got != (Span{4, 5}) {
		t.Errorf("a byte of no character comes from %v", got)
	}
	piece := text.Slice(4, 6)
	if got := piece.OriginOf(0, 2); got != (Span{4, 6}) {
		t.Errorf("a slice comes from %v", got)
	}
}

func TestPrecompiledRefuses(t *testing.T) {
	for _, b := range [][]byte{nil, {1, 0, 0, 0}, {255, 255, 255, 255, 0}, {0, 0, 0, 0}, {4, 0, 0, 0, 0, 0, 0, 0, 0xff}} {
		if _, err := NewPrecompiled(b); err == nil {
			t.Errorf("%v: no error", b)
		}
	}
}

func FuzzPrecompiled(f *testing.F) {
	f.Add([]byte{8, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 'a', 0}, "héllo")
	f.Fuzz(func(t *testing.T, table []byte, s string) {
		p, err := NewPrecompiled(table)
		if err != nil {
			return
		}
		text := NewText([]byte(s), true)
		if err := p.Normalize(&text); err != nil {
			t.Fatal(err)
		}
		if n := len(text.Bytes); n > 0 {
			if at := text.OriginOf(0, n); at.Start < 0 || at.End > len(s) {
				t.Fatalf("%q comes from %v", text.Bytes, at)
			}
		}
	})
}
