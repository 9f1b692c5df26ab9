package task

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/seahorse-ml/seahorse/generate"
	"github.com/seahorse-ml/seahorse/models"
)

// ExamAnswer is what a model answers to a question.
type ExamAnswer struct {
	Place    string             `json:"place"` // file and line of the question
	Context  string             `json:"context"`
	Choices  []string           `json:"choices,omitempty"`
	Scores   []float64          `json:"scores,omitempty"` // log-likelihood of each choice
	Chosen   string             `json:"answer"`
	Expected []string           `json:"expected"`
	Metrics  map[string]float64 `json:"metrics"`
}

// Interval is a mean with the interval that holds it in 95 of 100 resamples of the questions.
type Interval struct {
	Value float64 `json:"value"`
	Low   float64 `json:"low"`
	High  float64 `json:"high"`
}

// ExamResult is how a model does in an exam.
type ExamResult struct {
	Questions int                 `json:"questions"`
	Metrics   map[string]Interval `json:"metrics"`
	Answers   []ExamAnswer        `json:"-"`
}

// errTooLong says that a question doesn't fit into the model's context.
var errTooLong = errors.New("too long")

// Take asks a model the questions of the exam. Progress may be nil.
func (e *Exam) Take(ctx context.Context, t *Trained, progress func(done, total int)) (*ExamResult, error) {
	all, contexts, err := e.asked()
	if err != nil {
		return nil, err
	}
	return e.take(ctx, t, all, contexts, progress)
}

// asked returns the questions that are asked, and what stands before their answers.
func (e *Exam) asked() (all []question, contexts []string, err error) {
	if all, err = e.questions(e.Data); err != nil {
		return nil, nil, err
	}
	examples, own := all, true
	if e.FewShotData != "" {
		own = false
		if examples, err = e.questions(e.FewShotData); err != nil {
			return nil, nil, err
		}
	}
	if have := len(examples); e.FewShot > have || own && e.FewShot >= have {
		return nil, nil, fmt.Errorf("task: %d examples for each question, and there are %d", e.FewShot, have)
	}
	if e.Limit > 0 {
		all = all[:min(len(all), e.Limit)]
	}
	return all, e.contexts(all, examples, own), nil
}

// take asks questions behind their contexts.
func (e *Exam) take(ctx context.Context, t *Trained, all []question, contexts []string, progress func(done, total int)) (*ExamResult, error) {
	m, ok := t.Model.(models.CausalLM)
	if !ok {
		return nil, fmt.Errorf("task: %s holds %s, and exams are for decoders", t.Dir, Described(t.Model))
	}
	if progress == nil {
		progress = func(int, int) {}
	}
	r := &ExamResult{Questions: len(all)}
	var err error
	if e.Choices != nil {
		r.Answers, err = e.choose(ctx, t, m, all, contexts, progress)
	} else {
		writer, ok := t.Model.(generate.Model)
		if !ok {
			return nil, fmt.Errorf("task: %s holds %s, which doesn't write texts", t.Dir, Described(t.Model))
		}
		r.Answers, err = e.write(ctx, t, writer, all, contexts, progress)
	}
	if err != nil {
		return nil, err
	}
	r.Metrics = e.summary(r.Answers)
	return r, nil
}

// resamples is how many resamples make an interval.
const resamples = 1000

// summary returns the mean of each metric, with its bootstrap interval.
func (e *Exam) summary(answers []ExamAnswer) map[string]Interval {
	random := rand.New(rand.NewPCG(e.Seed, 1))
	sums := map[string][]float64{}
	for range resamples {
		total := map[string]float64{}
		for range answers {
			for name, v := range answers[random.IntN(len(answers))].Metrics {
				total[name] += v
			}
		}
		for name := range answers[0].Metrics {
			sums[name] = append(sums[name], total[name]/float64(len(answers)))
		}
	}
	out := map[string]Interval{}
	for name, values := range sums {
		mean := 0.0
		for _, a := range answers {
			mean += a.Metrics[name] / float64(len(answers))
		}
		slices.Sort(values)
		out[name] = Interval{mean, values[resamples*25/1000], values[resamples*975/1000-1]}
	}
	return out
}

// writtenTogether is how many answers are written side by side.
const writtenTogether = 8

// write lets the model write the answers, greedily.
func (e *Exam) write(ctx context.Context, t *Trained, m generate.Model, all []question, contexts []string, progress func(done, total int)) ([]ExamAnswer, error) {
	metrics, err := e.metrics()
	if err != nil {
		return nil, err
	}
	w := &Writer{Model: m, Tokenizer: t.Tokenizer, Config: generate.Config{MaxNewTokens: e.MaxNewTokens}, Stops: e.Stop}
	var answers []ExamAnswer
	for start := 0; start < len(all); start += writtenTogether {
		end := min(start+writtenTogether, len(all))
		var prompts [][]int32
		for i := start; i < end; i++ {
			ids, err := w.Encode(contexts[i])
			if err != nil {
				return nil, fmt.Errorf("%s: %w", all[i].place, err)
			}
			if len(ids)+e.MaxNewTokens > t.Model.ContextLength() {
				return nil, fmt.Errorf("%s: %w: %d tokens and %d to write, and the model's context is %d", all[i].place, errTooLong, len(ids), e.MaxNewTokens, t.Model.ContextLength())
			}
			prompts = append(prompts, ids)
		}
		ids, err := w.WriteAll(ctx, prompts)
		if err != nil {
			return nil, err
		}
		for i := start; i < end; i++ {
			text, err := w.Text(ids[i-start])
			if err != nil {
				return nil, err
			}
			a := ExamAnswer{Place: all[i].place, Context: contexts[i], Chosen: text, Expected: all[i].answers, Metrics: map[string]float64{}}
			for name, metric := range metrics {
				for _, expected := range all[i].answers {
					a.Metrics[name] = max(a.Metrics[name], metric(text, expected))
				}
			}
			answers = append(answers, a)
		}
		progress(end, len(all))
	}
	return answers, nil
}
