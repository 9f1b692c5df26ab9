package task

import "testing"

func TestFirstWords(t *testing.T) {
	for text, want := range map[string]string{
		"": "", "1. 2.": "", "Light": "Light", "(The Rays of Light": "The Rays", "PART I.\nDEFIN.": "PART I",
		"导引\n气和玉烛": "导引", "one, two": "one", "don't say": "don",
	} {
		if got := firstWords(text); got != want {
			t.Errorf("firstWords(%q) = %q, want %q", text, got, want)
		}
	}
}
