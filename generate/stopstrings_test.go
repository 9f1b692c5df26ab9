package generate

import (
	"bytes"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestStopStrings(t *testing.T) {
	tests := []struct {
		name   string
		stops  []string
		pieces []string
		shown  string // a bar after what each piece shows
		done   bool
	}{
		{"none", nil, []string{"a", "b"}, "a|b|", false},
		{"in one piece", []string{"\n\n"}, []string{"one\n\ntwo"}, "one|", true},
		{"over pieces", []string{"END"}, []string{"xE", "N", "D."}, "x|||", true},
		{"not after all", []string{"END"}, []string{"xE", "N", "T."}, "x||ENT.|", false},
		{"a beginning at the end", []string{"END"}, []string{"the E", "N"}, "the ||EN", false},
		{"begins anew", []string{"aab"}, []string{"a", "a", "a", "b"}, "||a||", true},
		{"the first of several", []string{"world", "o w"}, []string{"hello ", "world"}, "hell||", true},
		{"one in another", []string{"abcd", "bc"}, []string{"xab", "c", "d"}, "x|a|", true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s, err := NewStopStrings(test.stops...)
			if err != nil {
				t.Fatal(err)
			}
			var shown strings.Builder
			done := false
			for _, piece := range test.pieces {
				if done {
					break
				}
				var show []byte
				show, done = s.Push([]byte(piece))
				shown.Write(show)
				shown.WriteByte('|')
			}
			shown.Write(s.Flush())
			if shown.String() != test.shown || done != test.done {
				t.Errorf("shown %q, done %v; expected %q, %v", shown.String(), done, test.shown, test.done)
			}
		})
	}
	if _, err := NewStopStrings("a", ""); err == nil {
		t.Error("an empty string is no error")
	}
}

// TestStopStringsShowNoPart cuts random texts into pieces and compares what is shown with the
// text up to the first stop string; at no time may more than that be shown.
func TestStopStringsShowNoPart(t *testing.T) {
	letters := rapid.SliceOfN(rapid.SampledFrom([]byte("ab")), 0, 30)
	rapid.Check(t, func(t *rapid.T) {
		text := letters.Draw(t, "text")
		var stops []string
		for range rapid.IntRange(0, 3).Draw(t, "stops") {
			stops = append(stops, string(rapid.SliceOfN(rapid.SampledFrom([]byte("ab")), 1, 5).Draw(t, "stop")))
		}
		want, ended := text, false
		for end := 1; end <= len(text) && !ended; end++ {
			for _, stop := range stops {
				if bytes.HasSuffix(text[:end], []byte(stop)) && (!ended || end-len(stop) < len(want)) {
					want, ended = text[:end-len(stop)], true
				}
			}
		}
		s, err := NewStopStrings(stops...)
		if err != nil {
			t.Fatal(err)
		}
		var shown []byte
		for rest, done := text, false; len(rest) > 0 && !done; {
			n := rapid.IntRange(1, len(rest)).Draw(t, "piece")
			var show []byte
			show, done = s.Push(rest[:n])
			shown, rest = append(shown, show...), rest[n:]
			if !bytes.HasPrefix(want, shown) {
				t.Fatalf("%q of %q with stops %q: shown %q", text[:len(text)-len(rest)], text, stops, shown)
			}
		}
		if shown = append(shown, s.Flush()...); !bytes.Equal(shown, want) {
			t.Fatalf("%q with stops %q: shown %q, expected %q", text, stops, shown, want)
		}
	})
}
