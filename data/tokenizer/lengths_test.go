package tokenizer

import (
	"encoding/json"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seahorse-ml/seahorse/data/tokenizer/internal/tokenizerjson"
)

// lengthsGolden is a truncation and a padding as a tokenizer.json has them, and
// what the reference makes of texts by them; testdata/make_lengths.py wrote it.
type lengthsGolden struct {
	Tokenizer           string
	Truncation, Padding json.RawMessage
	AddSpecial          bool `json:"add_special"`
	Batch               [][2]string
	Error               string
	Encodings           [][]lengthsEncoding // each with its overflow
}

type lengthsEncoding struct {
	IDs       []int32
	Offsets   [][2]int
	Special   []int
	TypeIDs   []int32 `json:"type_ids"`
	Attention []int
}

func flags(b []bool, set, unset int) []int {
	out := make([]int, len(b))
	for i := range b {
		out[i] = unset
		if b[i] {
			out[i] = set
		}
	}
	return out
}

func TestPaddingIsBounded(t *testing.T) {
	tok, err := load(t, tinyBPE, `,"padding":{"strategy":{"Fixed":1000000000000000000},"pad_token":"a"}`)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tok.Encode([]byte("ab"), tok.FileOptions()); err == nil || !strings.Contains(err.Error(), "at most") {
		t.Errorf("padding to 10^18 tokens gives %v", err)
	}
	for _, o := range []EncodeOptions{{MaxLength: -1}, {Stride: -1}, {PadTo: -1}, {PadMultiple: -1}, {Truncation: "Shortest"}, {MaxLength: 1, Truncation: OnlySecond}} {
		if _, err := tok.Encode([]byte("aaa"), o); err == nil {
			t.Errorf("%+v: no error", o)
		}
	}
}

func TestTruncationAndPaddingEqualTheReference(t *testing.T) {
	overflows, refused := 0, 0
	for i, c := range readJSON[[]lengthsGolden](t, filepath.Join("testdata", "golden", "lengths.json")) {
		tok, err := Load(filepath.Join("testdata", "golden", c.Tokenizer+".json"))
		if err != nil {
			t.Fatal(err)
		}
		for to, from := range map[any]json.RawMessage{&tok.file.Truncation: c.Truncation, &tok.file.Padding: c.Padding} {
			if err := json.Unmarshal(from, to); err != nil {
				t.Fatal(err)
			}
		}
		// What was read is written again.
		written, err := tok.file.Marshal()
		if err != nil {
			t.Fatal(err)
		}
		again, err := tokenizerjson.Parse(written)
		if err != nil || !cmp.Equal(again.Truncation, tok.file.Truncation) || !cmp.Equal(again.Padding, tok.file.Padding) {
			t.Fatalf("case %d: written and read again: %v, %+v, %+v", i, err, again.Truncation, again.Padding)
		}

		o := tok.FileOptions()
		o.AddSpecial = c.AddSpecial
		texts := make([][]byte, len(c.Batch))
		for k, b := range c.Batch {
			texts[k] = []byte(b[0])
			if b[1] != "" {
				o.Pair = []byte(b[1])
			}
		}
		got, err := tok.EncodeBatch(texts, o)
		if c.Error != "" {
			refused++
		}
		if (err != nil) != (c.Error != "") {
			t.Errorf("case %d: got %v, want %q", i, err, c.Error)
		}
		if err != nil {
			continue
		}
		for k, e := range got {
			var all []lengthsEncoding
			for _, w := range slices.Concat([]Encoding{e}, e.Overflow) {
				all = append(all, lengthsEncoding{append([]int32{}, w.IDs...), append([][2]int{}, w.Offsets...), flags(w.SpecialMask, 1, 0), append([]int32{}, w.TypeIDs...), flags(w.Padding, 0, 1)})
			}
			if diff := cmp.Diff(c.Encodings[k], all); diff != "" {
				t.Errorf("case %d: %s, %s, %s, %q (-want +got):\n%s", i, c.Tokenizer, c.Truncation, c.Padding, c.Batch[k], diff)
			}
			overflows += len(all) - 1
		}
	}
	if overflows < 30 || refused < 3 {
		t.Errorf("the goldens have %d windows of overflow and %d errors, expected more", overflows, refused)
	}
}
