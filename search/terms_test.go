package search

import (
	"math"
	"slices"
	"testing"
)

func TestQueryTerms(t *testing.T) {
	for _, test := range []struct {
		query, language string
		want            []string
	}{
		{"Who built the ark?", "english", []string{"built", "ark"}},
		{"Who are you?", "english", []string{"who", "are", "you"}}, // nothing else
		{"Who built the ark?", "", []string{"who", "built", "the", "ark"}},
		{"la maison et le jardin", "french", []string{"maison", "jardin"}},
		{"谁造了方舟", "english", []string{"谁造", "造了", "了方", "方舟"}},
	} {
		if got := queryTerms(test.query, test.language); !slices.Equal(got, test.want) {
			t.Errorf("%q in %q: %q, expected %q", test.query, test.language, got, test.want)
		}
	}
}

func TestSupport(t *testing.T) {
	got := Support("Noah built the ark, the ark of wood.", "english", []string{"Make thee an ark of gopher wood, Noah", "the wooden arks", "he was there", ""})
	for i, want := range []float64{3.0 / 4, 1.0 / 4, 0, 0} { // wooden has another stem
		if math.Abs(got[i]-want) > 1e-9 {
			t.Errorf("passage %d: %v, expected %v", i, got[i], want)
		}
	}
	if got := Support("", "english", []string{"a"}); got[0] != 0 {
		t.Error(got)
	}
}
