package tokenizer

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// everyTokenizer returns those with goldens, one of each kind that can be trained, and those of the families' own files.
func everyTokenizer(t *testing.T) map[string]*Tokenizer {
	all := families(t)
	d := readDirectories(t)
	for i, c := range d.Directories {
		if strings.HasSuffix(c.Name, "/files/bare") {
			tok, err := Load(d.write(t, i))
			if err != nil {
				t.Fatal(err)
			}
			all[c.Name] = tok
		}
	}
	for kind, size := range kinds {
		all["trained "+kind] = trained(t, kind, size)
	}
	return all
}

// TestTargetsAreOfTheWholeText checks that spans change no id, and flag the tokens that Encode says stand for their bytes.
func TestTargetsAreOfTheWholeText(t *testing.T) {
	for name, tok := range everyTokenizer(t) {
		rapid.Check(t, func(r *rapid.T) {
			text := anyText(r)
			var spans [][2]int
			for at := 0; rapid.Bool().Draw(r, "span"); {
				start := rapid.IntRange(at, len(text)).Draw(r, "start")
				end := rapid.IntRange(start, len(text)).Draw(r, "end")
				spans, at = append(spans, [2]int{start, end}), end
			}
			whole, err := tok.tokenize(text, nil)
			if err != nil {
				r.Fatalf("%s: %q: %v", name, text, err)
			}
			ids, targets := tok.AppendTargets([]int32{7}, []bool{true}, text, spans, false)
			if len(ids) != len(whole)+1 || len(targets) != len(ids) || ids[0] != 7 || !targets[0] {
				r.Fatalf("%s: %q %v: %v %v, expected %d tokens behind the first", name, text, spans, ids, targets, len(whole))
			}
			for i, k := range whole {
				end := max(k.at[1], k.at[0]+1)
				want := slices.ContainsFunc(spans, func(s [2]int) bool { return s[0] < end && k.at[0] < s[1] && s[0] < s[1] })
				if ids[i+1] != k.id || targets[i+1] != want {
					r.Fatalf("%s: %q %v: token %d is %d (%v), expected %d (%v) at %v", name, text, spans, i, ids[i+1], targets[i+1], k.id, want, k.at)
				}
			}
		})
	}
}

// TestPartsHaveTheTokensOfTheWhole cuts texts before white space, as long documents are cut.
func TestPartsHaveTheTokensOfTheWhole(t *testing.T) {
	text := []byte("The Rays of Light differ in degrees of Refrangibility\nand Colour, says Newton. Of 12 experiments one is new")
	for name, tok := range everyTokenizer(t) {
		want := tok.AppendIDs(nil, text, false)
		whole, err := tok.tokenize(text, nil)
		if err != nil {
			t.Fatal(err)
		}
		for i := 1; i < len(text)-1; i++ {
			across := func(k placed) bool { return k.at[0] < i && i < k.at[1] } // an added token that takes in spaces
			if text[i] != ' ' && text[i] != '\n' || slices.ContainsFunc(whole, across) {
				continue
			}
			got := tok.AppendPart(nil, text[:i], true, false, true)
			begin, end := tok.ends(true, true)
			got = tok.AppendPart(got, text[i:], false, true, true)
			if framed := slices.Concat(begin, want, end); !slices.Equal(got, framed) {
				t.Errorf("%s: cut at %d: %v, expected %v", name, i, got, framed)
			}
		}
	}
}

func TestFramesAreNotDoubled(t *testing.T) {
	tok := families(t)["bert"]
	for _, c := range []struct {
		text        string
		first, last bool
		want        string
	}{
		{"the", true, true, "[CLS] the [SEP]"},
		{"the", true, false, "[CLS] the"},
		{"the", false, true, "the [SEP]"},
		{"the", false, false, "the"},
		{"[CLS] the [SEP]", true, true, "[CLS] the [SEP]"},
		{"the [SEP] the", true, true, "[CLS] the [SEP] the [SEP]"},
		{"", true, true, "[CLS] [SEP]"},
	} {
		got := names(tok, tok.AppendPart(nil, []byte(c.text), c.first, c.last, true))
		if got != c.want {
			t.Errorf("%q (%v, %v) gives %s, expected %s", c.text, c.first, c.last, got, c.want)
		}
		if !c.first || !c.last {
			continue
		}
		ids, targets := tok.AppendTargets(nil, nil, []byte(c.text), [][2]int{{len(c.text), len(c.text)}}, true)
		if got := names(tok, ids); got != c.want || slices.Index(targets, true) != len(ids)-1 && c.text[max(0, len(c.text)-1):] != "]" {
			t.Errorf("%q with an empty end to learn gives %s and %v", c.text, got, targets)
		}
	}
}

func names(tok *Tokenizer, ids []int32) string {
	out := ""
	for i, id := range ids {
		if i > 0 {
			out += " "
		}
		name, _ := tok.Token(id)
		out += name
	}
	return out
}
