package main

import (
	"fmt"

	"github.com/seahorse-ml/seahorse/task"
)

// mergeCommand is `finetune merge`.
type mergeCommand struct {
	Model     string `required:"" placeholder:"DIR|FILE.gguf" help:"The model that the adapter is for."`
	Adapter   string `required:"" placeholder:"DIR|FILE.gguf" help:"The adapter, as sft and peft write them, or llama.cpp's."`
	OutputDir string `required:"" placeholder:"DIR" help:"Directory of the merged model."`
	DType     string `name:"dtype" enum:",float32,bfloat16,float16" default:"" placeholder:"float32|bfloat16|float16" help:"How parameters are stored. Default: as the model's are."`
	AnyBase   bool   `help:"Take the adapter even if it was trained on another model, as far as the shapes fit."`

	memoryFlag
}

// Help is shown below the command's summary.
func (mergeCommand) Help() string {
	return `The adapter's change is added to the model's own parameters, and the result is a model like any other. The logits of both are compared on some
texts and the difference is printed; one that rounding doesn't explain is an error, and then nothing is written.

Examples:

    finetune merge --model SmolLM2-135M --adapter runs/lora --output-dir merged
    finetune merge --model SmolLM2-135M --adapter runs/lora --dtype bfloat16 --output-dir merged`
}

// Run merges.
func (c *mergeCommand) Run(s *streams) error {
	if _, err := c.sketch(s, c.Model, task.OpenConfig{Adapter: c.Adapter, AnyBase: c.AnyBase}); err != nil {
		return err
	}
	boundGarbage()
	r, err := task.Merge(task.MergeConfig{Model: c.Model, Adapter: c.Adapter, Dir: c.OutputDir, DType: c.DType, AnyBase: c.AnyBase})
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(s.out, "merged     %s, stored as %s\ndifference %.3g of logits up to %.3g; %.3g of it in float32\n", c.OutputDir, r.DType, r.Logits, r.Largest, r.Rounding)
	return err
}
