package chat

import "testing"

// letters encodes a text by characters of one byte.
type letters struct{}

func (letters) AppendTargets(ids []int32, targets []bool, text []byte, spans [][2]int, _ bool) ([]int32, []bool) {
	for i, b := range text {
		learn := false
		for _, s := range spans {
			learn = learn || s[0] <= i && i < s[1]
		}
		ids, targets = append(ids, int32(b)), append(targets, learn)
	}
	return ids, targets
}

func TestEncoding(t *testing.T) {
	template, err := NewTemplate(TemplateConfig{Name: "t", Source: "{% for m in messages %}{{ m.role[0] }}:{{ m.content }};{% endfor %}"})
	if err != nil {
		t.Fatal(err)
	}
	c, err := FromRecord(parse(t, `{"messages": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}, {"role": "user", "content": "r"}, {"role": "assistant", "content": "b"}]}`))
	if err != nil {
		t.Fatal(err)
	}
	for learn, want := range map[Learn]string{
		"":              "....  a;....  b;",
		LearnAnswers:    "......a;......b;",
		LearnLastAnswer: "..............b;",
		LearnAll:        "u:q;a:a;u:r;a:b;",
	} {
		e, err := Encoding{template, letters{}, learn}.Encode(c)
		if err != nil {
			t.Fatal(err)
		}
		for i, l := range e.Learn {
			if learned := want[i] != '.' && want[i] != ' '; l != learned {
				t.Errorf("%q: token %d (%q) is learned: %v", learn, i, e.Text[i], l)
			}
		}
	}
	if _, err := (Encoding{template, letters{}, "some"}).Encode(c); err == nil {
		t.Error("an unknown Learn is no error")
	}
}
