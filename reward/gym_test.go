package reward

import (
	"context"
	"encoding/json"
	"os"
	"testing"
)

// TestAnswersOfReasoningGym has 1,000 answers to problems of each of two tasks judged as reasoning-gym judges them: sums by their numbers, counts of letters by their text.
func TestAnswersOfReasoningGym(t *testing.T) {
	raw, err := os.ReadFile("testdata/gym.json")
	if err != nil {
		t.Fatal(err)
	}
	var cases [][4]any
	if err := json.Unmarshal(raw, &cases); err != nil {
		t.Fatal(err)
	}
	right := 0.0
	for i, c := range cases {
		var rule Checker = Exact{}
		if c[0] == "chain_sum" {
			rule = Numeric{}
		}
		got, err := rule.Rewards(context.Background(), []Sample{{Answer: c[1].(string), Expected: c[2].(string)}})
		if err != nil || got[0] != c[3] {
			t.Errorf("case %d: %s of %q, expected %q, is %v, %v; reasoning-gym says %v", i, rule.Name(), c[1], c[2], got, err, c[3])
		}
		right += c[3].(float64)
	}
	if len(cases) != 2000 || right < 600 || right > 1400 {
		t.Errorf("%d cases, %g of them right", len(cases), right)
	}
}
