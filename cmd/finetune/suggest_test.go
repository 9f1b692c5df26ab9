package main

import (
	"testing"

	"pgregory.net/rapid"
)

func TestSuggestion(t *testing.T) {
	known := []string{"learning_rate", "min_learning_rate", "max_steps", "seed"}
	for name, want := range map[string]string{
		"lerning_rate":  `; did you mean "learning_rate"?`,
		"learning_raet": `; did you mean "learning_rate"?`,
		"sede":          `; did you mean "seed"?`,
		"max_step":      `; did you mean "max_steps"?`,
		"zzzzzz":        "",
		"":              "",
	} {
		if got := suggestion(name, known); got != want {
			t.Errorf("%q: got %q, expected %q", name, got, want)
		}
	}
}

func TestEditDistance(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{{"", "", 0}, {"", "ab", 2}, {"kitten", "sitting", 3}, {"ab", "ba", 1}, {"über", "uber", 1}, {"abc", "abc", 0}} {
		if got := editDistance(c.a, c.b); got != c.want {
			t.Errorf("%q to %q: got %d, expected %d", c.a, c.b, got, c.want)
		}
	}
}

func TestEditDistanceProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		word := rapid.StringOfN(rapid.RuneFrom([]rune("abcé")), 0, 8, -1)
		a, b := word.Draw(t, "a"), word.Draw(t, "b")
		d := editDistance(a, b)
		la, lb := len([]rune(a)), len([]rune(b))
		if d != editDistance(b, a) || (d == 0) != (a == b) || d > max(la, lb) || d < max(la, lb)-min(la, lb) {
			t.Errorf("%q to %q: %d", a, b, d)
		}
	})
}
