package main

import (
	"context"
	"fmt"
	"math"

	"github.com/alecthomas/kong"
	"github.com/seahorse-ml/seahorse/prefer"
	"github.com/seahorse-ml/seahorse/task"
)

// orpoCommand is `finetune orpo`.
type orpoCommand struct {
	preferenceOptions
	betaOption
}

// Help is shown below the command's summary.
func (orpoCommand) Help() string {
	return fmt.Sprintf(`Learns the better of two answers by its cross entropy, as sft does, and that it is better by the ratio of the odds. There is no reference. What the data
look like, a pair a line or row:

%s
metrics.jsonl has rewards/chosen, rewards/rejected, rewards/margins, rewards/accuracies, logps/chosen, logps/rejected, nll_loss, log_odds_ratio and
log_odds_chosen of training and validation.
Defaults: %d epochs in batches of 8, learning rate 1e-6, of adapters 1e-5, at most %d tokens in a row, no dropout.

Examples:

    finetune orpo --model runs/base --data pairs.jsonl --output-dir runs/orpo
    finetune orpo --model SmolLM2-135M --data pairs.jsonl --lora-r 16 --beta 0.2 --output-dir runs/orpo`, pairRecords, preferenceEpochs, preferenceSeqLen)
}

// Run prepares the run and trains.
func (c *orpoCommand) Run(ctx context.Context, s *streams, parsed *kong.Context) error {
	if err := c.resolve(); err != nil {
		return err
	}
	return start(ctx, s, c, parsed.Selected())
}

func (c *orpoCommand) resolve() error {
	if err := c.betaOption.validate(); err != nil {
		return err
	}
	if err := c.noSmoothing("orpo"); err != nil {
		return err
	}
	return c.preferenceOptions.resolve()
}

func (c *orpoCommand) config(s *streams) (task.Config, error) {
	return c.learning(s, prefer.ORPO{Beta: c.Beta}, "")
}

// ktoCommand is `finetune kto`.
type ktoCommand struct {
	preferenceOptions
	LossType          string  `group:"optimization" default:"kto" enum:"kto,apo_zero_unpaired" placeholder:"kto|apo_zero_unpaired" help:"The loss, as trl calls it (${default})."`
	DesirableWeight   float64 `group:"optimization" default:"1" placeholder:"X" help:"Multiplies the losses of good answers (${default})."`
	UndesirableWeight float64 `group:"optimization" default:"1" placeholder:"X" help:"Multiplies the losses of bad answers (${default}). The weights make up for kinds that are not equally frequent."`
	betaOption
	referenceOptions
}

// Help is shown below the command's summary.
func (ktoCommand) Help() string {
	return fmt.Sprintf(`Learns from single answers, each of them good or not, beside what a reference makes of them. What the data look like, an answer a line or row:

    {"prompt": "2 + 2 =", "completion": " 4", "label": true}      texts; the token that ends a text is added
    {"prompt": […], "completion": […], "label": false}            messages {"role", "content"}, by the model's chat template; and "tools"
    {"prompt": …, "chosen": …, "rejected": …}                     either; a pair is a good answer and a bad one

Answers of more than --seq-len tokens with their prompts are cut, and records whose prompts alone have more are left out. What the reference makes of the data
is computed once, before training, and kept in the directory of the run. How far the model has gone from the reference is estimated
for each batch, by its prompts with the answers to others, so that --batch-size matters: take 4 or more.
metrics.jsonl has rewards/chosen, rewards/rejected and kl of training and validation.
Defaults: %d epochs in batches of 8, learning rate 1e-6, of adapters 1e-5, at most %d tokens in a row, no dropout.

Examples:

    finetune kto --model runs/chat --data judged.jsonl --output-dir runs/kto
    finetune kto --model SmolLM2-135M-Instruct --data judged.csv --lora-r 16 --undesirable-weight 0.5 --output-dir runs/kto`, preferenceEpochs, preferenceSeqLen)
}

// Run prepares the run and trains.
func (c *ktoCommand) Run(ctx context.Context, s *streams, parsed *kong.Context) error {
	if err := c.resolve(); err != nil {
		return err
	}
	return start(ctx, s, c, parsed.Selected())
}

func (c *ktoCommand) resolve() error {
	if err := c.betaOption.validate(); err != nil {
		return err
	}
	if err := c.noSmoothing("kto"); err != nil {
		return err
	}
	for flag, weight := range map[string]float64{"desirable-weight": c.DesirableWeight, "undesirable-weight": c.UndesirableWeight} {
		if !(weight >= 0) || math.IsInf(weight, 0) {
			return fmt.Errorf("--%s %g: expected 0 or more", flag, weight)
		}
	}
	if err := c.referenceOptions.resolve(); err != nil {
		return err
	}
	return c.preferenceOptions.resolve()
}

func (c *ktoCommand) config(s *streams) (task.Config, error) {
	l := prefer.KTO{LossType: c.LossType, Beta: c.Beta, DesirableWeight: c.DesirableWeight, UndesirableWeight: c.UndesirableWeight}
	return c.learning(s, l, c.ReferenceModel)
}
