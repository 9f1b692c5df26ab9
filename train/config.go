package train

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/seahorse-ml/seahorse/data"
	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/optim"
)

// Config configures New. What a field says holds, a zero too: start from DefaultConfig.
type Config struct {
	// Dir is the directory of the run, made if it isn't there.
	Dir string
	// Lock is the lock of Dir, where the program took it already; it stays the program's. Default: the trainer takes it in Resume or
	// Run, and gives it back at the end of Run.
	Lock *DirLock
	// Train gives the rows to learn from, in an order that follows from the seed.
	Train data.Dataset
	// Feed makes the micro-batches while the run goes on, in place of the rows of Train, whose layout they have; nil takes the rows.
	Feed Feeder
	// Measure evaluates the model in place of Validation's rows: its loss is what is to be low. Progress is to be told how far it is. Nil measures by
	// Validation.
	Measure func(ctx context.Context, progress func(done, total int)) (Evaluation, error)
	// Examine finds further figures of the model with each evaluation, which are told among its own and may be the BestMetric. What it finds must follow
	// from the model alone, so that runs that are resumed come to the same end. Progress is to be told how far it is. Nil finds none.
	Examine func(ctx context.Context, progress func(done, total int)) (Figures, error)
	// Validation gives the rows that evaluations go through; nil for none.
	Validation data.Dataset

	// MaxSteps is how many steps the run has, > 0.
	MaxSteps int
	// BatchSize is the number of rows in a micro-batch, > 0.
	BatchSize int
	// Accumulation is the number of micro-batches in a step, > 0. Their targets count alike.
	Accumulation int
	// Schedule gives the learning rates. Its MaxSteps of 0 is replaced by the run's.
	Schedule optim.Schedule
	// Optimizer makes the optimizer; nil is DefaultOptimizer.
	Optimizer MakeOptimizer
	// LabelSmoothing is the mass of each target that is spread evenly over the vocabulary, in [0, 1) (Szegedy et al.,
	// 2016). It is part of the loss that is learned; evaluations go without. Default: 0.
	LabelSmoothing float64
	// Checkpointing computes blocks again in the backward pass rather than to keep what is in them, see StepperConfig; what a run learns
	// stays the same to the bit. Default: false.
	Checkpointing bool
	// BFloat16 rounds what linear operations multiply in training steps to bfloat16, see graph.Config; parameters, what the optimizer keeps, and
	// evaluations stay in float32. It is refused on processors that don't have graph.HasBFloat16. Default: false.
	BFloat16 bool
	// SkipBadSteps is how often in the run a step may be left out whose loss or gradients aren't finite: it is made with the next rows instead. The next one
	// ends the run by an ErrDiverged. Default: 0.
	SkipBadSteps int
	// Seed decides the order of the rows and dropout.
	Seed uint64
	// GroupByLength brings rows of like size into the same batches, and computes batches of short rows in less time: see
	// data.LoaderConfig.Group and StepperConfig.Narrow. Train must be data.Sized, as data.Pairs and data.Labelled are. A run
	// that is resumed must have it, and BatchSize, as before. Default: false.
	GroupByLength bool

	// Ranks make the run together with processes that have the same model, data and configuration: its steps have Accumulation micro-batches
	// on each of them, its bits are those of one process with as many in all. Rank 0 writes what is in Dir, and holds its lock; to go
	// on with a run, all ranks read it there. Callbacks are told on all ranks, those that are set there. Default: nil, this process alone.
	Ranks Ranks
	// ShardOptimizer lets each rank keep the optimizer's state of its part of the parameters only; see StepperConfig.
	ShardOptimizer bool
	// RoundGradients rounds gradients to bfloat16, in which ranks send them: half of the bytes, and 8 bits of each number; see StepperConfig. Default: false.
	RoundGradients bool
	// Identity is what must be the same on all ranks beside what the trainer sees, by what it is called: hashes of the data, of a tokenizer, of
	// the program. A run whose ranks differ doesn't begin.
	Identity map[string]string

	// LoggingSteps: each so many steps, > 0, a line of metrics is written; also at the first and last
	// step and with each evaluation.
	LoggingSteps int
	// LookSteps: each so many steps, callbacks are told of the inside of the model, see Look: that step takes longer. 0, the default, doesn't look. Of
	// several ranks, those look that have a LookWatcher, and the optimizer can't be sharded.
	LookSteps int
	// EvalSteps: each so many steps there is an evaluation, and one at the end; 0 leaves only that.
	EvalSteps int
	// EvalBatchSize is the number of rows that an evaluation takes at a time, > 0.
	EvalBatchSize int
	// SaveSteps: each so many steps a checkpoint is written, and one at the end; 0 leaves only that.
	SaveSteps int
	// SaveTotalLimit is how many checkpoints are kept, the youngest; 0 keeps all.
	SaveTotalLimit int
	// BestMetric is the figure of evaluations by which the best is known, such as "accuracy": "" is the loss.
	BestMetric string
	// Patience stops the run after so many evaluations in a row without a better one; 0 doesn't.
	Patience int
	// KeepBest saves a checkpoint with each evaluation that is the best so far, keeps it beside those of SaveTotalLimit, and leaves its model in Dir in the end.
	KeepBest bool
	// Obey lets others have a say in the run by Request: stop it, let it save, change its learning rate. Events that its directory has
	// already come again in any case. Default: false.
	Obey bool
	// Files are paths of files that are copied into each checkpoint, and with the model into Dir where they aren't there already.
	Files []string
	// Save, if it isn't nil, writes what belongs to the model into a directory, each checkpoint's and in the end Dir: the Save of a
	// tokenizer.
	Save func(dir string) error

	// Profile, if it isn't nil, counts where the time of the steps goes, as operations, "rows" for what making their batches takes, "optimizer", and of several
	// ranks "waiting for sums", "waiting for parameters" and "waiting for other ranks": the time in which a rank had nothing to compute. Default: nil.
	Profile *graph.Profile

	// Text tells what stands in a row of a batch, for the lines of SpikesName; nil leaves it at the rows' numbers. Default: nil.
	Text func(b *data.Batch, row int) string
	// Place tells where a row of a batch comes from, file and line, for the same; "" where that isn't known. Default: nil.
	Place func(b *data.Batch, row int) string

	// Callbacks are told what happens, in their order.
	Callbacks []Callback
}

// DefaultConfig returns a run of 1,000 steps with batches of 8 rows, whose learning rate falls
// from 3e-4 to a tenth along a cosine after a tenth of the steps as warm-up. It logs each 10 steps, evaluates and saves
// each 200, and keeps 2 checkpoints; ranks divide the optimizer's state. Dir and Train are left to be set.
func DefaultConfig() Config {
	return Config{
		MaxSteps: 1000, BatchSize: 8, Accumulation: 1,
		Schedule:     optim.Schedule{Decay: optim.Cosine, LearningRate: 3e-4, MinRate: 0.1, WarmupRatio: 0.1},
		LoggingSteps: 10, EvalSteps: 200, EvalBatchSize: 8, SaveSteps: 200, SaveTotalLimit: 2, ShardOptimizer: true,
	}
}

// Validate tells what is wrong with the configuration.
func (c Config) Validate() error {
	if c.Dir == "" {
		return errors.New("train: config: no directory for the run")
	}
	if c.BFloat16 {
		if err := graph.CheckBFloat16(); err != nil {
			return fmt.Errorf("train: config: BFloat16: %w", err)
		}
	}
	if c.Train == nil {
		return errors.New("train: config: no data to train on")
	}
	for _, f := range []struct {
		name         string
		value, least int
	}{
		{"MaxSteps", c.MaxSteps, 1}, {"BatchSize", c.BatchSize, 1}, {"Accumulation", c.Accumulation, 1},
		{"LoggingSteps", c.LoggingSteps, 1}, {"EvalSteps", c.EvalSteps, 0}, {"EvalBatchSize", c.EvalBatchSize, 1},
		{"SaveSteps", c.SaveSteps, 0}, {"SaveTotalLimit", c.SaveTotalLimit, 0}, {"LookSteps", c.LookSteps, 0}, {"Patience", c.Patience, 0}, {"SkipBadSteps", c.SkipBadSteps, 0},
	} {
		if f.value < f.least {
			return fmt.Errorf("train: config: %s is %d, expected %d or more", f.name, f.value, f.least)
		}
	}
	if c.Feed != nil && (several(c.Ranks) || c.SkipBadSteps > 0) {
		return errors.New("train: config: what is fed while a run goes on is for one process, and its steps aren't left out: expected no Ranks and a SkipBadSteps of 0")
	}
	if c.Measure != nil && (several(c.Ranks) || c.Validation != nil) {
		return errors.New("train: config: Measure with Ranks or Validation, expected it without")
	}
	if c.LookSteps > 0 && several(c.Ranks) && c.ShardOptimizer {
		return errors.New("train: config: LookSteps with ShardOptimizer on several ranks, none of which has all gradients; expected one of the two")
	}
	if c.Examine != nil && several(c.Ranks) {
		return errors.New("train: config: Examine with Ranks, expected it without: a model is examined in one process")
	}
	if c.Examine != nil && !c.measured() {
		return errors.New("train: config: Examine needs data to validate on, as it comes with evaluations")
	}
	if !c.measured() && (c.Patience > 0 || c.KeepBest || c.BestMetric != "") {
		return errors.New("train: config: Patience, KeepBest and BestMetric need data to validate on")
	}
	if !(c.LabelSmoothing >= 0 && c.LabelSmoothing < 1) {
		return fmt.Errorf("train: config: LabelSmoothing is %g, expected [0, 1)", c.LabelSmoothing)
	}
	if err := c.schedule().Validate(); err != nil {
		return fmt.Errorf("train: config: %w", err)
	}
	return nil
}

// schedule returns the learning rates over the whole run.
func (c Config) schedule() optim.Schedule {
	s := c.Schedule
	if s.MaxSteps == 0 {
		s.MaxSteps = c.MaxSteps
	}
	return s
}

// due tells whether something that happens each so many steps, and at the end, is due
// after a step.
func (c Config) due(each, step int) bool {
	return step == c.MaxSteps || each > 0 && step%each == 0
}

// rowsPerStep returns the rows of a step, on all ranks.
func (c Config) rowsPerStep() int {
	n := c.BatchSize * c.Accumulation
	if c.Ranks != nil {
		n *= c.Ranks.Size()
	}
	return n
}

// beside writes what belongs to the model into a directory.
func (c Config) beside(dir string) error {
	for _, path := range c.Files {
		to := filepath.Join(dir, filepath.Base(path))
		if from, err := filepath.Abs(path); err == nil {
			if there, err := filepath.Abs(to); err == nil && from == there {
				continue
			}
		}
		if err := copyFile(to, path); err != nil {
			return err
		}
	}
	if c.Save == nil {
		return nil
	}
	return c.Save(dir)
}
