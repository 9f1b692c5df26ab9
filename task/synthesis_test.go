package task

import (
	"context"
	"regexp"
	"strings"
	"testing"

	"github.com/seahorse-ml/seahorse/internal/orderedjson"
	"github.com/seahorse-ml/seahorse/reward"
)

// TestJudged tells of the answers to a prompt which are kept and why others aren't, by each filter and by several together, of which the first that leaves one out is
// told.
func TestJudged(t *testing.T) {
	answers := []string{"It is 4.", "it  is 4. ", "So 5", "4", "", "It is 4, and m", "It is four."}
	number, err := reward.ParseVote("number")
	if err != nil {
		t.Fatal(err)
	}
	numeric, long := reward.Weighted{Checkers: []reward.Checker{reward.Numeric{}}}, reward.Func{Title: "long", Judge: func(_ context.Context, s reward.Sample) (float64, error) { return float64(s.Tokens), nil }}
	for name, c := range map[string]struct {
		synthesis Synthesis
		want      string // why each is left out; - where it is kept
	}{
		"as they are": {Synthesis{}, "- repeated - - empty truncated -"},
		"all":         {Synthesis{Truncated: true, Repeated: true}, "- - - - empty - -"},
		"length":      {Synthesis{MinLength: 4, MaxLength: 8}, "- length - length empty truncated length"},
		"match":       {Synthesis{Match: []*regexp.Regexp{regexp.MustCompile("^[A-Z]"), regexp.MustCompile("is")}}, "- match match match empty truncated -"},
		"reject":      {Synthesis{Reject: []*regexp.Regexp{regexp.MustCompile("So"), regexp.MustCompile("^4$")}}, "- repeated reject reject empty truncated -"},
		"checker":     {Synthesis{Rewards: numeric, Least: 1}, "- repeated reward - empty truncated reward"},
		"votes":       {Synthesis{Vote: &number, Agreed: 0.5}, "- repeated votes - empty truncated votes"},
		"few agree":   {Synthesis{Vote: &number, Agreed: 0.6}, "votes votes votes votes empty truncated votes"},
		"most":        {Synthesis{Most: 2}, "- repeated - most empty truncated most"},
		"best":        {Synthesis{Most: 2, Rewards: reward.Weighted{Checkers: []reward.Checker{long}}}, "most repeated most - empty truncated -"},
	} {
		var said []Said
		for i, text := range answers {
			said = append(said, Said{Text: text, Tokens: i, Ended: !strings.HasSuffix(text, " m")})
		}
		c.synthesis.Samples = len(said)
		if err := c.synthesis.Validate(); err != nil {
			t.Fatal(err)
		}
		kept, err := c.synthesis.Judge(t.Context(), Question{Text: "2+2", Expected: "4", Record: orderedjson.NewObject()}, said)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for i, k := range kept {
			why := k.Left
			if why == "" {
				why = "-"
			}
			if got = append(got, why); k.Said != said[i] {
				t.Errorf("%s: answer %d became %+v", name, i, k)
			}
		}
		if found := strings.Join(got, " "); found != c.want {
			t.Errorf("%s: %s, expected %s", name, found, c.want)
		}
		if name == "votes" && (kept[0].Votes != 4 || kept[2].Votes != 0) {
			t.Errorf("votes are %+v", kept)
		}
	}
}
