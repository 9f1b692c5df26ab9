package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
	"github.com/seahorse-ml/seahorse/models"
	"github.com/seahorse-ml/seahorse/prefer"
	"github.com/seahorse-ml/seahorse/task"
	"github.com/seahorse-ml/seahorse/train"
)

// Defaults of dpo and its kin, those of trl. Rows are no longer than the model's context.
const (
	preferenceEpochs = 3
	preferenceSeqLen = 1024
)

// preferenceOptions are the options that dpo and its kin share.
type preferenceOptions struct {
	Model        string   `group:"model" required:"" placeholder:"DIR|FILE.gguf" help:"The model to start from: a model or run directory, or a GGUF file."`
	Data         []string `group:"data" required:"" sep:"none" placeholder:"FILE|DIR|-" help:"What to learn: records (.jsonl, .json, .csv, .tsv, .parquet; gzip and zstd are unpacked): a file, a folder, a pattern, or - for standard input. Several may be given."`
	ChatTemplate string   `group:"data" placeholder:"FILE|NAME" help:"Chat template for messages: a Jinja file or one of alpaca, chatml, gemma, llama2, llama3, mistral, phi3, zephyr. Default: the model's own, or chatml where it has none."`

	trainingOptions
	storageFlags `group:"model"`
	adapterFlag  `group:"model"`
	adapterOptions

	OutputDir string `group:"run" required:"" placeholder:"DIR" help:"Directory of the run."`
}

// AfterApply finds the model's folder, before the command runs.
func (c *preferenceOptions) AfterApply() error { return modelFolder(&c.Model) }

// betaOption is how strongly preference counts.
type betaOption struct {
	Beta float64 `group:"optimization" default:"0.1" placeholder:"X" help:"How strongly the model is held to the reference; of orpo, how much the ratio of the odds counts, of cpo and simpo what log-probabilities are multiplied by (${default})."`
}

func (o betaOption) validate() error {
	if !(o.Beta > 0) || math.IsInf(o.Beta, 0) {
		return fmt.Errorf("--beta %g: expected more than 0", o.Beta)
	}
	return nil
}

// referenceOptions say what the model is held to.
type referenceOptions struct {
	ReferenceModel        string `group:"model" placeholder:"DIR" help:"The model that the new one is held to; its tokenizer must be the same. Default: the model as it is before training, with the adapter that it starts with."`
	PrecomputeRefLogProbs bool   `group:"model" default:"true" help:"Compute the reference's log-probabilities once, before training, and keep them in the directory of the run. There is no other way, so that false is refused."`
}

// resolve makes the path hold elsewhere too.
func (o *referenceOptions) resolve() (err error) {
	if !o.PrecomputeRefLogProbs {
		return errors.New("--precompute-ref-log-probs false: the reference is computed before training in any case")
	}
	if err := modelFolder(&o.ReferenceModel); err != nil {
		return err
	}
	o.ReferenceModel, err = absolute(o.ReferenceModel)
	return err
}

// resolve looks at the model and fills in what the user left open, as far as it doesn't depend on the data.
func (c *preferenceOptions) resolve() error {
	if err := c.validate(); err != nil {
		return err
	}
	if c.PromptTuning != nil {
		return errors.New("--prompt-tuning is for sft; preference is learned by the whole model or a low-rank adapter")
	}
	a, err := c.adapter(c.adapterFlag, c.Model, c.Seed)
	if err != nil {
		return err
	}
	setDefault(&c.Dropout, 0) // as in trl: what is compared with a reference isn't to vary by chance
	if a != nil && a.LoRA != nil {
		setDefault(&c.LoraDropout, 0)
	}
	if err := c.checkPacked(a != nil); err != nil {
		return err
	}
	if err := c.absolutePaths(c.Data, &c.Model, &c.Adapter); err != nil {
		return err
	}
	chat := lossOptions{ChatTemplate: c.ChatTemplate}
	if err := chat.resolve(); err != nil {
		return err
	}
	c.ChatTemplate = chat.ChatTemplate
	m, err := c.base().Outline()
	if err != nil {
		return err
	}
	context, rate := m.ContextLength(), 1e-6
	if a != nil {
		rate = 1e-5
	}
	c.trainingOptions.resolve(trainingDefaults{seqLen: min(context, preferenceSeqLen), batchSize: 8, warmupSteps: 10, learningRate: rate, weightDecay: 0, beta2: 0.999})
	if err := c.checkSource(""); err != nil {
		return err
	}
	if *c.SeqLen > context {
		return fmt.Errorf("--seq-len %d: the model's context is %d tokens", *c.SeqLen, context)
	}
	return c.validate()
}

// noSmoothing refuses label smoothing where a loss has none.
func (c *preferenceOptions) noSmoothing(of string) error {
	if c.LabelSmoothing != 0 {
		return fmt.Errorf("--label-smoothing is for the loss types robust, exo_pair, aot and aot_unpaired of dpo, sigmoid and simpo of cpo, and for simpo, not for %s", of)
	}
	return nil
}

func (c *preferenceOptions) common() *trainingOptions { return &c.trainingOptions }

func (c *preferenceOptions) corpus() []string { return c.Data }

func (c *preferenceOptions) modelType() (string, error) { return models.ModelType(c.Model) }

func (c *preferenceOptions) defaultSteps(rows int) int { return c.stepsOf(preferenceEpochs, rows) }

// base returns what the run starts from.
func (c *preferenceOptions) base() task.Pretrained {
	p := task.Pretrained{Dir: c.Model, Dropout: c.Dropout, Seed: c.Seed}
	if a, err := c.adapter(c.adapterFlag, c.Model, c.Seed); err == nil && a != nil {
		p.Storage, _ = c.frozenStorage() // which resolve has checked
	}
	return p
}

// lighter returns the base and the adapter of a run in less memory.
func (c *preferenceOptions) lighter(peft, fourBit bool) (task.Base, *task.Adaptation, error) {
	d := *c
	d.adapterOptions, d.storageFlags = c.adapterOptions.lighter(peft), c.storageFlags.lighter(fourBit)
	a, err := d.adapter(d.adapterFlag, d.Model, d.Seed)
	return d.base(), a, err
}

// learning returns what is trained by a loss.
func (c *preferenceOptions) learning(s *streams, loss train.Model, reference string) (task.Config, error) {
	o := task.Preference{Loss: loss, Reference: reference, Conversations: task.Conversations{Dir: c.Model, Template: c.ChatTemplate}}
	if _, err := c.base().Objective(o); err != nil {
		return task.Config{}, err
	}
	a, err := c.adapter(c.adapterFlag, c.Model, c.Seed)
	return task.Config{Dir: c.OutputDir, Objective: o, Base: warningBase{c.base(), s}, Adapter: a, Freeze: c.Freeze}, err
}

// dpoCommand is `finetune dpo`.
type dpoCommand struct {
	preferenceOptions
	LossType             []string  `group:"optimization" default:"sigmoid" enum:"${dpolosses}" placeholder:"NAME,…" help:"The loss, as trl calls it (${default}): ${enum}. Several are added up."`
	LossWeights          []float64 `group:"optimization" placeholder:"X,…" help:"What each of several losses counts. Default: 1 each."`
	UseWeighting         bool      `group:"optimization" help:"Multiply the loss of a pair by how probable both answers are to the model itself (WPO); not for the loss types sft, aot and aot_unpaired."`
	LDAlpha              *float64  `group:"optimization" name:"ld-alpha" placeholder:"X" help:"What tokens of an answer beyond the length of the shorter one count, from 0 to 1 (LD-DPO). Default: 1."`
	FDivergenceType      string    `group:"optimization" name:"f-divergence-type" default:"reverse_kl" enum:"${divergences}" placeholder:"NAME" help:"The divergence that holds the model to the reference (${default}): ${enum}; others than reverse_kl are for the loss types sigmoid, sigmoid_norm, hinge, ipo, exo_pair, robust, discopop and sft."`
	FAlphaDivergenceCoef float64   `group:"optimization" name:"f-alpha-divergence-coef" default:"0.5" placeholder:"X" help:"The alpha of alpha_divergence (${default})."`
	DiscopopTau          float64   `group:"optimization" default:"0.05" placeholder:"X" help:"Temperature of the loss discopop (${default})."`
	betaOption
	referenceOptions
}

// pairRecords tells what pairs look like.
const pairRecords = `    {"prompt": "2 + 2 =", "chosen": " 4", "rejected": " 5"}       texts; the token that ends a text is added
    {"prompt": […], "chosen": […], "rejected": […]}               messages {"role", "content"}, by the model's chat template; and "tools"
    {"chosen": …, "rejected": …}                                  either; what both begin with is the prompt

Answers of more than --seq-len tokens with their prompts are cut, and records whose prompts alone have more are left out.`

// Help is shown below the command's summary.
func (dpoCommand) Help() string {
	return fmt.Sprintf(`Learns which of two answers is the better one, by how probable they are beside what a reference makes of them. What the data look like, a pair a line or row:

%s
What the reference makes of the data is computed once, before training, and kept in the directory of the run, so that training takes the memory of one
model. --label-smoothing is the share of pairs that are taken to be the wrong way round, of the loss types robust, exo_pair, aot and aot_unpaired.
metrics.jsonl has rewards/chosen, rewards/rejected, rewards/margins, rewards/accuracies, logps/chosen and logps/rejected of training and validation.
Defaults: %d epochs in batches of 8, learning rate 1e-6, of adapters 1e-5, at most %d tokens in a row, no dropout.

Examples:

    finetune dpo --model runs/chat --data pairs.jsonl --output-dir runs/better
    finetune dpo --model SmolLM2-135M-Instruct --data pairs.jsonl --lora-r 16 --learning-rate 1e-5 --output-dir runs/dpo
    finetune dpo --model runs/chat --data pairs.parquet --loss-type ipo --beta 0.05 --output-dir runs/ipo
    finetune dpo --model runs/chat --data pairs.jsonl --loss-type sigmoid,bco_pair,sft --loss-weights 0.8,0.2,1 --output-dir runs/mixed
    finetune dpo --model runs/chat --data pairs.jsonl --loss-type robust --label-smoothing 0.1 --reference-model runs/base --output-dir runs/robust`,
		pairRecords, preferenceEpochs, preferenceSeqLen)
}

// Run prepares the run and trains.
func (c *dpoCommand) Run(ctx context.Context, s *streams, parsed *kong.Context) error {
	if err := c.resolve(); err != nil {
		return err
	}
	return start(ctx, s, c, parsed.Selected())
}

func (c *dpoCommand) resolve() error {
	if err := c.betaOption.validate(); err != nil {
		return err
	}
	smooth := func(name string) bool {
		return slices.Contains([]string{"robust", "exo_pair", "aot", "aot_unpaired"}, name)
	}
	if !slices.ContainsFunc(c.LossType, smooth) {
		if err := c.noSmoothing("--loss-type " + strings.Join(c.LossType, ",")); err != nil {
			return err
		}
	}
	switch {
	case c.DiscopopTau != 0.05 && !slices.Contains(c.LossType, "discopop"):
		return errors.New("--discopop-tau is for --loss-type discopop")
	case c.FAlphaDivergenceCoef != 0.5 && c.FDivergenceType != "alpha_divergence":
		return errors.New("--f-alpha-divergence-coef is for --f-divergence-type alpha_divergence")
	case c.LDAlpha != nil && !(*c.LDAlpha >= 0 && *c.LDAlpha <= 1):
		return fmt.Errorf("--ld-alpha %g: expected 0 to 1", *c.LDAlpha)
	}
	if err := c.loss().Config.Validate(); err != nil {
		return err
	}
	if err := c.referenceOptions.resolve(); err != nil {
		return err
	}
	return c.preferenceOptions.resolve()
}

func (c *dpoCommand) loss() prefer.DPO {
	return prefer.DPO{Config: prefer.DPOConfig{
		LossTypes: c.LossType, LossWeights: c.LossWeights, Beta: c.Beta, LabelSmoothing: c.LabelSmoothing, Divergence: c.FDivergenceType, Alpha: c.FAlphaDivergenceCoef,
		DiscoTau: c.DiscopopTau, UseWeighting: c.UseWeighting,
	}}
}

func (c *dpoCommand) config(s *streams) (task.Config, error) {
	t, err := c.learning(s, c.loss(), c.ReferenceModel)
	if o, ok := t.Objective.(task.Preference); ok {
		o.LDAlpha = c.LDAlpha
		t.Objective = o
	}
	return t, err
}
