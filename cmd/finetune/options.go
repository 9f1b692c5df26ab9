package main

import (
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"runtime"

	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/optim"
	"github.com/seahorse-ml/seahorse/task"
)

// trainingOptions are the options that pretrain and sft share. This struct is the one place that defines them: the flags, the keys
// of a --config file and of a run's run.yaml, their types and their help all come from it. A pointer is nil
// until the user or, in resolve, a default that depends on other options gives it a value.
type trainingOptions struct {
	Config configFile `help:"Read options from this YAML file; its keys are the names of the flags, and flags win." placeholder:"FILE"`

	dataFormat       `group:"data"`
	trainingCuration `group:"data"`
	weightsFlag      `group:"data"`

	ValidationData  string  `group:"data" placeholder:"FILE|DIR" help:"Data to validate on. Default: of folders with validation.*, that; else a part of the data."`
	ValidationSplit float64 `group:"data" default:"0.1" placeholder:"X" help:"Share of the data that is kept apart for validation (${default}): the end of a text, and of pairs and labelled texts some that chance draws. 0 goes without."`
	SeqLen          *int    `group:"data" aliases:"max-target-length,max-length" placeholder:"T" help:"Tokens in a row; of pairs and labelled texts the most tokens of a target or a text, beyond which it is cut."`
	MaxSourceLength *int    `group:"data" placeholder:"S" help:"The most tokens of a pair's source, beyond which it is cut. Default: as --seq-len."`

	Dropout *float64 `group:"model" placeholder:"X" help:"Dropout of embeddings, attention and residuals."`

	MaxSteps                  *int     `group:"optimization" placeholder:"N" help:"Optimizer steps to make."`
	NumTrainEpochs            *float64 `group:"optimization" placeholder:"X" help:"Passes over the data to make instead; --max-steps wins."`
	BatchSize                 *int     `group:"optimization" placeholder:"B" help:"Rows in a batch."`
	GradientAccumulationSteps int      `group:"optimization" default:"1" placeholder:"N" help:"Batches that make one step, on each rank where there are several (${default})."`
	Ranks                     int      `group:"optimization" default:"0" placeholder:"N" help:"Ranks that a step is meant for: --gradient-accumulation-steps batches on each make it. On another number of them, each has more or fewer, and the result is the same to the bit. Default: those that mpirun or srun has started."`
	ShardOptimizer            *bool    `group:"optimization" negatable:"" help:"Let each rank keep the optimizer's state of its part of the parameters only, to the same bits. Default: where there are several ranks and the optimizer is adamw, unless --log-histograms looks at all gradients."`
	RoundGradients            bool     `group:"optimization" help:"Round gradients to bfloat16, in which ranks send them: half of the bytes. It costs exactness, since 8 bits are left of each micro-batch's gradients and of their sums. The result is still the same on any number of ranks, or on one."`
	LearningRate              *float64 `group:"optimization" placeholder:"X" help:"Learning rate after warm-up."`
	MinLearningRate           *float64 `group:"optimization" placeholder:"X" help:"Learning rate at the end. Default: a tenth of the learning rate."`
	LRSchedulerType           string   `group:"optimization" name:"lr-scheduler-type" enum:"cosine,linear,constant" default:"cosine" placeholder:"cosine|linear|constant" help:"How the learning rate falls (${default})."`
	WarmupSteps               *int     `group:"optimization" placeholder:"N" help:"Steps in which the learning rate rises from 0. Default: the preset's, 10 for sft, and at most a tenth of the steps."`
	Optim                     string   `group:"optimization" enum:"adamw,adamw_8bit,adafactor,sgd,lion,muon" default:"adamw" placeholder:"adamw|adamw_8bit|adafactor|sgd|lion|muon" help:"The optimizer (${default}). Muon moves the matrices of the blocks, and AdamW the rest."`
	WeightDecay               *float64 `group:"optimization" placeholder:"X" help:"Weight decay, on tensors of two or more dimensions."`
	Beta1                     float64  `group:"optimization" name:"beta1" default:"0.9" placeholder:"X" help:"AdamW's and Lion's first beta, SGD's momentum (${default})."`
	Beta2                     *float64 `group:"optimization" name:"beta2" placeholder:"X" help:"AdamW's and Lion's second beta."`
	LabelSmoothing            float64  `group:"optimization" aliases:"label-smoothing-factor" default:"0" placeholder:"X" help:"Mass of each target that is spread evenly over all tokens or classes in training (${default})."`
	GroupByLength             bool     `group:"optimization" help:"Bring pairs or labelled texts of like length into the same batches, which saves padding."`
	GradientCheckpointing     bool     `group:"optimization" help:"Keep the states between blocks only, and compute what is in them again in the backward pass: much less memory, about a third more time, the same result to the bit."`
	BF16                      bool     `group:"optimization" name:"bf16" help:"Round what matrices are multiplied by to bfloat16 in training steps, and add in float32: some times as fast on processors with Intel's AMX, up to twice as fast on AMD's with AVX512_BF16 and on arm64 with BF16, refused on others. Parameters, optimizer and evaluations stay in float32."`
	MaxGradNorm               float64  `group:"optimization" default:"1" placeholder:"X" help:"Norm that gradients are clipped to (${default}). 0 doesn't clip."`
	SkipBadSteps              int      `group:"optimization" default:"0" placeholder:"N" help:"Up to N times in the run, make a step with the next rows where its loss or gradients aren't finite, rather than to stop (${default})."`

	EvalSteps             *int     `group:"run" placeholder:"N" help:"Validate each N steps. Default: ten times in a run. 0: only at the end."`
	SaveSteps             *int     `group:"run" placeholder:"N" help:"Save a checkpoint each N steps. Default: five times in a run. 0: only at the end."`
	SaveTotalLimit        int      `group:"run" default:"2" placeholder:"N" help:"Checkpoints to keep (${default}). 0 keeps all."`
	EarlyStoppingPatience int      `group:"run" default:"0" placeholder:"N" help:"Stop after so many validations in a row without a better one (${default}: never)."`
	MetricForBestModel    string   `group:"run" default:"" placeholder:"NAME" help:"The figure by which the best validation is known, such as accuracy, or quiz/acc of --eval-task quiz.yaml. Default: loss."`
	EvalTask              []string `group:"run" sep:"none" placeholder:"FILE" help:"Ask the model the questions of a task with each validation, a YAML file as eval takes it. Its figures are told with the task's name before them, as in quiz/acc. Several may be given."`
	LoadBestModelAtEnd    bool     `group:"run" help:"Keep the checkpoint of the best validation, and leave its model in the end."`
	LoggingSteps          int      `group:"run" default:"10" placeholder:"N" help:"Write a line of metrics each N steps (${default})."`
	LogHistograms         int      `group:"run" default:"0" placeholder:"N" help:"Each N steps, write down how the weights, gradients and activations of each layer are spread, how much the update moves it, and which units are dead; that step takes longer (${default}: never)."`
	ReportTo              []string `group:"run" enum:"tensorboard,csv,none" default:"none" placeholder:"tensorboard|csv|none" help:"Write the figures for other programs too, into the run's directory: events for TensorBoard, or a table, metrics.csv. Several are separated by commas (${default})."`
	SampleTokens          int      `group:"run" default:"200" placeholder:"N" help:"Tokens of the sample that is shown after each validation (${default}). 0 shows none."`
	Profile               bool     `group:"run" help:"Print at the end, or where the run is stopped, where the time of the steps has gone, for each kind of operation."`
	Seed                  uint64   `group:"run" default:"1337" placeholder:"N" help:"Seed of all random numbers (${default})."`
	Threads               int      `group:"run" default:"0" placeholder:"N" help:"Threads to run on. Default: all cores that the process may use. The result does not depend on it."`

	memoryFlag `group:"run"`

	expected     *task.Provenance // of the run that this one is to make again; nil for none
	team         team             // of which this process is one
	accumulation int              // batches of a step on this rank; see divide
	usualWarmup  bool             // WarmupSteps is a default that resolveSteps still has to fit to the run
}

// trainingDefaults are the values of options that depend on the command and preset.
type trainingDefaults struct {
	seqLen, batchSize, warmupSteps   int
	learningRate, weightDecay, beta2 float64
}

// resolve gives the options that are still open their values, all but those that depend on the size of the data.
func (o *trainingOptions) resolve(d trainingDefaults) {
	setDefault(&o.SeqLen, d.seqLen)
	setDefault(&o.MaxSourceLength, *o.SeqLen)
	setDefault(&o.BatchSize, d.batchSize)
	setDefault(&o.LearningRate, d.learningRate)
	setDefault(&o.MinLearningRate, *o.LearningRate/10)
	if o.WarmupSteps == nil {
		o.WarmupSteps, o.usualWarmup = &d.warmupSteps, true
	}
	setDefault(&o.WeightDecay, d.weightDecay)
	setDefault(&o.Beta2, d.beta2)
}

// checkSource refuses a length of sources where there are none; it is called behind resolve.
func (o *trainingOptions) checkSource(objective string) error {
	if *o.MaxSourceLength != *o.SeqLen && objective != (task.Seq2Seq{}).Name() {
		return errors.New("--max-source-length is for the objective seq2seq, whose texts have sources; all others have --seq-len")
	}
	return nil
}

// resolveSteps gives the options that count steps their values, for data of so many rows.
func (o *trainingOptions) resolveSteps(rows, defaultSteps int) {
	if o.MaxSteps == nil && o.NumTrainEpochs != nil {
		setDefault(&o.MaxSteps, o.stepsOf(*o.NumTrainEpochs, rows))
	}
	setDefault(&o.MaxSteps, defaultSteps)
	setDefault(&o.EvalSteps, max(1, *o.MaxSteps/10))
	setDefault(&o.SaveSteps, max(1, *o.MaxSteps/5))
	if o.usualWarmup {
		*o.WarmupSteps, o.usualWarmup = min(*o.WarmupSteps, *o.MaxSteps/10), false
	}
	*o.WarmupSteps = min(*o.WarmupSteps, *o.MaxSteps)
}

// resolved returns an error if an option that a run has resolved is missing in its file.
func (o *trainingOptions) resolved(path string) error {
	for key, missing := range map[string]bool{
		"seq_len": o.SeqLen == nil, "max_source_length": o.MaxSourceLength == nil, "max_steps": o.MaxSteps == nil, "batch_size": o.BatchSize == nil, "learning_rate": o.LearningRate == nil,
		"min_learning_rate": o.MinLearningRate == nil, "warmup_steps": o.WarmupSteps == nil, "weight_decay": o.WeightDecay == nil,
		"beta2": o.Beta2 == nil, "eval_steps": o.EvalSteps == nil, "save_steps": o.SaveSteps == nil,
	} {
		if missing {
			return fmt.Errorf("%s: %s is missing; the file is not that of a run", path, key)
		}
	}
	return nil
}

// stepsOf returns the steps that epochs over data of so many rows take.
func (o *trainingOptions) stepsOf(epochs float64, rows int) int {
	steps := math.Ceil(epochs * float64(rows) / float64(o.rowsPerStep()))
	if steps >= math.MaxInt {
		return math.MaxInt
	}
	return max(1, int(steps))
}

// rowsPerStep returns the rows of a step, on all ranks.
func (o *trainingOptions) rowsPerStep() int {
	return *o.BatchSize * o.GradientAccumulationSteps * max(1, o.Ranks)
}

// schedule returns how the learning rate goes.
func (o *trainingOptions) schedule() optim.Schedule {
	return optim.Schedule{
		Decay: optim.Decay(o.LRSchedulerType), LearningRate: *o.LearningRate, MinLearningRate: *o.MinLearningRate,
		WarmupSteps: *o.WarmupSteps, MaxSteps: *o.MaxSteps,
	}
}

// validate returns an error that names an option out of its range. It may be called before and after resolve.
func (o *trainingOptions) validate() error {
	for _, c := range []struct {
		flag  string
		value *int
		least int
	}{
		{"seq-len", o.SeqLen, 1},
		{"max-source-length", o.MaxSourceLength, 1},
		{"max-steps", o.MaxSteps, 1},
		{"batch-size", o.BatchSize, 1},
		{"gradient-accumulation-steps", &o.GradientAccumulationSteps, 1},
		{"ranks", &o.Ranks, 0},
		{"warmup-steps", o.WarmupSteps, 0},
		{"eval-steps", o.EvalSteps, 0},
		{"save-steps", o.SaveSteps, 0},
		{"save-total-limit", &o.SaveTotalLimit, 0},
		{"early-stopping-patience", &o.EarlyStoppingPatience, 0},
		{"skip-bad-steps", &o.SkipBadSteps, 0},
		{"logging-steps", &o.LoggingSteps, 1},
		{"log-histograms", &o.LogHistograms, 0},
		{"sample-tokens", &o.SampleTokens, 0},
	} {
		if err := atLeast(c.flag, c.value, c.least); err != nil {
			return err
		}
	}
	const mostOfStep = 1 << 50
	if batch := setting(o.BatchSize, 1); float64(batch)*float64(o.GradientAccumulationSteps)*float64(max(1, o.Ranks)) > mostOfStep {
		return fmt.Errorf("--batch-size %d, --gradient-accumulation-steps %d and --ranks %d: expected at most 2^50 rows in a step", batch, o.GradientAccumulationSteps, max(1, o.Ranks))
	}
	if _, err := o.trainingCuration.config(o.Seed); err != nil {
		return err
	}
	if err := errors.Join(checkThreads(o.Threads), o.checkReportTo()); err != nil {
		return err
	}
	for _, c := range []struct {
		flag   string
		value  *float64
		below1 bool
	}{
		{"validation-split", &o.ValidationSplit, true},
		{"dropout", o.Dropout, true},
		{"num-train-epochs", o.NumTrainEpochs, false},
		{"learning-rate", o.LearningRate, false},
		{"min-learning-rate", o.MinLearningRate, false},
		{"weight-decay", o.WeightDecay, false},
		{"label-smoothing", &o.LabelSmoothing, true},
		{"beta1", &o.Beta1, true},
		{"beta2", o.Beta2, true},
		{"max-grad-norm", &o.MaxGradNorm, false},
	} {
		if err := inRange(c.flag, c.value, c.below1); err != nil {
			return err
		}
	}
	if o.ShardOptimizer != nil && *o.ShardOptimizer && o.Optim != "adamw" {
		return fmt.Errorf("--shard-optimizer: the state of --optim %s can't be divided, only that of adamw", o.Optim)
	}
	if o.ShardOptimizer != nil && *o.ShardOptimizer && o.LogHistograms > 0 {
		return errors.New("--shard-optimizer with --log-histograms: no rank has all of the gradients then; expected one of the two")
	}
	if o.NumTrainEpochs != nil && *o.NumTrainEpochs == 0 {
		return errors.New("--num-train-epochs 0: expected more than 0")
	}
	if o.LearningRate != nil && o.MinLearningRate != nil && *o.MinLearningRate > *o.LearningRate {
		return fmt.Errorf("--min-learning-rate %g is above --learning-rate %g", *o.MinLearningRate, *o.LearningRate)
	}
	return nil
}

func setDefault[T any](option **T, value T) {
	if *option == nil {
		*option = &value
	}
}

// setting returns what was set, or else what is usual.
func setting[T any](option *T, usual T) T {
	if option != nil {
		return *option
	}
	return usual
}

// between returns an error if a flag has a value below least or above most.
func between(flag string, value *int, least, most int) error {
	if value != nil && *value > most {
		return fmt.Errorf("--%s %d: expected %d at most", flag, *value, most)
	}
	return atLeast(flag, value, least)
}

// atLeast returns an error if a flag has a value below least.
func atLeast(flag string, value *int, least int) error {
	if value != nil && *value < least {
		return fmt.Errorf("--%s %d: expected %d or more", flag, *value, least)
	}
	return nil
}

// inRange returns an error if a flag has a value that is negative, not finite, or 1 and more where it must be below.
func inRange(flag string, value *float64, below1 bool) error {
	switch {
	case value == nil:
	case !(*value >= 0) || math.IsInf(*value, 0):
		return fmt.Errorf("--%s %g: expected 0 or more", flag, *value)
	case below1 && *value >= 1:
		return fmt.Errorf("--%s %g: expected less than 1", flag, *value)
	}
	return nil
}

// mostThreads is more than the machines have that this is built for; each thread takes memory.
const mostThreads = 1024

// mostRows is more than any machine writes side by side.
const mostRows = 1 << 16

// checkThreads returns an error unless a process can run on n threads.
func checkThreads(n int) error {
	if n < 0 || n > mostThreads {
		return fmt.Errorf("--threads %d: expected 0 to %d", n, mostThreads)
	}
	return nil
}

// useThreads makes the process run on n threads; 0 leaves it at all cores.
func useThreads(n int) {
	if n > 0 {
		setThreads(n)
	}
}

// setThreads is a variable for tests, which run side by side in one process.
var setThreads = func(n int) {
	runtime.GOMAXPROCS(n)
	graph.SetWorkers(n)
}

// absolute makes a path one that also holds in another working directory. Standard input stays what it is.
func absolute(path string) (string, error) {
	if path == "" || path == "-" {
		return path, nil
	}
	return filepath.Abs(path)
}

// absolutePaths makes paths of the options, and others, hold in another working directory too: a run may be resumed from there.
func (o *trainingOptions) absolutePaths(paths []string, others ...*string) error {
	for _, list := range [][]string{paths, o.EvalTask} {
		for i := range list {
			others = append(others, &list[i])
		}
	}
	for _, path := range append(others, &o.ValidationData, &o.AugmentSynonyms) {
		var err error
		if *path, err = absolute(*path); err != nil {
			return err
		}
	}
	return nil
}

// isDir tells whether path is a directory.
func isDir(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}
