package generate

import (
	"slices"
	"strings"
	"testing"
)

// TestSessionEqualsStream continues prompts that share more or less with what was written before.
func TestSessionEqualsStream(t *testing.T) {
	m := newTinyOf(t, 96)
	s, err := NewSession(m, 80)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	config := Config{MaxNewTokens: 5, Temperature: 1, Seed: 2}
	long := make([]int32, 40)
	for i := range long {
		long[i] = int32(i * 7 % 11)
	}
	written := func(prompt []int32) []int32 {
		var got []int32
		for id, err := range s.Stream(t.Context(), prompt, config) {
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, id)
		}
		return got
	}
	prompt := long
	for _, more := range [][]int32{nil, {3}, {1, 2, 3}, {4, 4}} { // the turns of a conversation
		prompt = append(slices.Clone(prompt), more...)
		got := written(prompt)
		if want := collect(t, m, prompt, config); !slices.Equal(got, want) {
			t.Errorf("after %v: %v, expected %v", prompt, got, want)
		}
		prompt = append(prompt, got...)
	}
	if reads := s.scorer.whole; reads == nil || reads.length != 64 {
		t.Errorf("the later turns were read whole: %+v", reads)
	}
	for _, prompt := range [][]int32{{1, 2}, {1, 2, 3}, long[:20], long, long} { // others, and the same again
		got := written(prompt)
		if want := collect(t, m, prompt, config); !slices.Equal(got, want) {
			t.Errorf("after %v: %v, expected %v", prompt, got, want)
		}
	}
	if got := written(append(slices.Clone(long), long[:38]...)); len(got) != 2 {
		t.Errorf("%d tokens in the room for two", len(got))
	}
	for _, c := range []struct {
		prompt []int32
		want   string
	}{{nil, "prompt is empty"}, {append(long, long...), "leaves no room"}, {[]int32{77}, "outside of the vocabulary"}} {
		for _, err := range s.Stream(t.Context(), c.prompt, Config{MaxNewTokens: 1}) {
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v: %v", c.prompt, err)
			}
		}
	}
	if _, err := NewSession(m, 97); err == nil {
		t.Error("a session longer than the context")
	}
}
