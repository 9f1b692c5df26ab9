package main

import (
	"fmt"
	"math"
	"os"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/seahorse-ml/seahorse/adapt"
	"github.com/seahorse-ml/seahorse/data"
	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/models"
	"github.com/seahorse-ml/seahorse/task"
	"github.com/seahorse-ml/seahorse/train"
)

// Bytes that a parameter takes in float32: itself, and in training with its gradient and AdamW's two moments.
const (
	parameterBytes = 4
	trainedBytes   = 4 * parameterBytes
)

// freeMemory tells what is free; tests have their own.
var freeMemory = availableMemory

// memoryFlag is the option of commands that train or run a model, and refuse what doesn't fit into memory.
type memoryFlag struct {
	NoMemoryCheck bool `help:"Start even if more memory is needed than is free."`
}

// free returns what is free, where that is known and to be checked.
func (f memoryFlag) free() (bytes int64, check bool) {
	if f.NoMemoryCheck {
		return 0, false
	}
	return freeMemory()
}

// sketch returns a sketch of the model that a directory holds, unless its parameters alone take more memory than is free.
func (f memoryFlag) sketch(s *streams, dir string, c task.OpenConfig) (*task.Trained, error) {
	check := func(m models.Model) error {
		free, check := f.free()
		if !check {
			return nil
		}
		return refuseStored(m, dir, free)
	}
	if !adapt.IsDir(dir) {
		m, err := models.Open(dir, models.OpenConfig{Sketch: true, Storage: c.Storage})
		if err == nil {
			err = check(m)
		}
		if err != nil {
			return nil, err
		}
	}
	t, err := task.Sketch(dir, c)
	if err != nil {
		return nil, err
	}
	s.warn(dir, t.Tokenizer)
	return t, check(t.Model)
}

// sketched returns a sketch of a model that is only read, as its flags say.
func sketched(s *streams, model string, storage storageFlags, adapter adapterFlag, memory memoryFlag) (*task.Trained, error) {
	kept, err := storage.storage(model)
	if err != nil {
		return nil, err
	}
	return memory.sketch(s, model, adapter.opening(kept))
}

// load reads the values of a sketched model.
func load(t *task.Trained) error {
	boundGarbage()
	return t.Load()
}

// garbagePercent is how much of the memory in use may wait to be collected. Most of it is a model's, which stays, so that collecting
// costs little, and Go's 100 would take twice what was estimated.
const garbagePercent = 10

// boundGarbage keeps the process close to what was estimated, unless the user says otherwise by GOGC.
func boundGarbage() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(garbagePercent)
	}
}

// garbageBytes is about how much may wait to be collected while a run goes on.
const garbageBytes = 8 << 20

// settle gives back what preparing has left behind, and lets no more than garbageBytes wait for the collector from now on, or a hundredth of what is in use:
// that is memory beyond what was estimated. The user's GOGC goes before.
func settle() {
	debug.FreeOSMemory()
	if os.Getenv("GOGC") != "" {
		return
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	debug.SetGCPercent(min(garbagePercent, max(1, int(100*garbageBytes/max(1, m.HeapAlloc)))))
}

// check refuses what takes more memory than is free, by the parts that estimate finds. To find them takes what batch says, so that
// this is looked at first.
func (f memoryFlag) check(advice string, batch memoryPart, estimate func() ([]memoryPart, error)) error {
	free, check := f.free()
	if !check {
		return nil
	}
	if err := refuseMemory([]memoryPart{batch}, free, advice); err != nil {
		return err
	}
	parts, err := estimate()
	if err != nil {
		return err
	}
	return refuseMemory(parts, free, advice)
}

// checkSteps refuses training steps of a sketched model that take more memory than is free.
func (f memoryFlag) checkSteps(sketch task.Model, c train.StepperConfig) error {
	if free, check := f.free(); check {
		if err := refuseModel(sketch, "the model", bytesOf(sketch), "to train", free); err != nil {
			return err // before anything as long as its parameters is planned
		}
	}
	return f.check("a smaller --batch-size, --seq-len or model takes less", batchPart(c.Rows, c.Layout), func() ([]memoryPart, error) {
		use, err := train.EstimateSteps(sketch, c)
		return trainingParts(use), err
	})
}

// bytesOf returns the least that a parameter takes of a model that is trained, or of one that is frozen under an adapter.
func bytesOf(m models.Model) int64 {
	for _, p := range m.Params() {
		if p.Frozen {
			return parameterBytes
		}
	}
	return trainedBytes
}

// checkOutline refuses a run whose model can't be trained in the memory that is free, whatever the data: before they are read.
func (f memoryFlag) checkOutline(j job, c task.Config) error {
	free, check := f.free()
	if !check {
		return nil
	}
	m, err := c.Base.Outline()
	if err != nil {
		return err
	}
	if c.Adapter != nil || c.Freeze != "" {
		err = refuseStored(m, "the model", free)
	} else {
		err = refuseModel(m, "the model", trainedBytes, "to train", free)
	}
	if err != nil {
		if advice := fittingOutline(j, free); advice != "" {
			return fmt.Errorf("%w; %s", err, advice)
		}
	}
	return err
}

// checkMemory refuses a run that takes more memory than the machine has to give, where that is known. The model may be a sketch.
func (o *trainingOptions) checkMemory(j job, r *task.Run) error {
	free, check := o.free()
	if !check {
		return nil
	}
	c := o.trains(r)
	needed := []memoryPart{batchPart(times(c.BatchSize, c.Accumulation), c.Train.Layout())}
	if err := refuseMemory(needed, free, "a smaller --batch-size or fewer --gradient-accumulation-steps take less"); err != nil {
		return err
	}
	use, err := train.EstimateMemory(r.Learner(), c)
	if err != nil {
		return err
	}
	if needed = trainingParts(use); sum(needed) <= free {
		return nil
	}
	advice, err := fitting(j, r, c, free)
	if err != nil {
		return err
	}
	return refuseMemory(needed, free, advice)
}

// refuseModel returns an error if a model's parameters, at so many bytes each, take more than is free.
func refuseModel(m models.Model, name string, bytes int64, purpose string, free int64) error {
	n := models.CountParameters(m)
	if n <= free/bytes {
		return nil
	}
	return fmt.Errorf("%s has %s parameters, which take %s MiB of memory %s (%d bytes each), and %s MiB are free; a smaller model fits; --no-memory-check starts it all the same",
		name, grouped(n), grouped(mebibytes(n, bytes)), purpose, bytes, grouped(free>>20))
}

// refuseStored is refuseModel for a model that is only read, as it is kept.
func refuseStored(m models.Model, name string, free int64) error {
	packed := false
	for _, p := range m.Params() {
		packed = packed || p.Packed() != nil
	}
	total := storedBytes(m)
	switch {
	case total <= float64(free):
		return nil
	case !packed:
		err := refuseModel(m, name, parameterBytes, "to load", free)
		if err == nil {
			return nil
		}
		return fmt.Errorf("%w; --dtype bfloat16 takes half of it, --load-in-8bit and --load-in-4bit a quarter and less", err)
	}
	return fmt.Errorf("%s takes %s MiB of memory to load, and %s MiB are free; a smaller model fits; --no-memory-check starts it all the same",
		name, grouped(int64(total/(1<<20))), grouped(free>>20))
}

// mebibytes returns the memory of n things of so many bytes.
func mebibytes(n, bytes int64) int64 {
	if n > math.MaxInt64/bytes {
		return math.MaxInt64 >> 20
	}
	return n * bytes >> 20
}

// memoryPart is a part of the memory that a command needs.
type memoryPart struct {
	bytes int
	what  string
}

// batchPart returns the memory of rows.
func batchPart(rows int, l data.Layout) memoryPart {
	return memoryPart{times(rows, l.Bytes()), "a batch"}
}

// times returns the bytes of n rows, or the most that there can be.
func times(n, rowBytes int) int {
	if n > math.MaxInt/rowBytes {
		return math.MaxInt
	}
	return n * rowBytes
}

// sum returns the bytes of all parts.
func sum(parts []memoryPart) int64 {
	total := int64(0)
	for _, p := range parts {
		total += int64(p.bytes)
	}
	return total
}

// programPart returns what the process itself takes beside what a run lays out: its code, its tokenizer, the tokens that are mapped, the trace, what reading a model takes for a
// while, the panels of products. It is told by the most that the process has had where a part of the run was made, and else by what it has now. It isn't held against what
// is free, since most of it is in use already.
func programPart(laidOut int) memoryPart {
	return memoryPart{max(0, int(peakMemory())-laidOut), "the program"}
}

// trainingParts returns where the memory of training goes.
func trainingParts(use train.MemoryUse) []memoryPart {
	arena := "activations"
	if use.Steps.Gradients == 0 {
		arena = "activations and gradients"
	}
	return []memoryPart{
		{use.Steps.Parameters, "parameters"}, {use.Steps.Arena, arena}, {use.Steps.Gradients, "gradients"}, {use.Optimizer, "the optimizer"},
		{use.Evaluation.Arena, "evaluations"},
	}
}

// runningParts returns where the memory of a model goes that is run.
func runningParts(use graph.Memory) []memoryPart {
	return []memoryPart{{use.Parameters, "parameters"}, {use.Arena, "activations"}}
}

// refuseMemory returns an error that tells where memory goes, and what takes less, if more is needed than is free.
func refuseMemory(needed []memoryPart, free int64, advice string) error {
	need := sum(needed)
	var parts []string
	for _, p := range needed {
		if p.bytes > 0 {
			parts = append(parts, fmt.Sprintf("%s for %s", grouped(int64(p.bytes)>>20), p.what))
		}
	}
	if need <= free {
		return nil
	}
	return fmt.Errorf("the run needs %s MiB of memory and %s are free: %s; %s; --no-memory-check starts it all the same", grouped(need>>20), grouped(free>>20), strings.Join(parts, ", "), advice)
}
