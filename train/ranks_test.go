package train

import (
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"math"
	"os"
	"reflect"
	"strings"
	"sync"
	"testing"

	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/optim"
	"gorgonia.org/tensor"
)

// onRanks calls do for each of n ranks, in goroutines of their own, and returns their errors.
func onRanks(n int, do func(r Ranks) error) []error {
	errs := make([]error, n)
	var all sync.WaitGroup
	for rank, r := range LocalRanks(n) {
		all.Go(func() { errs[rank] = do(r) })
	}
	all.Wait()
	return errs
}

// TestRanksMakeTheBitsOfAccumulation divides the micro-batches of a step among ranks in several ways, with the optimizer's state whole and
// divided.
func TestRanksMakeTheBitsOfAccumulation(t *testing.T) {
	dropped := func() Model { return newTestModel(t, tensor.Float32, 0.1) }
	for name, test := range map[string]struct {
		config func(t testing.TB) Config
		micro  int
		ranks  []int
		model  func() Model
	}{
		"text of 4":  {testConfig, 4, []int{2, 4}, dropped},
		"text of 6":  {testConfig, 6, []int{2, 3}, dropped},
		"grouped":    {groupedConfig, 4, []int{2, 4}, dropped},
		"wide table": {testConfig, 4, []int{2, 4}, func() Model { return newGPT(t, tensor.Float32, 0.1, 20*testVocab) }}, // exchanged in two parts
		"adafactor":  {adafactorConfig, 2, []int{2}, dropped},
		"regression": {valuedConfig, 4, []int{4}, func() Model { return newTable(t, tensor.Float32) }},
		"double":     {testConfig, 2, []int{2}, func() Model { return newTestModel(t, tensor.Float64, 0.1) }},
	} {
		t.Run(name, func(t *testing.T) {
			c := test.config(t)
			c.Accumulation = test.micro
			if err := newTestTrainer(t, test.model(), c).Run(context.Background()); err != nil {
				t.Fatal(err)
			}
			want := readOutcome(t, c.Dir)
			for _, n := range test.ranks {
				for _, sharded := range []bool{false, true} {
					c := test.config(t)
					c.Accumulation, c.ShardOptimizer = test.micro/n, sharded
					if err := errors.Join(untilStep(c, n, -1, 0, false, test.model)...); err != nil {
						t.Fatal(err)
					}
					readOutcome(t, c.Dir).compare(t, want)
				}
			}
		})
	}
}

func adafactorConfig(t testing.TB) Config {
	c := testConfig(t)
	c.Optimizer = func(params []*graph.Param) (optim.Optimizer, error) {
		return optim.NewAdafactor(optim.Groups(params, 0.1), optim.DefaultAdafactorConfig())
	}
	return c
}

func valuedConfig(t testing.TB) Config {
	c := testConfig(t)
	c.Train, c.Validation = valued{40, 1}, valued{11, 1}
	return c
}

// untilStep makes a run on n ranks until the context of one rank ends in a step, as by a signal to its process. Without that rank, -1, nothing looks at the
// model behind a step.
func untilStep(c Config, n, rank, step int, resume bool, model func() Model) []error {
	return onRanks(n, func(r Ranks) error {
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		c := c
		c.Ranks = r
		if r.Rank() == rank {
			c.Callbacks = []Callback{hooks{step: func(e StepEvent) error {
				if e.Step == step {
					cancel()
				}
				return nil
			}}}
		}
		tr, err := New(model(), c)
		if err != nil {
			return err
		}
		defer tr.Close()
		if resume {
			if _, _, err := tr.Resume(); err != nil {
				return err
			}
		}
		return tr.Run(ctx)
	})
}

// TestRanksGoOnAsOthers interrupts one rank of a run, and goes on with it on other numbers of ranks: in a step, and in an evaluation.
func TestRanksGoOnAsOthers(t *testing.T) {
	dropped := func() Model { return newTestModel(t, tensor.Float32, 0.1) }
	for _, make := range []func(t testing.TB) Config{testConfig, groupedConfig} {
		c := make(t)
		c.Accumulation = 4
		want := straight(t, c)
		c = make(t)
		for i, part := range []struct{ ranks, until, who int }{{4, 5, 3}, {1, 8, 0}, {2, 21, 1}, {4, 99, 0}} {
			c.Accumulation = 4 / part.ranks
			errs := untilStep(c, part.ranks, part.who, part.until, i > 0, dropped)
			for rank, err := range errs {
				var stopped *Interrupted
				if part.until < c.MaxSteps != errors.As(err, &stopped) || stopped != nil && stopped.Step < part.until {
					t.Fatalf("part %d, rank %d: error %v", i, rank, err)
				}
			}
		}
		readOutcome(t, c.Dir).compare(t, want)
	}
}

// TestOneRankStopsAll has a callback that ends the run on one rank only, and one that wants a checkpoint.
func TestOneRankStopsAll(t *testing.T) {
	c := testConfig(t)
	c.Accumulation = 1
	errs := onRanks(2, func(r Ranks) error {
		c := c
		c.Ranks = r
		var tr *Trainer
		c.Callbacks = []Callback{hooks{step: func(e StepEvent) error {
			if r.Rank() == 1 && e.Step == 3 {
				tr.SaveSoon()
			}
			if r.Rank() == 1 && e.Step == 7 {
				return ErrStop
			}
			return nil
		}}}
		tr, err := New(newTestModel(t, tensor.Float32, 0), c)
		if err != nil {
			return err
		}
		defer tr.Close()
		return tr.Run(context.Background())
	})
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	all, err := listCheckpoints(c.Dir)
	if err != nil || len(all) != 2 || all[0].step != 7 || all[1].step != 4 {
		t.Errorf("checkpoints %v, error %v, expected those of steps 7 and 4", all, err)
	}
}

// TestRanksRefuseOthers has a rank with something else.
func TestRanksRefuseOthers(t *testing.T) {
	for what, change := range map[string]func(c *Config, m *Model){
		"model":          func(c *Config, m *Model) { graph.Data[float32]((*m).Params()[0])[3]++ },
		"settings":       func(c *Config, m *Model) { c.Seed++ },
		"number of rows": func(c *Config, m *Model) { c.Train = ragged{13} },
		"token file":     func(c *Config, m *Model) { c.Identity = map[string]string{"token file": "2"} },
	} {
		c := testConfig(t)
		c.Identity = map[string]string{"token file": "1"}
		errs := onRanks(3, func(r Ranks) error {
			c := c
			c.Ranks = r
			var m Model = newTestModel(t, tensor.Float32, 0)
			if r.Rank() == 2 {
				change(&c, &m)
			}
			tr, err := New(m, c)
			if err != nil {
				return err
			}
			defer tr.Close()
			return tr.Run(context.Background())
		})
		for rank, err := range errs {
			if err == nil || !strings.Contains(err.Error(), "rank 2 has another "+what) {
				t.Errorf("%s: rank %d: error %v", what, rank, err)
			}
		}
	}
}

// TestFailureEndsAllRanks lets something fail on one rank: rank 0 can't write its second checkpoint, and a rank can't compute.
func TestFailureEndsAllRanks(t *testing.T) {
	for name, test := range map[string]struct {
		rank int
		fail func(tr *Trainer)
	}{
		"disk": {0, func(tr *Trainer) {
			tr.store.rename = func(from, to string) error {
				if strings.HasSuffix(to, "-20") {
					return errors.New("no space left")
				}
				return os.Rename(from, to)
			}
		}},
		"optimizer": {1, func(tr *Trainer) { tr.stepper.optimizer = brokenOptimizer{tr.stepper.optimizer} }},
	} {
		c := testConfig(t)
		c.Accumulation, c.ShardOptimizer = 1, false
		errs := onRanks(3, func(r Ranks) error {
			c := c
			c.Ranks = r
			tr, err := New(newTestModel(t, tensor.Float32, 0), c)
			if err != nil {
				return err
			}
			defer tr.Close()
			if r.Rank() == test.rank {
				test.fail(tr)
			}
			return tr.Run(context.Background())
		})
		for rank, err := range errs {
			if err == nil || rank != test.rank && !strings.Contains(err.Error(), fmt.Sprint("rank ", test.rank)) || !strings.Contains(err.Error(), "no space left") {
				t.Errorf("%s: rank %d: error %v", name, rank, err)
			}
		}
		if name == "disk" {
			if last, _, err := LastCheckpoint(c.Dir); err != nil || last == nil || last.State.Step != 10 {
				t.Errorf("the last checkpoint is %v, error %v, expected that of step 10", last, err)
			}
		}
	}
}

// brokenOptimizer has no memory.
type brokenOptimizer struct{ optim.Optimizer }

func (brokenOptimizer) Step(float64) (float64, error) { return 0, errors.New("no space left") }

// TestCallbacksSeeTheWholeModel compares the model that callbacks see behind each step on ranks that divide the optimizer's state.
func TestCallbacksSeeTheWholeModel(t *testing.T) {
	c := testConfig(t)
	c.Accumulation, c.EvalSteps = 1, 0
	var lock sync.Mutex
	seen := map[int]map[string]int{}
	errs := onRanks(3, func(r Ranks) error {
		m := newTestModel(t, tensor.Float32, 0)
		c := c
		c.Ranks = r
		c.Callbacks = []Callback{hooks{step: func(e StepEvent) error {
			sum := crc32.New(castagnoli)
			for _, p := range m.Params() {
				sum.Write(elementBytes(p))
			}
			lock.Lock()
			defer lock.Unlock()
			if seen[e.Step] == nil {
				seen[e.Step] = map[string]int{}
			}
			seen[e.Step][fmt.Sprint(sum.Sum32())]++
			return nil
		}}}
		tr, err := New(m, c)
		if err != nil {
			return err
		}
		defer tr.Close()
		return tr.Run(context.Background())
	})
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	if len(seen) != c.MaxSteps {
		t.Fatalf("%d steps were seen, expected %d", len(seen), c.MaxSteps)
	}
	for step, sums := range seen {
		if len(sums) != 1 {
			t.Errorf("step %d: ranks see different models: %v", step, sums)
		}
	}
}

// TestRoundedGradients makes runs whose gradients are rounded, on several ranks and in one process, to the same bits, which aren't those without
// rounding.
func TestRoundedGradients(t *testing.T) {
	dropped := func() Model { return newTestModel(t, tensor.Float32, 0.1) }
	c := testConfig(t)
	c.Accumulation = 6
	exact := straight(t, c)
	c = testConfig(t)
	c.Accumulation, c.RoundGradients = 6, true
	want := straight(t, c)
	if x, y := *want.state.BestEvalLoss, *exact.state.BestEvalLoss; x == y || math.Abs(x-y) > 0.02*y {
		t.Errorf("the best loss is %v, that without rounding %v", x, y)
	}
	for _, n := range []int{2, 3} {
		for _, sharded := range []bool{false, true} {
			c := testConfig(t)
			c.Accumulation, c.RoundGradients, c.ShardOptimizer = 6/n, true, sharded
			if err := errors.Join(untilStep(c, n, 0, 0, false, dropped)...); err != nil {
				t.Fatal(err)
			}
			readOutcome(t, c.Dir).compare(t, want)
		}
	}
}

// TestEvaluationOnRanks compares figures and losses to the bit.
func TestEvaluationOnRanks(t *testing.T) {
	m := newTable(t, tensor.Float32)
	want, err := Evaluate(context.Background(), m, valued{29, 3}, EvalConfig{BatchSize: 2})
	if err != nil {
		t.Fatal(err)
	}
	errs := onRanks(4, func(r Ranks) error {
		got, err := Evaluate(context.Background(), newTable(t, tensor.Float32), valued{29, 3}, EvalConfig{BatchSize: 2, Ranks: r})
		if err == nil && !reflect.DeepEqual(got, want) {
			err = fmt.Errorf("%+v, expected %+v", got, want)
		}
		return err
	})
	if err := errors.Join(errs...); err != nil {
		t.Error(err)
	}
}
