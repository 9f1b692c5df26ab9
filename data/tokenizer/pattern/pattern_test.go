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
