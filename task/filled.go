package task

import (
	"fmt"
	"strings"
	"text/template"

	"github.com/seahorse-ml/seahorse/data"
)

// FilledPrompts returns a prompt for each record of a source: a text/template over the record's fields, filled in. A field that a record lacks is an error with file and
// line.
func FilledPrompts(s *data.Source, name, text string) ([]string, error) {
	t, err := template.New(name).Option("missingkey=error").Parse(text)
	if err != nil {
		return nil, fmt.Errorf("task: prompts: %w", err)
	}
	var prompts []string
	for r, err := range s.Rows() {
		if err != nil {
			return nil, err
		}
		var b strings.Builder
		if err := t.Execute(&b, plainFields(r.Object)); err != nil {
			return nil, r.Fail(err)
		}
		prompts = append(prompts, b.String())
	}
	return prompts, nil
}
