package task

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/seahorse-ml/seahorse/models"
	"github.com/seahorse-ml/seahorse/train"
)

// Name returns what figures of the exam are told under: the name of its file without the end, in lower case, with _ in place of all but letters and digits.
func (e *Exam) Name() string {
	base := filepath.Base(e.path)
	base = strings.ToLower(strings.TrimSuffix(base, filepath.Ext(base)))
	name := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return '_'
	}, base)
	if name == "" || name[0] < 'a' || name[0] > 'z' {
		name = "task_" + name
	}
	return name
}

// Files returns the files that the exam is made of: its own, and those of its records.
func (e *Exam) Files() []string {
	files := []string{e.path}
	for _, path := range []string{e.Data, e.FewShotData} {
		if path == "" {
			continue
		}
		if !filepath.IsAbs(path) {
			path = filepath.Join(filepath.Dir(e.path), path)
		}
		files = append(files, path)
	}
	return files
}

// Check finds out whether a model can take the exam: whether its files can be read, and each question and its answer has room in the model's context. A
// sketch of the model will do.
func (e *Exam) Check(t *Trained) error {
	if _, ok := t.Model.(models.CausalLM); !ok {
		return fmt.Errorf("task: %s: exams are for decoders, not for %s", e.path, Described(t.Model))
	}
	all, contexts, err := e.asked()
	if err != nil {
		return err
	}
	most := t.Model.ContextLength()
	for i, q := range all {
		n := 0
		for _, c := range q.choices {
			n = max(n, len(t.Tokenizer.AppendPart(nil, []byte(contexts[i]+*e.Delimiter+c), true, false, true)))
		}
		if e.Choices == nil {
			n = len(t.Tokenizer.AppendPart(nil, []byte(contexts[i]), true, false, true)) + e.MaxNewTokens
		}
		if n > most {
			return fmt.Errorf("task: %s: %w: %d tokens with an answer, and the model's context is %d", q.place, errTooLong, n, most)
		}
	}
	return nil
}

// asks returns what a trainer asks the run's model with each evaluation: see train.Config. The figures of an exam have its name and a slash before
// theirs, as in quiz/acc.
func (r *Run) asks() func(ctx context.Context, progress func(done, total int)) (train.Figures, error) {
	if len(r.Exams) == 0 {
		return nil
	}
	return func(ctx context.Context, progress func(done, total int)) (train.Figures, error) {
		var all train.Figures
		for _, e := range r.Exams {
			result, err := e.Take(ctx, r.trained(), progress)
			if err != nil {
				return nil, err
			}
			for _, name := range slices.Sorted(maps.Keys(result.Metrics)) {
				all = append(all, train.Figure{Name: e.Name() + "/" + name, Value: result.Metrics[name].Value})
			}
		}
		return all, nil
	}
}

// timedQuestions is how many questions of an exam are asked to know how long all of them take.
const timedQuestions = 16

// ExamSeconds returns how long the run's exams take with each evaluation, in seconds: some questions of each are asked, and the rest counted like them.
// A model that has learned where its answers end may write less.
func (r *Run) ExamSeconds(ctx context.Context) (float64, error) {
	seconds := 0.0
	for _, e := range r.Exams {
		all, contexts, err := e.asked()
		if err != nil {
			return 0, err
		}
		n := min(len(all), timedQuestions)
		begin := time.Now()
		if _, err := e.take(ctx, r.trained(), all[:n], contexts[:n], nil); err != nil {
			return 0, err
		}
		seconds += time.Since(begin).Seconds() * float64(len(all)) / float64(n)
	}
	return seconds, nil
}

// checkExams finds out whether the run's model can take its exams.
func (r *Run) checkExams() error {
	if len(r.Exams) == 0 {
		return nil
	}
	if len(promptOf(r.Adapted)) > 0 {
		return errors.New("task: exams are for models without a tuned prompt before their texts")
	}
	names := map[string]bool{}
	for _, e := range r.Exams {
		if names[e.Name()] {
			return fmt.Errorf("task: two exams are called %s, expected files of different names", e.Name())
		}
		names[e.Name()] = true
		if err := e.Check(r.trained()); err != nil {
			return err
		}
	}
	return nil
}

// trained returns the model of the run as it is now, for what is applied.
func (r *Run) trained() *Trained {
	return &Trained{Dir: r.Dir, Model: r.Model, Objective: r.Objective, Tokenizer: r.Tokenizer, Adapter: r.Adapted}
}
