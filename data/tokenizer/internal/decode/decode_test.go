package decode

import (
	"testing"

	"github.com/seahorse-ml/seahorse/data/tokenizer/internal/pattern"
)

func TestDecoders(t *testing.T) {
	space := pattern.Literal("▁")
	for _, c := range []struct {
		d    Decoder
		in   []string
		want string
	}{
		{Spaced{}, []string{"a", "b"}, "a b"},
		{ByteLevel{}, []string{"Ġa", "Ã", "©", "<x y>"}, " aé<x y>"},
		{WordPiece{Prefix: "##", Cleanup: true}, []string{"do", "not", "##e", ".", "i", "'m"}, "do note. i'm"},
		{WordPiece{Prefix: "##"}, []string{"##a", "b", "."}, "##a b ."},
		{Metaspace{Replacement: "▁", PrependScheme: "always"}, []string{"▁a", "▁b"}, "a b"},
		{Metaspace{Replacement: "▁", PrependScheme: "never"}, []string{"▁a", "▁b"}, " a b"},
		{BPE{Suffix: "</w>"}, []string{"a", "b</w>", "c</w>"}, "ab c"},
		{ByteFallback{}, []string{"<0xE4>", "<0xBD>", "<0xA0>", "x", "<0xff>", "<0xg0>"}, "你x\xff<0xg0>"},
		{Sequence{Replace{space, " "}, ByteFallback{}, Fuse{}, Strip{Content: " ", Begin: 1}}, []string{"▁", "▁a", "▁b"}, " a b"},
		{Sequence{Fuse{}, Strip{Content: "x", Begin: 2, Finish: 1}}, []string{"x", "xx", "a", "x", "x"}, "xax"},
		{Strip{Content: "H", Begin: 1}, []string{"Hey", " friend", "HH"}, "ey friendH"},
	} {
		out := &Output{}
		sink := c.d.Start(out)
		for _, s := range c.in {
			sink.Token(s)
		}
		sink.End()
		if got := string(out.Bytes); got != c.want {
			t.Errorf("%#v: %q gives %q, want %q", c.d, c.in, got, c.want)
		}
	}
	if (Strip{Content: "ab"}).Validate() == nil || (Strip{Content: "a", Begin: -1}).Validate() == nil {
		t.Error("a bad Strip passes")
	}
}
