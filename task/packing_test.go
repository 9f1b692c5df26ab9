package task

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/seahorse-ml/seahorse/data"
	"github.com/seahorse-ml/seahorse/data/tokenizer"
)

// TestPackedRowsAreUsed packs instructions as Alpaca has them and conversations, both made up, with lengths that spread as theirs do: at least 97% of the rows is
// text. Without packing a quarter of it is.
func TestPackedRowsAreUsed(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	words := strings.Fields("the rest is silence and light of all colours that a prism parts as we see them by rays which fall on glass or water")
	text := func(median, spread float64) string {
		n := max(1, int(median*math.Exp(spread*rng.NormFloat64())))
		all := make([]string, n)
		for i := range all {
			all[i] = words[rng.IntN(len(words))]
		}
		return strings.Join(all, " ")
	}
	quoted := func(s string) string {
		b, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	var instructions, talks strings.Builder
	for i := range 3000 {
		input := ""
		if i%3 == 0 {
			input = text(20, 0.8)
		}
		fmt.Fprintf(&instructions, "{\"instruction\":%s,\"input\":%s,\"output\":%s}\n", quoted(text(11, 0.5)), quoted(input), quoted(text(40, 1)))
		var turns []string
		for range 1 + rng.IntN(6) {
			turns = append(turns, `{"role":"user","content":`+quoted(text(15, 0.9))+`},{"role":"assistant","content":`+quoted(text(60, 0.8))+`}`)
		}
		fmt.Fprintf(&talks, "{\"messages\":[%s]}\n", strings.Join(turns, ","))
	}
	c := tokenizer.NewTrainConfig("bpe")
	c.VocabSize = 400
	tok, err := tokenizer.Train(context.Background(), c, tokenizer.Texts(strings.Join(words, " ")))
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string]string{"instructions": instructions.String(), "conversations": talks.String()} {
		s, err := data.Open(data.SourceConfig{Paths: []string{data.Stdin}, Stdin: strings.NewReader(content), Format: data.JSONLines})
		if err != nil {
			t.Fatal(err)
		}
		for _, length := range []int{1024, 2048} {
			tokens, _, err := Causal{}.Encode(context.Background(), s, Encoding{Tokenizer: tok, Length: length})
			if err != nil {
				t.Fatal(err)
			}
			packed, err := data.NewPacked(tokens, length)
			if err != nil {
				t.Fatal(err)
			}
			padded, err := data.NewPadded(tokens, length)
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("%s in rows of %d: %.2f%% used, %.1f%% unpacked", name, length, 100*(1-packed.Padding()), 100*(1-padded.Padding()))
			if packed.Padding() > 0.03 || padded.Padding() < 0.4 {
				t.Errorf("%s in rows of %d: %.2f%% is padding, %.2f%% unpacked", name, length, 100*packed.Padding(), 100*padded.Padding())
			}
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
