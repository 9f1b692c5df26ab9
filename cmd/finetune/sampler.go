package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/seahorse-ml/seahorse/embed"
	"github.com/seahorse-ml/seahorse/generate"
	"github.com/seahorse-ml/seahorse/task"
	"github.com/seahorse-ml/seahorse/train"
)

// sampler is a train.Callback that shows and keeps what the model writes, after each validation and at the end.
type sampler struct {
	train.Silent
	run    *task.Run
	tokens int // of a sample; 0 shows none
	ctx    context.Context
	out    io.Writer
	keep   func(step int, text string) error // is given each sample
	last   int                               // step of the last sample
}

// Blind says that it looks at the model behind evaluations and at the end only.
func (*sampler) Blind() {}

// Eval shows a sample.
func (s *sampler) Eval(e train.EvalEvent) error { return s.show(e.Step) }

// End shows a sample of a complete run, unless its last step had one.
func (s *sampler) End(e train.EndEvent) error {
	if e.Err != nil {
		return nil
	}
	return s.show(e.Step)
}

// show writes a sample, each line of it marked. A run that is interrupted meanwhile stops it short. Models that don't write have none.
func (s *sampler) show(step int) error {
	if s.tokens == 0 || s.last == step {
		return nil
	}
	s.last = step
	text, ok, err := s.run.Sample(s.ctx, s.tokens)
	if !ok {
		return nil
	}
	if err != nil && s.ctx.Err() == nil {
		return err
	}
	if s.ctx.Err() == nil {
		if err := s.keep(step, text); err != nil {
			return err
		}
	}
	lines := strings.Split(strings.TrimSpace(text), "\n")
	_, err = fmt.Fprintf(s.out, "  | %s\n", strings.Join(lines, "\n  | "))
	return err
}

// suggestedTrial returns a command for the user to try a run's model with, on the first words of the text, or "".
func suggestedTrial(r *task.Run) string {
	command, flag := "", ""
	if _, writes := r.Model.(generate.Model); writes {
		command, flag = "generate", "prompt"
	} else if _, scores := r.Model.(task.Scorer); scores {
		command, flag = "classify", "text"
	} else if _, embeds := r.Model.(embed.Learner); embeds {
		command, flag = "embed encode", "text"
	}
	start := r.Opening()
	if command == "" || start == "" {
		return ""
	}
	if _, err := os.Stat(filepath.Join(r.Dir, "chat_template.jinja")); err == nil && command == "generate" {
		start = "Hello" // a conversation's text begins with its template
	}
	return fmt.Sprintf("finetune %s --model %s --%s %s", command, shellQuote(r.Dir), flag, shellQuote(start))
}
