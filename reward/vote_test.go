package reward

import "testing"

func TestMajority(t *testing.T) {
	for _, c := range []struct {
		vote    string
		answers []string
		value   string
		votes   int
	}{
		{"number", []string{"It is 3.", "so 4", "1 + 2 = 3", "none"}, "3", 2},
		{"number", []string{"1,000", "1000.0", "7"}, "1000", 2},
		{"text", []string{" yes", "no ", "yes\n"}, "yes", 2},
		{`answer: (\w+)`, []string{"answer: a, answer: b", "answer: b", "b"}, "b", 2},
		{"text", []string{"b", "a"}, "b", 1},
		{"number", []string{"none", ""}, "", 0},
	} {
		v, err := ParseVote(c.vote)
		if err != nil {
			t.Fatal(err)
		}
		if value, votes := v.Majority(c.answers); value != c.value || votes != c.votes {
			t.Errorf("%s of %q: %q with %d votes, expected %q with %d", c.vote, c.answers, value, votes, c.value, c.votes)
		}
	}
	if _, err := ParseVote("("); err == nil {
		t.Error("no error")
	}
}
