package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/alecthomas/kong"
	"github.com/seahorse-ml/seahorse/agent/environment"
	"github.com/seahorse-ml/seahorse/generate"
	"github.com/seahorse-ml/seahorse/prefer"
	"github.com/seahorse-ml/seahorse/reward"
	"github.com/seahorse-ml/seahorse/task"
)

// grpoCommand is `finetune grpo`.
type grpoCommand struct {
	preferenceOptions

	Environment   string        `group:"reward" placeholder:"NAME" help:"What the model acts in by turns, and whose reward is learned from: arithmetic, maze or retrieval:INDEX (see below)."`
	MaxTurns      int           `group:"reward" default:"6" placeholder:"N" help:"Turns of the model in an --environment at most (${default})."`
	Reward        []string      `group:"reward" sep:"none" placeholder:"CHECKER" help:"What tells how good an answer is: exact, numeric, regex:PATTERN, schema:FILE, length:MOST, model:DIR or exec:COMMAND (see below). Several may be given."`
	RewardWeights []float64     `group:"reward" placeholder:"X" help:"What each --reward counts, in their order, that of the --environment before them. Default: 1 each."`
	RewardTimeout time.Duration `group:"reward" default:"1m" placeholder:"TIME" help:"The most time that an exec:COMMAND may take for all answers of a round (${default})."`

	NumGenerations           int     `group:"sampling" default:"8" placeholder:"G" help:"Answers to each prompt, which are compared with each other (${default})."`
	MaxCompletionLength      int     `group:"sampling" default:"256" placeholder:"N" help:"The most tokens of an answer, or of all that comes behind the prompt in an --environment (${default})."`
	Temperature              float64 `group:"sampling" default:"1" placeholder:"X" help:"What logits are divided by, where answers are drawn and where they are learned (${default})."`
	TopK                     int     `group:"sampling" default:"0" placeholder:"K" help:"Draw from the K best tokens only. 0 draws from all."`
	TopP                     float64 `group:"sampling" default:"1" placeholder:"P" help:"Draw from the best tokens that have this probability together (${default})."`
	MinP                     float64 `group:"sampling" default:"0" placeholder:"P" help:"Draw only from tokens with this part of the best one's probability (${default})."`
	StepsPerGeneration       *int    `group:"sampling" placeholder:"N" help:"Batches that are drawn together, a multiple of --gradient-accumulation-steps. Default: as those."`
	NumIterations            int     `group:"sampling" default:"1" placeholder:"N" help:"How often what was drawn together is learned from (${default})."`
	MaskTruncatedCompletions bool    `group:"sampling" help:"Learn nothing of answers that reach --max-completion-length."`

	LossType                string   `group:"optimization" default:"dapo" enum:"${grpolosses}" placeholder:"NAME" help:"How losses of tokens are added up, as trl calls it (${default}): ${enum}."`
	ScaleRewards            string   `group:"optimization" default:"group" enum:"group,batch,none" placeholder:"group|batch|none" help:"Whose standard deviation advantages are divided by (${default})."`
	ImportanceSamplingLevel string   `group:"optimization" default:"token" enum:"token,sequence" placeholder:"token|sequence" help:"Whether each token has a ratio, or each answer one (${default}); sequence is for the loss types grpo and luspo."`
	Epsilon                 float64  `group:"optimization" default:"0.2" placeholder:"X" help:"How far below 1 a ratio is learned, and above it unless --epsilon-high says otherwise (${default})."`
	EpsilonHigh             *float64 `group:"optimization" placeholder:"X" help:"How far above 1 a ratio is learned; of cispo the most that it counts. Default: --epsilon."`
	Delta                   float64  `group:"optimization" default:"0" placeholder:"X" help:"The most that a ratio counts where the advantage is negative; more than 1 + --epsilon-high. 0 sets no bound."`
	Beta                    float64  `group:"optimization" default:"0" placeholder:"X" help:"How strongly the model is held to the reference (${default}). 0 goes without one."`
	ReferenceModel          string   `group:"model" placeholder:"DIR" help:"The model that the new one is held to, with --beta; its tokenizer must be the same. Default: the model as it is before training."`
}

// Help is shown below the command's summary.
func (grpoCommand) Help() string {
	return fmt.Sprintf(`Learns from its own answers, by what checkers say of them. What the data look like, a prompt a line or row:

    {"prompt": "2+2=", "answer": "4"}      a text; "answer" is what checkers compare with, and any other keys are for programs
    {"prompt": […], "answer": "4"}         messages {"role", "content"}, by the model's chat template; and "tools"

Checkers, several of which are added up by --reward-weights:

    exact             1 where the answer is the expected text, else 0; exact:PATTERN compares the last match (its group, where it has one)
    numeric           1 where the last number is the expected one, else 0; numeric:0.01 takes one that is so near, in parts of it
    regex:PATTERN     1 where the pattern is found, else 0
    schema:FILE       1 for JSON by the JSON schema in a file, else 0
    length:MOST       0 up to so many tokens, and below 0 beyond, down to -1; length:LEAST-MOST
    model:DIR         the value of a reward model (finetune sft --objective reward)
    exec:COMMAND      a program that reads the answers of a round as JSON lines {"prompt", "answer", "expected", "record", "tokens", "ended"}, and writes
                      a number, or null, for each

Environments, of which a sample is a conversation of up to --max-turns turns, within --max-completion-length tokens with what the model is told:

    arithmetic        {"question": "17*23=?", "answer": 391}; there is a calculator
    maze              {"maze": ["#####", "#S.G#", "#####"]}; each turn names a way: north, east, south or west
    retrieval:INDEX   {"question": "Who built it?", "answer": "Gustave Eiffel"}; there is a search over the index, by words

A round draws --num-generations answers to each of some prompts: together they fill --steps-per-generation batches. Their advantages over the others to
the same prompt are learned. rollouts.jsonl keeps all answers with their rewards. Validation takes the best token each time; its loss is minus the mean reward.
metrics.jsonl has reward, reward_std, frac_reward_zero_std, rewards/NAME/mean, completions/mean_length, completions/clipped_ratio, clip_ratio/… and kl.
Defaults: an epoch of the prompts in batches of 8, learning rate 1e-6, of adapters 1e-5, at most %d tokens in a row, no dropout.

Examples:

    finetune grpo --model runs/sums --data problems.jsonl --reward exact --max-completion-length 16 --output-dir runs/better
    finetune grpo --model SmolLM2-135M-Instruct --data gsm.jsonl --reward numeric --reward length:200 --lora-r 16 --output-dir runs/gsm
    finetune grpo --model runs/coder --data tasks.jsonl --reward "exec:python check.py" --loss-type dr_grpo --scale-rewards none --output-dir runs/tested
    finetune grpo --model runs/chat --data prompts.jsonl --reward model:runs/reward --beta 0.04 --output-dir runs/liked`, preferenceSeqLen)
}

// Run prepares the run and trains.
func (c *grpoCommand) Run(ctx context.Context, s *streams, parsed *kong.Context) error {
	if err := c.resolve(); err != nil {
		return err
	}
	return start(ctx, s, c, parsed.Selected())
}

func (c *grpoCommand) resolve() error {
	if err := c.preferenceOptions.resolve(); err != nil {
		return err
	}
	setDefault(&c.EpsilonHigh, c.Epsilon)
	setDefault(&c.StepsPerGeneration, c.GradientAccumulationSteps)
	if err := c.validate(); err != nil {
		return err
	}
	if err := modelFolder(&c.ReferenceModel); err != nil {
		return err
	}
	var err error
	c.ReferenceModel, err = absolute(c.ReferenceModel)
	if index, ok := strings.CutPrefix(c.Environment, "retrieval:"); ok && index != "" && err == nil {
		index, err = absolute(index)
		c.Environment = "retrieval:" + index
	}
	for i, r := range c.Reward { // paths are to hold in another working directory too
		kind, path, _ := strings.Cut(r, ":")
		if (kind == "schema" || kind == "model") && path != "" && err == nil {
			path, err = absolute(path)
			c.Reward[i] = kind + ":" + path
		}
	}
	return err
}

// validate returns an error that names an option out of its range.
func (c *grpoCommand) validate() error {
	if err := c.preferenceOptions.validate(); err != nil {
		return err
	}
	if c.LabelSmoothing != 0 {
		return errors.New("--label-smoothing is for targets, which grpo has none of")
	}
	if c.GroupByLength {
		return errors.New("--group-by-length is for rows that are there before they are learned; those of grpo are drawn while it runs")
	}
	const most = 1 << 20 // more than a round can hold, and less than makes products overflow
	if err := errors.Join(between("num-generations", &c.NumGenerations, 2, most), atLeast("max-completion-length", &c.MaxCompletionLength, 1),
		between("steps-per-generation", c.StepsPerGeneration, 1, most), between("num-iterations", &c.NumIterations, 1, most), atLeast("max-turns", &c.MaxTurns, 1)); err != nil {
		return err
	}
	switch {
	case c.RewardTimeout <= 0:
		return fmt.Errorf("--reward-timeout %v: expected a time, such as 30s", c.RewardTimeout)
	case c.Environment == "" && c.MaxTurns != 6:
		return errors.New("--max-turns is for --environment")
	}
	if c.SeqLen != nil && *c.SeqLen <= c.MaxCompletionLength {
		return fmt.Errorf("--seq-len %d: no room for a prompt beside --max-completion-length %d", *c.SeqLen, c.MaxCompletionLength)
	}
	if c.StepsPerGeneration != nil && c.BatchSize != nil {
		if *c.StepsPerGeneration%c.GradientAccumulationSteps != 0 {
			return fmt.Errorf("--steps-per-generation %d: expected a multiple of --gradient-accumulation-steps %d", *c.StepsPerGeneration, c.GradientAccumulationSteps)
		}
		if n := *c.StepsPerGeneration * *c.BatchSize; n%c.NumGenerations != 0 {
			return fmt.Errorf("--num-generations %d: expected a divisor of the %d answers that --steps-per-generation %d and --batch-size %d draw together",
				c.NumGenerations, n, *c.StepsPerGeneration, *c.BatchSize)
		}
		o, err := c.objective(nil)
		if err != nil {
			return err
		}
		return o.Validate()
	}
	return nil
}

// objective returns what is learned. Reward models are opened where there are streams to warn on.
func (c *grpoCommand) objective(s *streams) (task.GRPO, error) {
	o := task.GRPO{
		Config: prefer.GRPOConfig{
			LossType: c.LossType, EpsilonLow: c.Epsilon, EpsilonHigh: *c.EpsilonHigh, Delta: c.Delta, Beta: c.Beta, Sequence: c.ImportanceSamplingLevel == "sequence", MaxLength: c.MaxCompletionLength,
		},
		Rewards: reward.Weighted{Weights: c.RewardWeights},
		Group:   c.NumGenerations, Updates: *c.StepsPerGeneration / c.GradientAccumulationSteps, Iterations: c.NumIterations, Scaling: prefer.Scaling(c.ScaleRewards),
		Sampling: generate.Config{MaxNewTokens: c.MaxCompletionLength, Temperature: c.Temperature, TopK: c.TopK, TopP: &c.TopP, MinP: c.MinP}, MaskTruncated: c.MaskTruncatedCompletions,
		Reference: c.ReferenceModel, Conversations: task.Conversations{Dir: c.Model, Template: c.ChatTemplate},
	}
	if err := o.Sampling.Validate(); err != nil {
		return o, err
	}
	if c.ReferenceModel != "" && c.Beta == 0 {
		return o, errors.New("--reference-model is what the model is held to by --beta, which is 0")
	}
	if len(c.Reward) == 0 && c.Environment == "" {
		return o, errors.New("missing flags: --reward=CHECKER,..., or --environment")
	}
	if c.Environment != "" {
		var err error
		if o.Environment, err = parseEnvironment(c.Environment, s); err != nil {
			return o, fmt.Errorf("--environment: %w", err)
		}
		o.Turns, o.Rewards.Checkers = c.MaxTurns, []reward.Checker{reward.Earned{}}
	}
	for _, text := range c.Reward {
		checker, err := parseChecker(text, c.RewardTimeout, s)
		if err != nil {
			return o, fmt.Errorf("--reward: %w", err)
		}
		o.Rewards.Checkers = append(o.Rewards.Checkers, checker)
	}
	return o, nil
}

// parseEnvironment returns what --environment names. An index is opened where there are streams.
func parseEnvironment(name string, s *streams) (environment.Environment, error) {
	if index, ok := strings.CutPrefix(name, "retrieval:"); ok && index != "" && s == nil {
		return environment.Retrieval{}, nil
	}
	return environment.Named(name)
}

// parseChecker returns what a --reward names. Reward models are opened where there are streams to warn on.
func parseChecker(text string, timeout time.Duration, s *streams) (reward.Checker, error) {
	dir, model := strings.CutPrefix(text, "model:")
	if !model {
		found, err := reward.Parse(text, timeout)
		if err != nil && !strings.Contains(text, ":") {
			err = fmt.Errorf("%w, model:DIR", err)
		}
		return found, err
	}
	if s == nil {
		return task.RewardChecker{}, nil
	}
	t, err := task.Open(dir, task.OpenConfig{})
	if err != nil {
		return nil, err
	}
	s.warn(dir, t.Tokenizer)
	r, err := t.Rewarder()
	return task.RewardChecker{Rewarder: r}, err
}

func (c *grpoCommand) defaultSteps(rows int) int { return c.stepsOf(1, rows) }

func (c *grpoCommand) config(s *streams) (task.Config, error) {
	o, err := c.objective(s)
	if err != nil {
		return task.Config{}, err
	}
	if _, err := c.base().Objective(o); err != nil {
		return task.Config{}, err
	}
	a, err := c.adapter(c.adapterFlag, c.Model, c.Seed)
	return task.Config{Dir: c.OutputDir, Objective: o, Base: warningBase{c.base(), s}, Adapter: a, Freeze: c.Freeze}, err
}
