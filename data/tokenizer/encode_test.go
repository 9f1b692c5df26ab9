package tokenizer

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestEncodeOptions(t *testing.T) {
	tok, err := Load("testdata/golden/bert.json")
	if err != nil {
		t.Fatal(err)
	}
	tok.settings = settings{"pad_token": []byte(`"[PAD]"`)}
	encode := func(text string, o EncodeOptions) string {
		t.Helper()
		e, err := tok.Encode([]byte(text), o)
		if err != nil {
			t.Fatal(err)
		}
		for _, n := range []int{len(e.Tokens), len(e.Offsets), len(e.SpecialMask), len(e.TypeIDs), len(e.Padding)} {
			if n != e.Len() {
				t.Errorf("%q: slices of different lengths: %+v", text, e)
			}
		}
		return strings.Join(e.Tokens, " ")
	}
	for _, c := range []struct {
		text string
		o    EncodeOptions
		want string
	}{
		{"a b c d", EncodeOptions{}, "a b c d"},
		{"a b c d", EncodeOptions{AddSpecial: true}, "[CLS] a b c d [SEP]"},
		{"a b c d", EncodeOptions{AddSpecial: true, MaxLength: 4}, "[CLS] a b [SEP]"},
		{"a b c d", EncodeOptions{AddSpecial: true, MaxLength: 4, TruncateLeft: true}, "[CLS] c d [SEP]"},
		{"a b c d", EncodeOptions{MaxLength: 3}, "a b c"},
		{"a b", EncodeOptions{PadTo: 4}, "a b [PAD] [PAD]"},
		{"a b", EncodeOptions{PadTo: 4, PadLeft: true}, "[PAD] [PAD] a b"},
		{"a b", EncodeOptions{AddSpecial: true, Pair: []byte("c")}, "[CLS] a b [SEP] c [SEP]"},
		{"a b c", EncodeOptions{Pair: []byte("d e f g h"), MaxLength: 5}, "a b d e f"},
		{"a", EncodeOptions{Pair: []byte("d e f g h"), MaxLength: 5}, "a d e f g"},
		{"a b c d e", EncodeOptions{Pair: []byte("f"), MaxLength: 3}, "a b f"},
	} {
		if got := encode(c.text, c.o); got != c.want {
			t.Errorf("%q with %+v gives %q, want %q", c.text, c.o, got, c.want)
		}
	}
	pair, _ := tok.Encode([]byte("a"), EncodeOptions{AddSpecial: true, Pair: []byte("b"), PadTo: 7})
	if got := fmt.Sprint(pair.TypeIDs, pair.SpecialMask, pair.Padding); got != "[0 0 0 1 1 0 0] [true false true false true true true] [false false false false false true true]" {
		t.Errorf("a pair gives %s", got)
	}
	batch, err := tok.EncodeBatch([][]byte{[]byte("a"), []byte("a b c")}, EncodeOptions{PadLongest: true})
	if err != nil || batch[0].Len() != 3 {
		t.Errorf("a batch gives %+v, %v", batch, err)
	}
	if _, err := tok.Encode([]byte("a"), EncodeOptions{AddSpecial: true, MaxLength: 1}); err == nil {
		t.Error("no room for special tokens: no error")
	}
	tok.settings = nil
	if _, err := tok.Encode([]byte("a"), EncodeOptions{PadTo: 3}); err == nil {
		t.Error("no token to pad with: no error")
	}
}

func TestSamplingIsSeeded(t *testing.T) {
	dropout, alpha := 0.3, 0.2
	for name, s := range map[string]Sampling{"gpt2": {Dropout: &dropout}, "llama2": {Dropout: &dropout}, "t5": {Alpha: &alpha}} {
		tok, err := Load("testdata/golden/" + name + ".json")
		if err != nil {
			t.Fatal(err)
		}
		text := []byte("the rays of light which differ in colour")
		kinds := map[string]bool{}
		for seed := range uint64(20) {
			s.Seed = seed
			a, err := tok.Encode(text, EncodeOptions{Sampling: &s})
			if err != nil {
				t.Fatal(err)
			}
			b, _ := tok.Encode(text, EncodeOptions{Sampling: &s})
			if !slices.Equal(a.IDs, b.IDs) {
				t.Errorf("%s: one seed gives two encodings", name)
			}
			if got := string(tok.Decode(a.IDs, false)); got != string(text) {
				t.Errorf("%s: a sample decodes to %q", name, got)
			}
			kinds[fmt.Sprint(a.IDs)] = true
		}
		if len(kinds) < 10 {
			t.Errorf("%s: 20 seeds give %d encodings", name, len(kinds))
		}
		// In a batch each text has draws of its own, which depend on its number alone.
		batch, err := tok.EncodeBatch(slices.Repeat([][]byte{text}, 20), EncodeOptions{Sampling: &s})
		if err != nil {
			t.Fatal(err)
		}
		clear(kinds)
		for i, e := range batch {
			s.Text = uint64(i)
			if alone, _ := tok.Encode(text, EncodeOptions{Sampling: &s}); !slices.Equal(alone.IDs, e.IDs) {
				t.Errorf("%s: text %d gives %v in a batch, %v alone", name, i, e.IDs, alone.IDs)
			}
			kinds[fmt.Sprint(e.IDs)] = true
		}
		if len(kinds) < 10 {
			t.Errorf("%s: 20 texts give %d encodings", name, len(kinds))
		}
	}
	tok, err := Load("testdata/golden/bert.json")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tok.Encode([]byte("a"), EncodeOptions{Sampling: &Sampling{}}); err == nil {
		t.Error("sampling from WordPiece: no error")
	}
	for name, s := range map[string]Sampling{"gpt2": {Alpha: &alpha}, "t5": {Dropout: &dropout}} {
		tok, err := Load("testdata/golden/" + name + ".json")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := tok.Encode([]byte("a"), EncodeOptions{Sampling: &s}); err == nil || !strings.Contains(err.Error(), "draws tokens by") {
			t.Errorf("%s: sampling by the other way gives %v", name, err)
		}
	}
}

func TestWordCacheKeepsWords(t *testing.T) {
	tok := trained(t, "bpe", 600)
	e := tok.take()
	// More words than the first table holds, with many tokens each.
	for round := range 2 {
		for i := range 40000 {
			text := fmt.Appendf(nil, "w%dq", i*7919)
			got := e.append(nil, text, false)
			if round == 1 && i%97 == 0 {
				fresh := &encoder{t: tok, cache: newWordCache(), heads: newWordCache()}
				if want := fresh.append(nil, text, false); !slices.Equal(got, want) {
					t.Fatalf("%s gives %v, want %v", text, got, want)
				}
			}
		}
	}
}

func TestUnreachable(t *testing.T) {
	tok, err := load(t, `{"type":"BPE","vocab":{"a":0,"b":1,"c":2,"bc":3,"ab":4,"abc":5},"merges":[["a","b"],["b","c"],["a","bc"]]}`, ``)
	if err != nil {
		t.Fatal(err)
	}
	// abc would need bc, but ab comes first.
	if got := tok.Unreachable(); !slices.Equal(got, []int32{5}) {
		t.Errorf("got %v", got)
	}
	for name, tok := range families(t) {
		if n := len(tok.Unreachable()); n > tok.VocabSize()/3 {
			t.Errorf("%s: %d of %d tokens are unreachable", name, n, tok.VocabSize())
		}
	}
}
