package modelfile_test

import (
	"fmt"
	"log"

	"github.com/seahorse-ml/seahorse/data/chat"
	"github.com/seahorse-ml/seahorse/data/chat/modelfile"
)

func ExampleDerive() {
	jinja := "{% for m in messages %}[{{ m.role }}] {{ m.content }}\n{% endfor %}{% if add_generation_prompt %}[assistant] {% endif %}"
	t, err := chat.NewTemplate(chat.TemplateConfig{Name: "mine", Source: jinja})
	if err != nil {
		log.Fatal(err)
	}
	found, err := modelfile.Derive(t)
	if err != nil {
		log.Fatal(err)
	}
	if err := modelfile.Compare(t, found, modelfile.Conversations(found.System)); err != nil {
		log.Fatal(err)
	}
	fmt.Print(modelfile.File{From: "model.gguf", Template: found.Source, Params: [][2]string{{"temperature", "0.7"}}})
	// Output:
	// FROM model.gguf
	// TEMPLATE """{{ $s := .System }}{{ if .System }}[system] {{ $s }}
	// [user] {{ else }}[user] {{ end }}{{ range $i, $m := .Messages }}{{ $c := .Content }}{{ $last := eq (len (slice $.Messages $i)) 1 }}{{ if eq .Role "user" }}{{ $c }}{{ if $last }}
	// [assistant] {{ end }}{{ else if eq .Role "assistant" }}
	// [assistant] {{ $c }}{{ if not $last }}
	// [user] {{ end }}{{ end }}{{ end }}"""
	// PARAMETER temperature 0.7
}
