package train

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/seahorse-ml/seahorse/data"
	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/internal/safetensors"
	"github.com/seahorse-ml/seahorse/layers"
	"github.com/seahorse-ml/seahorse/models"
	"gorgonia.org/tensor"
)

// outcome is what two runs must have in common.
type outcome struct {
	model   []byte // model.safetensors
	metrics string // without speeds
	state   State  // of the last checkpoint, without times
}

func readOutcome(t testing.TB, dir string) outcome {
	t.Helper()
	model, err := os.ReadFile(filepath.Join(dir, safetensors.FileName))
	if err != nil {
		t.Fatal(err)
	}
	last, skipped, err := LastCheckpoint(dir)
	if err != nil || last == nil || len(skipped) > 0 {
		t.Fatalf("last checkpoint %v, skipped %v, error %v", last, skipped, err)
	}
	o := outcome{model: model, metrics: timeless(readMetrics(t, dir)), state: last.State}
	o.state.Seconds, o.state.Metrics, o.state.Pending = 0, nil, nil
	return o
}

func readMetrics(t testing.TB, dir string) []Metrics {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(dir, MetricsName))
	if err != nil {
		t.Fatal(err)
	}
	var all []Metrics
	for line := range strings.Lines(string(raw)) {
		var m Metrics
		if err := json.Unmarshal([]byte(line), &m); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		if m.TargetsPerSecond <= 0 {
			t.Errorf("%s: no speed", line)
		}
		all = append(all, m)
	}
	return all
}

func timeless(all []Metrics) string {
	var lines strings.Builder
	for _, m := range all {
		m.TargetsPerSecond = 0
		line, _ := json.Marshal(m)
		fmt.Fprintf(&lines, "%s\n", line)
	}
	return lines.String()
}

// compare reports where two runs differ. The state's best evaluation may be missing in a
// checkpoint that was saved before its evaluation was done.
func (o outcome) compare(t testing.TB, want outcome) {
	t.Helper()
	if !bytes.Equal(o.model, want.model) {
		t.Error("the models differ")
	}
	if o.metrics != want.metrics {
		t.Errorf("metrics:\n%s\nof the straight run:\n%s", o.metrics, want.metrics)
	}
	got, _ := json.Marshal(o.state)
	wanted, _ := json.Marshal(want.state)
	if string(got) != string(wanted) {
		t.Errorf("last checkpoint's state:\n%s\nof the straight run:\n%s", got, wanted)
	}
}

// straight makes the whole run of a configuration at once.
func straight(t testing.TB, c Config) outcome {
	t.Helper()
	if err := newTestTrainer(t, newTestModel(t, tensor.Float32, 0.1), c).Run(context.Background()); err != nil {
		t.Fatal(err)
	}
	return readOutcome(t, c.Dir)
}

// hooks is a Callback of functions.
type hooks struct {
	Silent
	step func(e StepEvent) error
	eval func(e EvalEvent) error
	save func(e SaveEvent) error
	end  func(e EndEvent)
	row  func(done int)
}

func (h hooks) Step(e StepEvent) error {
	if h.step == nil {
		return nil
	}
	return h.step(e)
}

func (h hooks) Eval(e EvalEvent) error {
	if h.eval == nil {
		return nil
	}
	return h.eval(e)
}

func (h hooks) Save(e SaveEvent) error {
	if h.save == nil {
		return nil
	}
	return h.save(e)
}

func (h hooks) End(e EndEvent) error {
	if h.end != nil {
		h.end(e)
	}
	return nil
}

func (h hooks) Evaluating(done, _ int) {
	if h.row != nil {
		h.row(done)
	}
}

func TestRun(t *testing.T) {
	c := testConfig(t)
	var steps, evals, saves []int
	var end []EndEvent
	c.Callbacks = []Callback{hooks{
		step: func(e StepEvent) error { steps = append(steps, e.Step); return nil },
		eval: func(e EvalEvent) error { evals = append(evals, e.Step); return nil },
		save: func(e SaveEvent) error { saves = append(saves, e.Step); return nil },
		end:  func(e EndEvent) { end = append(end, e) },
	}}
	m := newTestModel(t, tensor.Float32, 0.1)
	trainer := newTestTrainer(t, m, c)
	if err := trainer.Run(context.Background()); err != nil {
		t.Fatal(err)
	}
	if len(steps) != 40 || steps[39] != 40 || !slices.Equal(evals, []int{8, 16, 24, 32, 40}) || !slices.Equal(saves, []int{10, 20, 30, 40}) {
		t.Errorf("callbacks: steps %v, evaluations %v, checkpoints %v", steps, evals, saves)
	}
	if len(end) != 1 || end[0] != (EndEvent{Step: 40}) {
		t.Errorf("callbacks: end %v", end)
	}
	var logged []int
	all := readMetrics(t, c.Dir)
	for _, m := range all {
		logged = append(logged, m.Step)
		if (m.EvalLoss != nil) != (m.Step%8 == 0) || m.LearningRate != c.schedule().At(m.Step-1) || m.Unit != layers.PerToken || m.Targets != int64(m.Step*2*2*testLength) {
			t.Errorf("metrics %+v", m)
		}
	}
	if !slices.Equal(logged, []int{1, 3, 6, 8, 9, 12, 15, 16, 18, 21, 24, 27, 30, 32, 33, 36, 39, 40}) {
		t.Errorf("logged steps %v", logged)
	}
	first, last := *all[3].EvalLoss, *all[len(all)-1].EvalLoss
	if !(last < first-0.3) {
		t.Errorf("the evaluation's loss fell from %.3f to %.3f only", first, last)
	}
	again, err := Evaluate(context.Background(), m, c.Validation, EvalConfig{BatchSize: 5})
	if err != nil || again.Loss != last || again.Targets != 99 {
		t.Errorf("evaluated again: %+v, %v; the run had %v", again, err, last)
	}
	loaded, err := models.Open(filepath.Join(c.Dir, "checkpoint-40"), models.OpenConfig{})
	if err != nil {
		t.Fatal(err)
	}
	for i, p := range loaded.Params() {
		if !slices.Equal(graph.Data[float32](p), graph.Data[float32](m.Params()[i])) {
			t.Errorf("parameter %s of the checkpoint differs", p.Name)
		}
	}
	checkpoints, err := filepath.Glob(filepath.Join(c.Dir, "*checkpoint*"))
	if err != nil || len(checkpoints) != 2 {
		t.Errorf("checkpoints %v, %v", checkpoints, err)
	}
}

func TestThreadsDoNotChangeTheRun(t *testing.T) {
	defer graph.SetWorkers(graph.Workers())
	graph.SetWorkers(1)
	want := straight(t, testConfig(t))
	for _, n := range []int{2, 3} {
		graph.SetWorkers(n)
		straight(t, testConfig(t)).compare(t, want)
	}
}

// TestInterruptedRunIsExact ends the context at many places, sometimes several in one run, and goes on each time.
func TestInterruptedRunIsExact(t *testing.T) {
	want := straight(t, testConfig(t))
	for _, test := range []struct {
		name   string
		places []string
	}{
		{"after a step", []string{"step 20"}},
		{"at once, and after the first step", []string{"start", "step 1"}},
		{"where there is a checkpoint", []string{"save 20"}},
		{"while evaluating", []string{"row 16"}},
		{"while evaluating, twice", []string{"row 24", "row 24", "step 25"}},
		{"while evaluating where a checkpoint is due", []string{"row 40"}},
		{"after an evaluation", []string{"eval 24"}},
		{"often", []string{"step 3", "step 4", "row 8", "eval 8", "step 19", "save 30", "row 32", "row 40"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := testConfig(t)
			for i, place := range append(test.places, "none") {
				err := runUntil(t, c, place, i > 0)
				var stopped *Interrupted
				if place != "none" && (!errors.As(err, &stopped) || !errors.Is(err, context.Canceled)) {
					t.Fatalf("%s: got error %v, want an Interrupted", place, err)
				}
				if place == "none" && err != nil {
					t.Fatal(err)
				}
				if stopped != nil {
					if _, err := readState(stopped.Checkpoint); err != nil {
						t.Fatalf("%s: the checkpoint that was named: %v", place, err)
					}
				}
			}
			got := readOutcome(t, c.Dir)
			if got.state.BestEvalStep != want.state.BestEvalStep && strings.HasPrefix(test.places[len(test.places)-1], "row 40") {
				got.state.BestEvalLoss, got.state.BestEvalStep = want.state.BestEvalLoss, want.state.BestEvalStep
				got.state.Best, got.state.BestStep, got.state.Worse = want.state.Best, want.state.BestStep, want.state.Worse
			}
			got.compare(t, want)
		})
	}
}

// runUntil runs a new model and trainer until a place such as "step 20", in or while that step
// does something, and ends the context there.
func runUntil(t testing.TB, c Config, place string, resume bool) error {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	at := func(what string, step int) error {
		if place == fmt.Sprint(what, " ", step) {
			cancel()
		}
		return nil
	}
	step := 0
	c.Callbacks = []Callback{hooks{
		step: func(e StepEvent) error { step = e.Step; return at("step", e.Step) },
		eval: func(e EvalEvent) error { return at("eval", e.Step) },
		save: func(e SaveEvent) error { return at("save", e.Step) },
		row: func(done int) {
			if done < 13 {
				at("row", (step/8+1)*8)
			}
		},
	}}
	if place == "start" {
		cancel()
	}
	trainer := newTestTrainer(t, newTestModel(t, tensor.Float32, 0.1), c)
	if resume {
		from, skipped, err := trainer.Resume()
		if err != nil || len(skipped) > 0 {
			t.Fatalf("resume: %v, skipped %v", err, skipped)
		}
		if from != nil {
			step = from.State.Step
			if from.State.Pending != nil {
				step--
			}
		}
	}
	return trainer.Run(ctx)
}

func TestCustomModel(t *testing.T) {
	c := testConfig(t)
	c.Callbacks = []Callback{hooks{step: func(e StepEvent) error {
		if e.Step == 25 {
			return ErrStop
		}
		return nil
	}}}
	m := newBigram(t)
	if err := newTestTrainer(t, m, c).Run(context.Background()); err != nil {
		t.Fatal(err)
	}
	other := newBigram(t)
	c.Callbacks = nil
	trainer := newTestTrainer(t, other, c)
	from, _, err := trainer.Resume()
	if err != nil || from == nil || from.State.Step != 25 {
		t.Fatalf("resumed from %+v, %v", from, err)
	}
	if !slices.Equal(graph.Data[float32](m.table), graph.Data[float32](other.table)) {
		t.Error("the parameters differ")
	}
	if err := trainer.Run(context.Background()); err != nil {
		t.Fatal(err)
	}
	if err := readParams(filepath.Join(c.Dir, safetensors.FileName), storedBy(m).Params); err != nil {
		t.Error(err)
	}
	if !slices.Equal(graph.Data[float32](m.table), graph.Data[float32](other.table)) {
		t.Error("the final model isn't what was trained")
	}
}

func TestDivergedRunKeepsItsCheckpoint(t *testing.T) {
	c := testConfig(t)
	m := newTestModel(t, tensor.Float32, 0)
	c.Callbacks = []Callback{hooks{step: func(e StepEvent) error {
		if e.Step == 13 {
			graph.Data[float32](m.Params()[0])[0] = float32(math.Inf(1))
		}
		return nil
	}}}
	err := newTestTrainer(t, m, c).Run(context.Background())
	if !errors.Is(err, ErrDiverged) || !strings.Contains(err.Error(), "step 14: training diverged") {
		t.Errorf("got error %v", err)
	}
	last, _, err := LastCheckpoint(c.Dir)
	if err != nil || last == nil || last.State.Step != 10 {
		t.Errorf("last checkpoint %+v, %v", last, err)
	}
	if _, err := os.Stat(filepath.Join(c.Dir, safetensors.FileName)); err == nil {
		t.Error("a model was written")
	}
}

func TestCallbackErrorEndsTheRun(t *testing.T) {
	c := testConfig(t)
	failed := errors.New("no more paper")
	var end EndEvent
	c.Callbacks = []Callback{hooks{
		step: func(e StepEvent) error {
			if e.Step == 5 {
				return failed
			}
			return nil
		},
		end: func(e EndEvent) { end = e },
	}}
	err := newTestTrainer(t, newBigram(t), c).Run(context.Background())
	if !errors.Is(err, failed) || !errors.Is(end.Err, failed) || end.Step != 5 {
		t.Errorf("got error %v, end %+v", err, end)
	}
}

// TestRunAllocatesNothingByTheStep counts what a run of many more steps allocates more. The fewest of three
// runs count: the runtime's own goroutines allocate now and then.
func TestRunAllocatesNothingByTheStep(t *testing.T) {
	counts := []float64{math.Inf(1), math.Inf(1)}
	for i, steps := range []int{10, 60, 10, 60, 10, 60} {
		c := testConfig(t)
		c.MaxSteps, c.LoggingSteps, c.EvalSteps, c.SaveSteps = steps, 1000, 0, 0
		c.Schedule.MaxSteps = steps
		counts[i%2] = min(counts[i%2], testing.AllocsPerRun(1, func() {
			os.RemoveAll(c.Dir)
			trainer := newTestTrainer(t, newTestModel(t, tensor.Float32, 0.1), c)
			if err := trainer.Run(context.Background()); err != nil {
				t.Fatal(err)
			}
		}))
	}
	if more := counts[1] - counts[0]; more > 25 {
		t.Errorf("50 steps more allocate %.0f objects more (%.0f, %.0f)", more, counts[0], counts[1])
	}
}

// TestErrorsNameTheirPlace has a token outside of the vocabulary, first in the rows to learn and then in those to validate on.
func TestErrorsNameTheirPlace(t *testing.T) {
	ids := make([]int32, 50)
	ids[40] = testVocab
	tokens, err := data.NewTokens(ids, testVocab+1)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := data.NewSequential(tokens, testLength)
	if err != nil {
		t.Fatal(err)
	}
	c := testConfig(t)
	c.Train = rows
	err = newTestTrainer(t, newBigram(t), c).Run(context.Background())
	if err == nil || !strings.HasPrefix(err.Error(), "train: step ") || strings.Count(err.Error(), "train: ") > 1 {
		t.Errorf("got error %v", err)
	}
	c = testConfig(t)
	c.Validation = rows
	err = newTestTrainer(t, newBigram(t), c).Run(context.Background())
	if err == nil || !strings.HasPrefix(err.Error(), "train: evaluation after step 8: graph: ") {
		t.Errorf("got error %v", err)
	}
}

func TestNewRefuses(t *testing.T) {
	for _, test := range []struct {
		change func(c *Config)
		want   string
	}{
		{func(c *Config) { c.Dir = "" }, "no directory"},
		{func(c *Config) { c.Train = nil }, "no data to train on"},
		{func(c *Config) { c.MaxSteps = 0 }, "MaxSteps is 0, expected 1 or more"},
		{func(c *Config) { c.BatchSize = 0 }, "BatchSize is 0"},
		{func(c *Config) { c.Accumulation = 0 }, "Accumulation is 0"},
		{func(c *Config) { c.LoggingSteps = 0 }, "LoggingSteps is 0"},
		{func(c *Config) { c.EvalSteps = -1 }, "EvalSteps is -1, expected 0 or more"},
		{func(c *Config) { c.EvalBatchSize = 0 }, "EvalBatchSize is 0"},
		{func(c *Config) { c.Schedule.LearningRate = 0 }, "learning rate 0"},
	} {
		c := testConfig(t)
		test.change(&c)
		if _, err := New(newBigram(t), c); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("got error %v, want %q", err, test.want)
		}
	}
}

func TestMemory(t *testing.T) {
	m := newTestModel(t, tensor.Float32, 0.1)
	c := testConfig(t)
	use := newTestTrainer(t, m, c).Memory()
	estimate, err := EstimateMemory(m, c)
	if err != nil || estimate != use {
		t.Errorf("estimated %+v, %v, used %+v", estimate, err, use)
	}
	steps, optimizer, evaluation := use.Steps, use.Optimizer, use.Evaluation
	if steps.Parameters == 0 || steps.Gradients != steps.Parameters || optimizer < 2*steps.Parameters || steps.Arena == 0 {
		t.Errorf("steps %+v, optimizer %d", steps, optimizer)
	}
	// An evaluation takes more rows at a time here, 5 instead of 2, and yet finds room.
	if evaluation.Gradients != 0 || evaluation.Arena != 0 {
		t.Errorf("evaluation %+v, steps %+v", evaluation, steps)
	}
	c.EvalBatchSize = 50
	if use, err := EstimateMemory(m, c); err != nil || use.Evaluation.Arena <= steps.Arena {
		t.Errorf("an evaluation of 50 rows is estimated to take %+v, %v", use.Evaluation, err)
	}
	c.Accumulation = 1
	once := newTestTrainer(t, m, c).Memory()
	estimate, err = EstimateMemory(m, c)
	if err != nil || estimate.Steps != once.Steps || once.Steps.Gradients != 0 || once.Steps.Total() >= steps.Total() {
		t.Errorf("steps without accumulation: estimated %+v, %v, used %+v", estimate.Steps, err, once.Steps)
	}
}

func valuesOf(m Model) (all []float32) {
	for _, p := range m.Params() {
		all = append(all, graph.Data[float32](p)...)
	}
	return all
}
