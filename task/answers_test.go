package task

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/seahorse-ml/seahorse/internal/orderedjson"
)

func object(t testing.TB, text string) *orderedjson.Object {
	t.Helper()
	o, err := orderedjson.DecodeObject([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// shownAs returns a value as JSON without spaces.
func shownAs(v any) string {
	return string(orderedjson.Append(nil, v, orderedjson.Format{Between: &[2]string{",", ":"}}))
}

// TestCommonPrompt finds what two answers begin with.
func TestCommonPrompt(t *testing.T) {
	for text, want := range map[string]string{
		`{"chosen": "ask: yes", "rejected": "ask: no"}`:                           `"ask:" " yes" " no"`,
		`{"chosen": "ask:yes", "rejected": "ask:no"}`:                             `"ask:" "yes" "no"`,
		`{"chosen": "aé", "rejected": "aè"}`:                                      `"a" "é" "è"`, // which begin with the same byte
		`{"chosen": "a", "rejected": "b"}`:                                        `"" "a" "b"`,
		`{"chosen": [{"a":1}, {"b":2}], "rejected": [{"a":1}, {"b":3}, {"c":4}]}`: `[{"a":1}] [{"b":2}] [{"b":3},{"c":4}]`,
		`{"chosen": [{"a":1}], "rejected": [{"a":1}]}`:                            `[] [{"a":1}] [{"a":1}]`,
	} {
		o := object(t, text)
		prompt, err := commonPrompt(o)
		chosen, _ := o.Get("chosen")
		rejected, _ := o.Get("rejected")
		if got := shownAs(prompt) + " " + shownAs(chosen) + " " + shownAs(rejected); err != nil || got != want {
			t.Errorf("%s: got %s, %v, expected %s", text, got, err, want)
		}
	}
	for _, text := range []string{`{"chosen": "a", "rejected": []}`, `{"chosen": [], "rejected": "a"}`, `{"chosen": 1, "rejected": 2}`} {
		if _, err := commonPrompt(object(t, text)); err == nil {
			t.Errorf("%s is no error", text)
		}
	}
}

// TestLabels reads the labels of answers.
func TestLabels(t *testing.T) {
	for text, want := range map[string]string{
		`{"label": true}`: "true", `{"label": 1}`: "true", `{"label": "True"}`: "true", `{"label": false}`: "false", `{"label": "0"}`: "false",
		`{"label": 0.5}`: "expected true or false", `{"label": null}`: "expected true or false", `{}`: `expected "label"`,
	} {
		good, err := labelOf(object(t, text))
		switch {
		case err == nil && want != map[bool]string{true: "true", false: "false"}[good]:
			t.Errorf("%s: got %t, expected %s", text, good, want)
		case err != nil && !strings.Contains(err.Error(), want):
			t.Errorf("%s: %v, expected %s", text, err, want)
		}
	}
}

// TestUserSaid makes messages of a prompt that is a text.
func TestUserSaid(t *testing.T) {
	for answer, want := range map[string]int{
		`{"m": [{"role": "assistant", "content": "b"}]}`:                                                                             1,
		`{"m": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]}`:                                           1,
		`{"m": [{"role": "system", "content": "s"}, {"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]}`:       2,
		`{"m": [{"role": "user", "content": "other"}, {"role": "assistant", "content": "a"}, {"role": "user", "content": "other"}]}`: 1,
	} {
		list, _ := object(t, answer).Get("m")
		asked, rest := userSaid("a", list.([]any))
		if len(asked) != want || len(rest) == 0 || !strings.Contains(shownAs(asked), `"a"`) {
			t.Errorf("%s: %s is asked, and %s the answer", answer, shownAs(asked), shownAs(rest))
		}
	}
}

// TestDamagedReferences refuses log-probabilities that aren't those that were written.
func TestDamagedReferences(t *testing.T) {
	b := encodeReferences([]float32{-1, 2.5})
	if got, err := decodeReferences(b, 2); err != nil || got[0] != -1 || got[1] != 2.5 {
		t.Errorf("got %v, %v", got, err)
	}
	if _, err := decodeReferences(b, 3); err == nil {
		t.Error("too few are no error")
	}
	b[1] ^= 1
	if _, err := decodeReferences(b, 2); err == nil {
		t.Error("damage is no error")
	}
}

// FuzzCommonPrompt puts texts together again.
func FuzzCommonPrompt(f *testing.F) {
	f.Add("ask: yes", "ask: no")
	f.Add("é", "è")
	f.Add("", " ")
	f.Fuzz(func(t *testing.T, chosen, rejected string) {
		o := orderedjson.NewObject()
		o.Set("chosen", chosen)
		o.Set("rejected", rejected)
		prompt, err := commonPrompt(o)
		if err != nil {
			t.Fatal(err)
		}
		a, _ := o.Get("chosen")
		b, _ := o.Get("rejected")
		begin := prompt.(string)
		if begin+a.(string) != chosen || begin+b.(string) != rejected || utf8.ValidString(chosen) && !utf8.ValidString(begin) {
			t.Fatalf("%q and %q: prompt %q, answers %q and %q", chosen, rejected, begin, a, b)
		}
	})
}
