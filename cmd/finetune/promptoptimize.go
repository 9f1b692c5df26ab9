package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/seahorse-ml/seahorse/internal/atomicfile"
	"github.com/seahorse-ml/seahorse/task"
)

// promptCommand is `finetune prompt`.
type promptCommand struct {
	Optimize promptOptimizeCommand `cmd:"" help:"Search instructions and examples for a task, by trials on one part of its questions, and report on the other."`
}

// promptOptimizeCommand is `finetune prompt optimize`.
type promptOptimizeCommand struct {
	Model        string  `required:"" placeholder:"DIR|FILE.gguf" help:"A model or run directory, or a GGUF file."`
	Task         string  `required:"" placeholder:"FILE" help:"The task, a YAML file as eval takes it; its few_shot isn't drawn."`
	OutputDir    string  `required:"" placeholder:"DIR" help:"Where the log of the search and what it finds are kept. A search that was stopped goes on there."`
	Instructions string  `placeholder:"FILE" help:"Instructions to try, one a line, beside the task's own description."`
	Propose      int     `default:"6" placeholder:"N" help:"Instructions that the model itself writes, from answered questions (${default})."`
	Shots        int     `default:"4" placeholder:"N" help:"The most examples before a question (${default})."`
	Sets         int     `default:"8" placeholder:"N" help:"Sets of examples to try beside none (${default}): some drawn, some that the model answers rightly."`
	Trials       int     `default:"24" placeholder:"N" help:"Pairs of an instruction and a set that are tried (${default})."`
	TrialSize    int     `default:"24" placeholder:"N" help:"Questions of a trial (${default})."`
	Finalists    int     `default:"3" placeholder:"N" help:"The best trials, which are measured on all of the training part (${default})."`
	HeldOut      float64 `default:"0.5" placeholder:"X" help:"Share of the questions that nothing is chosen by (${default})."`
	Metric       string  `placeholder:"NAME" help:"What is to be raised. Default: acc of choices, else the first of the task's metrics."`
	Seed         uint64  `default:"1337" placeholder:"N" help:"Decides what is drawn (${default})."`
	JSON         bool    `name:"json" help:"Print the result as an object."`
	Threads      int     `default:"0" placeholder:"N" help:"Threads to run on. Default: all cores that the process may use."`

	storageFlags
	adapterFlag
	memoryFlag
}

// Names of the files of a search.
const (
	searchName = "search.jsonl"
	taskName   = "task.yaml"
	promptName = "prompt.tmpl"
	resultName = "result.json"
)

// Help is shown below the command's summary.
func (promptOptimizeCommand) Help() string {
	return `The questions of the task are divided. On the training part, pairs of an instruction and a set of examples are tried, each pair by what its two parts have done in
other trials; the best are measured on all of it, and the winner on the part held out, beside the task as it is. The directory gets

    search.jsonl    every instruction, set and trial with its score, in order; a search that was stopped goes on by it
    task.yaml       the task with what was found, for eval --task
    prompt.tmpl     the same as a text/template over the fields of a record
    result.json     the figures

Examples:

    finetune prompt optimize --model SmolLM2-135M-Instruct --task sentiment.yaml --output-dir prompts/sentiment
    finetune prompt optimize --model runs/mine --task quiz.yaml --instructions ideas.txt --propose 0 --shots 2 --output-dir prompts/quiz
    finetune eval --model runs/mine --task quiz.yaml --task prompts/quiz/task.yaml`
}

// Run searches.
func (c *promptOptimizeCommand) Run(ctx context.Context, s *streams) error {
	if err := checkThreads(c.Threads); err != nil {
		return err
	}
	useThreads(c.Threads)
	e, err := task.ReadExam(c.Task)
	if err != nil {
		return err
	}
	search := task.PromptSearch{
		Propose: c.Propose, Shots: c.Shots, Sets: c.Sets, Trials: c.Trials, Batch: c.TrialSize, Finalists: c.Finalists, HeldOut: c.HeldOut, Metric: c.Metric, Seed: c.Seed,
	}
	if err := search.Validate(); err != nil {
		return err
	}
	if c.Instructions != "" {
		text, err := os.ReadFile(c.Instructions)
		if err != nil {
			return err
		}
		for line := range strings.Lines(string(text)) {
			if line = strings.TrimSpace(line); line != "" {
				search.Instructions = append(search.Instructions, line)
			}
		}
	}
	t, err := sketched(s, c.Model, c.storageFlags, c.adapterFlag, c.memoryFlag)
	if err != nil {
		return err
	}
	if err := load(t); err != nil {
		return err
	}
	if err := os.MkdirAll(c.OutputDir, 0o755); err != nil {
		return err
	}
	r, err := task.OptimizePrompt(ctx, t, e, search, filepath.Join(c.OutputDir, searchName), func(line string) { fmt.Fprintln(s.err, line) })
	if err != nil {
		return interrupted(ctx, err)
	}
	if err := c.keep(e, r); err != nil {
		return err
	}
	return c.print(s, r)
}

// keep writes what was found.
func (c *promptOptimizeCommand) keep(e *task.Exam, r *task.PromptResult) error {
	found, err := e.With(r.Instruction, r.Examples)
	if err != nil {
		return err
	}
	figures, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	for name, content := range map[string][]byte{taskName: found, promptName: []byte(e.Prompt(r.Instruction, r.Examples)), resultName: append(figures, '\n')} {
		if err := atomicfile.WriteBytes(filepath.Join(c.OutputDir, name), content); err != nil {
			return err
		}
	}
	return nil
}

// print shows what was found.
func (c *promptOptimizeCommand) print(s *streams, r *task.PromptResult) error {
	if c.JSON {
		return json.NewEncoder(s.out).Encode(r)
	}
	shown := func(name string, v task.Interval) {
		fmt.Fprintf(s.out, "%-11s %s %.4f  (%.4f to %.4f in 95 of 100 resamples)\n", name, r.Metric, v.Value, v.Low, v.High)
	}
	fmt.Fprintf(s.out, "questions   %d to learn from, %d held out; %s\n", r.Questions, r.HeldOut, plural(r.Trials, "trial"))
	shown("before", r.Before)
	shown("after", r.After)
	fmt.Fprintf(s.out, "instruction %s\nexamples    %d\n", strings.TrimSpace(r.Instruction), len(r.Examples))
	_, err := fmt.Fprintf(s.out, "the task with them is %s\n", filepath.Join(c.OutputDir, taskName))
	return err
}
