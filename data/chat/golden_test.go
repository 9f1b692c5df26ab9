package chat

import (
	"os"
	"regexp"
	"slices"
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
	own := g.Values["own"].(*orderedjson.Object)
	for _, name := range append(BuiltinTemplates(), own.Keys...) {
		source, err := BuiltinTemplate(name)
		if err != nil {
			source = own.Values[name].(string)
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
		if key == "no_user" { // mistral and llama2 have no place for the system's message then, and nothing shows where the answer's white space begins
			for _, all := range [][][2]int{spans, r.Answers} {
				for i, s := range all {
					all[i][0] = s[1] - len(strings.TrimSpace(text[s[0]:s[1]]))
				}
			}
		}
		if !slices.Equal(spans, r.Answers) {
			t.Errorf("%s, %s: %q by marks, %q by tags", name, key, cut(text, r.Answers), cut(text, spans))
		}
	}
	if marked < 100 {
		t.Errorf("%d renders were marked, expected 100 or more", marked)
	}
}

// cut returns the parts of a text.
func cut(text string, spans [][2]int) (parts []string) {
	for _, s := range spans {
		parts = append(parts, text[s[0]:s[1]])
	}
	return parts
}

// Answers begin where the prompt for them ends, and end with the token that ends the turn and the line end behind it.
func TestEdges(t *testing.T) {
	for _, c := range []struct {
		name, source string
		parts        bool // the template wants contents that are lists
		want         []string
	}{
		{"a header", "{% for m in messages %}<{{ m.role }}>\n{{ m.content }}<end>\n{% endfor %}{% if add_generation_prompt %}<assistant>\n{% endif %}", false, []string{"b<end>\n", "d<end>\n"}},
		{"a line end in the header", "{% for m in messages %}<{{ m.role }}>{{ '\n' + m.content }}<end>\n{% endfor %}{% if add_generation_prompt %}<assistant>\n{% endif %}", false, []string{"b<end>\n", "d<end>\n"}},
		{"no header", "{% for m in messages %}{% if m.role == 'user' %}[INST] {{ m.content }} [/INST]{% else %} {{ m.content }}</s>{% endif %}{% endfor %}", false, []string{" b</s>", " d</s>"}},
		{"lists", "{% for m in messages %}{% if m.role == 'user' %}[INST] {{ m.content[0].text }} [/INST]{% else %} {{ m.content[0].text }}</s> {% endif %}{% endfor %}", true, []string{" b</s>", " d</s>"}},
		{"more than the prompt gives", "{% for m in messages %}<{{ m.role }}>{{ '<final>' if m.role == 'assistant' else '' }}{{ m.content }}<end>{% endfor %}{% if add_generation_prompt %}<assistant>{% endif %}", false,
			[]string{"<final>b<end>", "<final>d<end>"}},
		{"less than the prompt gives", "{% for m in messages %}<{{ m.role }}>{{ m.content }}<end>{% endfor %}{% if add_generation_prompt %}<assistant><think>\n{% endif %}", false, []string{"b<end>", "d<end>"}},
		{"no reasoning, says the prompt", "{% for m in messages %}<{{ m.role }}>{{ '</think>' if m.role == 'assistant' else '' }}{{ m.content }}<end>{% endfor %}{% if add_generation_prompt %}<assistant></think>{% endif %}", false,
			[]string{"b<end>", "d<end>"}},
		{"no reasoning, says the prompt, and there is some", "{% for m in messages %}<{{ m.role }}>\n{{ '<think>so</think>' if m.role == 'assistant' else '' }}{{ m.content }}<end>{% endfor %}" +
			"{% if add_generation_prompt %}<assistant>\n</think>{% endif %}", false, []string{"<think>so</think>b<end>", "<think>so</think>d<end>"}},
		{"no prompt", "{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}", false, []string{"b\n", "d\n"}},
	} {
		template, err := NewTemplate(TemplateConfig{Name: c.name, Source: c.source})
		if err != nil {
			t.Fatal(err)
		}
		message := NewMessage
		if c.parts {
			message = newParts
		}
		r, err := template.RenderMasked(Conversation{Messages: []Message{message("user", "a"), message("assistant", "b"), message("user", "c"), message("assistant", "d")}})
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
		} else if got := cut(r.Text, r.Answers); !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, expected %q in %q", c.name, got, c.want, r.Text)
		}
	}
}

// What a tool returned isn't learned where a template writes it amid an answer.
func TestInterruptedAnswer(t *testing.T) {
	const source = "{% for m in messages if m.role != 'tool' %}<{{ m.role }}>{% if m.tool_calls %}<call>{{ m.tool_calls[0].function.name }}<call_end><returned>{{ messages[loop.index].content }}</returned>{% endif %}{{ m.content }}<end>{% endfor %}" +
		"{% if add_generation_prompt %}<assistant>{% endif %}"
	template, err := NewTemplate(TemplateConfig{Name: "t", Source: source})
	if err != nil {
		t.Fatal(err)
	}
	called, err := CallsMessage("so", []Call{{"f", `{}`}}, []string{"call00001"})
	if err != nil {
		t.Fatal(err)
	}
	r, err := template.RenderMasked(Conversation{Messages: []Message{NewMessage("user", "q"), called, ToolMessage("call00001", "f", "2")}})
	if err != nil {
		t.Fatal(err)
	}
	if got := cut(r.Text, r.Answers); !slices.Equal(got, []string{"<call>f<call_end>", "so<end>"}) {
		t.Errorf("%q in %q", got, r.Text)
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
