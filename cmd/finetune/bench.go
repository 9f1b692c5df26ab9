package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/seahorse-ml/seahorse/data"
	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/models"
	"github.com/seahorse-ml/seahorse/optim"
	"github.com/seahorse-ml/seahorse/train"
)

// benchCommand is `finetune bench`.
type benchCommand struct {
	Preset    string `enum:"${presets}," default:"" placeholder:"NAME" help:"Model and batch: ${presets}. Default: mini, or with --init that directory's model."`
	Steps     int    `default:"13" placeholder:"N" help:"Steps to make (${default})."`
	BatchSize *int   `placeholder:"B" help:"Rows in a batch. Default: the preset's."`
	SeqLen    *int   `placeholder:"T" help:"Tokens in a row. Default: the preset's."`
	Init      string `placeholder:"DIR|FILE.gguf" help:"Train this model, of any family, rather than a preset's of random weights."`
	Adapter   string `placeholder:"DIR|FILE.gguf" help:"With --init: train this adapter of the model (LoRA and the like, as peft writes them), rather than all of it."`
	Tokens    string `placeholder:"FILE" help:"Take tokens from this file (plain uint16 or one that finetune wrote) rather than from the generator."`

	GradientCheckpointing bool `help:"Keep the states between blocks only, and compute what is in them again in the backward pass."`
	BF16                  bool `name:"bf16" help:"Round what matrices are multiplied by to bfloat16, where the processor has AVX512_BF16, Intel's AMX or arm64's BF16."`

	Profile bool `help:"Print where the time goes, for each kind of operation."`
	Threads int  `default:"0" placeholder:"N" help:"Threads to run on. Default: all cores that the process may use."`

	storageFlags
	memoryFlag
}

// Help is shown below the command's summary.
func (benchCommand) Help() string {
	return `The work is fixed, so that other programs can do it too: GPT-2 without dropout, AdamW (rate 3e-4, betas 0.9 and 0.95, decay 0.1 on
tensors of two or more dimensions), gradients clipped to a norm of 1, mean cross entropy. Tokens come from
x <- (x*1664525 + 1013904223) mod 2^32, x0 = 1, token = (x >> 8) mod vocabulary; row b of step s starts at ((s*B + b)*T) mod (N - T - 1).
A line of JSON is printed for each step, and one with the speed of the steps after the first three.

With --adapter the work is that of LoRA fine-tuning in peft: AdamW (rate 2e-4, betas 0.9 and 0.999, no decay) on the adapter alone, and row b of
step s starts at (s*B + b)*T, its last token without a target. The speed is that of the steps after the first.

With --init a model of any family is trained, without dropout: decoders and encoders with a head for masked tokens find the next
token of each row; encoder-decoders read a row as their source and find the same, their decoder seeing the row too.

Examples:

    finetune bench --preset char --steps 100
    finetune bench --preset gpt2 --profile
    finetune bench --init bert-base-uncased --batch-size 4 --seq-len 128
    finetune bench --init SmolLM2-135M --adapter runs/lora --batch-size 4 --seq-len 512 --gradient-checkpointing
    finetune bench --init smollm2.gguf --adapter runs/lora --load-in-4bit`
}

// benchStep and benchSummary are the lines that are printed.
type (
	benchStep struct {
		Step     int     `json:"step"`
		Loss     float64 `json:"loss"`
		GradNorm float64 `json:"grad_norm"`
		Seconds  float64 `json:"seconds"`
	}
	benchSummary struct {
		Preset          string  `json:"preset,omitempty"`
		Init            string  `json:"init,omitempty"`
		Adapter         string  `json:"adapter,omitempty"`
		Threads         int     `json:"threads"`
		Parameters      int64   `json:"parameters"`
		Trained         int64   `json:"trained,omitempty"` // of an adapter
		TokensPerSecond float64 `json:"tokens_per_second"`
		PeakMiB         int64   `json:"peak_mib"`
	}
)

// Run makes and times the steps.
func (c *benchCommand) Run(ctx context.Context, s *streams) error {
	if err := errors.Join(atLeast("steps", &c.Steps, 1), atLeast("batch-size", c.BatchSize, 1), atLeast("seq-len", c.SeqLen, 1), checkThreads(c.Threads)); err != nil {
		return err
	}
	useThreads(c.Threads)
	if c.BF16 {
		if err := graph.CheckBFloat16(); err != nil {
			return fmt.Errorf("--bf16: %w", err)
		}
	}
	sketch, err := c.model(true)
	if err != nil {
		return err
	}
	work := c.work()
	config := train.StepperConfig{
		Rows: *c.BatchSize, Layout: data.TokenLayout{Length: *c.SeqLen}.Layout(), Accumulation: 1, Optimizer: work.optimizer, Checkpointing: c.GradientCheckpointing, BFloat16: c.BF16,
	}
	if err := c.checkSteps(sketch, config); err != nil {
		return err
	}
	if err := c.checkTokens(); err != nil {
		return err
	}
	rows, closeRows, err := c.rows(sketch.VocabSize())
	if err != nil {
		return err
	}
	defer closeRows()
	m, err := c.model(false)
	if err != nil {
		return err
	}
	loader, err := data.NewLoader(rows, data.LoaderConfig{Sequential: true})
	if err != nil {
		return err
	}
	stepper, err := train.NewStepper(m, config)
	if err != nil {
		return err
	}
	defer stepper.Close()
	settle()
	profile, first := &graph.Profile{}, min(work.warmup, c.Steps-1)
	out := json.NewEncoder(s.out)
	var seconds []float64
	for step := range c.Steps {
		if c.Profile && step == first {
			stepper.SetProfile(profile)
		}
		if err := loader.Next(stepper.Batches()[0]); err != nil {
			return err
		}
		begin := time.Now()
		r, err := stepper.Step(ctx, work.rate)
		if err != nil {
			return interrupted(ctx, err)
		}
		taken := time.Since(begin)
		seconds = append(seconds, taken.Seconds())
		if step >= first {
			profile.AddStep(taken)
		}
		if err := out.Encode(benchStep{step, round(r.Loss, 6), round(r.GradNorm, 6), round(seconds[step], 4)}); err != nil {
			return err
		}
	}
	summary := benchSummary{Preset: c.Preset, Init: c.Init, Adapter: c.Adapter, Threads: graph.Workers(), PeakMiB: peakMiB(), Parameters: models.CountParameters(m)}
	if a, ok := m.(adaptedBench); ok {
		summary.Trained = countParameters(a.adapter.Params())
	}
	summary.TokensPerSecond = round(float64(*c.BatchSize**c.SeqLen)/median(seconds[first:]), 1)
	if err := out.Encode(summary); err != nil {
		return err
	}
	if c.Profile {
		return printProfile(s.err, profile)
	}
	return nil
}

// benchWork is the work that other programs do too.
type benchWork struct {
	rate, beta2, decay float64
	warmup             int // first steps that the speed and the profile leave out
}

// work returns that of training a whole model, or an adapter.
func (c *benchCommand) work() benchWork {
	if c.Adapter != "" {
		return benchWork{rate: 2e-4, beta2: 0.999, warmup: 1}
	}
	return benchWork{rate: 3e-4, beta2: 0.95, decay: 0.1, warmup: 3}
}

func (w benchWork) optimizer(params []*graph.Param) (optim.Optimizer, error) {
	return optim.NewAdamW(optim.Groups(params, w.decay), optim.AdamConfig{Beta1: 0.9, Beta2: w.beta2, Eps: 1e-8, MaxGradNorm: 1})
}

func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	n := len(sorted)
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}

func round(v float64, digits int) float64 {
	scale := math.Pow10(digits)
	return math.Round(v*scale) / scale
}
