package tokenizer

import "testing"

func TestUnknown(t *testing.T) {
	for name, c := range map[string]struct {
		text         string
		unknown, all int
	}{
		"bert":   {"the 龘龘 the", 2, 8},
		"gpt2":   {"the 龘龘", 0, 5},
		"llama2": {"the 龘", 0, 4}, // by its bytes
		"albert": {"the ꙮ", 1, 4},
		"words":  {"", 0, 0},
		"xlm":    {" \n", 0, 0},
	} {
		if unknown, all := families(t)[name].Unknown([]byte(c.text)); unknown != c.unknown || all != c.all {
			t.Errorf("%s: %q has %d unknown of %d characters, expected %d of %d", name, c.text, unknown, all, c.unknown, c.all)
		}
	}
}
