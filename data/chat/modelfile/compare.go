package modelfile

import (
	"fmt"

	"github.com/seahorse-ml/seahorse/data/chat"
)

// Compare renders conversations by a Jinja template and by one of Ollama's, and refuses the latter at the first difference. Conversations that the Jinja
// template refuses itself don't count.
func Compare(t *chat.Template, d Template, all []chat.Conversation) error {
	start := ""
	if d.Start {
		start = t.Tokens["bos_token"]
	}
	rendered := 0
	for i, c := range all {
		want, err := t.Render(c, chat.RenderOptions{GenerationPrompt: true})
		if err != nil {
			continue
		}
		rendered++
		got, err := Render(d.Source, c.Messages)
		if err != nil {
			return err
		}
		if got = start + got; got != want {
			at := 0
			for at < len(got) && at < len(want) && got[at] == want[at] {
				at++
			}
			return refuse("of %d conversations number %d comes out otherwise at byte %d: %q, expected %q", len(all), i+1, at, around(got, at), around(want, at))
		}
	}
	if rendered < len(all)/2 {
		return refuse("it renders %d of %d conversations only", rendered, len(all))
	}
	return nil
}

func around(text string, at int) string {
	return text[max(0, at-20):min(len(text), at+20)]
}

// Conversations are what templates are compared on: one to five turns, with a system and without, of texts that are short and long, with white space
// around and in them, braces, tags, quotes, code, thoughts, and characters of several scripts. Each ends with what a user says.
func Conversations(system bool) []chat.Conversation {
	texts := []string{
		"Hello", "What is 2 + 2?", "Tell me about {{ .System }} and {% if x %}", "  spaces around  ", "\n\nlines\n\naround\n\n", "你好，世界！", "😀 👩‍👩‍👧 naïve café",
		"a \"quoted\" 'text' \\ with \\n", "def f(x):\n\treturn {\"a\": [1, 2]}\n", "<b>bold</b> & </s> <|x|>", "One.\n\nTwo.", "x",
	}
	answers := []string{
		"Hi!", "4", "  spaces around  ", "好的。", "```go\nfunc f() {}\n```\n", "{\"a\": \"b\"}", "One line.\nAnother.", "\tA tab", "😀", "It is {{ 4 }}.",
		"<think>\nLet me see.\n</think>\n\nFour.", "<think>\n\n</think>\n\nNo.",
	}
	systems := []string{"Be brief.", "  You are a pirate.\nSay \"arr\".  ", "用中文回答。", "Reply with JSON like {\"a\": 1}.\n\nNothing else."}
	var all []chat.Conversation
	for i := range 20 {
		var c chat.Conversation
		if system && i%2 == 1 {
			c.Messages = append(c.Messages, chat.NewMessage("system", systems[i/2%len(systems)]))
		}
		for turn := range 1 + i%5 {
			if turn > 0 {
				c.Messages = append(c.Messages, chat.NewMessage("assistant", answers[(3*i+5*turn)%len(answers)]))
			}
			c.Messages = append(c.Messages, chat.NewMessage("user", texts[(i+7*turn)%len(texts)]))
		}
		all = append(all, c)
	}
	return all
}

// File is a Modelfile.
type File struct {
	From     string      // path of the GGUF file, relative to the Modelfile
	Template string      // of Ollama's; "" for none
	System   string      // what the system says; "" for nothing
	License  string      // its name or text; "" for none
	Params   [][2]string // names and values, in their order; a name may be there several times
}

// String writes the file.
func (f File) String() string {
	text := "FROM " + f.From + "\n"
	if f.Template != "" {
		text += "TEMPLATE " + quoted(f.Template) + "\n"
	}
	if f.System != "" {
		text += "SYSTEM " + quoted(f.System) + "\n"
	}
	for _, p := range f.Params {
		text += fmt.Sprintf("PARAMETER %s %s\n", p[0], quotedIfText(p[1]))
	}
	if f.License != "" {
		text += "LICENSE " + quoted(f.License) + "\n"
	}
	return text
}

// Validate tells what a Modelfile can't hold.
func (f File) Validate() error {
	for what, text := range map[string]string{"system": f.System, "license": f.License, "template": f.Template} {
		if err := checkText(what, text); err != nil {
			return err
		}
	}
	for _, p := range f.Params {
		if err := checkText(p[0], p[1]); err != nil {
			return err
		}
	}
	return nil
}
