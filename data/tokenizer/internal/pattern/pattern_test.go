package pattern

import (
	"encoding/json"
	"fmt"
	"testing"
)

func TestFind(t *testing.T) {
	for _, c := range []struct{ json, in, want string }{
		{`{"String":"aa"}`, "aaaaa", "[[0 2] [2 4]]"},
		{`{"String":""}`, "a", "[]"},
		{`{"Regex":"\\s+(?!\\S)"}`, "你  a ", "[[3 4] [6 7]]"},
		{`{"Regex":"\\w+"}`, "a½\xff_é\u200d", "[[0 3] [4 7]]"},
		{`{"Regex":"[\\w-]+|\\W"}`, "a-b c", "[[0 3] [3 4] [4 5]]"},
	} {
		var p Pattern
		if err := json.Unmarshal([]byte(c.json), &p); err != nil {
			t.Fatal(err)
		}
		got, err := p.Find([]byte(c.in))
		if err != nil || fmt.Sprint(got) != c.want {
			t.Errorf("%s in %q: %v, %v, want %s", c.json, c.in, got, err, c.want)
		}
		if b, err := json.Marshal(p); err != nil || string(b) != c.json {
			t.Errorf("%s is written as %s, %v", c.json, b, err)
		}
	}
	for _, bad := range []string{`{}`, `{"Regex":"("}`, `3`} {
		var p Pattern
		if err := json.Unmarshal([]byte(bad), &p); err == nil {
			t.Errorf("%s: no error", bad)
		}
	}
}

func TestYoungCharactersHaveTheirCategory(t *testing.T) {
	// Letters, a digit and a mark of Unicode 15.1 and 16.
	for text, expression := range map[string]string{
		"\U0002ebf0": `^\p{Lo}$`, "\u1c89": `^\p{Lu}$`, "\u1c8a": `^\p{Ll}$`, "\U00010d40": `^\p{N}$`, "\U00010d69": `^\p{M}$`, "\u4f60": `^\p{Lo}$`,
	} {
		p, err := Regex(expression)
		if err != nil {
			t.Fatal(err)
		}
		if found, err := p.Find([]byte(text)); err != nil || len(found) != 1 || found[0] != [2]int{0, len(text)} {
			t.Errorf("%s finds %v in %q, %v", expression, found, text, err)
		}
	}
}
