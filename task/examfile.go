package task

import (
	"fmt"
	"path/filepath"
	"strings"

	"go.yaml.in/yaml/v3"
)

// With returns the file of the task with another description, and with examples that stand before each question.
func (e *Exam) With(description string, examples []ExamExample) ([]byte, error) {
	changed := *e
	changed.Description, changed.Examples, changed.FewShot, changed.FewShotData = description, examples, 0, ""
	path := e.Data
	if !filepath.IsAbs(path) {
		path = filepath.Join(filepath.Dir(e.path), path)
	}
	var err error
	if changed.Data, err = filepath.Abs(path); err != nil {
		return nil, err
	}
	return yaml.Marshal(changed)
}

// Prompt returns what stands before an answer, with this description and these examples, as a text/template over the fields of a record.
func (e *Exam) Prompt(description string, examples []ExamExample) string {
	var shown []ExamExample
	for _, x := range examples {
		shown = append(shown, ExamExample{literal(x.Question), literal(x.Answer)})
	}
	return e.context(literal(description), shown, question{prompt: e.Question})
}

// Ask takes a text/template over the fields of a record, such as Prompt returns, for all that stands before an answer: the description, examples and the question.
func (e *Exam) Ask(prompt string) error {
	e.Question, e.Description, e.Examples, e.FewShot, e.FewShotData = prompt, "", nil, 0, ""
	if err := e.complete(); err != nil {
		return fmt.Errorf("task: %s: the template: %w", e.path, err)
	}
	return nil
}

// literal returns a text as a text/template that writes it.
func literal(text string) string { return strings.ReplaceAll(text, "{{", `{{"{{"}}`) }
