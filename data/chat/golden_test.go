package chat

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seahorse-ml/seahorse/internal/orderedjson"
)

// golden is what testdata/goldens.py wrote.
type golden struct {
	*orderedjson.Object
	tokens map[string]string
}

func readGolden(t *testing.T) golden {
	t.Helper()
	data, err := os.ReadFile("testdata/goldens.json")
	if err != nil {
		t.Fatal(err)
	}
	o, err := orderedjson.DecodeObject(data)
	if err != nil {
		t.Fatal(err)
	}
	g := golden{o, map[string]string{}}
	for k, v := range o.Values["tokens"].(*orderedjson.Object).Values {
		g.tokens[k] = v.(string)
	}
	return g
}

func (g golden) template(t *testing.T, name, source string) *Template {
	t.Helper()
	template, err := NewTemplate(TemplateConfig{Name: name, Source: source, Tokens: g.tokens})
	if err != nil {
		t.Fatal(err)
	}
	return template
}

// conversation returns a conversation of the goldens and whether it is rendered for an answer.
func (g golden) conversation(t *testing.T, name string) (Conversation, bool) {
	t.Helper()
	o := g.Values["conversations"].(*orderedjson.Object).Values[name].(*orderedjson.Object)
	c, err := FromRecord(o)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	prompt, _ := o.Values["add_generation_prompt"].(bool)
	return c, prompt
}

var tags = regexp.MustCompile(`\{%-? (end)?generation %\}`)

// Templates render what transformers renders and their tags give its masks; and without tags marks find the same.
func TestGoldens(t *testing.T) {
	g := readGolden(t)
	with, without := map[string]*Template{}, map[string]*Template{}
	for _, name := range append(BuiltinTemplates(), "reasoning") {
		source, err := BuiltinTemplate(name)
		if err != nil {
			source = g.Values["reasoning"].(string)
		}
		with[name] = g.template(t, name, source)
		without[name] = g.template(t, name+" without tags", tags.ReplaceAllStringFunc(source, func(tag string) string {
			if strings.Contains(tag, "end") {
				return strings.Replace(tag, "endgeneration", "endif", 1)
			}
			return strings.Replace(tag, "generation", "if true", 1)
		}))
	}
	marked := 0
	for _, item := range g.Values["cases"].([]any) {
		o := item.(*orderedjson.Object)
		name, key := o.Values["template"].(string), o.Values["conversation"].(string)
		want, rendered := o.Values["text"].(string)
		c, prompt := g.conversation(t, key)
		text, err := with[name].Render(c, RenderOptions{GenerationPrompt: prompt})
		if !rendered {
			if err == nil {
				t.Errorf("%s, %s: got %q, expected an error", name, key, text)
			}
			continue
		}
		if err != nil || text != want {
			t.Errorf("%s, %s: got %q, %v\nwant %q", name, key, text, err, want)
			continue
		}
		if prompt {
			continue
		}
		var spans [][2]int
		for _, s := range o.Values["spans"].([]any) {
			pair := s.([]any)
			spans = append(spans, [2]int{int(pair[0].(int64)), int(pair[1].(int64))})
		}
		r, err := with[name].RenderMasked(c)
		if diff := cmp.Diff(spans, r.Answers); err != nil || diff != "" {
			t.Errorf("%s, %s: %v, spans (-want +got):\n%s", name, key, err, diff)
		}
		if r, err = without[name].RenderMasked(c); err != nil {
			t.Logf("%s, %s: %v", name, key, err)
			continue
		}
		marked++
		for i := range min(len(spans), len(r.Answers)) {
			// What stands between the header and an answer's own text may be counted otherwise: only white space.
			if strings.TrimSpace(text[spans[i][0]:spans[i][1]]) != strings.TrimSpace(text[r.Answers[i][0]:r.Answers[i][1]]) {
				t.Errorf("%s, %s: answer %d is %q by marks, %q by tags", name, key, i, text[r.Answers[i][0]:r.Answers[i][1]], text[spans[i][0]:spans[i][1]])
			}
		}
		if len(spans) != len(r.Answers) {
			t.Errorf("%s, %s: %d answers by marks, %d by tags", name, key, len(r.Answers), len(spans))
		}
	}
	if marked < 90 {
		t.Errorf("%d renders were marked, expected 90 or more", marked)
	}
}

// A template that loses the beginning of an answer, or the whole, is named.
func TestLostAnswers(t *testing.T) {
	for source, want := range map[string]string{
		"{% for m in messages %}{{ m.content.split('.')[-1] }}|{% endfor %}":              "writes messages[1] of the assistant without its beginning or end",
		"{% for m in messages if m.role == 'user' %}{{ m.content }}{% endfor %}":          "writes messages[1] of the assistant without its beginning or end",
		"{% for m in messages %}{{ m.content | length }}{% endfor %}":                     "changes the assistant's answers",
		"{% for m in messages %}{{ m.content | upper | replace('A', 'B') }} {% endfor %}": "",
	} {
		template, err := NewTemplate(TemplateConfig{Name: "lossy", Source: source})
		if err != nil {
			t.Fatal(err)
		}
		_, err = template.RenderMasked(Conversation{Messages: []Message{NewMessage("user", "a. b"), NewMessage("assistant", "c. d")}})
		if want == "" {
			if err != nil {
				t.Errorf("%s: %v", source, err)
			}
		} else if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "lossy") {
			t.Errorf("%s: got %v, want %q", source, err, want)
		}
	}
}

func TestTwoBeginnings(t *testing.T) {
	template, err := NewTemplate(TemplateConfig{Name: "t", Source: "{{ bos_token }}{% for m in messages %}{{ m.content }}{% endfor %}", Tokens: map[string]string{"bos_token": "<s>"}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := template.Render(Conversation{Messages: []Message{NewMessage("user", "<s>a")}}, RenderOptions{}); err == nil || !strings.Contains(err.Error(), `begins with "<s>" twice`) {
		t.Errorf("got %v", err)
	}
}
