package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/alecthomas/kong"
	"github.com/seahorse-ml/seahorse/data"
	"github.com/seahorse-ml/seahorse/data/tokenizer"
	"github.com/seahorse-ml/seahorse/models"
	"github.com/seahorse-ml/seahorse/task"
)

// Defaults of sft. Rows are no longer than the model's context.
const (
	sftEpochs = 3
	sftSeqLen = 512
)

// sftCommand is `finetune sft`.
type sftCommand struct {
	Model     string   `group:"model" required:"" placeholder:"DIR|FILE.gguf" help:"The model to start from: a model or run directory, or a GGUF file."`
	Data      []string `group:"data" required:"" sep:"none" placeholder:"FILE|DIR|-" help:"What to learn: a text, or records (.jsonl, .json, .csv, .tsv, .parquet; gzip and zstd are unpacked): a file, a folder, a pattern, or - for standard input. Several may be given, each with its share of the records behind a colon: a.jsonl:0.7."`
	NewHead   bool     `group:"model" help:"Give a classifier or regression a new head for the labels of the data in place of its trained one."`
	Objective string   `group:"data" enum:",causal,masked,seq2seq,classification,token-classification,regression,reward" default:"" placeholder:"NAME" help:"What is learned: causal, masked, seq2seq, classification, token-classification, regression or reward. Default: what the model's head is for."`

	CenterRewardsCoefficient float64 `group:"optimization" default:"0" placeholder:"X" help:"Of --objective reward: how strongly the values of a pair are held to a sum of 0 (${default}); 0.01 is usual."`

	teacherOptions
	chatOptions
	trainingOptions
	storageFlags `group:"model"`
	adapterFlag  `group:"model"`
	adapterOptions

	OutputDir string `group:"run" required:"" placeholder:"DIR" help:"Directory of the run."`
}

// Help is shown below the command's summary.
func (sftCommand) Help() string {
	return fmt.Sprintf(`What the data looks like, a document a line or row, for each objective:

    causal, masked        {"text": …}                           or a plain text, learned as one stream
    causal, seq2seq       {"prompt": …, "completion": …}        or {"source": …, "target": …}; only the second is learned
    causal                {"instruction", "input", "output"}    a conversation of a model with a chat template, else Alpaca's prompt
    causal                {"messages": [{"role", "content"}]}   a conversation, "tools" with it; or {"conversations": [{"from", "value"}]}
    classification        {"text": …, "label": "name"}          and "text_pair" for pairs of texts
    regression            {"text": …, "label": 1.5}             or a list of numbers
    token-classification  {"tokens": […], "labels": […]}        not in CSV or TSV
    reward                {"prompt", "chosen", "rejected"}      as finetune dpo takes them, and "margin", a number, where there is one

A conversation is written by the model's chat template, to which nothing is added, and only what the assistant says is learned, with the end of its turns.
"finetune data inspect" shows it. Documents of a causal or masked model share rows, and none sees another. An encoder gets a new head where it has none for the
objective; its labels are in the config.json of the model that results, and "finetune classify" applies it. A trained head is kept: labels
mean its classes by their names, also in another case, or by their numbers (1, "1", "LABEL_1"; false and true for two). Where it doesn't
know one of them, --new-head replaces it. A decoder gets a head of one value for the objective reward: a reward model, which "finetune eval" measures, and
by which "finetune generate --best-of" and "finetune grpo" tell how good an answer is. To transformers it is a sequence classifier of one label.
`+teacherHelp+`
Defaults: %d epochs in batches of 8, learning rate 5e-5, at most %d tokens in a row.

Examples:

    finetune sft --model runs/opticks --data more.txt --output-dir runs/more
    finetune sft --model gpt2 --data pairs.jsonl --num-train-epochs 2 --output-dir runs/pairs
    finetune sft --model bert --data reviews.csv --objective classification --output-dir runs/reviews
    finetune sft --model runs/chat --data pairs.jsonl --objective reward --output-dir runs/reward
    finetune sft --model runs/small --data chats.jsonl --teacher runs/large --lmbda 0.5 --output-dir runs/taught
    finetune sft --model SmolLM2-135M --data chats.jsonl --lora-r 16 --gradient-checkpointing --output-dir runs/lora
    zcat pairs.jsonl.gz | head -1000 | finetune sft --model gpt2 --data - --data-format jsonl --output-dir runs/part
    finetune sft --model t5-small --data pairs.jsonl --max-source-length 256 --seq-len 128 --output-dir runs/summaries`, sftEpochs, sftSeqLen)
}

// Run prepares the run and trains.
func (c *sftCommand) Run(ctx context.Context, s *streams, parsed *kong.Context) error {
	if err := c.resolve(); err != nil {
		return err
	}
	return start(ctx, s, c, parsed.Selected())
}

// resolve looks at the model and fills in what the user left open, as far as it doesn't depend on the data.
func (c *sftCommand) resolve() error {
	if err := c.validate(); err != nil {
		return err
	}
	a, err := c.adapter(c.adapterFlag, c.Model, c.Seed)
	if err != nil {
		return err
	}
	if err := c.checkPacked(a != nil); err != nil {
		return err
	}
	if err := c.absolutePaths(c.Data, &c.Model, &c.Adapter); err != nil {
		return err
	}
	if _, err := models.Folder(c.Model); err != nil {
		return fmt.Errorf("--model: %w", err)
	}
	o, err := c.objective()
	if err != nil {
		return fmt.Errorf("--objective: %w", err)
	}
	c.Objective = o.Name()
	if err := c.chatOptions.resolve(c.Objective); err != nil {
		return err
	}
	if err := c.checkReward(); err != nil {
		return err
	}
	if err := c.checkTeacher(); err != nil {
		return err
	}
	m, err := c.base().Outline()
	if err != nil {
		return err
	}
	context := m.ContextLength()
	c.trainingOptions.resolve(trainingDefaults{
		seqLen: min(context-c.virtual(), sftSeqLen), batchSize: 8, warmupSteps: 10, learningRate: 5e-5, weightDecay: 0.01, beta2: 0.999,
	})
	if n := c.virtual(); n > 0 && *c.SeqLen > context-n {
		return fmt.Errorf("--seq-len %d and %d virtual tokens: the model's context is %d tokens", *c.SeqLen, n, context)
	}
	if *c.SeqLen > context {
		return fmt.Errorf("--seq-len %d: the model's context is %d tokens", *c.SeqLen, context)
	}
	if err := c.checkSource(c.Objective); err != nil {
		return err
	}
	if *c.MaxSourceLength > context {
		return fmt.Errorf("--max-source-length %d: the model's context is %d tokens", *c.MaxSourceLength, context)
	}
	return c.validate()
}

// checkReward checks what is for reward models only, and what they can't have.
func (c *sftCommand) checkReward() error {
	reward := c.Objective == task.Reward{}.Name()
	switch {
	case !reward && c.CenterRewardsCoefficient != 0:
		return fmt.Errorf("--center-rewards-coefficient is for --objective reward, not for %s", c.Objective)
	case reward && c.PromptTuning != nil:
		return errors.New("--prompt-tuning is for texts; a reward model is trained whole or by a low-rank adapter")
	case reward && c.LabelSmoothing != 0:
		return errors.New("--label-smoothing is for targets that are tokens or classes, which --objective reward has none of")
	}
	return inRange("center-rewards-coefficient", &c.CenterRewardsCoefficient, false)
}

// checkTeacher resolves what is for learning from a teacher, and what can't be together with it.
func (c *sftCommand) checkTeacher() error {
	if err := c.teacherOptions.resolve(c.Objective); err != nil || c.Teacher == "" {
		return err
	}
	switch {
	case c.PromptTuning != nil:
		return errors.New("--prompt-tuning is for texts; from a --teacher the model learns whole or by a low-rank adapter")
	case c.LabelSmoothing != 0:
		return errors.New("--label-smoothing is for targets, which a --teacher takes the place of")
	}
	return nil
}

// The methods below make sftCommand a job.

func (c *sftCommand) common() *trainingOptions { return &c.trainingOptions }

func (c *sftCommand) corpus() []string { return c.Data }

func (c *sftCommand) modelType() (string, error) { return models.ModelType(c.Model) }

func (c *sftCommand) config(s *streams) (task.Config, error) {
	o, err := c.objective()
	switch o.(type) {
	case task.Causal:
		o = c.causal(c.Model)
		if c.Teacher != "" {
			o, err = c.distill(c.causal(c.Model))
		}
	case task.Reward:
		o = task.Reward{Center: c.CenterRewardsCoefficient, Conversations: task.Conversations{Dir: c.Model, Template: c.ChatTemplate}}
	}
	if err != nil {
		return task.Config{}, err
	}
	a, err := c.adapter(c.adapterFlag, c.Model, c.Seed)
	return task.Config{Dir: c.OutputDir, Objective: o, Base: warningBase{c.base(), s}, Adapter: a, Freeze: c.Freeze}, err
}

func (c *sftCommand) defaultSteps(rows int) int { return c.stepsOf(sftEpochs, rows) }

// virtual returns the tokens that a prompt is tuned of.
func (c *sftCommand) virtual() int {
	if c.PromptTuning == nil {
		return 0
	}
	return *c.PromptTuning
}

// base returns what the run starts from.
func (c *sftCommand) base() task.Pretrained {
	p := task.Pretrained{Dir: c.Model, Dropout: c.Dropout, NewHead: c.NewHead, Seed: c.Seed}
	if a, err := c.adapter(c.adapterFlag, c.Model, c.Seed); err == nil && a != nil {
		p.Storage, _ = c.frozenStorage() // which resolve has checked
	}
	return p
}

// lighter returns the base and the adapter of a run in less memory.
func (c *sftCommand) lighter(peft, fourBit bool) (task.Base, *task.Adaptation, error) {
	d := *c
	d.adapterOptions, d.storageFlags = c.adapterOptions.lighter(peft), c.storageFlags.lighter(fourBit)
	a, err := d.adapter(d.adapterFlag, d.Model, d.Seed)
	return d.base(), a, err
}

// objective returns what is learned: what the user says, or else what the model's head is for.
func (c *sftCommand) objective() (task.Objective, error) {
	if c.Objective == "" {
		return c.base().Objective(nil)
	}
	o, err := task.Named(c.Objective)
	if err != nil {
		return nil, err
	}
	return c.base().Objective(o)
}

// warningBase says what the files of the tokenizer contradict themselves in.
type warningBase struct {
	task.Pretrained
	streams *streams
}

// Tokenizer reads the model's.
func (b warningBase) Tokenizer(context.Context, task.Objective, *data.Source) (*tokenizer.Tokenizer, error) {
	return loadTokenizer(b.streams, b.Dir)
}
