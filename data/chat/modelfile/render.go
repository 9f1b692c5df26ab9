package modelfile

import (
	"fmt"
	"strings"
	"text/template"

	"github.com/seahorse-ml/seahorse/data/chat"
)

// message is what a template sees of one.
type message struct{ Role, Content string }

// Render renders a conversation up to where the answer begins, as Ollama does: neighbours of one role become one message, parted by an empty line, and
// all that the system says is .System too.
func Render(source string, messages []chat.Message) (string, error) {
	t, err := template.New("template").Option("missingkey=zero").Parse(source)
	if err != nil {
		return "", fmt.Errorf("modelfile: %w", err)
	}
	var system []string
	var all []*message
	for _, m := range messages {
		if m.Role == "system" {
			system = append(system, m.Content)
		}
		if n := len(all); n > 0 && all[n-1].Role == m.Role {
			all[n-1].Content += "\n\n" + m.Content
			continue
		}
		all = append(all, &message{m.Role, m.Content})
	}
	var out strings.Builder
	if err := t.Execute(&out, map[string]any{"System": strings.Join(system, "\n\n"), "Messages": all, "Response": ""}); err != nil {
		return "", fmt.Errorf("modelfile: %w", err)
	}
	return out.String(), nil
}
