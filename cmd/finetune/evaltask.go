package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"

	"github.com/seahorse-ml/seahorse/internal/atomicfile"
	"github.com/seahorse-ml/seahorse/task"
)

// taskFlags are the options of eval that ask questions.
type taskFlags struct {
	Task     []string `sep:"none" placeholder:"FILE" help:"Ask the questions of a task, a YAML file, in place of measuring a loss on --data. Several may be given."`
	Compare  []string `sep:"none" placeholder:"DIR" help:"Ask these models the same questions. May be given several times."`
	Template string   `placeholder:"FILE" help:"Ask by this text/template over the fields of a record, in the place of a task's description, examples and question: such as the prompt.tmpl of finetune prompt optimize."`
	Answers  string   `placeholder:"FILE" help:"Keep the answers to the questions as JSON lines."`
}

// examined is what --json prints of a task.
type examined struct {
	Task  string `json:"task"`
	Model string `json:"model"`
	*task.ExamResult
}

// keptAnswer is a line of --answers.
type keptAnswer struct {
	Task  string `json:"task"`
	Model string `json:"model"`
	task.ExamAnswer
}

// examine asks all models the questions of all tasks.
func (c *evalCommand) examine(ctx context.Context, s *streams) error {
	if len(c.Data) > 0 {
		return errors.New("--task has its own data; --data is for measuring a loss")
	}
	prompt := ""
	if c.Template != "" {
		content, err := os.ReadFile(c.Template)
		if err != nil {
			return err
		}
		prompt = string(content)
	}
	var exams []*task.Exam
	for _, path := range c.Task {
		e, err := task.ReadExam(path)
		if err == nil && c.Template != "" {
			err = e.Ask(prompt)
		}
		if err != nil {
			return err
		}
		exams = append(exams, e)
	}
	var kept []keptAnswer
	for i, model := range append([]string{c.Model}, c.Compare...) {
		storage, err := c.storage(model)
		if err != nil {
			return err
		}
		open := task.OpenConfig{Storage: storage}
		if i == 0 {
			open = c.opening(storage)
		}
		t, err := c.sketch(s, model, open)
		if err != nil {
			return err
		}
		if err := load(t); err != nil {
			return err
		}
		for i, e := range exams {
			m := newMeter(s.err, "asking")
			r, err := e.Take(ctx, t, func(done, total int) { m.show(int64(done), int64(total)) })
			m.done()
			if err != nil {
				return interrupted(ctx, err)
			}
			one := examined{c.Task[i], model, r}
			if err := one.print(s.out, c.JSON); err != nil {
				return err
			}
			for _, a := range r.Answers {
				kept = append(kept, keptAnswer{c.Task[i], model, a})
			}
		}
	}
	if c.Answers == "" {
		return nil
	}
	return atomicfile.Write(c.Answers, func(w io.Writer) error {
		out := bufio.NewWriter(w)
		lines := json.NewEncoder(out)
		lines.SetEscapeHTML(false)
		for _, a := range kept {
			if err := lines.Encode(a); err != nil {
				return err
			}
		}
		return out.Flush()
	})
}

func (e examined) print(out io.Writer, asJSON bool) error {
	if asJSON {
		return json.NewEncoder(out).Encode(e)
	}
	fmt.Fprintf(out, "%s, %s: %s\n", e.Task, e.Model, plural(e.Questions, "question"))
	for _, name := range slices.Sorted(maps.Keys(e.Metrics)) {
		m := e.Metrics[name]
		if _, err := fmt.Fprintf(out, "  %-12s %.4f  (%.4f to %.4f in 95 of 100 resamples)\n", name, m.Value, m.Low, m.High); err != nil {
			return err
		}
	}
	return nil
}
