package task

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/template"

	"go.yaml.in/yaml/v3"

	"github.com/seahorse-ml/seahorse/data"
	"github.com/seahorse-ml/seahorse/internal/orderedjson"
)

// Exam is a task that a model is measured on, as a YAML file describes it: questions with choices, of which the most likely one is taken, or questions whose answer is written.
type Exam struct {
	// Data are the records of the questions; a path is relative to the file. Required.
	Data string `yaml:"data"`
	// Question is a text/template over the fields of a record: what stands before the answer. Required.
	Question string `yaml:"question"`
	// Choices is the field that lists a record's choices, or a list of choices that all records have, such as verbalised labels. Without it the answer is written.
	Choices any `yaml:"choices"`
	// Answer is the field of the right answer: of choices the number from 0, the text or the letter; of written answers a text or a list of texts. Required.
	Answer string `yaml:"answer"`
	// Description stands before everything; default "".
	Description string `yaml:"description"`
	// Delimiter stands between a question and its answer; default " ".
	Delimiter *string `yaml:"delimiter"`
	// FewShot is how many answered questions stand before each one, drawn by Seed; default 0.
	FewShot int `yaml:"few_shot"`
	// Examples are answered questions that stand before each question, in this order; default none. FewShot is 0 then.
	Examples []ExamExample `yaml:"examples"`
	// FewShotData are the records that examples come from; default Data, without the question itself.
	FewShotData string `yaml:"few_shot_data"`
	// Separator stands between examples; default "\n\n".
	Separator *string `yaml:"separator"`
	// Calibrate subtracts what the choices get behind a question whose fields are all "N/A" (Zhao et al., 2021); default false.
	Calibrate bool `yaml:"calibrate"`
	// Metrics are those of written answers: exact_match, f1, rouge_l, chrf, regex, json. Default: exact_match and f1.
	Metrics []string `yaml:"metrics"`
	// Pattern finds the answer in what was written, for the metric regex: its first group, or the whole.
	Pattern string `yaml:"pattern"`
	// MaxNewTokens bounds a written answer; default 64.
	MaxNewTokens int `yaml:"max_new_tokens"`
	// Stop are texts before which a written answer ends; default a line end.
	Stop []string `yaml:"stop"`
	// Limit takes only so many questions; default all.
	Limit int `yaml:"limit"`
	// Seed draws examples and the resamples of intervals; default 0.
	Seed uint64 `yaml:"seed"`

	path     string
	question *template.Template
}

// ExamExample is an answered question.
type ExamExample struct {
	Question string `yaml:"question" json:"question"` // as the template writes it
	Answer   string `yaml:"answer" json:"answer"`
}

// ReadExam reads a task's file.
func ReadExam(path string) (*Exam, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	e := &Exam{path: path, MaxNewTokens: 64, Stop: []string{"\n"}}
	d := yaml.NewDecoder(bytes.NewReader(content))
	d.KnownFields(true)
	if err := d.Decode(e); err != nil {
		return nil, fmt.Errorf("task: %s: %w", path, err)
	}
	if err := e.complete(); err != nil {
		return nil, fmt.Errorf("task: %s: %w", path, err)
	}
	return e, nil
}

// complete checks the task and fills in what is left out.
func (e *Exam) complete() error {
	for key, value := range map[string]string{"data": e.Data, "question": e.Question, "answer": e.Answer} {
		if value == "" {
			return fmt.Errorf("%s is missing", key)
		}
	}
	if e.FewShot < 0 || e.MaxNewTokens < 1 || e.Limit < 0 {
		return fmt.Errorf("few_shot %d, max_new_tokens %d, limit %d; expected at least 0, 1 and 0", e.FewShot, e.MaxNewTokens, e.Limit)
	}
	if len(e.Examples) > 0 && (e.FewShot > 0 || e.FewShotData != "") {
		return errors.New("examples are given, so that none are drawn: few_shot and few_shot_data don't go with them")
	}
	space, lines := " ", "\n\n"
	if e.Delimiter == nil {
		e.Delimiter = &space
	}
	if e.Separator == nil {
		e.Separator = &lines
	}
	var err error
	if e.question, err = template.New("question").Option("missingkey=error").Parse(e.Question); err != nil {
		return err
	}
	if e.Choices != nil {
		if len(e.Metrics) > 0 || e.Pattern != "" {
			return errors.New("metrics and pattern are for answers that are written, not for choices")
		}
		return e.checkChoices()
	}
	if e.Calibrate {
		return errors.New("calibrate is for choices")
	}
	if len(e.Metrics) == 0 {
		e.Metrics = []string{"exact_match", "f1"}
	}
	_, err = e.metrics()
	return err
}

func (e *Exam) checkChoices() error {
	switch c := e.Choices.(type) {
	case string:
	case []any:
		if len(c) < 2 {
			return fmt.Errorf("%d choices, expected at least 2", len(c))
		}
	default:
		return fmt.Errorf("choices: expected the name of a field or a list, got %T", c)
	}
	return nil
}

// question is one of an exam.
type question struct {
	place   string // file and line
	prompt  string // without examples
	choices []string
	right   int      // of choices
	answers []string // that are right, where they are written
}

// questions reads those of a path.
func (e *Exam) questions(path string) ([]question, error) {
	if !filepath.IsAbs(path) {
		path = filepath.Join(filepath.Dir(e.path), path)
	}
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var all []question
	line := 0
	for text := range bytes.Lines(content) {
		line++
		if text = bytes.TrimSpace(text); len(text) == 0 {
			continue
		}
		o, err := orderedjson.DecodeObject(text)
		var q question
		if err == nil {
			q, err = e.ask(o)
		}
		if err != nil {
			return nil, &data.Fault{Name: path, Line: line, Err: err}
		}
		q.place = fmt.Sprintf("%s:%d", path, line)
		all = append(all, q)
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("task: %s has no questions", path)
	}
	return all, nil
}

// ask makes a question of a record.
func (e *Exam) ask(o *orderedjson.Object) (question, error) {
	var q question
	fields := plainFields(o)
	var b strings.Builder
	if err := e.question.Execute(&b, fields); err != nil {
		return q, err
	}
	q.prompt = b.String()
	answer, ok := o.Get(e.Answer)
	if !ok {
		return q, fmt.Errorf("no field %q for the answer; it has %q", e.Answer, o.Keys)
	}
	if e.Choices == nil {
		list, several := answer.([]any)
		if !several {
			list = []any{answer}
		}
		for _, a := range list {
			q.answers = append(q.answers, plainText(a))
		}
		if len(q.answers) == 0 {
			return q, fmt.Errorf("%s: an empty list of answers", e.Answer)
		}
		return q, nil
	}
	list, fixed := e.Choices.([]any)
	if !fixed {
		value, _ := o.Get(e.Choices.(string))
		if list, ok = value.([]any); !ok || len(list) < 2 {
			return q, fmt.Errorf("%s: expected a list of at least two choices, got %s", e.Choices, orderedjson.Kind(value))
		}
	}
	for _, c := range list {
		q.choices = append(q.choices, plainText(c))
	}
	var err error
	q.right, err = rightChoice(q.choices, answer)
	return q, err
}

// rightChoice returns which choice an answer means: its number from 0, its text or its letter.
func rightChoice(choices []string, answer any) (int, error) {
	if n, ok := answer.(int64); ok && 0 <= n && n < int64(len(choices)) {
		return int(n), nil
	}
	if i := slices.Index(choices, plainText(answer)); i >= 0 {
		return i, nil
	}
	if a, ok := answer.(string); ok && len(a) == 1 && a[0] >= 'A' && int(a[0]-'A') < len(choices) {
		return int(a[0] - 'A'), nil
	}
	return 0, fmt.Errorf("the answer %v is none of the choices %q", answer, choices)
}

// plainFields returns the fields of a record for a text/template.
func plainFields(o *orderedjson.Object) map[string]any {
	fields := map[string]any{}
	for k, v := range o.Values {
		fields[k] = plainField(v)
	}
	return fields
}

func plainField(v any) any {
	switch v := v.(type) {
	case *orderedjson.Object:
		return plainFields(v)
	case []any:
		list := make([]any, len(v))
		for i, item := range v {
			list[i] = plainField(item)
		}
		return list
	}
	return v
}

// plainText returns a text as it is, and another value as JSON.
func plainText(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case int:
		return fmt.Sprint(v)
	case bool, int64, float64, nil, []any, *orderedjson.Object:
		return string(orderedjson.Append(nil, v, orderedjson.Format{}))
	}
	return fmt.Sprint(v)
}

// contexts returns what stands before the answer of each question: the description, examples, and the question.
func (e *Exam) contexts(all, examples []question, own bool) []string {
	random := rand.New(rand.NewPCG(e.Seed, 0))
	contexts := make([]string, len(all))
	for i, q := range all {
		shots := slices.Clone(e.Examples)
		for _, j := range draw(random, len(examples), e.FewShot, i, own) {
			shots = append(shots, examples[j].example())
		}
		contexts[i] = e.context(e.Description, shots, q)
	}
	return contexts
}

// context returns what stands before the answer of a question: a description, examples, and the question.
func (e *Exam) context(description string, examples []ExamExample, q question) string {
	var b strings.Builder
	b.WriteString(description)
	for _, x := range examples {
		b.WriteString(x.Question + *e.Delimiter + x.Answer + *e.Separator)
	}
	b.WriteString(q.prompt)
	return b.String()
}

// example returns the question with its right answer.
func (q question) example() ExamExample {
	if q.choices != nil {
		return ExamExample{q.prompt, q.choices[q.right]}
	}
	return ExamExample{q.prompt, q.answers[0]}
}

// draw draws k of n numbers, without one of them where own is set.
func draw(random *rand.Rand, n, k, without int, own bool) []int {
	var drawn []int
	for _, j := range random.Perm(n) {
		if len(drawn) == k {
			break
		}
		if !own || j != without {
			drawn = append(drawn, j)
		}
	}
	return drawn
}
