package main

import (
	"context"
	"fmt"

	"github.com/alecthomas/kong"
	"github.com/seahorse-ml/seahorse/prefer"
	"github.com/seahorse-ml/seahorse/task"
)

// cpoCommand is `finetune cpo`.
type cpoCommand struct {
	preferenceOptions
	LossType   string  `group:"optimization" default:"sigmoid" enum:"${cpolosses}" placeholder:"NAME" help:"The loss, as trl calls it (${default}): ${enum}."`
	CPOAlpha   float64 `group:"optimization" name:"cpo-alpha" default:"1" placeholder:"X" help:"How much the cross entropy of the better answer counts (${default})."`
	SimPOGamma float64 `group:"optimization" name:"simpo-gamma" default:"0.5" placeholder:"X" help:"By how much the better answer is to be better, of --loss-type simpo (${default})."`
	betaOption
}

// Help is shown below the command's summary.
func (cpoCommand) Help() string {
	return fmt.Sprintf(`Learns which of two answers is the better one by how probable they are, and the better one by its cross entropy. There is no reference. What the data
look like, a pair a line or row:

%s
Log-probabilities are sums over an answer's tokens, of --loss-type ipo and simpo means. --label-smoothing is the share of pairs that are taken to be the wrong way
round, of the loss types sigmoid and simpo.
metrics.jsonl has rewards/chosen, rewards/rejected, rewards/margins, rewards/accuracies, logps/chosen, logps/rejected and nll_loss of training and
validation.
Defaults: %d epochs in batches of 8, learning rate 1e-6, of adapters 1e-5, at most %d tokens in a row, no dropout.

Examples:

    finetune cpo --model runs/base --data pairs.jsonl --output-dir runs/cpo
    finetune cpo --model SmolLM2-135M --data pairs.jsonl --lora-r 16 --loss-type simpo --cpo-alpha 0.5 --output-dir runs/cpo`, pairRecords, preferenceEpochs, preferenceSeqLen)
}

// Run prepares the run and trains.
func (c *cpoCommand) Run(ctx context.Context, s *streams, parsed *kong.Context) error {
	if err := c.resolve(); err != nil {
		return err
	}
	return start(ctx, s, c, parsed.Selected())
}

func (c *cpoCommand) resolve() error {
	if c.LossType != "sigmoid" && c.LossType != "simpo" {
		if err := c.noSmoothing("--loss-type " + c.LossType); err != nil {
			return err
		}
	}
	if err := c.loss().Validate(); err != nil {
		return err
	}
	return c.preferenceOptions.resolve()
}

func (c *cpoCommand) loss() prefer.CPO {
	return prefer.CPO{LossType: c.LossType, Beta: c.Beta, Gamma: c.SimPOGamma, Alpha: c.CPOAlpha, LabelSmoothing: c.LabelSmoothing}
}

func (c *cpoCommand) config(s *streams) (task.Config, error) { return c.learning(s, c.loss(), "") }

// simpoCommand is `finetune simpo`.
type simpoCommand struct {
	preferenceOptions
	SimPOGamma float64 `group:"optimization" name:"simpo-gamma" default:"0.5" placeholder:"X" help:"By how much the better answer is to be better (${default})."`
	betaOption
}

// Help is shown below the command's summary.
func (simpoCommand) Help() string {
	return fmt.Sprintf(`Learns which of two answers is the better one by their mean log-probabilities: -log σ(beta·(better - worse) - gamma). There is no reference; the
paper has a --beta of 2 to 10. It is "finetune cpo --loss-type simpo --cpo-alpha 0". What the data look like, a pair a line or row:

%s
--label-smoothing is the share of pairs that are taken to be the wrong way round.
metrics.jsonl has rewards/chosen, rewards/rejected, rewards/margins, rewards/accuracies, logps/chosen and logps/rejected of training and validation.
Defaults: %d epochs in batches of 8, learning rate 1e-6, of adapters 1e-5, at most %d tokens in a row, no dropout.

Examples:

    finetune simpo --model runs/chat --data pairs.jsonl --beta 2 --output-dir runs/simpo
    finetune simpo --model SmolLM2-135M-Instruct --data pairs.jsonl --lora-r 16 --beta 2 --simpo-gamma 1 --output-dir runs/simpo`, pairRecords, preferenceEpochs, preferenceSeqLen)
}

// Run prepares the run and trains.
func (c *simpoCommand) Run(ctx context.Context, s *streams, parsed *kong.Context) error {
	if err := c.resolve(); err != nil {
		return err
	}
	return start(ctx, s, c, parsed.Selected())
}

func (c *simpoCommand) resolve() error {
	l := c.loss()
	if err := (prefer.CPO{LossType: "simpo", Beta: l.Beta, Gamma: l.Gamma, LabelSmoothing: l.LabelSmoothing}).Validate(); err != nil {
		return err
	}
	return c.preferenceOptions.resolve()
}

func (c *simpoCommand) loss() prefer.SimPO {
	return prefer.SimPO{Beta: c.Beta, Gamma: c.SimPOGamma, LabelSmoothing: c.LabelSmoothing}
}

func (c *simpoCommand) config(s *streams) (task.Config, error) { return c.learning(s, c.loss(), "") }
