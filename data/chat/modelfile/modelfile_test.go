package modelfile

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seahorse-ml/seahorse/data/chat"
)

// folder is the environment variable that names a folder of further templates, NAME.jinja, such as those of models on the hub, which aren't ours to keep here.
const folder = "SEAHORSE_TEMPLATES"

// refused are parts of why templates are refused; all others become Ollama's.
var refused = map[string]string{"llama3.2": "the day's date", "mistral-small-3.2": "the day's date"}

// sources returns the templates that are built in, and those of the folder.
func sources(t *testing.T) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, name := range chat.BuiltinTemplates() {
		source, err := chat.BuiltinTemplate(name)
		if err != nil {
			t.Fatal(err)
		}
		all[name] = source
	}
	paths, err := filepath.Glob(filepath.Join(os.Getenv(folder), "*.jinja"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		source, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		all[strings.TrimSuffix(filepath.Base(path), ".jinja")] = string(source)
	}
	return all
}

func TestDerive(t *testing.T) {
	for name, source := range sources(t) {
		t.Run(name, func(t *testing.T) {
			template, err := chat.NewTemplate(chat.TemplateConfig{Name: name, Source: source, Tokens: map[string]string{"bos_token": "<s>", "eos_token": "</s>"}})
			if err != nil {
				t.Fatal(err)
			}
			why, isRefused := refused[name]
			d, err := Derive(template)
			if isRefused {
				if !errors.Is(err, ErrTemplate) || !strings.Contains(err.Error(), why) {
					t.Errorf("%v, expected %s", err, why)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			// Once more by hand, so that Compare isn't what is trusted.
			equal := 0
			for _, c := range Conversations(d.System) {
				want, err := template.Render(c, chat.RenderOptions{GenerationPrompt: true})
				if err != nil {
					t.Errorf("Jinja: %v", err)
					continue
				}
				got, err := Render(d.Source, c.Messages)
				if err != nil {
					t.Fatal(err)
				}
				if d.Start {
					got = "<s>" + got
				}
				if got == want {
					equal++
				}
			}
			if equal != 20 {
				t.Errorf("%d of 20 conversations are equal", equal)
			}
			broken := d
			broken.Source = strings.Replace(d.Source, "user", "used", 1)
			if Compare(template, broken, Conversations(d.System)) == nil {
				t.Error("a broken template passes")
			}
		})
	}
}

// TestRefused refuses what has no counterpart.
func TestRefused(t *testing.T) {
	for source, why := range map[string]string{
		"{% for m in messages %}{{ loop.index }}{{ m.content }}{% endfor %}": "depends on where that stands",
		"{{ messages[0].content }}": "isn't in what it writes once",
		"{% for m in messages %}{{ m.role }}{{ m.content | upper }}{% endfor %}":               "isn't in what it writes once",
		"{{ strftime_now('%d %b') }}{% for m in messages %}{{ m.content }}\n{% endfor %}":      "the day's date",
		"{% for m in messages %}<{{ m.role }}>{{ m.content | replace('x', 'y') }}{% endfor %}": "comes out otherwise",
		"{% for m in messages %}\"\"\"{{ m.role }}{{ m.content }}{% endfor %}":                 `has """ in it`,
		"{{ raise_exception('no') }}": "no",
	} {
		template, err := chat.NewTemplate(chat.TemplateConfig{Name: "t", Source: source})
		if err != nil {
			t.Fatal(err)
		}
		if d, err := Derive(template); !errors.Is(err, ErrTemplate) || !strings.Contains(err.Error(), why) {
			t.Errorf("%s became %s, %v; expected %s", source, d.Source, err, why)
		}
	}
}

// TestLiteral prints texts as they are.
func TestLiteral(t *testing.T) {
	for _, text := range []string{"", "{", "{{", "{{{", "a{{b}}c{", "{{ .System }}", "\u00a0\u200b x\n", "{%", "{{- -}}", "}}"} {
		got, err := Render(literal(text)+`{{ "" }}`, nil)
		if err != nil || got != text {
			t.Errorf("%q is printed as %q, %v", text, got, err)
		}
	}
}

// FuzzLiteral holds that what is written prints the text, and is kept by Ollama.
func FuzzLiteral(f *testing.F) {
	for _, text := range []string{"{{", "a{", "\x00", "{{{{ x }}"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		text = strings.ToValidUTF8(text, "")
		if got, err := Render(literal(text)+`{{ "" }}`, nil); err != nil || got != text {
			t.Errorf("%q is printed as %q, %v", text, got, err)
		}
		if !strings.Contains(text, `"""`) && checkText("template", literal(text)) != nil {
			t.Errorf("%q is written as %q", text, literal(text))
		}
	})
}

func TestFile(t *testing.T) {
	f := File{From: "./model.gguf", Template: "{{ .System }}\n", System: "Be \"brief\".", Params: [][2]string{{"stop", "<|im_end|>"}, {"temperature", "0.2"}}, License: "apache-2.0"}
	want := "FROM ./model.gguf\nTEMPLATE \"\"\"{{ .System }}\n\"\"\"\nSYSTEM \"\"\"Be \"brief\".\"\"\"\nPARAMETER stop \"\"\"<|im_end|>\"\"\"\nPARAMETER temperature 0.2\nLICENSE \"\"\"apache-2.0\"\"\"\n"
	if got := f.String(); got != want || f.Validate() != nil {
		t.Errorf("%s, %v", got, f.Validate())
	}
	for _, bad := range []string{`"""`, "\x01", "\u00a0"} {
		f.System = bad
		if f.Validate() == nil {
			t.Errorf("%q was taken", bad)
		}
	}
}
