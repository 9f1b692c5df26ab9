package task

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/seahorse-ml/seahorse/generate"
)

// PromptSearch configures OptimizePrompt.
type PromptSearch struct {
	// Instructions are texts that may stand before everything, beside the task's own description.
	Instructions []string
	// Propose is how many more instructions the model writes, each from some answered questions that it is shown, >= 0.
	Propose int
	// Shots is the most examples before a question, >= 0.
	Shots int
	// Sets is how many sets of examples are tried beside none, >= 0.
	Sets int
	// Trials is how many pairs of an instruction and a set are tried, > 0.
	Trials int
	// Batch is how many questions a trial asks, > 0.
	Batch int
	// Finalists are the trials that are measured on all questions of the training part, > 0.
	Finalists int
	// HeldOut is the share of the questions that nothing is chosen by, in (0, 1).
	HeldOut float64
	// Metric is what is raised; "" is acc of choices, and the first of the task's metrics.
	Metric string
	// Seed decides what is drawn.
	Seed uint64
}

// mostSearched is more than anyone has time for.
const mostSearched = 1_000_000

// Validate tells what is wrong with the configuration, or nil.
func (c PromptSearch) Validate() error {
	for _, f := range []struct {
		name         string
		value, least int
	}{{"Propose", c.Propose, 0}, {"Shots", c.Shots, 0}, {"Sets", c.Sets, 0}, {"Trials", c.Trials, 1}, {"Batch", c.Batch, 1}, {"Finalists", c.Finalists, 1}} {
		if f.value < f.least || f.value > mostSearched {
			return fmt.Errorf("task: prompt: %s is %d, expected %d to %d", f.name, f.value, f.least, mostSearched)
		}
	}
	if !(c.HeldOut > 0 && c.HeldOut < 1) {
		return fmt.Errorf("task: prompt: HeldOut is %g, expected more than 0 and less than 1", c.HeldOut)
	}
	return nil
}

// PromptResult is what a search has found.
type PromptResult struct {
	Instruction string        `json:"instruction"`
	Examples    []ExamExample `json:"examples"`
	// Before and After are the metric on the questions held out, by the task as it is and by what was found; Train is the latter on the
	// training part.
	Before Interval `json:"before"`
	After  Interval `json:"after"`
	Train  float64  `json:"train"`
	// Trials is how many were made, and Questions and HeldOut how many questions both parts have.
	Trials    int    `json:"trials"`
	Questions int    `json:"questions"`
	HeldOut   int    `json:"held_out"`
	Metric    string `json:"metric"`
}

// candidate is a set of examples, and which of the training questions they are.
type candidate struct {
	from     string // labelled or bootstrapped
	examples []ExamExample
	numbers  []int
}

// search is an OptimizePrompt under way.
type search struct {
	PromptSearch
	exam         *Exam
	trained      *Trained
	log          *searchLog
	train, held  []question
	instructions []string
	sets         []candidate
	random       *rand.Rand
}

// OptimizePrompt looks for an instruction and examples with which a model does better in an exam (bootstrap few-shot examples and proposed
// instructions, as in DSPy's MIPRO; Opsahl-Ong et al., 2024). The questions are divided: of the training part examples are taken, and
// pairs of an instruction and examples are tried on it, each pair by what its two parts have done in other trials; the rest says what the
// best of them is worth. Every event goes to the log, a file of JSON lines. If the file is there, made with the same settings, the search goes on
// where it ended, and ends as it would have without the stop. The exam's own few_shot isn't drawn. Tell gets a line for each event, and may be nil.
func OptimizePrompt(ctx context.Context, t *Trained, e *Exam, c PromptSearch, log string, tell func(text string)) (*PromptResult, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	metrics := e.Metrics
	if e.Choices != nil {
		metrics = []string{"acc", "acc_norm"}
	}
	if c.Metric == "" {
		c.Metric = metrics[0]
	}
	if !slices.Contains(metrics, c.Metric) {
		return nil, fmt.Errorf("task: prompt: metric %q, the task has %s", c.Metric, strings.Join(metrics, ", "))
	}
	all, err := e.questions(e.Data)
	if err != nil {
		return nil, err
	}
	if e.Limit > 0 {
		all = all[:min(len(all), e.Limit)]
	}
	held := int(float64(len(all))*c.HeldOut + 0.5)
	if held < 1 || len(all)-held < max(2, c.Shots+1) {
		return nil, fmt.Errorf("task: prompt: %d questions, of which %d are held out; expected at least one of these, and %d others", len(all), held, max(2, c.Shots+1))
	}
	s := &search{PromptSearch: c, exam: e, trained: t, random: rand.New(rand.NewPCG(c.Seed, 2))}
	for i, j := range s.random.Perm(len(all)) {
		if i < held {
			s.held = append(s.held, all[j])
		} else {
			s.train = append(s.train, all[j])
		}
	}
	if s.log, err = openSearchLog(log, s.settings(all), tell); err != nil {
		return nil, err
	}
	r, err := s.run(ctx)
	return r, errors.Join(err, s.log.close())
}

func (s *search) run(ctx context.Context) (*PromptResult, error) {
	if err := s.propose(ctx); err != nil {
		return nil, err
	}
	if err := s.drawSets(ctx); err != nil {
		return nil, err
	}
	trials, err := s.try(ctx)
	if err != nil {
		return nil, err
	}
	best, score, err := s.finals(ctx, trials)
	if err != nil {
		return nil, err
	}
	r := &PromptResult{
		Instruction: s.instructions[best.instruction], Examples: s.sets[best.set].examples, Train: score, Trials: len(trials),
		Questions: len(s.train), HeldOut: len(s.held), Metric: s.Metric,
	}
	if best == (pairing{}) {
		r.Examples = s.exam.Examples
	}
	if r.Before, err = s.heldOut(ctx, pairing{}); err != nil {
		return nil, err
	}
	r.After = r.Before
	if best != (pairing{}) {
		if r.After, err = s.heldOut(ctx, best); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// shownToPropose is how many answered questions the model sees when it writes an instruction.
const shownToPropose = 4

// proposedTokens bounds an instruction that the model writes.
const proposedTokens = 60

// propose collects the instructions: the task's own, those that were given, and those of the model.
func (s *search) propose(ctx context.Context) error {
	add := func(text, from string) {
		if text != "" && !strings.HasSuffix(text, "\n") && from != "task" {
			text += *s.exam.Separator
		}
		if !slices.Contains(s.instructions, text) {
			s.instructions = append(s.instructions, text)
		}
	}
	add(s.exam.Description, "task")
	for _, text := range s.Instructions {
		add(strings.TrimSpace(text), "file")
	}
	for i := range s.Propose {
		shown := draw(s.random, len(s.train), min(shownToPropose, len(s.train)), -1, false)
		text, err := logged(s.log, event{Step: "instruction", Number: i}, func() (string, error) {
			m, ok := s.trained.Model.(generate.Model)
			if !ok {
				return "", fmt.Errorf("task: prompt: %s writes no instructions; give them", Described(s.trained.Model))
			}
			var b strings.Builder
			b.WriteString("Questions of one kind, with their answers.\n\n")
			for _, j := range shown {
				x := s.train[j].example()
				b.WriteString(x.Question + *s.exam.Delimiter + x.Answer + "\n\n")
			}
			b.WriteString("An instruction in one sentence that tells somebody who has not seen them how to answer such questions:\n")
			nucleus := 0.9
			w := &Writer{Model: m, Tokenizer: s.trained.Tokenizer, Stops: []string{"\n\n"},
				Config: generate.Config{MaxNewTokens: proposedTokens, Temperature: 1, TopP: &nucleus, Seed: s.Seed + uint64(i)}}
			text, err := w.Answer(ctx, b.String())
			return strings.Join(strings.Fields(text), " "), err
		})
		if err != nil {
			return err
		}
		add(text, "model")
	}
	return nil
}

// drawSets makes sets of examples: none, and in turns some that are drawn, with their right answers, and some that the model answers rightly as it
// is, with its own words where those are written.
func (s *search) drawSets(ctx context.Context) error {
	s.sets = []candidate{{}}
	if s.Sets == 0 || s.Shots == 0 {
		return nil
	}
	asked := s.train[:min(len(s.train), 4*s.Shots+s.Batch)]
	right, err := logged(s.log, event{Step: "bootstrap", Questions: len(asked)}, func() (map[int]string, error) {
		r, err := s.ask(ctx, pairing{}, asked)
		if err != nil {
			return nil, err
		}
		found := map[int]string{}
		for i, a := range r.Answers {
			if a.Metrics[s.Metric] == 1 {
				found[i] = strings.TrimSpace(a.Chosen)
			}
		}
		return found, nil
	})
	if err != nil {
		return err
	}
	var known []int
	for i := range asked {
		if _, ok := right[i]; ok {
			known = append(known, i)
		}
	}
	for i := range s.Sets {
		n := s.Shots
		if i%4 >= 2 { // each other pair of sets has half as many
			n = (s.Shots + 1) / 2
		}
		set, pool := candidate{from: "labelled"}, []int(nil)
		if i%2 == 1 && len(known) >= n {
			set.from, pool = "bootstrapped", known
		}
		for _, j := range draw(s.random, cmpLen(pool, len(s.train)), n, -1, false) {
			if pool != nil {
				j = pool[j]
			}
			x := s.train[j].example()
			if pool != nil && s.exam.Choices == nil {
				x.Answer = right[j]
			}
			set.examples, set.numbers = append(set.examples, x), append(set.numbers, j)
		}
		s.sets = append(s.sets, set)
	}
	return nil
}

// cmpLen returns the length of a pool, or n where there is none.
func cmpLen(pool []int, n int) int {
	if pool == nil {
		return n
	}
	return len(pool)
}
